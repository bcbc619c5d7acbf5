#!/usr/bin/env python3
"""Maps and ACLs through reloads, and large ones beside traffic. weir only ($WEIR).

Shown: what was changed at run time stays through a reload while the file is what it was, whatever moves in the configuration; a
file that changed wins, also where only a log format looks into it; a configuration with errors changes nothing; a list of many
entries is shown, filled, replaced and cleared while requests are answered without a stall, and its memory comes back.
$MAPS_ENTRIES is their number; the bound for a request's delay is $MAPS_BOUND_MS.
"""
import os
import re
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "compat"), os.path.join(HERE, "load")]
from cases import keeps_what_was_freed, resident_kb  # noqa: E402
from harness import World  # noqa: E402

WEIR = os.environ.get("WEIR", "")
ENTRIES = int(os.environ.get("MAPS_ENTRIES", "200000"))
BOUND = int(os.environ.get("MAPS_BOUND_MS", "400")) / 1000
failures = []

PROLOGUE = """
global
    nbthread 2
    tune.cli.max-payload-size 16777216
    stats socket @sock@ mode 600 level admin
    stats timeout 60s
    log @log@ local0
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
"""

BODY = """
frontend fe
    bind @fe@
    log global
    log-format "logged %[url] %[path,map(@dir@/logged.map,none)]"
    acl blocked path -f @dir@/blocked.lst
    acl inside path /in
    http-request set-map(virt@seen) %[path] yes if { path_beg /see }
    http-request deny deny_status 403 if blocked
    http-request deny deny_status 404 if inside
    http-request return status 200 content-type text/plain lf-string "%[path,map(@dir@/hosts.map,none)] %[path,map(virt@seen,no)]"
"""


def check(fact, what):
    print(("ok   " if fact else "FAIL ") + what, flush=True)
    if not fact:
        failures.append(what)


def ask(w, path):
    with socket.create_connection(w.address("fe"), 20) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        got = b""
        while piece := client.recv(65536):
            got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    return f"{head.split(b' ')[1].decode()} {body.decode()}" if head.split(b" ")[1] == b"200" else head.split(b" ")[1].decode()


def fill(w, **files):
    for name, content in files.items():
        with open(os.path.join(w.dir, name.replace("_", ".")), "w", encoding="utf-8") as out:
            out.write(content)


def reload(w, text):
    whole = w.expand(PROLOGUE) + "\n" + w.expand(text) + "\n"
    with open(w.config, "w", encoding="utf-8") as out:
        out.write(whole)
    return w.cli("reload")


def reloads():
    w = World(WEIR, 2)
    try:
        fill(w, hosts_map="/a one\n", blocked_lst="/bad\n", logged_map="/a first\n")
        w.start(BODY, prologue=PROLOGUE)
        for command in (f"set map {w.dir}/hosts.map /a two", f"add map {w.dir}/hosts.map /b three", f"add acl {w.dir}/blocked.lst /worse",
                        f"del acl {w.dir}/blocked.lst /bad", f"set map {w.dir}/logged.map /a second"):
            check(w.cli(command) == "\n", command.replace(w.dir, ""))
        with open(w.config, encoding="utf-8") as config:
            number = next(i for i, line in enumerate(config, 1) if "acl inside" in line)
        inside = re.search(rf"(?m)^(\d+) \(\) acl 'path' file '\S+' line {number}\.", w.cli("show acl")).group(1)
        check(w.cli(f"add acl #{inside} /in2") == "\n", "a pattern for an ACL line")
        ask(w, "/see1")

        def seen():
            return [ask(w, path) for path in ("/a", "/b", "/bad", "/worse", "/in", "/in2", "/see1")]
        def logged(mark):
            ask(w, f"/a?{mark}")
            return w.log.next(f"logged /a?{mark}").split(" ")[-1].strip()
        changed = ["200 two no", "200 three no", "200 none no", "403", "404", "404", "200 none yes"]
        check(seen() == changed, f"changed: {seen()}")
        check("Reload done" in reload(w, BODY), "the same again")
        check(seen() == changed, f"stays: {seen()}")
        other = "backend first\n    acl x path /first\n    http-request deny if x\n" + BODY.replace("acl inside", "acl more path /more\n    acl inside")
        check("Reload done" in reload(w, other), "another proxy before it, another line in it")
        check(seen() == changed, f"stays where lines moved: {seen()}")
        shown = w.cli(f"show map {w.dir}/hosts.map")
        check("/a two" in shown and "/b three" in shown, "and the commands see the same")
        check("refused" in reload(w, BODY + "\n    nonsense\n"), "an error")
        check(seen() == changed, f"an error changes nothing: {seen()}")
        check(logged("1") == "second", "the log's map was changed too")
        fill(w, hosts_map="/a file\n", logged_map="/a third\n")
        check("Reload done" in reload(w, BODY), "two files changed")
        check(seen() == ["200 file no", "200 none no"] + changed[2:], f"these win, the others stay: {seen()}")
        check(logged("2") == "third", "the log's map too")
        check(w.cli(f"set map {w.dir}/hosts.map /a four") == "\n" and ask(w, "/a") == "200 four no", "and can be changed again")
        bad = BODY.replace("map(@dir@/hosts.map,none)", "map(@dir@/hosts.map,none)] %[path,map_str_int(@dir@/hosts.map,0)")
        check("is no integer" in reload(w, bad), "values that are no integers refuse a reload")
        check(w.cli(f"set map {w.dir}/hosts.map /a five") == "\n" and ask(w, "/a") == "200 five no", "and leave the map as it was")
    finally:
        w.close()


