#!/usr/bin/env python3
"""`show rules`: how often each rule of each list was asked and held, through reloads and `clear counters`. Runs on $WEIR."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import equal, reload, run, true  # noqa: E402
from wire import answer_requests, greet, rdp_request  # noqa: E402

HTTP = """
defaults plain
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
defaults d from plain
    http-request set-header x-d 1
listen fe from plain
    bind @fe@
    acl is_api path_beg /api/
    monitor-uri /alive
    tcp-request connection reject if { src 203.0.113.0/24 }
    tcp-request session accept
    tcp-request content set-var(txn.a) int(1)
    monitor fail if { nbsrv(b) gt 100 }
    block if { path /blocked }
    http-request set-header x "a b" if is_api
    http-request return status 200 if { path /ok }
    reqdel ^x-old
    redirect location /there if { path /here }
    force-be-switch if { path /nobody }
    use_backend b if is_api
    http-response set-header x-f 1
    http-after-response set-header x-a 1 if { status 200 }
    stats uri /stats
    stats http-request allow
    stats admin if { src 192.0.2.1 }
    server s @s1@
backend b from d
    stick-table type ip size 1k
    stick on src
    force-persist if { path /api/now }
    use-server s2 if { path /api/two }
    tcp-response content accept
    http-response set-header x-b 1 unless { status 200 }
    rspdel ^x-old
    server s1 @s1@
    server s2 @s1@
"""


def get(w, *paths):
    for path in paths:
        w.exchange("fe", f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())


def rules(w, proxy=""):
    """{'proxy the rule': (asked, held)}, and the lines."""
    lines = w.cli(f"show rules {proxy}").strip().splitlines()
    true(lines[0].startswith("#"), lines)
    found = {}
    for line in lines[1:]:
        asked, held, name, _, text = line.split(None, 4)
        found[f"{name} {text}"] = (int(asked), int(held))
    return found, lines[1:]


def wants(w, want):
    found, _ = rules(w)
    for rule, counts in want.items():
        true(rule in found, f"{rule} in {found}")
        equal(found[rule], counts, rule)


def every_list_counts(w):
    w.server("s1", answer_requests)
    w.start(HTTP)
    get(w, "/ok", "/api/two", "/api/now", "/here", "/blocked", "/alive", "/stats", "/rest")
    wants(w, {
        "fe tcp-request connection reject if { src 203.0.113.0/24 }": (8, 0),
        "fe tcp-request session accept": (8, 8),
        "fe tcp-request content set-var(txn.a) int(1)": (7, 7),
        "fe monitor fail if { nbsrv(b) gt 100 }": (1, 0),
        "fe block if { path /blocked }": (7, 1),
        'fe http-request set-header x "a b" if is_api': (6, 2),
        "fe http-request return status 200 if { path /ok }": (6, 1),
        "fe stats http-request allow": (1, 1),
        "fe stats admin if { src 192.0.2.1 }": (1, 0),
        "fe reqdel ^x-old": (4, 4),
        "fe redirect location /there if { path /here }": (4, 1),
        "fe force-be-switch if { path /nobody }": (3, 0),
        "fe use_backend b if is_api": (3, 2),
        "fe http-response set-header x-f 1": (3, 3),
        "b http-request set-header x-d 1": (2, 2),
        "b force-persist if { path /api/now }": (2, 1),
        "b use-server s2 if { path /api/two }": (2, 1),
        "b tcp-response content accept": (2, 2),
        "b http-response set-header x-b 1 unless { status 200 }": (2, 0),
        "b rspdel ^x-old": (2, 2),
    })
    after, _ = rules(w)
    equal(after["b stick on src"], (3, 3), "asked before a server is chosen unless one is named, and when there is one")
    true(after["fe http-after-response set-header x-a 1 if { status 200 }"][0] >= 7, after)
    _, only = rules(w, "b")
    true(only and all(line.split()[2] == "b" for line in only), only)
    true("No such proxy" in w.cli("show rules nobody"), "an unknown name")


def reloads_keep_what_stays(w):
    w.server("s1", answer_requests)
    w.start(HTTP)
    get(w, "/ok", "/api/two")
    text = w.expand(HTTP)
    path = os.path.join(w.dir, "lb.cfg")
    with open(path, encoding="utf-8") as file:
        before = file.read()
    line = next(i for i, one in enumerate(before.splitlines(), 1) if "return status 200" in one)

    def change(what, to):
        nonlocal before
        before = before.replace(what, to)
        with open(path, "w", encoding="utf-8") as file:
            file.write(before)
        reload(w)
    change("listen fe", "# one line\n# and another\nlisten fe")  # the same rules, two lines further on
    _, lines = rules(w)
    true(any(f"lb.cfg:{line + 2} http-request return" in one for one in lines), lines)
    get(w, "/ok")
    wants(w, {"fe http-request return status 200 if { path /ok }": (3, 2), "b use-server s2 if { path /api/two }": (1, 1)})
    change("    http-request return", "    http-request deny if { path /new }\n    http-request return")
    wants(w, {"fe http-request return status 200 if { path /ok }": (3, 2), "fe http-request deny if { path /new }": (0, 0),
              'fe http-request set-header x "a b" if is_api': (3, 1)})
    w.cli("add server b/s9 127.0.0.1:9")
    _, lines = rules(w)
    true(any(f"lb.cfg:{line + 3} http-request return" in one for one in lines), lines)
    wants(w, {"b use-server s2 if { path /api/two }": (1, 1)})
    get(w, "/ok")
    w.cli("clear counters")
    wants(w, {"fe http-request return status 200 if { path /ok }": (4, 3)})
    w.cli("clear counters all")
    found, _ = rules(w)
    true(all(counts == (0, 0) for counts in found.values()), found)
    get(w, "/ok")
    wants(w, {"fe http-request return status 200 if { path /ok }": (1, 1), "fe http-request deny if { path /new }": (1, 0)})
    true(text, "")


def a_rule_that_waits_counts_when_it_has_decided(w):
    w.server("s1", greet)
    w.start("""
frontend fe
    mode tcp
    bind @fe@
    tcp-request inspect-delay 10s
    tcp-request content set-var(sess.a) int(1)
    tcp-request content accept if RDP_COOKIE
    tcp-request content reject
    default_backend b
backend b
    mode tcp
    server s @s1@
""")
    request = rdp_request(b"ada")
    with w.client("fe") as client:
        client.send(request[:20])
        client.send(request[20:])
        client.line()
    found, _ = rules(w)
    equal(found["fe tcp-request content accept if RDP_COOKIE"], (1, 1), "the rule that waited")
    equal(found["fe tcp-request content reject"], (0, 0), "the rule behind it")
    true(found["fe tcp-request content set-var(sess.a) int(1)"][0] >= 1, "the rule before it is asked again with it")


def odd_words_stay_on_their_line(w):
    w.server("s1", answer_requests)
    w.start("frontend fe\n    mode http\n    bind @fe@\n    http-request set-header x \"a\\nb\\\"c\\033[1m\"\n    default_backend b\n"
            "backend b\n    mode http\n    server s @s1@\n")
    get(w, "/")
    _, lines = rules(w)
    equal(len(lines), 1, "lines")
    true(all(32 <= ord(c) < 127 for c in lines[0]), lines)


run([every_list_counts, reloads_keep_what_stays, a_rule_that_waits_counts_when_it_has_decided, odd_words_stay_on_their_line], 2)
