#!/usr/bin/env python3
"""Peers beside the reference: the same configuration and traffic on pairs of nodes, and the same words of both.

A scenario runs on the pairs (haproxy, haproxy), (weir, haproxy), (haproxy, weir) and (weir, weir); what it observes of the two
nodes is compared with what the first pair shows. `show peers` is looked at state by state, with the other peer made of this
script, so that both programs go through the same states. Places in memory, counters and times are masked. Differences that
are meant stand in differences.txt.
"""
import argparse
import concurrent.futures
import fnmatch
import os
import re
import socket
import struct
import subprocess
import sys
import time
import traceback

from harness import HERE, Differences, compare
from peering import (CONFIRMED, FINISHED, HAPROXY, PARTIAL, SYNC, WEIR, Farm, FakePeer, definition, fake_farm,
                     message, number)
from wire import free_port, own_host, until


class Run:
    """One pair of programs, and what was seen of it. `compare` reads it as it reads a World."""

    def __init__(self, *programs):
        self.programs = programs
        self.program = " and ".join(os.path.basename(os.path.realpath(one)) for one in programs)
        self.seen = []

    def observe(self, label, value):
        self.seen.append((label, "equal", value))

    def broken(self, error):
        self.seen.append(("broken", "equal", f"{type(error).__name__}: {error}"))
        self.trace = traceback.format_exc()


PAIRS = [(HAPROXY, HAPROXY), (WEIR, HAPROXY), (HAPROXY, WEIR), (WEIR, WEIR)]
ONES = [(HAPROXY,), (WEIR,)]
scenarios = []


def scenario(programs=None):
    def take(function):
        scenarios.append((function.__name__, function, programs or PAIRS))
        return function
    return take


def masked(text):
    """`show peers` without places, counters and times; what is <NEVER> is so in both."""
    text = re.sub(r"\b(appctx|table|remote_table|last_local_table):0x[0-9a-f]+", r"\1:PTR", text)
    text = re.sub(r"(?m)^( *)0x[0-9a-f]+(:| local_id)", r"\1PTR\2", text)
    text = re.sub(r"\b(task_calls|tx_hbt|rx_hbt|new_conn|last_acked|last_pushed|last_get|teaching_origin|update|localupdate"
                  r"|commitupdate)=\d+", r"\1=N", text)
    text = re.sub(r"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\]", "[DATE]", text)
    text = re.sub(r"=(\d+s|<PAST>)", "=TIME", text)
    return re.sub(r"\b127\.\d+\.\d+\.\d+:\d+", "ADDRESS", text)


# --- tables -------------------------------------------------------------------------------------------------------

COUNTERS = ("gpc0,gpc1,conn_cnt,sess_cnt,http_req_cnt,http_err_cnt,http_fail_cnt,bytes_in_cnt,bytes_out_cnt,gpt0,server_id")
RATES = ("gpc0_rate,gpc1_rate,conn_rate,sess_rate,http_req_rate,http_err_rate,http_fail_rate,bytes_in_rate,bytes_out_rate")
STORE = COUNTERS + "," + ",".join(f"{rate}(60s)" for rate in RATES.split(","))

TABLES = f"""
backend addresses
    stick-table type ip size 1k expire 60s store {STORE} peers farm
backend addresses6
    stick-table type ipv6 size 1k expire 60s store {STORE} peers farm
backend numbers
    stick-table type integer size 1k expire 60s store {STORE} peers farm
backend texts
    stick-table type string len 40 size 1k expire 60s store {STORE} peers farm
backend for_ever
    stick-table type string len 40 size 1k store gpc0 peers farm
backend arrays
    stick-table type string len 16 size 1k expire 60s store gpt(3),gpc(4),gpc_rate(2,60s) peers farm
"""
KEYS = {"addresses": ["10.1.2.3", "255.255.255.255", "0.0.0.0"], "addresses6": ["2001:db8::7", "::ffff:1.2.3.4", "::"],
        "numbers": ["0", "1", "4294967295"], "texts": ["bob", "a" * 39, "with-sign-#"]}


