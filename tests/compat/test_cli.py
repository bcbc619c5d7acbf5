#!/usr/bin/env python3
"""The runtime socket: what it shows, what it changes, what it refuses and in which words."""
import json
import re
import socket
import threading
import time

from harness import main, scenario
from web import OK, WebClient, farm, get
from wire import WAIT, until

BODY = """
frontend fe
    bind @fe@
    maxconn 500
    default_backend be
backend be
    balance roundrobin
    server s1 @s1@ weight 10
    server s2 @s2@ weight 20 disabled
backend other
    server o1 @s1@
"""


def pair(w, body=BODY, **options):
    w.servers("s1", "s2")
    return w.start(body, **options)


def csv(text):
    lines = [line for line in text.strip("\n").split("\n") if line]
    header = lines[0].lstrip("# ").rstrip(",").split(",")
    return header, [dict(zip(header, line.split(","))) for line in lines[1:]]


@scenario
def show_info_fields(w):
    pair(w)
    lines = [line for line in w.cli("show info").split("\n") if line]
    w.observe("fields", [line.split(":")[0] for line in lines], "subset")
    values = dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in lines)
    for name in ("Nbthread", "Nbproc", "Process_num", "Pid", "CurrConns", "CumConns", "Stopping", "Jobs", "Listeners",
                 "MaxConnRate", "Tasks", "Memmax_MB", "Unstoppable Jobs"):
        w.observe(f"shape of {name}", re.sub(r"\d+", "N", values.get(name, "missing")))
    w.observe("nbthread", values.get("Nbthread"))


@scenario
def show_info_typed(w):
    pair(w)
    rows = []
    for line in w.cli("show info typed").split("\n"):
        if line:
            position, tags, kind, _ = line.split(":", 3)
            rows.append(f"{position.split('.', 1)[1]} {tags[:3]} {kind}")  # a fourth letter, persistence, came later
    w.observe("rows", rows, "subset")


def three(tags):
    return [tags[name] for name in ("origin", "nature", "scope")]


@scenario
def show_info_json(w):
    pair(w)
    entries = json.loads(w.cli("show info json"))
    w.observe("keys", sorted(entries[0]))
    w.observe("names", [entry["field"]["name"] for entry in entries], "subset")
    w.observe("tags", [json.dumps([e["field"]["name"], three(e["tags"]), e["value"]["type"]]) for e in entries], "subset")


@scenario
def show_stat_header(w):
    pair(w)
    text = w.cli("show stat")
    w.observe("columns", csv(text)[0], "subset")
    w.observe("first columns", text.split("\n")[0].split(",")[:62])
    w.observe("ends in a comma", all(line.endswith(",") for line in text.split("\n") if line))


TRAFFIC = ("pxname svname qcur qmax scur smax slim stot bin bout dreq dresp ereq econ eresp wretr wredis status weight act bck "
           "chkfail chkdown qlimit pid iid sid throttle lbtot tracked type rate_lim check_status hanafail cli_abrt "
           "srv_abrt agent_status addr mode algo conn_tot intercepted dcon dses").split()


@scenario(threads=(1, 2))
def show_stat_values(w):
    pair(w)
    for _ in range(3):
        with w.client("fe") as client:
            client.line()
            client.send(b"12345").exactly(5)
            client.finish().rest()
    until(lambda: w.stat("be").get("stot") == "3" and w.stat("be").get("scur") == "0", what="three sessions to end")
    for row in csv(w.cli("show stat"))[1]:
        where = f"{row['pxname']}/{row['svname']}"
        for column in TRAFFIC:
            if not (row["svname"] == "FRONTEND" and column in ("wretr",)):
                w.observe(f"{where} {column}", row.get(column, "missing"))


