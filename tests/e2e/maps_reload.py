#!/usr/bin/env python3
"""Maps and ACLs through reloads, and large ones beside traffic. weir only ($WEIR).

Shown: what was changed at run time stays through a reload while the file is what it was, whatever moves in the configuration; a
file that changed wins, also where only a log format looks into it; a configuration with errors changes nothing; a list of many
entries is shown, filled, replaced and cleared while requests are answered without a stall, and its memory comes back.
$MAPS_ENTRIES is their number; the bound for a request's delay is $MAPS_BOUND_MS.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "compat"), os.path.join(HERE, "load")]
from cases import keeps_what_was_freed, resident_kb, run, true  # noqa: E402
from traffic import traffic  # noqa: E402

ENTRIES = int(os.environ.get("MAPS_ENTRIES", "200000"))
BOUND = int(os.environ.get("MAPS_BOUND_MS", "400")) / 1000

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


def ask(w, path):
    got = w.exchange("fe", f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode()).decode()
    head, _, body = got.partition("\r\n\r\n")
    status = head.split(" ")[1]
    return f"{status} {body}" if status == "200" else status


def fill(w, **files):
    for name, content in files.items():
        w.write(content, name.replace("_", "."))


def reload(w, text):
    w.configure(text, PROLOGUE)
    return w.cli("reload")


def reloads(w):
    fill(w, hosts_map="/a one\n", blocked_lst="/bad\n", logged_map="/a first\n")
    w.start(BODY, prologue=PROLOGUE)
    for command in (f"set map {w.dir}/hosts.map /a two", f"add map {w.dir}/hosts.map /b three", f"add acl {w.dir}/blocked.lst /worse",
                    f"del acl {w.dir}/blocked.lst /bad", f"set map {w.dir}/logged.map /a second"):
        true(w.cli(command) == "\n", command.replace(w.dir, ""))
    with open(w.config, encoding="utf-8") as config:
        number = next(i for i, line in enumerate(config, 1) if "acl inside" in line)
    inside = re.search(rf"(?m)^(\d+) \(\) acl 'path' file '\S+' line {number}\.", w.cli("show acl")).group(1)
    true(w.cli(f"add acl #{inside} /in2") == "\n", "a pattern for an ACL line")
    ask(w, "/see1")

    def seen():
        return [ask(w, path) for path in ("/a", "/b", "/bad", "/worse", "/in", "/in2", "/see1")]

    def logged(mark):
        ask(w, f"/a?{mark}")
        return w.log.next(f"logged /a?{mark}").split(" ")[-1].strip()
    changed = ["200 two no", "200 three no", "200 none no", "403", "404", "404", "200 none yes"]
    true(seen() == changed, f"changed: {seen()}")
    true("Reload done" in reload(w, BODY), "the same again")
    true(seen() == changed, f"stays: {seen()}")
    other = "backend first\n    acl x path /first\n    http-request deny if x\n" + BODY.replace("acl inside", "acl more path /more\n    acl inside")
    true("Reload done" in reload(w, other), "another proxy before it, another line in it")
    true(seen() == changed, f"stays where lines moved: {seen()}")
    shown = w.cli(f"show map {w.dir}/hosts.map")
    true("/a two" in shown and "/b three" in shown, "and the commands see the same")
    true("refused" in reload(w, BODY + "\n    nonsense\n"), "an error")
    true(seen() == changed, f"an error changes nothing: {seen()}")
    true(logged("1") == "second", "the log's map was changed too")
    fill(w, hosts_map="/a file\n", logged_map="/a third\n")
    true("Reload done" in reload(w, BODY), "two files changed")
    true(seen() == ["200 file no", "200 none no"] + changed[2:], f"these win, the others stay: {seen()}")
    true(logged("2") == "third", "the log's map too")
    true(w.cli(f"set map {w.dir}/hosts.map /a four") == "\n" and ask(w, "/a") == "200 four no", "and can be changed again")
    bad = BODY.replace("map(@dir@/hosts.map,none)", "map(@dir@/hosts.map,none)] %[path,map_str_int(@dir@/hosts.map,0)")
    true("is no integer" in reload(w, bad), "values that are no integers refuse a reload")
    true(w.cli(f"set map {w.dir}/hosts.map /a five") == "\n" and ask(w, "/a") == "200 five no", "and leave the map as it was")


def large(w):
    fill(w, hosts_map="".join(f"/k{i} v{i}\n" for i in range(ENTRIES)), blocked_lst="/bad\n", logged_map="")
    w.start(BODY, prologue=PROLOGUE)
    before = resident_kb(w.process.pid)
    with traffic(w, 4, b"GET /k77 HTTP/1.1\r\nhost: x\r\n\r\n", rb"HTTP/1.1 200") as workers:
        name = f"{w.dir}/hosts.map"
        shown = w.cli(f"show map {name}").strip().split("\n")
        true(len(shown) == ENTRIES and shown[-1].endswith(f"/k{ENTRIES - 1} v{ENTRIES - 1}"), f"{len(shown)} entries shown")
        true(w.cli(f"prepare map {name}") == "New version created: 1\n\n", "prepare")
        lines = "".join(f"/k{i} new{i}\n" for i in range(ENTRIES // 2))
        true(w.cli(f"add map @1 {name} <<\n{lines}") == "\n", "half of them in a payload")
        true(ask(w, "/k5") == "200 v5 no", "not yet")
        true(w.cli(f"commit map @1 {name}") == "\n", "commit")
        true(ask(w, "/k5") == "200 new5 no" and ask(w, f"/k{ENTRIES - 1}") == "200 none no", "now")
        for i in range(0, 2000, 100):
            true(w.cli(f"set map {name} /k{i} again{i}") == "\n", f"another value for /k{i}")
        true(w.cli(f"clear map {name}") == "\n" and ask(w, "/k5") == "200 none no", "clear")
        true(w.cli(f"add map {name} /k5 back") == "\n" and ask(w, "/k5") == "200 back no", "and one back")
    worst = max(worker.worst for worker in workers)
    true(not any(worker.broken for worker in workers), f"{sum(worker.count for worker in workers)} requests beside it "
         + " ".join(worker.broken for worker in workers))
    true(worst < BOUND, f"the longest took {worst * 1000:.0f} ms")
    after = resident_kb(w.process.pid)
    print(f"     longest delay: {worst * 1000:.0f} ms; memory: {before // 1024} MB with the map, {after // 1024} MB when it was cleared")
    true(after < before or keeps_what_was_freed(w), "memory came back")


run([reloads, large], 2)