class Traffic(threading.Thread):
    """One request after the other on one connection; the longest delay counts."""

    def __init__(self, w):
        super().__init__()
        self.address = w.address("fe")
        self.over = False
        self.worst = 0.0
        self.count = 0
        self.broken = ""

    def run(self):
        try:
            with socket.create_connection(self.address, 20) as client:
                while not self.over:
                    started = time.monotonic()
                    client.sendall(b"GET /k77 HTTP/1.1\r\nhost: x\r\n\r\n")
                    got = client.recv(65536)
                    if not got.startswith(b"HTTP/1.1 200"):
                        self.broken = repr(got[:60])
                        return
                    self.worst = max(self.worst, time.monotonic() - started)
                    self.count += 1
        except OSError as problem:
            self.broken = str(problem)


def large():
    w = World(WEIR, 2)
    try:
        fill(w, hosts_map="".join(f"/k{i} v{i}\n" for i in range(ENTRIES)), blocked_lst="/bad\n", logged_map="")
        w.start(BODY, prologue=PROLOGUE)
        before = resident_kb(w.process.pid)
        workers = [Traffic(w) for _ in range(4)]
        for worker in workers:
            worker.start()
        name = f"{w.dir}/hosts.map"
        shown = w.cli(f"show map {name}").strip().split("\n")
        check(len(shown) == ENTRIES and shown[-1].endswith(f"/k{ENTRIES - 1} v{ENTRIES - 1}"), f"{len(shown)} entries shown")
        check(w.cli(f"prepare map {name}") == "New version created: 1\n\n", "prepare")
        lines = "".join(f"/k{i} new{i}\n" for i in range(ENTRIES // 2))
        check(w.cli(f"add map @1 {name} <<\n{lines}") == "\n", "half of them in a payload")
        check(ask(w, "/k5") == "200 v5 no", "not yet")
        check(w.cli(f"commit map @1 {name}") == "\n", "commit")
        check(ask(w, "/k5") == "200 new5 no" and ask(w, f"/k{ENTRIES - 1}") == "200 none no", "now")
        for i in range(2000):
            w.cli(f"set map {name} /k{i} again{i}") if i % 100 == 0 else None
        check(w.cli(f"clear map {name}") == "\n" and ask(w, "/k5") == "200 none no", "clear")
        check(len(w.cli(f"add map {name} /k5 back")) == 1 and ask(w, "/k5") == "200 back no", "and one back")
        for worker in workers:
            worker.over = True
        for worker in workers:
            worker.join()
        worst = max(worker.worst for worker in workers)
        check(not any(worker.broken for worker in workers), f"{sum(worker.count for worker in workers)} requests beside it "
              + " ".join(worker.broken for worker in workers))
        check(worst < BOUND, f"the longest took {worst * 1000:.0f} ms")
        after = resident_kb(w.process.pid)
        print(f"     memory: {before // 1024} MB with the map, {after // 1024} MB when it was cleared")
        check(after < before or keeps_what_was_freed(w), "memory came back")
    finally:
        w.close()


reloads()
large()
sys.exit(1 if failures else 0)