@scenario
def show_stat_selected(w):
    pair(w)
    for which in ("-1 1 -1", "-1 2 -1", "-1 4 -1", "be 4 1", "2 4 -1", "be 6 -1", "nothere 4 -1"):
        text = w.cli(f"show stat {which}")
        rows = csv(text)[1] if text.strip() and text.startswith("#") else []
        w.observe(f"rows of {which}", [f"{row['pxname']}/{row['svname']}" for row in rows])
    w.observe("up only", [row["svname"] for row in csv(w.cli("show stat up"))[1]])
    w.observe("no-maint", [row["svname"] for row in csv(w.cli("show stat no-maint"))[1]])


@scenario
def show_stat_typed(w):
    pair(w)
    rows = []
    for line in w.cli("show stat be 4 1 typed").split("\n"):
        if line:
            position, tags, kind, _ = line.split(":", 3)
            # the proxy's number and the field's place are not promised to be those of another version
            rows.append(f"{'.'.join(position.split('.')[-2:])} {tags[:3]} {kind}")
    w.observe("rows", rows, "subset")


@scenario
def show_stat_json(w):
    pair(w)
    objects = json.loads(w.cli("show stat json"))
    w.observe("objects", len(objects))
    w.observe("one", [json.dumps([f["objType"], f["field"]["name"], three(f["tags"]), f["value"]["type"]])
                      for f in objects[0]], "subset")


@scenario
def show_servers_state(w):
    pair(w)
    def lines(command):
        # the time since the last change (the twelfth field) depends on the moment
        out = []
        for line in w.cli(command).split("\n"):
            fields = line.split(" ")
            if len(fields) > 12 and not line.startswith("#"):
                fields[9] = "SECONDS"
            out.append(" ".join(fields))
        return "\n".join(out)
    w.observe("all", lines("show servers state"))
    w.observe("one backend", lines("show servers state other"))
    w.observe("unknown", lines("show servers state nothere"))
    w.cli("set server be/s1 state drain")
    w.cli("set server be/s2 state ready")
    w.cli("set server be/s2 weight 7")
    w.observe("after changes", lines("show servers state be"))


@scenario
def show_servers_conn(w):
    pair(w)
    w.observe("columns", w.cli("show servers conn be").split("\n")[0].split(" ")[:7])


# `served` and `idle_sess` came later. `used_max` begins anew on 2.6 whenever it purges.
POOL = ("used_cur", "need_est", "unsafe_nb", "safe_nb", "idle_lim", "idle_cur", "idle_per_thr[1]")


def pool(w):
    names, values = (line.split(" ") for line in w.cli("show servers conn be").strip().split("\n")[:2])
    row = dict(zip(names[1:], values))
    return {name: row[name] for name in POOL}


@scenario
def show_servers_conn_of_a_pool(w):
    gate = threading.Barrier(3)

    def answer(head):
        if b" /together " in head:
            gate.wait(WAIT)
        return OK
    farm(w, answer, backend="    http-reuse always")
    w.observe("before", pool(w))
    with WebClient(w.address("fe")) as one, WebClient(w.address("fe")) as two:
        for client in (one, two):
            client.send(get("/together"))
        until(lambda: pool(w)["used_cur"] == "2", what="two at once")
        w.observe("two at once", pool(w))
        gate.wait(WAIT)
        for client in (one, two):
            client.answer()
        until(lambda: pool(w)["idle_cur"] == "2", what="both to rest")
        w.observe("both rest", pool(w))
        one.send(get("/"))
        one.answer()
        until(lambda: pool(w)["idle_cur"] == "2", what="it to rest again")
        w.observe("one was reused", pool(w))


@scenario
def lists(w):
    pair(w)
    w.observe("show backend", w.cli("show backend"))
    w.observe("show env", w.cli("show env HAPROXY_CLI_NOT_THERE"))
    w.observe("show cli level", w.cli("show cli level"))
    w.observe("show cli sockets", re.sub(r"/\S*sock\b", "SOCK", w.cli("show cli sockets")))
    w.observe("show errors", re.sub(r"\[\d\d/\w+/\d{4}:[\d:.]+\]", "[DATE]", w.cli("show errors")))
    w.observe("show version shape", re.sub(r"[\w.+-]*\d[\w.+-]*", "V", w.cli("show version").split("\n")[0]))