@scenario()
def every_key_and_every_column(run):
    """What `set table` writes on one node, both show: all types of keys with all columns, from either side."""
    with Farm(TABLES, dict(zip("ab", run.programs))) as farm:
        farm.join()
        for writer, reader, add in (("a", "b", 0), ("b", "a", 1000)):
            for table, keys in KEYS.items():
                for i, key in enumerate(keys):
                    columns = [name for name in (COUNTERS + "," + RATES).split(",")]
                    farm[writer].cli(f"set table {table} key {key} " + " ".join(
                        f"data.{column} {(i + 1) * 100 + at + add}" for at, column in enumerate(columns)))
            farm[writer].cli(f"set table numbers key 77 data.bytes_in_cnt {12345678901234 + add} data.gpc0 4294967295")
            farm[writer].cli(f"set table for_ever key x{add} data.gpc0 1")
            for table in (*KEYS, "for_ever"):
                until(lambda: farm["a"].table(table) == farm["b"].table(table) and farm["b"].used(table), 8, f"{table} at {reader}")
                for node in "ab":
                    run.observe(f"{writer} wrote: {table} of {node}", sorted(farm[node].table(table).items()))


TRAFFIC = """
frontend counted
    bind @entry@
    tcp-request inspect-delay 5s
    tcp-request connection track-sc0 src table users
    tcp-request connection sc-inc-gpc0(0)
    tcp-request connection sc-set-gpt0(0) 7
    tcp-request content track-sc1 req.payload(0,4) table bins if { req.len ge 4 }
    tcp-request content accept if { req.len ge 4 }
    default_backend servers
backend users
    stick-table type ip size 1k expire 60s store gpc0,gpt0,conn_cnt,conn_cur,sess_cnt,bytes_in_cnt,bytes_out_cnt,conn_rate(60s) peers farm
backend bins
    stick-table type binary len 4 size 1k expire 60s store conn_cnt,sess_cnt peers farm
backend servers
    stick-table type ip size 1k expire 60s store server_id,server_key peers farm
    stick on src
    server first @s1@
    server second @s2@
    server third @s3@
"""


def call(node, source):
    client = node.client(source)
    client.send(b"\x00\xfe" + socket.inet_aton(source)[2:])
    greeting = client.line()
    return client, greeting


@scenario()
def what_traffic_counts(run):
    """Users of one node are known, with their servers and counts, to the other, and are sent to the same servers there."""
    with Farm(TRAFFIC, dict(zip("ab", run.programs))) as farm:
        for name in ("s1", "s2", "s3"):
            farm.server(name)
        farm.join()
        a, b = farm["a"], farm["b"]
        users = [f"127.0.66.{i}" for i in range(1, 7)]
        tables = ("users", "bins", "servers")

        def told(node, count):
            # Who connects where before the other node's count is there overwrites it.
            def both_know():
                return all(each.value(table, user, "conn_cnt") == count for each in (a, b) for table in tables[:2]
                           for user in each.table(table) if table == "bins" or user in users)
            until(lambda: a.used("bins") == b.used("bins") == a.used("servers") == b.used("servers") and both_know(), 8,
                  f"counts of {node}")
        run.observe("servers of a's users", [call(a, user)[1] for user in users])
        told("a", "1")
        run.observe("b sends them there", [call(b, user)[1] for user in users])
        told("b", "2")
        for node in (a, b):
            for table in tables:
                rows = node.table(table)
                for row in rows.values():
                    row.pop("conn_cur", None)  # see open_connections
                    row.pop("bytes_in_cnt", None), row.pop("bytes_out_cnt", None)  # told when the next change is
                run.observe(f"{table} of {node.name}", sorted(rows.items()))
        for node in (a, b):
            run.observe(f"dictionaries of {node.name}", re.findall(r"\d+ -> (?!-)\S+", node.cli("show peers dict")))


@scenario()
def open_connections(run):
    """conn_cur is told; the 3.5 manual wants it to be each node's own."""
    with Farm(TRAFFIC, dict(zip("ab", run.programs))) as farm:
        for name in ("s1", "s2", "s3"):
            farm.server(name)
        farm.join()
        held, _ = call(farm["a"], "127.0.66.1")
        until(lambda: farm["b"].value("users", "127.0.66.1", "gpt0") == "7", 8, "the entry")
        for node in "ab":
            run.observe(f"conn_cur of {node}", farm[node].value("users", "127.0.66.1", "conn_cur"))
        held.close()


