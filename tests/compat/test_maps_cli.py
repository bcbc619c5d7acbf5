#!/usr/bin/env python3
"""Maps and ACLs that change while the program runs: commands on the socket, rules that change them, what requests see."""
import os
import re

from harness import add_scenario, main, scenario
from web import CONFIG, WebClient, get

LISTS = {
    "texts": "k1 v1\nk2 v2 with  spaces \nk1 v3\n# c\nempty\n",
    "numbers": "1 5\n2:4 7\n",
    "nets": "127.0.0.0/8 loop\n10.0.0.0/8 ten\n",
    "addresses": "127.0.0.0/8 1.2.3.4\n",
    "expressions": "^/x(.*) v\\1\n",
    "paths": "/a\n/b\n/a\n",
    "networks": "127.0.0.1\n192.168.0.0/16\n",
    "rules": "^/x\n^/y(.*)\n",
    "seats": "",
    "blocked": "",
}

BODY = """
frontend fe
    bind @fe@
    acl a1 path_beg -f @dir@/paths
    acl a2 path -i -f @dir@/paths
    acl a3 src -f @dir@/networks 10.0.0.0/8
    acl a4 hdr(host) www.x www.y
    acl a4 hdr(host) www.z
    acl a5 src_port gt 60100 le 50
    acl a6 path -m reg -f @dir@/rules
    acl a7 path -m str -M -f @dir@/texts
    acl a8 path -u 77 /u
    acl a9 path -m dir abc
    acl b1 path -m len 5
    acl b2 path -m bin 616263
    acl b3 path -m found
    acl b4 path -f @dir@/blocked
    http-request set-header x-t %[path,map(@dir@/texts,none)]
    http-request set-header x-t %[path,map(@dir@/texts,other)]
    http-request set-header x-b %[path,map_beg(@dir@/texts,none)]
    http-request set-header x-i %[src_port,map_int_int(@dir@/numbers,0)]
    http-request set-header x-n %[src,map_ip(@dir@/nets)]
    http-request set-header x-a %[src,map_ip_ip(@dir@/addresses)]
    http-request set-header x-r %[path,map_reg(@dir@/expressions)]
    http-request return status 200 content-type text/plain lf-string "%[path,map_str(@dir@/seats,none)] %[path,map(@dir@/texts,none)] %[src,map_ip_ip(@dir@/addresses)]" if { path_beg /seat }
    http-request set-map(@dir@/seats) %[url_param(s)] %[req.hdr(x-seat)] if { path /sit }
    http-request del-map(@dir@/seats) %[url_param(s)] if { path /rise }
    http-request add-acl(@dir@/blocked) %[url_param(p)] if { path /block }
    http-request del-acl(@dir@/blocked) %[url_param(p)] if { path /unblock }
    http-request return status 403 if b4
    http-request return status 201 if a1
    http-request return status 202 if a2
    http-request return status 203 if a4
    http-request return status 206 if a6
    http-request return status 207 if a7
    http-request return status 208 if a8 or a9
    http-request return status 209 if METH_POST or a3 !b3 or a5 !b3 or b1 !b3 or b2
    http-request return status 200
"""


def start(w):
    for name, content in LISTS.items():
        w.file(name, content)
    return w.start(BODY, "stats socket @dir@/user mode 600 level user", prologue=CONFIG)


def say(w, command, label=None):
    """The answer, with @name@ in the command replaced by the file."""
    return w.observe(label or command, w.cli(w.expand(command)))


def ask(w, path, *fields, method="GET"):
    """Status and body of one request."""
    with WebClient(w.address("fe")) as client:
        client.send(get(path, *fields, method=method))
        head, _, body = client.answer(method).partition("\r\n\r\n")
    return f"{head.split(' ')[1]} {body}"


@scenario
def lists(w):
    start(w)
    counts = re.compile(r"entry_cnt=\d+")  # 2.6 counts an entry once for each expression
    for what in ("map", "acl"):
        text = w.cli(f"show {what}")
        text = re.sub(r"'[^']*lb\.cfg'", "'lb.cfg'", counts.sub("entry_cnt=N", text))
        w.observe(what, [line for line in text.split("\n") if "httpclient" not in line], "subset")