@scenario
def show_env(w):
    pair(w, environment={"LB_TEST_WORD": "a b=c"})
    w.observe("one", w.cli("show env LB_TEST_WORD"))
    w.observe("all has it", "LB_TEST_WORD=a b=c" in w.cli("show env").split("\n"))


@scenario
def weights(w):
    pair(w)
    for command in ("get weight be/s1", "set server be/s1 weight 50%", "get weight be/s1", "set weight be/s1 77",
                    "get weight be/s1", "set server be/s1 weight 300", "set server be/s1 weight x",
                    "set server be/s1 weight -5", "set server be/s1 weight 1000%", "set server be/s1 weight 120%",
                    "set server be/s1 weight", "get weight be/nothere", "get weight nothere/s1", "get weight be",
                    "get weight", "set server be/s1 weight 256", "get weight be/s1", "set server be/s1 weight 100%",
                    "get weight be/s1"):
        w.observe(command, w.cli(command))


@scenario
def server_states(w):
    pair(w)
    for command in ("set server be/s1 state maint", "set server be/s1 state drain", "set server be/s1 state ready",
                    "set server be/s1 state what", "set server be/s1 state", "set server be/s1", "set server be/s1 what",
                    "set server be/nothere state ready", "set server nothere/s1 state ready", "set server",
                    "set server be/s1 health down", "set server be/s1 health up", "set server be/s1 health what",
                    "set server be/s1 agent down", "disable server be/s1", "disable server be/s1", "enable server be/s1",
                    "enable server be/nothere", "disable server", "enable server be/s2", "disable health be/s1",
                    "enable health be/s1"):
        w.observe(command, w.cli(command))
        row = w.stat("be", "s1")
        w.observe(f"status after {command}", row.get("status"))


@scenario
def state_change_log(w):
    pair(w)
    for command, lines in (("disable server be/s1", 2), ("enable server be/s1", 1), ("set server be/s1 state drain", 2),
                           ("set server be/s1 state ready", 1), ("enable server be/s2", 1), ("disable server be/s2", 1),
                           ("disable server be/s1", 2)):
        before = len(w.log.all())
        w.cli(command)
        until(lambda: len(w.log.all()) >= before + lines, what=f"the log lines of {command}")
        w.observe(f"log of {command}", "".join(w.log.all()[before:]))


@scenario
def server_address(w):
    w.server("s3")
    pair(w)
    w.observe("before", w.ask("fe"))
    host, port = w.address("s3")
    w.observe("set", w.cli(f"set server be/s1 addr {host} port {port}"))
    w.observe("after", w.ask("fe"))
    w.observe("same again", w.cli(f"set server be/s1 addr {host} port {port}"))
    w.observe("bad", w.cli("set server be/s1 addr nonsense"))
    w.observe("missing", w.cli("set server be/s1 addr"))
    w.observe("bad port", w.cli(f"set server be/s1 addr {host} port 70000"))


@scenario
def server_maxconn(w):
    pair(w)
    for command in ("set maxconn server be/s1 5", "set maxconn server be/s1 x", "set maxconn frontend fe 20",
                    "set maxconn frontend fe", "set maxconn frontend nothere 5", "set maxconn global 100",
                    "set maxconn global x"):
        w.observe(command, w.cli(command))
    w.observe("server limit", w.stat("be", "s1").get("slim"))
    w.observe("frontend limit", w.stat("fe", "FRONTEND").get("slim"))