NAMESAKES = """
    table t1 type string len 20 size 1k expire 60s store gpc0
    table t2 type ip size 1k expire 60s store gpc0
peers other
    peer a @pa@
    peer b @pb@
    table t1 type integer size 1k expire 60s store gpt0
backend t1
    stick-table type string len 20 size 1k expire 60s store gpc0 peers farm
backend t2
    stick-table type integer size 1k expire 60s store gpc0 peers farm
"""


@scenario()
def tables_of_the_same_name(run):
    with Farm(NAMESAKES, dict(zip("ab", run.programs))) as farm:
        farm.places.update(pa="%s:%d" % (farm["a"].host, free_port(farm["a"].host)),
                           pb="%s:%d" % (farm["b"].host, free_port(farm["b"].host)))
        farm.start()
        until(lambda: farm["a"].cli("show peers").count("last_status=ESTA") == 2, 20, "links of both sections")
        wanted = {"t1": "bob", "farm/t1": "bob", "t2": "17", "farm/t2": "10.0.0.1"}
        for at, (table, key) in enumerate(wanted.items()):
            farm["a"].cli(f"set table {table} key {key} data.gpc0 {at + 1}")
        farm["b"].cli("set table other/t1 key 5 data.gpt0 9")
        tables = [*wanted, "other/t1"]
        until(lambda: all(farm["a"].used(t) == farm["b"].used(t) == 1 for t in tables), 8, "an entry each")
        for node in "ab":
            for table in tables:
                run.observe(f"{table} of {node}", farm[node].table(table))
            run.observe(f"tables of {node}", re.findall(r"(?m)^ +0x\w+ (local_id=\d+)|^ {14}table:\S+ (id=\S+)",
                                                        farm[node].cli("show peers")))


@scenario()
def clocks_of_entries(run):
    """An entry that is told has as long to live over there; one that is refreshed lives on in both."""
    body = "backend short\n    stick-table type ip size 1k expire 9s store gpc0 peers farm\n"
    with Farm(body, dict(zip("ab", run.programs))) as farm:
        farm.join()
        a, b = farm["a"], farm["b"]
        a.cli("set table short key 1.1.1.1 data.gpc0 1", "set table short key 1.1.1.2 data.gpc0 1")
        until(lambda: b.used("short") == 2, 6, "both entries")
        time.sleep(2)
        a.cli("set table short key 1.1.1.2 data.gpc0 2")
        until(lambda: b.value("short", "1.1.1.2", "gpc0") == "2", 6, "the refresh")
        left = [{key: int(at) for key, at in re.findall(r"key=(\S+) .*exp=(\d+)", node.cli("show table short"))}
                for node in (a, b)]
        run.observe("the refreshed one is younger", [one["1.1.1.2"] - one["1.1.1.1"] > 1500 for one in left])
        run.observe("as old on both", abs(left[0]["1.1.1.2"] - left[1]["1.1.1.2"]) < 1000)
        until(lambda: set(a.table("short")) == set(b.table("short")) == {"1.1.1.2"}, 12, "the end of the first")
        until(lambda: not a.table("short") and not b.table("short"), 12, "the end of both")
        run.observe("both are gone", True)


# --- forms of the section -----------------------------------------------------------------------------------------

FORMS = {
    "peer lines": lambda name, other: f"    peer {name} @{name}@\n    peer {other} @{other}@\n",
    "server lines with bind": lambda name, other: f"    bind @{name}@\n    server {name}\n    server {other} @{other}@\n",
    "bind behind server lines": lambda name, other: f"    server {name}\n    server {other} @{other}@\n    bind @{name}@ name sync\n",
    "default lines": lambda name, other: f"    default-bind name sync\n    default-server\n    peer {name} @{name}@\n    peer {other} @{other}@\n",
    "Unix sockets": lambda name, other: f"    peer {name} @{name}_path@\n    peer {other} @{other}_path@\n",
    "a Unix socket's bind": lambda name, other: f"    bind @{name}_path@\n    server {name}\n    server {other} unix@@{other}_path@\n",
    "the environment": lambda name, other: f'    peer {name} "${{ADDRESS_{name.upper()}}}"\n    peer {other} "$ADDRESS_{other.upper()}"\n',
    "a source": lambda name, other: f"    default-server source @{name}_host@\n    bind @{name}@\n    server {name}\n    server {other} @{other}@\n",
    "disabled and enabled": lambda name, other: f"    disabled\n    peer {name} @{name}@\n    peer {other} @{other}@\n    enabled\n",
}
FORM = """
global
    stats socket @sock@ mode 600 level admin
{local}
defaults
    mode tcp
    timeout connect 2s
    timeout client 5s
    timeout server 5s
peers farm
{peers}
backend t
    stick-table type ip size 1k expire 60s store gpc0 peers farm
"""