COMMANDS = {
    "show": ["show map @texts@", "show map @numbers@ more", "show acl @paths@", "show acl #1", "show acl #77", "show acl @texts@",
             "show map nope", "show acl nope", "show map @1", "show acl @1", "show map @0 @texts@", "show map @7 @texts@", "show map #999",
             "show map #-1"],
    "get": ["get map", "get map @texts@", "get acl", "get acl @paths@", "get map nope x", "get acl nope x", "get map @texts@ k1",
            "get map @texts@ nothing", "get map @texts@ k12", "get acl @paths@ /ab", "get acl @paths@ /a", "get acl @networks@ 192.168.1.1",
            "get acl @networks@ xx", "get map @numbers@ 3", "get map @numbers@ 9", "get map @nets@ 127.1.2.3", "get map @addresses@ 127.1.2.3",
            "get map @addresses@ ::ffff:127.1.2.3", "get map @expressions@ /x7", "get acl @rules@ /yes", "get acl #77 /u", "get acl #77 /v",
            "get acl @texts@ k1", "get acl @paths@ /a more"],
    "add": ["add map", "add map @texts@", "add map @texts@ a", "add map @texts@ a b", "add map @texts@ a b c d", "add map nope a b",
            "show map @texts@", "get map @texts@ a", "add acl", "add acl @paths@", "add acl @paths@ /new", "add acl @paths@ /new /other",
            "add acl @texts@ x", "add acl @texts@ x y", "add acl nope x", "show acl @paths@", "get acl @paths@ /newer", "add map @numbers@ 8 8 9",
            "add map @addresses@ 1.2.3.0/24 1.2.3.9", "show map @addresses@", "get map @addresses@ 1.2.3.77", "add acl #77 /w", "show acl #77"],
    "wrong": ["add map @numbers@ 7 b", "add map @addresses@ 1.2.3.4 x", "show map @numbers@", "show map @addresses@"],
    "wrong patterns": ["add map @numbers@ a 5", "add map @addresses@ x 1.2.3.4", "add map @expressions@ ( x", "add acl @networks@ bad",
                       "add acl @networks@ 1.2.3.4/33", "add acl @rules@ (", "show acl @networks@", "show acl @rules@", "show map @expressions@"],
    "payload": ["add map @texts@ <<\np1 v1\np2   v 2  with\np4\tv4\n", "show map @texts@", "add map @numbers@ <<\n9 5\n10 x\n11 6\n", "show map @numbers@",
                "add map @numbers@ <<\n9\n", "add map @1 @numbers@ <<\n30 1\n31 2\n"],
    "set": ["set map", "set map @texts@", "set map @texts@ k1", "set map @texts@ k1 new", "set map @texts@ k1 newer more words",
            "set map @texts@ nokey v", "set map @numbers@ 2 1", "set map @numbers@ 2:4 8", "set map @numbers@ #0xffffff 5", "set map nope k v",
            "set map @texts@ #zz 5", "show map @texts@", "show map @numbers@", "get map @texts@ k1"],
    "del": ["del map", "del map @numbers@", "del map @numbers@ 1", "del map @numbers@ 1", "del map @numbers@ #0xfffffe", "del map @numbers@ #q",
            "del map @texts@ k1", "show map @texts@", "get map @texts@ k1", "del acl", "del acl @paths@", "del acl @paths@ /a", "del acl @paths@ /zz",
            "del acl @texts@ k2", "del acl nope x", "del map nope x", "show acl @paths@", "get acl @paths@ /a"],
    "versions": ["prepare map", "prepare acl", "prepare map nope", "prepare acl nope", "prepare map @numbers@", "prepare map @numbers@",
                 "prepare acl @paths@", "prepare map @paths@", "add map @1 @numbers@ 20 1", "add map @2 @numbers@ 21 1",
                 "add map @3 @numbers@ 22 1", "add map @0 @numbers@ 23 1", "add map @1 @numbers@ 22", "add map @1 @numbers@ <<\n30 1\n31 2\n",
                 "show map @1 @numbers@", "show map @2 @numbers@", "show map @9 @numbers@", "show map @numbers@", "get map @numbers@ 20",
                 "clear map @2 @numbers@", "show map @2 @numbers@", "commit map", "commit map @numbers@", "commit map @7 @numbers@",
                 "commit map @0 @numbers@", "commit map @1", "commit map @1 @numbers@", "commit map @1 @numbers@", "show map @numbers@",
                 "get map @numbers@ 20", "commit acl @9 @paths@", "commit acl @1 nope", "commit acl @1 @paths@", "show acl @paths@",
                 "add acl @1 @paths@ /x", "add acl @2 @paths@ /y", "show acl @paths@", "get acl @paths@ /x"],
    "clear": ["clear acl", "clear map", "clear map @5", "clear acl nope", "clear map nope", "clear acl @5 @paths@", "show acl @paths@",
              "clear acl @paths@", "show acl @paths@", "get acl @paths@ /a", "clear map @paths@", "clear acl @texts@", "show map @texts@",
              "get map @texts@ k1", "add map @texts@ k1 again", "get map @texts@ k1"],
}