@scenario
def frontends(w):
    pair(w)
    w.observe("disable", w.cli("disable frontend fe"))
    w.observe("status", w.stat("fe", "FRONTEND").get("status"))
    w.observe("disable again", w.cli("disable frontend fe"))
    w.observe("enable", w.cli("enable frontend fe"))
    w.observe("status after", w.stat("fe", "FRONTEND").get("status"))
    w.observe("serves", w.ask("fe"))
    w.observe("unknown", w.cli("disable frontend nothere"))
    w.observe("none", w.cli("enable frontend"))
    w.observe("shutdown", w.cli("shutdown frontend fe"))
    try:
        w.ask("fe")
        w.observe("after", "still listens")
    except OSError as error:
        w.observe("after", type(error).__name__)


@scenario
def sessions(w):
    pair(w)
    with w.client("fe") as client:
        client.line()
        lines = [line for line in w.cli("show sess").split("\n") if line]
        mine = [line for line in lines if "fe=fe" in line]
        w.observe("how many", [len(lines) >= 2, len(mine)])
        w.observe("words", [word for word in ("proto=tcpv4", "src=127.0.0.1:", "fe=fe", "be=be", "srv=s1", "ts=", "age=",
                                              "calls=") if word in mine[0]], "subset")
        pointer = mine[0].split(":")[0]
        w.observe("one starts", w.cli(f"show sess {pointer}").split(":")[0] == pointer)
        w.observe("unknown", w.cli("show sess 0x1"))
        w.observe("shutdown unknown", w.cli("shutdown session 0x1"))
        w.observe("shutdown nothing", w.cli("shutdown session"))
        w.observe("sessions nothing", w.cli("shutdown sessions server"))
        w.observe("sessions unknown", w.cli("shutdown sessions server be/nothere"))


@scenario
def chains_and_unknown(w):
    pair(w)
    w.observe("two", w.cli("get weight be/s1;get weight be/s2"))
    w.observe("spaces", w.cli("  get   weight   be/s1  ;  get weight be/s2 "))
    w.observe("escaped", w.cli("get weight be/s1\\;x"))
    w.observe("unknown says so", w.cli("nonsense").split("\n")[0][:23])
    w.observe("unknown lists", "show stat" in w.cli("nonsense"))
    w.observe("close words", "set server" in w.cli("set"))
    w.observe("empty", w.cli("").split("\n")[0][:10])
    w.observe("help lists", [word for word in ("clear counters", "disable server", "enable server", "get weight", "prompt",
                                               "quit", "set server", "show info", "show sess", "show stat",
                                               "show table") if word in w.cli("help")], "subset")
    w.observe("clear counters", w.cli("clear counters"))
    w.observe("clear counters all", w.cli("clear counters all"))


def talk(path, lines, end=b"> "):
    """Interactive mode: sends each line when the prompt came back, once for each of its commands."""
    out = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(WAIT)
        sock.connect(path)
        for line in lines:
            sock.sendall(line.encode() + b"\n")
            got = b""
            while not got.endswith(end) or got.count(b"\n" + end) < line.count(";") + 1:
                piece = sock.recv(4096)
                if not piece:
                    break
                got += piece
            out.append(got.decode(errors="replace"))
    return out


@scenario
def prompt_mode(w):
    pair(w)
    for at, answer in enumerate(talk(w.sock, ["prompt", "get weight be/s1", "nonsense;get weight be/s2", "",
                                              "show cli level", "quit"])):
        w.observe(f"answer {at}", answer if "nsense" not in answer and len(answer) < 200 else answer[-50:])


@scenario
def payload_and_quit(w):
    pair(w)
    w.observe("quit", w.cli("quit"))
    w.observe("two lines", w.cli("get weight be/s1\nget weight be/s2"))


LEVELS = """
global
    stats socket @sock@ mode 600 level admin
    stats socket @operator@ mode 600 level operator
    stats socket @user@ mode 600 level user
    log @log@ local0
    log-tag lb
defaults
    mode tcp
    timeout connect 1s
    timeout client 5s
    timeout server 5s
"""


