#!/usr/bin/env python3
"""Health checks: when a server goes down and comes up, what the log says, what the states are in between."""
import os
import re
import socket
import time

from harness import main, scenario
from wire import greet, hang, until

BOTH = (1, 2)


def checked(w, options, behaviour=greet, backend="", count=1):
    names = [f"s{n + 1}" for n in range(count)]
    made = w.servers(*names, behaviour=behaviour)
    servers = "\n".join(f"    server {name} @{name}@ check" for name in names)
    w.start(f"""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance roundrobin
{backend}
    default-server {options}
{servers}
""")
    return made


def first_check(w):
    """A connect check may be reset before the server's accept: the proof of it is in the statistics."""
    until(lambda: w.stat("be", "s1").get("check_status") == "L4OK", what="the first check")


def check_line(w, label, containing):
    """A state line of the log; how long a check took is not compared."""
    line = w.log.next(containing)
    return w.observe(label, re.sub(r"check duration: \d+ms", "check duration: Nms", line))


@scenario(threads=BOTH)
def down_after_fall_up_after_rise(w):
    server, = checked(w, "inter 100ms rise 2 fall 3")
    first_check(w)
    w.observe("status", w.stat("be", "s1").get("status"))
    server.unlisten()
    check_line(w, "down", "is DOWN")
    check_line(w, "no server", "has no server")
    w.observe("status down", w.stat("be", "s1").get("status"))
    w.observe("backend down", w.stat("be").get("status"))
    server.listen()
    check_line(w, "up", "is UP")
    w.observe("status up", w.stat("be", "s1").get("status"))
    w.observe("how often", w.stat("be", "s1").get("chkdown"))
    w.observe("serves", w.ask("fe"))


@scenario
def transitional_states(w):
    server, = checked(w, "inter 100ms fastinter 400ms rise 3 fall 3")
    first_check(w)
    server.unlisten()
    until(lambda: w.stat("be", "s1").get("status") == "UP 2/3", what="the first failure")
    until(lambda: w.stat("be", "s1").get("status") == "UP 1/3", what="the second failure")
    until(lambda: w.stat("be", "s1").get("status") == "DOWN", what="the third failure")
    server.listen()
    until(lambda: w.stat("be", "s1").get("status") == "DOWN 1/3", what="the first success")
    until(lambda: w.stat("be", "s1").get("status") == "DOWN 2/3", what="the second success")
    until(lambda: w.stat("be", "s1").get("status") == "UP", what="the third success")
    w.observe("seen", "all states")


@scenario
def starts_with_a_dead_server(w):
    server = w.server("s1")
    server.unlisten()
    w.server("s2")
    w.start("frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    default-server inter 100ms rise 1 fall 3\n"
            "    server s1 @s1@ check\n    server s2 @s2@ check\n")
    check_line(w, "down", "s1 is DOWN")
    w.observe("picks", [w.ask("fe") for _ in range(3)])
    server.listen()
    check_line(w, "up", "s1 is UP")


@scenario
def check_fields_of_stat(w):
    server, = checked(w, "inter 100ms rise 1 fall 1")
    until(lambda: w.stat("be", "s1").get("check_status") == "L4OK", what="the first check")
    row = w.stat("be", "s1")
    for name in ("check_status", "check_code", "check_desc", "last_chk", "check_rise", "check_fall", "check_health", "hanafail",
                 "chkfail", "chkdown"):
        w.observe(f"up {name}", row.get(name))
    server.unlisten()
    w.log.next("is DOWN")
    row = w.stat("be", "s1")
    for name in ("check_status", "check_code", "check_desc", "last_chk", "check_health", "chkdown"):
        w.observe(f"down {name}", row.get(name))


@scenario
def connect_that_times_out(w):
    w.silent("s1")
    w.start("backend be\n    timeout check 200ms\n    timeout connect 200ms\n    default-server inter 300ms rise 1 fall 2\n"
            "    server s1 @s1@ check\n")
    check_line(w, "down", "is DOWN")
    w.observe("check status", w.stat("be", "s1").get("check_status"))


@scenario
def other_port_and_address(w):
    w.servers("s1", "s2")
    port = w.address("s2")[1]
    w.start(f"backend be\n    server a @s1@ check inter 100ms port {port}\n    server b @s1@ check inter 100ms addr @s2@\n"
            .replace("addr @s2@", f"addr {w.host} port {port}"))
    until(lambda: w.stat("be", "a").get("check_status") == "L4OK" and w.stat("be", "b").get("check_status") == "L4OK",
          what="the first checks")
    w.observe("status", [w.stat("be", name).get("status") for name in "ab"])


@scenario
def tcp_check_connect_only(w):
    server, = checked(w, "inter 100ms rise 1 fall 2", backend="    option tcp-check\n    tcp-check connect")
    until(lambda: w.stat("be", "s1").get("check_status") == "L4OK" or w.stat("be", "s1").get("check_status") == "L7OK",
          what="the first check")
    w.observe("check status", w.stat("be", "s1").get("check_status"))
    server.unlisten()
    check_line(w, "down", "is DOWN")


@scenario
def tcp_check_of_a_closed_port(w):
    w.server("s1")
    w.refusing("gone")
    port = w.address("gone")[1]
    w.start(f"backend be\n    option tcp-check\n    tcp-check connect port {port}\n"
            "    server s1 @s1@ check inter 100ms rise 1 fall 2\n")
    check_line(w, "down", "is DOWN")


@scenario
def log_health_checks(w):
    server, = checked(w, "inter 100ms rise 2 fall 2", backend="    option log-health-checks")
    check_line(w, "first", "Health check for")
    server.unlisten()
    check_line(w, "failed once", "failed")
    check_line(w, "failed twice", "failed")
    check_line(w, "down", "is DOWN")
    server.listen()
    check_line(w, "good once", "succeeded")
    check_line(w, "good twice", "succeeded")
    check_line(w, "up", "is UP")