def commands(lines):
    def run(w):
        start(w)
        for number, line in enumerate(lines):
            say(w, line, f"{number}: {line}")
    return run


for NAME, LINES in COMMANDS.items():
    add_scenario("commands_" + NAME.replace(" ", "_"), commands(LINES))


@scenario
def by_reference(w):
    start(w)
    path = os.path.join(w.dir, "texts")

    def entry(key, which=0):
        return [line.split(" ")[0] for line in w.cli(f"show map {path}").split("\n") if f" {key} " in line][which]
    second = entry("k1", 1)
    w.observe("set", w.cli(f"set map {path} #{second} changed"))
    say(w, "show map @texts@", "after set")
    w.observe("del", w.cli(f"del map {path} #{entry('k1', 0)}"))
    say(w, "show map @texts@", "after del")
    say(w, "get map @texts@ k1", "the second took its place")
    w.observe("del", w.cli(f"del map {path} #{second}"))
    w.observe("gone", w.cli(f"set map {path} #{second} x"))
    w.observe("gone too", w.cli(f"del map {path} #{second}"))
    say(w, "get map @texts@ k1", "no more")
    acl = os.path.join(w.dir, "networks")
    first = w.cli(f"show acl {acl}").split(" ")[0]
    w.observe("acl", w.cli(f"del acl {acl} #{first}"))
    say(w, "show acl @networks@", "after del acl")


@scenario(threads=(1, 2))
def requests_see_it(w):
    start(w)

    def look(label):
        w.observe(label, [ask(w, path) for path in ("/seat", "/seat1", "/ab", "/A", "/x1", "/k", "/u", "/z/abc", "/bad")])
    look("before")
    for line in ("add map @seats@ /seat1 one", "add map @texts@ /seat1 two", "add acl @paths@ /k", "add acl #77 /bad", "del acl @paths@ /a",
                 "set map @addresses@ 127.0.0.0/8 9.9.9.9", "del acl @rules@ ^/x"):
        say(w, line)
    look("changed")
    for line in ("clear acl @paths@", "clear map @seats@", "prepare map @texts@", "add map @1 @texts@ /seat prepared"):
        say(w, line)
    look("cleared")
    say(w, "commit map @1 @texts@")
    look("committed")


@scenario(threads=(1, 2))
def rules_change_it(w):
    start(w)
    w.observe("nothing", ask(w, "/seat9"))
    w.observe("sit", ask(w, "/sit?s=/seat9", "x-seat: by the window"))
    w.observe("sits", ask(w, "/seat9"))
    w.observe("again", ask(w, "/sit?s=/seat9", "x-seat: elsewhere"))
    say(w, "show map @seats@", "once")
    w.observe("sits elsewhere", ask(w, "/seat9"))
    w.observe("rise", ask(w, "/rise?s=/seat9"))
    w.observe("rose", ask(w, "/seat9"))
    say(w, "show map @seats@", "none")
    w.observe("open", ask(w, "/door"))
    w.observe("block", ", ".join(ask(w, "/block?p=/door") for _ in range(3)))
    w.observe("blocked", ask(w, "/door"))
    say(w, "show acl @blocked@", "one")
    w.observe("unblock", ask(w, "/unblock?p=/door"))
    w.observe("open again", ask(w, "/door"))
    say(w, "show acl @blocked@", "none left")


@scenario
def who_may(w):
    start(w)
    path = os.path.join(w.dir, "numbers")
    for command in ("show map", f"show map {path}", f"get map {path} 1"):
        w.observe(command.replace(w.dir, "<dir>"), re.sub(r"entry_cnt=\d+", "", w.cli(command, os.path.join(w.dir, "user"))))
    for command in (f"add map {path} 1 1", f"set map {path} 1 1", f"del map {path} 1", f"clear map {path}", f"prepare map {path}"):
        w.observe(command.replace(w.dir, "<dir>"), w.cli(command, os.path.join(w.dir, "user")))


if __name__ == "__main__":
    main()