def run_form(run, form, by_option):
    """Two nodes by a form of the section; the name comes from -L, before which the file's goes unheard, or from the file."""
    with Farm("", dict(zip("ab", run.programs))) as farm:
        environment = dict(os.environ)
        for node in farm.nodes.values():
            farm.places[node.name] = "%s:%d" % node.peer
            farm.places[node.name + "_path"] = os.path.join(farm.dir, node.name + ".peer")
            farm.places[node.name + "_host"] = node.host
            environment["ADDRESS_" + node.name.upper()] = farm.places[node.name]
        for node, other in (("a", "b"), ("b", "a")):
            text = FORM.format(local="    localpeer nobody" if by_option else f"    localpeer {node}", peers=FORMS[form](node, other))
            text = text.replace("@sock@", farm[node].sock)
            text = re.sub(r"@(\w+)@", lambda found: farm.places[found.group(1)], text)
            path = os.path.join(farm.dir, node + ".cfg")
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
            command = [farm[node].program, "-db", "-f", path] + (["-L", node] if by_option else [])
            farm[node].process = subprocess.Popen(command, stdout=farm[node].said, stderr=farm[node].said,
                                                  start_new_session=True, env=environment)
            until(farm[node].answers, 5, f"{node} by {form}")
        farm["a"].cli("set table t key 1.1.1.1 data.gpc0 1")
        farm["b"].cli("set table t key 2.2.2.2 data.gpc0 2")
        until(lambda: farm["a"].used("t") == farm["b"].used("t") == 2, 20, f"entries of both by {form}")
        run.observe(form, [sorted(farm[node].table("t").items()) for node in "ab"])


for at, form in enumerate(FORMS):
    def one(run, form=form, by_option=at % 2 == 0):
        run_form(run, form, by_option)
    scenarios.append(("form: " + form, one, PAIRS))


BAD = {
    "bind and peer": "    bind 127.0.0.1:1\n    peer a 127.0.0.1:2\n    peer b 127.0.0.1:3\n",
    "peer and bind": "    peer a 127.0.0.1:2\n    bind 127.0.0.1:1\n    peer b 127.0.0.1:3\n",
    "a local server with an address": "    bind 127.0.0.1:1\n    server a 127.0.0.1:2\n    server b 127.0.0.1:3\n",
    "a local server with an address, no bind": "    server a 127.0.0.1:2\n    server b 127.0.0.1:3\n",
    "two bind lines": "    bind 127.0.0.1:1\n    bind 127.0.0.1:2\n    server a\n",
    "the local peer twice": "    bind 127.0.0.1:1\n    server a\n    server a\n",
    "an address in default-bind": "    default-bind 127.0.0.1:1\n    peer a 127.0.0.1:2\n",
    "a peer without an address": "    peer a 127.0.0.1:2\n    peer b\n",
    "an unknown word": "    peer a 127.0.0.1:2\n    peers b\n",
    "a table with peers": "    peer a 127.0.0.1:2\n    table t type ip size 1k peers farm\n",
    "a table without type": "    peer a 127.0.0.1:2\n    table t size 1k\n",
    "two tables of a name": "    peer a 127.0.0.1:2\n    table t type ip size 1k\n    table t type ip size 1k\n",
    "good": "    peer a 127.0.0.1:2\n    peer b 127.0.0.1:3\n    table t type ip size 1k\n    no log\n    log global\n",
    "nobody is this process": "    peer x 127.0.0.1:2\n    peer y 127.0.0.1:3\n",
}