@scenario
def health_by_hand(w):
    checked(w, "inter 10s rise 2 fall 3", count=2)
    w.observe("down", w.cli("set server be/s1 health down"))
    w.log.next("s1 is DOWN")
    w.observe("picks", [w.ask("fe") for _ in range(3)])
    w.observe("up", w.cli("set server be/s1 health up"))
    w.log.next("s1 is UP")
    w.observe("picks again", sorted(w.ask("fe") for _ in range(4)))


@scenario
def health_disabled_by_hand(w):
    server, = checked(w, "inter 100ms rise 1 fall 1")
    first_check(w)
    w.observe("disable", w.cli("disable health be/s1"))
    server.unlisten()
    w.observe("status", w.stat("be", "s1").get("status"))
    w.observe("enable", w.cli("enable health be/s1"))
    check_line(w, "down", "is DOWN")


@scenario
def tracking(w):
    server = w.server("s1")
    w.start("backend be\n    server s1 @s1@ check inter 100ms rise 1 fall 1\n"
            "backend follower\n    server f1 @s1@ track be/s1\n")
    first_check(w)
    server.unlisten()
    check_line(w, "down", "Server be/s1 is DOWN")
    until(lambda: w.stat("follower", "f1").get("status", "").startswith("DOWN"), what="the follower to go down")
    w.observe("status", w.stat("follower", "f1").get("status"))


@scenario
def sessions_at_a_server_that_goes_down(w):
    server, other = checked(w, "inter 100ms rise 1 fall 2", count=2)
    clients = [w.client("fe") for _ in range(4)]
    w.observe("spread", [client.line() for client in clients])
    server.unlisten()
    check_line(w, "down", "s1 is DOWN")
    clients[0].send(b"still\n")
    w.observe("old session lives on", clients[0].line())
    w.observe("picks", [w.ask("fe") for _ in range(3)])


@scenario
def backup_takes_over(w):
    server = w.server("s1")
    w.server("s2")
    w.start("frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    default-server inter 100ms rise 1 fall 1\n"
            "    server s1 @s1@ check\n    server s2 @s2@ backup check\n")
    w.observe("before", w.ask("fe"))
    server.unlisten()
    check_line(w, "down", "s1 is DOWN")
    w.observe("during", w.ask("fe"))
    server.listen()
    check_line(w, "up", "s1 is UP")
    w.observe("after", w.ask("fe"))


@scenario
def what_the_terminal_shows(w):
    server, = checked(w, "inter 100ms rise 1 fall 1", backend="    option log-health-checks")
    w.log.next("Health check for server be/s1 succeeded")
    server.unlisten()
    w.log.next("has no server available")
    server.listen()
    w.log.next("s1 is UP")
    for state in ("maint", "drain", "ready"):
        w.cli(f"set server be/s1 state {state}")
    w.log.next("leaving forced drain")
    w.cli("disable frontend fe")
    w.log.next("Paused")
    with open(os.path.join(w.dir, "stderr"), encoding="utf-8") as text:  # not w.stderr: its offset is the program's too
        lines = [line for line in text if re.search(r"[Ss]erver be/s1|no server|Paused", line)]
    text = re.sub(r"\(\d+\) :", "(PID) :", "".join(lines))
    w.observe("lines", re.sub(r"check duration: \d+ms", "check duration: Nms", text))


@scenario
def from_maintenance_to_draining(w):
    checked(w, "weight 10")
    for state in ("maint", "drain", "maint", "ready", "drain", "ready"):
        w.observe(state, w.cli(f"set server be/s1 state {state}"))
        check_line(w, f"log of {state}", "Server be/s1")
        if state == "drain":
            w.observe("status", w.stat("be", "s1").get("status"))


@scenario
def maintenance_of_a_server_that_is_down(w):
    server, = checked(w, "inter 300ms rise 2 fall 1")
    first_check(w)
    server.unlisten()
    check_line(w, "down", "s1 is DOWN")
    for state in ("maint", "ready"):
        w.cli(f"set server be/s1 state {state}")
        check_line(w, f"log of {state}", "Server be/s1")
    check_line(w, "down again", "s1 is DOWN")
    for state in ("drain", "ready"):
        w.cli(f"set server be/s1 state {state}")
        check_line(w, f"log of {state}", "Server be/s1")


# -- track -----------------------------------------------------------------------------------------------------------

CHAIN = """frontend fe
    bind @fe@
    default_backend fo
backend be
    server s1 @s1@ check inter 100ms rise 1 fall 2
backend fo
    server f1 @s1@ track be/s1
    server f2 @s1@ track f1
    server f3 @s1@ backup
"""


def followers(w, label):
    for name in ("f1", "f2"):
        row = w.stat("fo", name)
        w.observe(f"{label} {name}", {key: row.get(key) for key in ("status", "tracked", "check_status", "chkfail", "act")})


@scenario(threads=BOTH)
def tracking_chain(w):
    server = w.server("s1")
    w.start(CHAIN)
    first_check(w)
    followers(w, "at first")
    server.unlisten()
    for name in ("be/s1 is DOWN", "fo/f1 is DOWN", "fo/f2 is DOWN"):
        check_line(w, name, name)
    followers(w, "down")
    server.listen()
    for name in ("be/s1 is UP", "fo/f1 is UP", "fo/f2 is UP"):
        check_line(w, name, name)
    followers(w, "up")