@scenario
def levels(w):
    w.places["operator"] = w.dir + "/operator"
    w.places["user"] = w.dir + "/user"
    w.servers("s1", "s2")
    w.start(BODY, prologue=LEVELS)
    for level in ("operator", "user"):
        path = w.places[level]
        for command in ("show cli level", "set server be/s1 weight 5", "disable server be/s1", "clear counters all",
                        "clear counters", "shutdown session 0x1", "show sess", "show errors", "show env",
                        "set maxconn global 10", "disable frontend fe", "clear table be", "set table be key 1.2.3.4",
                        "operator", "user", "set timeout cli 5"):
            answer = w.cli(command, path)
            if command == "show sess":
                answer = "sessions" if answer.startswith("0x") else answer
            elif command == "show env":
                answer = "variables" if "PATH=" in answer else answer
            elif command == "show errors":
                answer = re.sub(r"\[.*\]", "[DATE]", answer)
            w.observe(f"{level}: {command}", answer)
    w.observe("lowered", w.cli("operator;show cli level;set server be/s1 weight 5"))


@scenario
def tcp_socket(w):
    w.servers("s1", "s2")
    w.start(BODY, more_global="stats socket @clitcp@ level operator")
    with w.client("clitcp") as client:
        client.send(b"get weight be/s1\n")
        w.observe("answer", client.rest())


@scenario
def idle_timeout(w):
    w.servers("s1", "s2")
    w.start(BODY, more_global="stats timeout 300ms")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(WAIT)
        sock.connect(w.sock)
        started = time.monotonic()
        w.observe("says", sock.recv(100))
        w.observe("after", [round(1000 * (time.monotonic() - started))], "near")


@scenario
def rate_limits(w):
    pair(w)
    for command in ("set rate-limit connections", "set rate-limit nonsense global 5", "set rate-limit sessions here 5",
                    "set rate-limit connections global", "set rate-limit connections global 300",
                    "set rate-limit sessions global 200"):
        answer = w.cli(command)
        # the lines about TLS and compression are those of features
        w.observe(command, "\n".join(line for line in answer.split("\n") if "ssl-" not in line and "compression" not in line))
    values = dict(line.split(": ", 1) for line in w.cli("show info").split("\n") if ": " in line)
    w.observe("limits", [values["ConnRateLimit"], values["SessRateLimit"]])
    w.observe("back", w.cli("set rate-limit connections global 0;set rate-limit sessions global 0"))


@scenario
def severities(w):
    pair(w, more_global="stats socket @severe@ level admin severity-output string")
    for output in ("number", "string", "none"):
        for command in ("set server be/s1 state what", "get weight be/s1", "nonsense", "get weight be/nothere", "show cli level",
                        "set maxconn frontend fe", "show env NOT_THERE", "set server be/s1 addr 127.0.0.1", "show table zz",
                        "shutdown session 0x1", "disable frontend zz", "help", "experimental-mode", "show servers state zz"):
            answer = w.cli(f"set severity-output {output};{command}")
            unlisted = command in ("nonsense", "help")
            w.observe(f"{output}: {command}", answer.split("\n")[1][:20] if unlisted else answer)
    w.observe("wrong", w.cli("set severity-output loud"))
    w.observe("missing", w.cli("set severity-output"))
    with w.client("severe") as client:
        w.observe("from the line", client.send(b"get weight be/nothere\n").rest())


@scenario
def modes(w):
    pair(w)
    for command in ("expert-mode", "expert-mode on", "expert-mode on;expert-mode", "expert-mode what", "experimental-mode",
                    "experimental-mode on;experimental-mode;experimental-mode off;experimental-mode",
                    "experimental-mode on;operator;experimental-mode;expert-mode", "user;expert-mode"):
        w.observe(command, w.cli(command))
    w.observe("expert-mode is not listed", "expert-mode" in w.cli("help"))


CHECKED = """
frontend fe
    bind @fe@
    default_backend be
backend be
    server s1 @s1@ weight 10 check inter 60s
    server s2 @s2@ weight 20
    server s3 @s2@
backend fixed
    balance static-rr
    server f1 @s1@ weight 10
backend hashed
    balance source
    server h1 @s1@ weight 10
"""