@scenario(ONES)
def what_is_no_section(run):
    with Farm("", {"a": run.programs[0]}) as farm:
        for what, lines in BAD.items():
            path = os.path.join(farm.dir, "bad.cfg")
            with open(path, "w", encoding="utf-8") as out:
                out.write("global\n    localpeer a\npeers farm\n" + lines + "listen l\n    bind 127.0.0.1:9\n    mode tcp\n"
                          "    timeout client 1s\n    timeout connect 1s\n    timeout server 1s\n")
            done = subprocess.run([run.programs[0], "-c", "-f", path], stdin=subprocess.DEVNULL, check=False,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            run.observe(what, done.returncode)


# --- show peers ---------------------------------------------------------------------------------------------------

ONE = "backend users\n    stick-table type ip size 300k expire 60s store gpc0,server_id peers farm\n"
DEFINE = definition(9, "users", 4, 4, [0, 2])


def entry(ident, key, *values):
    return message(128, struct.pack(">I", ident) + socket.inet_aton(key) + b"".join(number(value) for value in values))


def look(run, node, what, wanted=None):
    """Observes `show peers` once it says `wanted`: the state that both programs are to come to."""
    if wanted:
        until(lambda: re.search(wanted, node.cli("show peers"), re.S), 6, f"{what}: {wanted}")
    run.observe(what, masked(node.cli("show peers")))


@scenario(ONES)
def a_link_that_was_dialled(run):
    """From the hello to the end, state by state."""
    farm, peer = fake_farm(ONE, run.programs[0])
    with farm:
        w = farm["w"].start()
        peer.be_dialled(b"")
        look(run, w, "the hello is there", "HSHK")
        peer.send(b"200\n")
        peer.expect("sync")
        look(run, w, "a lesson is asked for", "ESTA")
        peer.send(DEFINE)
        look(run, w, "a definition was heard", "remote_data=0x5")
        peer.send(entry(1, "1.1.1.1", 1, 3))
        peer.expect("ack")
        look(run, w, "an entry was heard")
        peer.send(FINISHED)
        peer.expect("confirmed")
        look(run, w, "it was taught")
        peer.send(SYNC)
        peer.expect("finished")
        look(run, w, "it teaches, and waits for the confirmation", "flags=0x3 ")
        peer.send(CONFIRMED)
        look(run, w, "it has taught", "flags=0x20000000")
        w.cli("set table users key 1.1.1.2 data.gpc0 1")
        peer.expect("entry")
        look(run, w, "it has news")
        peer.close()
        look(run, w, "the link is gone", "inactive.*inactive")
        peer.be_dialled()
        look(run, w, "the next link", "f.remote,active[^\n]*ESTA")


@scenario(ONES)
def a_lesson_that_nobody_reads(run):
    farm, peer = fake_farm(ONE, run.programs[0])
    with farm:
        peer.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        w = farm["w"].start()
        peer.be_dialled()
        peer.expect("sync")
        peer.send(DEFINE)
        for start in range(0, 250000, 1000):
            peer.send(*(entry(at + 1, f"10.{at // 62500}.{at // 250 % 250}.{at % 250}", 1, 3) for at in range(start, start + 1000)))
            peer.collect(0.002)
        peer.send(FINISHED)
        peer.expect("confirmed")
        peer.send(SYNC)
        until(lambda: "flags=0x20000001" in w.cli("show peers"), 6, "it teaches")
        # Whether it has begun to speak of the table depends on how much the kernel took before.
        run.observe("it teaches", re.sub(r"\n +last_local_table[^\n]*", "", masked(w.cli("show peers"))))
        peer.expect("finished")
        look(run, w, "it has taught", "flags=0x20000009")


REFUSALS = {b"300\n": "RETR", b"501\n": "PROT", b"502\n": "VERS", b"503\n": "NAME", b"504\n": "UNKN"}


def refused(run, status, word):
    farm, peer = fake_farm(ONE, run.programs[0])
    with farm:
        w = farm["w"].start()
        peer.be_dialled(status)
        # It dials again sooner or later: the state may be short.
        seen = []
        until(lambda: seen.append(w.cli("show peers")) or word in seen[-1], 4, word)
        run.observe("refused", masked(seen[-1]))


for status, word in REFUSALS.items():
    def one(run, status=status, word=word):
        refused(run, status, word)
    scenarios.append((f"refused with {status.decode().strip()}", one, ONES))


@scenario(ONES)
def a_former_process_teaches(run):
    """Who is started to follow another process waits for its lesson, and asks nobody else."""
    for how in ("finished", "cut"):
        farm, peer = fake_farm(ONE, run.programs[0])
        with farm:
            w = farm["w"]
            code = "import signal,time;[signal.signal(n,signal.SIG_IGN) for n in (15,10)];print(1,flush=True);time.sleep(30)"
            former = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
            try:
                former.stdout.readline()
                w.process = subprocess.Popen([w.program, "-db", "-f", w.write(), "-sf", str(former.pid)], stdout=w.said,
                                             stderr=w.said, start_new_session=True)
                until(w.answers, 5, "the process")
                look(run, w, "it waits", "HSHK")
                old = FakePeer("w", w)
                run.observe("its former self is welcome", old.dial())
                look(run, w, "its former self is there", r"local,active")
                old.send(DEFINE, entry(1, "1.1.1.1", 1, 3))
                old.expect("ack")
                if how == "finished":
                    old.send(FINISHED)
                    old.expect("confirmed")
                    look(run, w, "it was taught")
                old.close()
                look(run, w, f"{how}, and its former self is gone", r"local,inactive")
            finally:
                former.kill()
                former.wait()


SECTIONS = """
    table t1 type string size 1k store gpc0
peers other
    peer w @pw@
    peer x @px@
    table t1 type ip size 1k
peers dict
    peer w @pd@
    peer x @px@
peers unused
    disabled
    peer w @pu@
peers strangers
    peer y @pw@
backend users
    stick-table type ip size 1k expire 60s store gpc0 peers farm
backend t1
    stick-table type string size 1k store gpc0 peers farm
"""
COMMANDS = ["show peers", "show peers dict", "show peers -", "show peers farm", "show peers - farm", "show peers dict farm",
            "show peers - dict", "show peers dict dict", "show peers other", "show peers nobody", "show peers dict nobody",
            "show peers unused", "show peers strangers", "show peers farm more words"]


@scenario(ONES)
def forms_of_the_command(run):
    farm, peer = fake_farm(SECTIONS, run.programs[0])
    silent = [socket.create_server((farm["w"].host, 0)) for _ in range(1)]
    with farm:
        farm.closing += silent
        for name in ("pw", "pd", "pu"):
            farm.places[name] = "%s:%d" % (farm["w"].host, free_port(farm["w"].host))
        farm.places["px"] = "%s:%d" % silent[0].getsockname()
        w = farm["w"].start()
        peer.be_dialled()
        peer.expect("sync")
        peer.send(FINISHED)
        peer.expect("confirmed")
        for command in COMMANDS:
            run.observe(command, masked(w.cli(command)))


# --- running ------------------------------------------------------------------------------------------------------

def run_once(function, programs):
    run = Run(*programs)
    try:
        function(run)
    except Exception as error:  # an observation, and never an equal one
        run.broken(error)
    return run


def judge(name, function, programs, differences):
    complaints = []
    for _ in range(2):  # a busy machine: a first disagreement is looked at once more
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            runs = list(pool.map(lambda pair: run_once(function, pair), programs))
        complaints = [f"  {run.program}:\n{one}" for run in runs[1:] for one in compare(name, runs[0], run, differences)]
        if not complaints:
            break
    return complaints


def main():
    parser = argparse.ArgumentParser(description="Compares pairs of WEIR and HAPROXY as peers.")
    parser.add_argument("-k", default="*", help="only scenarios that match this pattern")
    parser.add_argument("-j", type=int, default=1, help="scenarios at a time, of which each runs four pairs at once")
    options = parser.parse_args()
    differences = Differences(os.path.join(HERE, "differences.txt"))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        results = [(name, pool.submit(judge, name, function, programs, differences))
                   for name, function, programs in scenarios if fnmatch.fnmatchcase(name, options.k)]
        for name, result in results:
            complaints = result.result()
            failed += bool(complaints)
            print(f"FAIL {name}\n" + "\n".join(complaints) if complaints else f"ok   {name}", flush=True)
    print(f"{failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