@scenario
def tracking_by_hand(w):
    w.server("s1")
    w.start(CHAIN.replace("inter 100ms", "inter 20s fastinter 20s"))
    first_check(w)
    for command, lines in (("set server be/s1 state maint", 4), ("set server be/s1 state ready", 3),
                           ("set server be/s1 state drain", 4), ("set server be/s1 state ready", 3),
                           ("disable server fo/f1", 2), ("enable server fo/f1", 2), ("set server fo/f1 state drain", 2),
                           ("set server fo/f1 state maint", 2), ("set server be/s1 state maint", 2),
                           ("set server fo/f1 state ready", 1), ("set server be/s1 state ready", 3),
                           ("set server fo/f1 health down", 0), ("set server be/s1 health down", 4),
                           ("set server be/s1 health stopping", 3), ("set server be/s1 health up", 3)):
        w.observe(command, w.cli(command))
        for number in range(lines):
            check_line(w, f"{command}: line {number + 1}", "lb[")
        followers(w, command)
    w.observe("disable health", w.cli("disable health be/s1"))
    followers(w, "disable health")


@scenario
def tracking_transitional_states(w):
    server = w.server("s1")
    w.start("backend be\n    server s1 @s1@ check inter 200ms fastinter 300ms rise 3 fall 3\n"
            "backend fo\n    server f1 @s1@ track be/s1\n")
    first_check(w)
    server.unlisten()
    for status in ("UP 2/3", "UP 1/3", "DOWN"):
        until(lambda: w.stat("fo", "f1").get("status") == status, what=status)
    server.listen()
    for status in ("DOWN 1/3", "DOWN 2/3", "UP"):
        until(lambda: w.stat("fo", "f1").get("status") == status, what=status)
    w.observe("seen", "all states")


# -- observe ---------------------------------------------------------------------------------------------------------

def observed(w, mode):
    """The check goes to another port, so that only traffic finds out that the server is gone."""
    server = w.server("s1")
    w.server("chk")
    w.start(f"""frontend fe
    bind @fe@
    default_backend be
backend be
    retries 0
    option log-health-checks
    server s1 @s1@ check port {w.address("chk")[1]} inter 20s fastinter 20s rise 2 fall 3 observe layer4 error-limit 3 {mode}
""")
    check_line(w, "first check", "Health check")
    server.unlisten()
    for number in range(9):
        w.ask("fe")
        w.log.next(" fe be/")
        row = w.stat("be", "s1")
        w.observe(f"after error {number + 1}", {key: row.get(key) for key in ("status", "check_status", "chkfail", "chkdown", "hanafail")})
    w.observe("lines", [re.sub(r"check duration: \d+ms", "check duration: Nms", w.normal(line)) for line in w.log.all()
                        if "Health analyze" in line or "is DOWN" in line])


for _mode in ("fastinter", "fail-check", "sudden-death", "mark-down"):
    def _observed(w, mode=_mode):
        observed(w, f"on-error {mode}")
    _observed.__name__ = "observe_" + _mode.replace("-", "_")
    scenario(_observed)


@scenario
def observe_forgets_after_a_success(w):
    server = w.server("s1")
    w.server("chk")
    w.start(f"frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    retries 0\n    server s1 @s1@ check port "
            f"{w.address('chk')[1]} inter 20s fastinter 20s observe layer4 error-limit 2 on-error mark-down\n")
    first_check(w)
    for _ in range(3):
        server.unlisten()
        w.ask("fe")
        server.listen()
        w.observe("served", w.ask("fe"))
    w.observe("status", w.stat("be", "s1").get("status"))


# -- agents ----------------------------------------------------------------------------------------------------------

AGENT_COLUMNS = ("status", "weight", "slim", "agent_code", "agent_desc", "agent_rise", "agent_fall", "agent_health", "last_agt", "chkdown")


def agent_says(line, close=False):
    def behaviour(server, conn):
        conn.sendall(line)
        if not close:
            while conn.recv(4096):
                pass
    return behaviour


def with_agent(w, options="check inter 20s fastinter 20s", agent=b"up\n", interval="100ms"):
    w.server("s1")
    made = w.server("ag", agent_says(agent))
    w.start(f"""backend be
    option log-health-checks
    timeout check 5s
    server s1 @s1@ {options} weight 20 agent-check agent-port {w.address("ag")[1]} agent-inter {interval} agent-send "hello\\n"
    server s2 @s1@ weight 20
""")
    return made


def answers(w, agent, line, **how):
    """Lets the agent say the line from now on, and waits until it has said it twice."""
    before = agent.accepted
    agent.behaviour = agent_says(line, **how)
    until(lambda: agent.accepted >= before + 3, what="two answers of the agent")
    until(lambda: not w.stat("be", "s1").get("agent_status", "").startswith("*"), what="the end of the agent's check")
    return w.stat("be", "s1")


@scenario(threads=BOTH)
def agent_lines(w):
    agent = with_agent(w)
    until(lambda: w.stat("be", "s1").get("agent_status") == "L7OK", what="the agent's first answer")
    for line in (b"up\n", b"50%\n", b"100%\n", b"0%\n", b"100%\n", b"maxconn:30\n", b"maxconn:x\n", b"drain\n", b"ready\n",
                 b"maint\n", b"ready\n", b"up\n", b"down\n", b"up\n", b"down # with space\n", b"fail\n", b"stopped #x y\n",
                 b"up\n", b"stop\n", b"up\n", b"up # fine text\n", b"ready,100%\tup\r\n", b"garbage\n", b"75% garbage\n",
                 b"\n", b"up down\n", b"down up\n", b"UP\n", b"200%\n", b"-5%\n"):
        row = answers(w, agent, line)
        w.observe(repr(line), {key: row.get(key) for key in AGENT_COLUMNS})
    lines = [re.sub(r"check duration: \d+ms", "check duration: Nms", w.normal(line)) for line in w.log.all()]
    w.observe("lines", [line for line in lines if "Health check" not in line])