@scenario
def checks_of_a_server(w):
    pair(w, CHECKED)
    for command in ("check-addr 127.0.0.2", "check-addr 127.0.0.2 port 80", "check-port 81", "check-port x", "check-port 70000",
                    "check-port -1", "check-port", "check-addr", "check-addr zz", "check-addr 127.0.0.1 port x", "agent up",
                    "fqdn a.example", "fqdn", "agent"):
        w.observe(command, w.cli(f"set server be/s1 {command}"))
    w.observe("not checked, port", w.cli("set server be/s2 check-port 80"))
    w.observe("not checked, addr", w.cli("set server be/s2 check-addr 127.0.0.1"))
    state = w.cli("show servers state be").split("\n")[2].split(" ")
    w.observe("shown", state[-6:])


@scenario
def check_moves(w):
    """A check that is sent elsewhere goes there at once."""
    pair(w, CHECKED)
    w.server("elsewhere")
    until(lambda: w.stat("be", "s1").get("check_status") == "L4OK", what="the first check")
    host, port = w.address("elsewhere")
    refused = w.refusing("nobody")
    assert refused
    w.cli("set server be/s2 weight 20")
    w.observe("answer", w.cli(f"set server be/s1 check-addr {host} port {port}"))
    w.observe("status", w.stat("be", "s1").get("status"))


@scenario
def agents(w):
    pair(w)
    for command in ("enable agent be/s1", "disable agent be/s1", "enable agent", "disable agent", "enable agent be/nothere"):
        w.observe(command, w.cli(command))


@scenario
def fixed_weights(w):
    pair(w, CHECKED.split("backend fixed")[0] + "backend hashed" + CHECKED.split("backend hashed")[1])
    for command in ("set weight hashed/h1 20", "set weight hashed/h1 50%", "set weight hashed/h1 0", "get weight hashed/h1",
                    "set weight hashed/h1 100%", "set weight hashed/h1 0%", "set weight hashed/h1 10", "get weight hashed/h1",
                    "set server hashed/h1 weight 20"):
        w.observe(command, w.cli(command))


@scenario
def dynamic_servers(w):
    pair(w, CHECKED.split("backend fixed")[0] + "backend hashed" + CHECKED.split("backend hashed")[1])
    address = w.places["s1"]
    for command in ("add server", "add server be", "add server be/d1", f"add server nothere/d1 {address}",
                    f"add server hashed/d1 {address}", f"add server be/s1 {address}", f"add server be/d1 {address} weight 7",
                    f"add server be/d1 {address}", f"add server be/d2 {address} id 20 maxconn 5", "del server", "del server be",
                    "del server be/nothere", "del server nothere/s1", "del server be/s1"):
        w.observe(command.replace(address, "<s1>"), w.cli(command))
    w.observe("refused", w.cli(f"add server be/d3 {address} id 20") != "")
    w.observe("refused word", "New server" in w.cli(f"add server be/d3 {address} nonsense"))
    state = [line.split(" ") for line in w.cli("show servers state be").split("\n")[2:] if line]
    w.observe("servers", "\n".join(" ".join(fields[:9]) for fields in state))
    w.observe("status", w.stat("be", "d1").get("status"))
    w.observe("enabled", w.cli("enable server be/d1"))
    w.observe("status when enabled", w.stat("be", "d1").get("status"))
    for name in ("s1", "s2", "s3"):
        w.cli(f"set server be/{name} state maint")
    w.observe("serves", w.ask("fe"))
    w.idle("fe")
    w.observe("not removed while enabled", w.cli("del server be/d1"))
    w.cli("disable server be/d1")
    w.observe("removed", w.cli("del server be/d1"))
    w.observe("gone", w.cli("get weight be/d1"))
    w.observe("a server of the file", w.cli("del server be/s3"))
    w.cli("set server be/s2 state ready")
    w.observe("the others serve", w.ask("fe"))
    w.observe("by an operator", w.cli(f"operator;add server be/d4 {address};del server be/s1"))