@scenario
def agent_alone(w):
    agent = with_agent(w, options="")
    until(lambda: w.stat("be", "s1").get("agent_status") == "L7OK", what="the agent's first answer")
    for line in (b"up\n", b"down # because\n", b"drain up\n", b"ready\n"):
        row = answers(w, agent, line)
        w.observe(repr(line), {key: row.get(key) for key in AGENT_COLUMNS})
    w.observe("heard", agent.received[:6])


@scenario
def agent_that_is_gone(w):
    agent = with_agent(w)
    until(lambda: w.stat("be", "s1").get("agent_status") == "L7OK", what="the agent's first answer")
    agent.unlisten()
    until(lambda: w.stat("be", "s1").get("agent_status") == "L4CON", what="the agent to be gone")
    row = w.stat("be", "s1")
    w.observe("gone", {key: row.get(key) for key in AGENT_COLUMNS})
    check_line(w, "line", "Layer4 connection problem")


@scenario
def agent_commands(w):
    agent = with_agent(w, agent=b"ready\n", interval="20s")
    until(lambda: w.stat("be", "s1").get("agent_status") == "CHECKED", seconds=30, what="the agent's first answer")
    for command in ("set server be/s1 agent down", "set server be/s1 agent up", "set server be/s1 agent xx",
                    "set server be/s2 agent up", "enable agent be/s2", "disable agent be/s2", "disable agent be/s1"):
        w.observe(command, w.cli(command))
        row = w.stat("be", "s1")
        w.observe(f"{command}: columns", {key: row.get(key) for key in AGENT_COLUMNS})
    w.observe("enable", w.cli("enable agent be/s1"))
    w.server("other", agent_says(b"down\n"))
    w.observe("port", w.cli(f"set server be/s1 agent-port {w.address('other')[1]}"))
    agent.unlisten()


# -- protocols -------------------------------------------------------------------------------------------------------

def packet(sequence, body):
    return len(body).to_bytes(3, "little") + bytes([sequence]) + body


def conversation(*says, first=b"", close=False, bytewise=False):
    """Says `first`, then one thing for each piece heard; closes or stays."""
    def say(conn, data):
        for piece in ([data[n:n + 1] for n in range(len(data))] if bytewise else [data]):
            conn.sendall(piece)
            if bytewise:
                time.sleep(0.002)

    def behaviour(server, conn):
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        say(conn, first)
        for data in says:
            heard = conn.recv(65536)
            if not heard:
                return
            server.heard(heard)
            say(conn, data)
        if close:
            conn.shutdown(socket.SHUT_WR)
        while conn.recv(65536):
            pass
    return behaviour


GREETING = packet(0, b"\x0a5.5.5-10.11.6-MariaDB\0" + b"\1\0\0\0" + b"A" * 8 + b"\0" + b"\xff\xf7\x08\x02\0\xff\x81\x15"
                  + b"\0" * 10 + b"B" * 12 + b"\0mysql_native_password\0")
ACCEPTED = packet(2, b"\0\0\0\2\0\0\0")
DENIED = packet(2, b"\xff\x15\x04#28000Access denied")
BLOCKED = packet(0, b"\xff\x69\x04Host is blocked")
BOUND = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"
MAIL = (b"250 hi\r\n", b"221 bye\r\n")

def http(*lines):
    return "\n    ".join(["option httpchk", *(f"http-check {line}" for line in lines)])


def web_answer(head, body=b"", **how):
    return conversation(b"HTTP/1.0 " + head + b"\r\nX-Test: 1\r\n\r\n" + body, **({"close": True} | how))


CHUNKED = conversation(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
LENGTH = conversation(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

PROBES = {
    "http": ("option httpchk", web_answer(b"200 OK")),
    "http_bytewise": ("option httpchk", web_answer(b"200 OK", bytewise=True)),
    "http_uri": ("option httpchk /ping", web_answer(b"302 Found")),
    "http_method": ("option httpchk HEAD /ping", web_answer(b"204 No Content")),
    "http_old_host": ("option httpchk GET /ping HTTP/1.1\\r\\nHost:\\ www", web_answer(b"200 OK")),
    "http_send": (http("send meth POST uri /p ver HTTP/1.1 hdr Host x hdr X-A b body abc"), web_answer(b"200 OK")),
    "http_503": ("option httpchk", web_answer(b"503 Service Unavailable")),
    "http_404": ("option httpchk", web_answer(b"404 Not Found")),
    "http_404_stops": (http("disable-on-404"), web_answer(b"404 Not Found")),
    "http_status": (http("expect status 404"), web_answer(b"404 Not Found")),
    "http_statuses": (http("expect status 200-299,404"), web_answer(b"404 Not Found")),
    "http_status_other": (http("expect status 200-299,404"), web_answer(b"301 Moved")),
    "http_not_status": (http("expect ! status 500"), web_answer(b"500 Oops")),
    "http_rstatus": (http("expect rstatus ^2"), web_answer(b"201 Created")),
    "http_not_rstatus": (http("expect ! rstatus ^5"), web_answer(b"503 Bad")),
    "http_string": (http("expect string hello"), web_answer(b"200 OK", b"well hello")),
    "http_string_chunked": (http("expect string hello"), CHUNKED),
    "http_string_missing": (http("expect string gone"), LENGTH),
    "http_not_string": (http("expect ! string hello"), LENGTH),
    "http_rstring": (http("expect rstring h.l+o"), LENGTH),
    "http_rstring_missing": (http("expect rstring zz"), LENGTH),
    "http_garbage": ("option httpchk", conversation(b"garbage\r\n\r\n")),
    "http_hang": ("option httpchk", hang),
    "http_close": ("option httpchk", conversation(b"", close=True)),
    "smtp": ("option smtpchk", conversation(*MAIL, first=b"220 mx ESMTP\r\n")),
    "smtp_ehlo": ("option smtpchk EHLO mydomain.org", conversation(b"250-mx\r\n250-SIZE 1\r\n250 HELP\r\n", MAIL[1], first=b"220 mx\r\n")),
    "smtp_other_hello": ("option smtpchk FOO mydomain.org", conversation(*MAIL, first=b"220 mx\r\n")),
    "smtp_hello_alone": ("option smtpchk EHLO", conversation(*MAIL, first=b"220 mx\r\n")),
    "smtp_banner_554": ("option smtpchk", conversation(first=b"554 go away\r\n")),
    "smtp_banner_421_close": ("option smtpchk", conversation(first=b"421 busy\r\n", close=True)),
    "smtp_banner_garbage": ("option smtpchk", conversation(first=b"hello\r\n")),
    "smtp_banner_multiline": ("option smtpchk", conversation(*MAIL, first=b"220-mx\r\n220 more\r\n")),
    "smtp_refused_hello": ("option smtpchk", conversation(b"502 no\r\n", first=b"220 mx\r\n")),
    "smtp_hang": ("option smtpchk", hang),
    "smtp_close": ("option smtpchk", conversation(close=True)),
    "smtp_close_after_banner": ("option smtpchk", conversation(first=b"220 mx\r\n", close=True)),
    "smtp_quit_500": ("option smtpchk", conversation(MAIL[0], b"500 no\r\n", first=b"220 mx\r\n")),
    "redis": ("option redis-check", conversation(b"+PONG\r\n")),
    "redis_bytewise": ("option redis-check", conversation(b"+PONG\r\n", bytewise=True)),
    "redis_noauth": ("option redis-check", conversation(b"-NOAUTH Authentication required.\r\n")),
    "redis_noauth_close": ("option redis-check", conversation(b"-NOAUTH Authentication required.\r\n", close=True)),
    "redis_hang": ("option redis-check", hang),
    "redis_close": ("option redis-check", conversation(b"", close=True)),
    "ldap": ("option ldap-check", conversation(BOUND)),
    "ldap_bytewise": ("option ldap-check", conversation(BOUND, bytewise=True)),
    "ldap_long_form": ("option ldap-check", conversation(b"\x30\x84\0\0\0\x0c" + BOUND[2:])),
    "ldap_refused": ("option ldap-check", conversation(BOUND[:9] + b"\x30" + BOUND[10:])),
    "ldap_search_done": ("option ldap-check", conversation(BOUND[:5] + b"\x65" + BOUND[6:])),
    "ldap_garbage": ("option ldap-check", conversation(b"hello this is no ldap server\r\n")),
    "ldap_hang": ("option ldap-check", hang),
    "ldap_close": ("option ldap-check", conversation(b"", close=True)),
    "pgsql": ("option pgsql-check user chk", conversation(b"R\0\0\0\x08\0\0\0\0")),
    "pgsql_md5": ("option pgsql-check user chk", conversation(b"R\0\0\0\x0c\0\0\0\5abcd")),
    "pgsql_bytewise": ("option pgsql-check user chk", conversation(b"R\0\0\0\x08\0\0\0\0", bytewise=True)),
    "pgsql_error": ("option pgsql-check user chk", conversation(b"E\0\0\0\x20SFATAL\0C28000\0Mno such role\0\0")),
    "pgsql_garbage": ("option pgsql-check user chk", conversation(b"hello world here\r\n")),
    "pgsql_hang": ("option pgsql-check user chk", hang),
    "pgsql_close": ("option pgsql-check user chk", conversation(b"", close=True)),
    "mysql_greeting": ("option mysql-check", conversation(first=GREETING)),
    "mysql_greeting_blocked": ("option mysql-check", conversation(first=BLOCKED, close=True)),
    "mysql_greeting_close": ("option mysql-check", conversation(close=True)),
    "mysql_user": ("option mysql-check user chk", conversation(ACCEPTED, first=GREETING)),
    "mysql_user_bytewise": ("option mysql-check user chk", conversation(ACCEPTED, first=GREETING, bytewise=True)),
    "mysql_user_pre_41": ("option mysql-check user chk pre-41", conversation(ACCEPTED, first=GREETING)),
    "mysql_user_denied": ("option mysql-check user chk", conversation(DENIED, first=GREETING, close=True)),
    "mysql_user_switch": ("option mysql-check user chk", conversation(packet(2, b"\xfe"), first=GREETING)),
    "mysql_user_garbage": ("option mysql-check user chk", conversation(first=b"hello this is no mysql\r\n")),
    "mysql_user_hang": ("option mysql-check user chk", hang),
    "mysql_user_hang_later": ("option mysql-check user chk", conversation(first=GREETING)),
    "mysql_user_close_later": ("option mysql-check user chk", conversation(b"", first=GREETING, close=True)),
    "ssl_hello": ("option ssl-hello-chk", conversation(b"\x16\x03\x00\x00\x2a\x02\0\0\x26\x03\x00")),
    "ssl_hello_alert": ("option ssl-hello-chk", conversation(b"\x15\x03\x00\x00\x02\x02\x28", close=True)),
    "ssl_hello_bytewise": ("option ssl-hello-chk", conversation(b"\x16\x03\x00\x00\x2a\x02\0\0\x26", bytewise=True)),
    "ssl_hello_garbage": ("option ssl-hello-chk", conversation(b"hello")),
    "ssl_hello_hang": ("option ssl-hello-chk", hang),
    "ssl_hello_close": ("option ssl-hello-chk", conversation(b"", close=True)),
}


def probe(w, option, behaviour):
    server = w.server("s1", behaviour)
    w.start(f"backend be\n    {option}\n    option log-health-checks\n    timeout check 1s\n"
            "    server s1 @s1@ check inter 20s fastinter 20s downinter 20s rise 1 fall 1\n")
    check_line(w, "line", "Health check for")
    row = w.stat("be", "s1")
    w.observe("columns", {key: row.get(key) for key in ("status", "check_status", "check_code", "check_desc")})
    w.observe("last_chk", row.get("last_chk"))
    if "ssl" not in option:
        w.observe("asked", server.received)


for _name, (_option, _behaviour) in PROBES.items():
    def _probe(w, option=_option, behaviour=_behaviour):
        probe(w, option, behaviour)
    _probe.__name__ = "probe_" + _name
    scenario(_probe)


# -- the steps of tcp-check ------------------------------------------------------------------------------------------

BANNER = conversation(first=b"220 mx ready\r\n")
CLOSES = conversation(first=b"220 mx ready\r\n", close=True)
PONG = conversation(b"+PONG\r\n", b"role:master\r\n")
SCRIPTS = {
    "expect_default": (BANNER, ["expect string ready"]),
    "expect_not": (BANNER, ["expect ! string ready"]),
    "expect_not_glued": (BANNER, ["expect !string gone comment fine"]),
    "expect_rstring": (BANNER, ["expect rstring ^220.*ready"]),
    "expect_not_rstring": (BANNER, ["expect !rstring ^220 comment bad"]),
    "expect_binary": (BANNER, ["expect binary 323230"]),
    "expect_rbinary": (BANNER, ["expect rbinary ^323230.*0D0A$"]),
    "expect_string_lf": (BANNER, ["set-var(check.word) str(ready)", "expect string-lf \"mx %[var(check.word)]\""]),
    "expect_string_lf_other": (CLOSES, ["set-var(check.word) str(gone)", "expect string-lf \"mx %[var(check.word)]\" comment lf"]),
    "expect_binary_lf": (BANNER, ["set-var(check.word) str(mx)", "expect binary-lf %[var(check.word),hex]"]),
    "expect_binary_lf_odd": (CLOSES, ["expect binary-lf %[str(abc)]"]),
    "expect_missing": (CLOSES, ["expect string gone comment here"]),
    "expect_missing_stays": (BANNER, ["expect string gone comment here"]),
    "min_recv_unmet": (BANNER, ["expect min-recv 100 string ready"]),
    "min_recv_unmet_rstring": (BANNER, ["expect min-recv 100 rstring ready"]),
    "min_recv_unmet_closes": (CLOSES, ["expect min-recv 100 rstring ready"]),
    "min_recv_unmet_mismatch": (CLOSES, ["expect min-recv 100 rstring gone"]),
    "min_recv_zero": (BANNER, ["expect min-recv 0 string gone"]),
    "min_recv_met": (BANNER, ["expect min-recv 4 rstring gone"]),
    "min_recv_bytewise": (conversation(first=b"220 mx ready\r\n", bytewise=True), ["expect min-recv 3 rstring ready"]),
    "min_recv_not_bytewise": (conversation(first=b"220 mx ready\r\n", bytewise=True), ["expect min-recv 12 ! string ready"]),
    "not_bytewise": (conversation(first=b"ready\r\n", bytewise=True), ["expect ! string ready"]),
    "ok_status_l7okc": (BANNER, ["expect ok-status L7OKC string ready"]),
    "ok_status_l6ok": (BANNER, ["expect ok-status L6OK string ready"]),
    "ok_status_l4ok": (BANNER, ["expect ok-status L4OK string ready"]),
    "ok_status_not_last": (PONG, ["send PING", "expect ok-status L7OKC string PONG", "send info", "expect string role"]),
    "error_status_l7okc": (CLOSES, ["expect error-status L7OKC string gone"]),
    "error_status_l7sts": (CLOSES, ["expect error-status L7STS string gone"]),
    "error_status_l6rsp": (CLOSES, ["expect error-status L6RSP string gone"]),
    "error_status_l4con": (CLOSES, ["expect error-status L4CON string gone"]),
    "error_status_empty": (conversation(close=True), ["expect error-status L7STS string gone comment void"]),
    "tout_status_l6tout": (hang, ["expect tout-status L6TOUT string gone"]),
    "tout_status_l4tout": (hang, ["expect tout-status L4TOUT string gone comment late"]),
    "tout_default": (hang, ["expect string gone"]),
    "on_success": (BANNER, ["expect on-success \"it said %[res.payload(0,6)]\" string ready"]),
    "on_success_comment": (BANNER, ["expect on-success fine comment why string ready"]),
    "on_success_not_last": (PONG, ["send PING", "expect on-success first string PONG", "send info", "expect string role"]),
    "on_error": (CLOSES, ["expect on-error \"it said %[res.payload(0,6)]\" string gone"]),
    "on_error_comment": (CLOSES, ["expect on-error bad comment why string gone"]),
    "on_error_timeout": (hang, ["expect on-error bad string gone"]),
    "status_code": (BANNER, ["expect status-code res.payload(0,3) string ready"]),
    "status_code_error": (CLOSES, ["expect status-code res.payload(0,3) error-status L7STS string gone"]),
    "status_code_error_rsp": (CLOSES, ["expect status-code int(17) string gone"]),
    "status_code_absent": (BANNER, ["expect status-code res.payload(100,3) string ready"]),
    "send_lf": (PONG, ["set-var(check.q) str(PING)", "send-lf \"%[var(check.q)] %[be_name]\\r\\n\"", "expect string PONG"]),
    "send_binary": (PONG, ["send-binary 50494e470D0a", "expect string PONG"]),
    "send_binary_lf": (PONG, ["send-binary-lf 50%[str(ING),hex]0d0a", "expect string PONG"]),
    "send_binary_lf_odd": (PONG, ["send-binary-lf %[str(123)] comment odd", "expect string PONG"]),
    "send_lf_empty": (PONG, ["send-lf %[var(check.none)]", "expect string PONG"]),
    "set_var_fmt": (PONG, ["set-var-fmt(check.q) \"%[str(PI)]NG\"", "send-lf %[var(check.q)]", "expect string PONG"]),
    "set_var_from_response": (PONG, ["send PING", "expect string PONG", "set-var(check.a) res.payload(1,4)", "send-lf <%[var(check.a)]>",
                                     "expect string role"]),
    "set_var_absent": (PONG, ["set-var(check.a) res.payload(0,4)", "send-lf <%[var(check.a)]>", "expect string PONG"]),
    "set_var_conditions": (PONG, ["set-var(check.a,ifnotexists) str(one)", "set-var(check.a,ifnotexists) str(two)",
                                  "set-var(check.b,ifset) str(three)", "send-lf <%[var(check.a)]%[var(check.b)]>", "expect string PONG"]),
    "unset_var": (PONG, ["set-var(check.a) str(one)", "unset-var(check.a)", "send-lf <%[var(check.a)]>", "expect string PONG"]),
    "set_var_sess": (PONG, ["set-var(sess.a) str(one)", "send-lf <%[var(sess.a)]>", "expect string PONG"]),
    "set_var_proc": (PONG, ["set-var(proc.a) str(one)", "send-lf <%[var(proc.a)]>", "expect string PONG"]),
    "steps_are_numbered": (CLOSES, ["set-var(check.a) int(1)", "comment first", "connect", "comment second", "expect string gone"]),
    "only_variables": (BANNER, ["set-var(check.a) int(1)"]),
    "variables_at_the_end": (BANNER, ["expect string ready", "set-var(check.a) int(1)"]),
    "connect_port_variable": (BANNER, ["set-var(check.port) int(@port@)", "connect port var(check.port)", "expect string ready"]),
    "connect_port_nothing": (BANNER, ["connect port var(check.none)", "expect string ready"]),
    "connect_port_too_large": (BANNER, ["connect port int(70000)", "expect string ready"]),
    "connect_addr": (BANNER, ["connect addr @host@ port @port@", "expect string ready"]),
    "connect_linger": (BANNER, ["connect linger", "expect string ready"]),
    "connect_default": (BANNER, ["connect default", "expect string ready"]),
    "connect_send_proxy": (conversation(b"220 mx ready\r\n"), ["connect send-proxy", "expect string ready"]),
    "connect_proto_none": (BANNER, ["connect proto none", "expect string ready"]),
    "connect_twice": (BANNER, ["connect", "expect string ready", "connect port @port@", "expect string 220"]),
    "connect_last": (BANNER, ["connect", "expect string ready", "connect"]),
    "send_last": (BANNER, ["connect", "send x"]),
    "expect_not_spaced_stays": (BANNER, ["expect ! string gone"]),
    "expect_not_rstring_stays": (BANNER, ["expect ! rstring gone"]),
    "expect_not_binary_stays": (BANNER, ["expect ! binary 3434"]),
    "expect_not_closes": (CLOSES, ["expect ! string gone"]),
    "expect_not_min_recv": (BANNER, ["expect min-recv 4 ! string gone"]),
    "comment_until_the_next": (CLOSES, ["connect", "comment one", "expect string 220", "comment two", "expect string mx", "expect string gone"]),
    "comment_over_a_send": (PONG, ["connect", "comment one", "send PING", "expect string PONG", "send info", "expect min-recv 0 string gone"]),
    "comment_over_a_connect": (CLOSES, ["connect", "comment one", "expect string mx", "connect", "expect string gone"]),
    "comment_before_a_connect": (CLOSES, ["comment one", "connect", "expect string mx", "expect string gone"]),
    "comment_of_a_step_before": (CLOSES, ["comment one", "expect string mx comment own", "expect string gone"]),
    "comment_of_the_step": (CLOSES, ["comment one", "expect string gone comment own"]),
    "comment_over_a_variable": (CLOSES, ["comment one", "set-var(check.a) int(1)", "expect string gone"]),
    "comment_after_an_expect": (BANNER, ["connect", "comment one", "expect string mx", "connect port 1"]),
    "comment_is_for_one": (CLOSES, ["comment one", "expect string ready", "expect string gone"]),
}


def run_script(w, behaviour, lines):
    server = w.server("s1", behaviour)
    port = w.address("s1")[1]
    steps = "\n".join(f"    tcp-check {line}".replace("@port@", str(port)).replace("@host@", w.host) for line in lines)
    w.start(f"backend be\n    option tcp-check\n{steps}\n    option log-health-checks\n    timeout check 1s\n"
            "    server s1 @s1@ check inter 20s fastinter 20s downinter 20s rise 1 fall 1\n")
    check_line(w, "line", "Health check for")
    row = w.stat("be", "s1")
    w.observe("columns", {key: row.get(key) for key in ("status", "check_status", "check_code", "check_desc")})
    w.observe("last_chk", row.get("last_chk"))
    asked = b"".join(server.received) if all(isinstance(one, bytes) for one in server.received) else server.received
    w.observe("asked", re.sub(r"127\.0\.0\.\d+ \d+", "ADDR", re.sub(r"TCP4 \S+ \S+ \d+ \d+", "TCP4 ADDRESSES", str(asked))))


for _name, (_behaviour, _lines) in SCRIPTS.items():
    def _run_script(w, behaviour=_behaviour, lines=_lines):
        run_script(w, behaviour, lines)
    _run_script.__name__ = "script_" + _name
    scenario(_run_script)


@scenario
def variables_of_one_check_end_with_it(w):
    server = w.server("s1", conversation(b"+PONG\r\n"))
    w.start("backend be\n    option tcp-check\n    tcp-check set-var(check.a,ifnotexists) str(new)\n"
            "    tcp-check send-lf <%[var(check.a)]%[var(check.b)]%[var(sess.c)]>\n    tcp-check expect string PONG\n"
            "    tcp-check set-var(check.b) str(old)\n    tcp-check set-var(sess.c) str(old)\n"
            "    server s1 @s1@ check inter 100ms\n")
    until(lambda: len(server.received) >= 3, what="three checks")
    w.observe("asked", server.received[:3])


@scenario
def words_of_the_steps(w):
    for label, line in {
        "set-var": "set-var(check.x) int(1)", "set-var of txn": "set-var(txn.x) int(1)", "set-var of req": "set-var(req.x) int(1)",
        "set-var without a name": "set-var() int(1)", "set-var alone": "set-var int(1)", "set-var without a value": "set-var(check.x)",
        "set-var with more": "set-var(check.x) int(1) more", "set-var and a condition": "set-var(check.x,ifset) int(1)",
        "set-var and no condition": "set-var(check.x,ifso) int(1)", "set-var-fmt": "set-var-fmt(sess.x) %[int(1)]",
        "unset-var": "unset-var(proc.x)", "unset-var of two": "unset-var(proc.x,proc.y)", "unset-var with more": "unset-var(check.x) y",
        "port 0": "connect port 0", "port 65536": "connect port 65536", "port of an expression": "connect port int(1)",
        "addr of a name": "connect addr localhost.invalid", "alpn": "connect ssl alpn h2,http/1.1", "proto h2": "connect proto h3",
        "via-socks4": "connect via-socks4", "unknown": "connect foo", "no pattern": "expect", "two patterns": "expect string a string b",
        "min-recv -2": "expect min-recv -2 string a", "min-recv x": "expect min-recv x string a", "ok-status L7RSP": "expect ok-status L7RSP string a",
        "error-status L7OK": "expect error-status L7OK string a", "tout-status L7OK": "expect tout-status L7OK string a",
        "status-code foo": "expect status-code foo string a", "odd hex": "send-binary 123", "no hex": "expect binary xy",
        "regex": "expect rstring (", "empty": "expect string \"\"", "send nothing": "send", "comment nothing": "comment",
    }.items():
        code, _ = w.check("defaults\n    timeout connect 1s\n    timeout server 1s\n    timeout client 1s\n"
                          "listen fe\n    bind 127.0.0.1:1\nbackend be\n"
                          f"    option tcp-check\n    tcp-check {line}\n    server s 127.0.0.1:1 check verify none\n")
        w.observe(label, code != 0)


# -- external checks -------------------------------------------------------------------------------------------------

def external(w, script, body="", options="inter 1s rise 1 fall 1"):
    w.server("s1")
    path = os.path.join(w.dir, "check.sh")
    with open(path, "w", encoding="utf-8") as out:
        out.write("#!/bin/sh\n" + script.replace("@dir@", w.dir) + "\n")
    os.chmod(path, 0o755)
    w.start(f"""listen be
    bind @fe@
    option log-health-checks
    option external-check
    external-check command {path}
    external-check path "/usr/bin:/bin"
    {body}
    server s1 @s1@ check maxconn 33 {options}
""", more_global="external-check\n    insecure-fork-wanted")
    check_line(w, "line", "Health check for")
    row = w.stat("be", "s1")
    w.observe("columns", {key: row.get(key) for key in ("status", "check_code", "check_desc", "last_chk")})


@scenario(threads=BOTH)
def external_check_passes(w):
    external(w, 'env | grep -v "^_=\\|^PWD=\\|^SHLVL=" | sort > @dir@/env.new; echo "$@" > @dir@/args; mv @dir@/env.new @dir@/env')
    until(lambda: os.path.exists(os.path.join(w.dir, "env")), what="the command to run")
    for name in ("args", "env"):
        with open(os.path.join(w.dir, name), encoding="utf-8") as text:
            w.observe(name, text.read())


@scenario
def external_check_fails(w):
    external(w, "exit 3")
    check_line(w, "down", "is DOWN")
    check_line(w, "nobody", "no server available")


@scenario
def external_check_is_killed(w):
    external(w, "kill -9 $$")


@scenario
def external_check_hangs(w):
    external(w, "sleep 100")


@scenario
def external_check_without_its_command(w):
    w.server("s1")
    w.start("backend be\n    option log-health-checks\n    option external-check\n    external-check command /nonexistent/check\n"
            "    server s1 @s1@ check inter 1s\n", more_global="external-check\n    insecure-fork-wanted")
    check_line(w, "line", "Health check for")


# -- what 2.6 does not know: init-state ------------------------------------------------------------------------------

@scenario
def words_of_the_configuration(w):
    for label, body in {
        "itself": "    server s 127.0.0.1:1 track be/s", "unknown": "    server s 127.0.0.1:1 track x/s",
        "unchecked": "    server s 127.0.0.1:1 track q\n    server q 127.0.0.1:2",
        "loop": "    server s 127.0.0.1:1 track q\n    server q 127.0.0.1:2 track s",
        "both": "    server s 127.0.0.1:1 check track q\n    server q 127.0.0.1:2 check",
        "agent without a port": "    server s 127.0.0.1:1 agent-check",
        "pgsql without a user": "    option pgsql-check\n    server s 127.0.0.1:1 check",
        "mysql without a name": "    option mysql-check user\n    server s 127.0.0.1:1 check",
        "mysql of another age": "    option mysql-check user a xx\n    server s 127.0.0.1:1 check",
        "no errors": "    server s 127.0.0.1:1 check observe layer4 error-limit 0",
        "external": "    option external-check\n    external-check command /bin/true\n    server s 127.0.0.1:1 check",
        "fine": "    server s 127.0.0.1:1 track q\n    server q 127.0.0.1:2 agent-check agent-port 4",
        "ldap then smtp": "    option ldap-check\n    option smtpchk\n    server s 127.0.0.1:1 check",
    }.items():
        code, _ = w.check("defaults\n    timeout connect 1s\n    timeout server 1s\n    timeout client 1s\n"
                          f"listen fe\n    bind 127.0.0.1:1\nbackend be\n{body}\n")
        w.observe(label, code != 0)


if __name__ == "__main__":
    main()