@scenario
def dynamic_server_with_checks(w):
    pair(w, CHECKED.split("backend fixed")[0])
    server = w.server("extra")
    w.observe("add", w.cli(f"add server be/d1 {w.places['extra']} check inter 50ms rise 2 fall 1"))
    w.observe("health is not enabled", w.cli("show servers state be").split("\n")[5].split(" ")[10:14])
    w.cli("enable health be/d1")
    w.cli("enable server be/d1")
    until(lambda: w.stat("be", "d1").get("check_status") == "L4OK", what="a check of the added server")
    server.unlisten()
    until(lambda: w.stat("be", "d1").get("status") == "DOWN", what="the added server to be down")
    w.cli("disable server be/d1")
    w.observe("removed", w.cli("del server be/d1"))
    w.observe("the others stay", [w.stat("be", name).get("status") for name in ("s2", "s3")])


@scenario
def a_server_with_a_session_stays(w):
    pair(w, "frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    server s1 @s1@\n")
    with w.client("fe") as client:
        client.line()
        w.cli("disable server be/s1")
        w.observe("del is refused", w.cli("del server be/s1").startswith("Server deleted") is False)
        w.cli("shutdown sessions server be/s1")
        client.rest()
    w.idle("fe")
    until(lambda: "deleted" in w.cli("del server be/s1"), what="the server to be deleted")


@scenario
def servers_that_others_name(w):
    w.server("s1")
    w.start("frontend fe\n    bind @fe@\n    use_backend b2 if { srv_is_up(be/s3) }\n    default_backend be\n"
            "backend be\n    balance roundrobin\n    use-server s1 if { src 127.0.0.9 }\n    server s1 @s1@\n"
            "    server s2 @s1@ check inter 60s\n    server s3 @s1@\n    server s4 @s1@\n    server s5 @s1@ track s2\n"
            "backend b2\n    balance roundrobin\n    server t1 @s1@ track be/s2\n")
    for name in ("s1", "s2", "s3", "s4", "s5"):
        w.cli(f"disable server be/{name}")
        w.observe(f"del {name}", w.cli(f"del server be/{name}"))
    w.observe("tracks", w.cli(f"add server be/d1 {w.places['s1']} track s2"))
    w.observe("of the added", w.cli(f"add server be/d2 {w.places['s1']} track d1").strip() != "New server registered.")
    w.observe("of nobody", w.cli(f"add server be/d3 {w.places['s1']} track nobody").strip() != "New server registered.")
    w.observe("the one that tracks goes", w.cli("del server be/d1"))


@scenario
def looks_inside(w):
    pair(w)
    first = {"show pools": 23, "show activity": 10, "show threads": 13}
    for command, count in first.items():
        w.observe(command, w.cli(command)[:count])
    w.observe("pool lines", [bool(re.match(r"  - Pool \w+ \(\d+ bytes\) : \d+ allocated \(\d+ bytes\), \d+ used ", line))
                             for line in w.cli("show pools").split("\n")[1:4]])
    w.observe("pool total", bool(re.search(r"^Total: \d+ pools, \d+ bytes allocated, \d+ used \(~\d+ by thread caches\)\.$",
                                           w.cli("show pools"), re.M)))
    w.observe("library lines", [bool(re.match(r"0x[0-9a-f]+-0x[0-9a-f]+ \(0x[0-9a-f]+\) \S", line))
                                for line in w.cli("show libs").split("\n")[:3]])
    w.observe("descriptor lines", bool(re.match(r" +\d+ : ", w.cli("show fd"))))
    schema = json.loads(w.cli("show schema json"))
    w.observe("schema", sorted(schema))
    w.observe("startup logs", "[ALERT]" in w.cli("show startup-logs"))


if __name__ == "__main__":
    main()
