#!/usr/bin/env python3
"""acl(), when(), and the first packet that tcp-ss keeps, where rules and logs use them. Runs on $WEIR."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import equal, run, true  # noqa: E402
from wire import answer_requests  # noqa: E402

CONFIG = """
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend fe
    bind @fe@ tcp-ss 1
    bind @ethernet@ tcp-ss 2
    bind @plain@
    log @log@ local0
    acl early path_beg /early
    acl early acl(early)
    acl deep0 always_true
@deep@
    log-format "log=[%[str(went),when(forwarded)]%[str(inside),when(toapplet)]%[str(good),when(normal)]%[str(bad),when(error)]%[str(early),when(acl,early)]]"
    tcp-request connection set-var(sess.syn) fc_saved_syn
    stats uri /stats
    http-request return status 200 content-type text/plain lf-string "%[acl(deep30)]" if { path /deep }
    http-request return status 200 content-type text/plain lf-string "%[var(sess.syn),hex] %[acl(early,!FALSE)] %[str(x),when(!acl,early)] %[str(y),when(stopping)]" if { path_beg /early /late }
    default_backend be
backend be
    server s @s1@
frontend broken
    bind @broken@
    log @log@ local0
    log-format "log=[%[str(went),when(forwarded)]%[str(bad),when(error)]]"
    default_backend nowhere
backend nowhere
    retries 0
    server s 127.0.0.1:1
"""


# Each asks the one above it twice: all together more often than anybody can wait for.
CONFIG = CONFIG.replace("@deep@", "\n".join(f"    acl deep{n} acl(deep{n - 1},deep{n - 1})" for n in range(1, 31)))


def get(w, frontend, path):
    return w.exchange(frontend, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()).partition(b"\r\n\r\n")[2].decode()


def conditions_let_values_through(w):
    w.server("s1", answer_requests)
    w.start(CONFIG)
    for frontend, path, want in (("plain", "/early", "--good-early"), ("plain", "/pass", "went-good--"), ("plain", "/stats", "-insidegood--"), ("broken", "/", "-bad")):
        get(w, frontend, path)
        line = w.log.next("log=[")
        equal(line[line.index("log=["):].strip(), f"log=[{want}]", f"the log of {path} on {frontend}")
    equal(get(w, "plain", "/early").split(" ")[1:], ["1", "", ""], "an ACL that asks itself, once it holds")
    equal(get(w, "plain", "/late").split(" ")[1:], ["0", "x", ""], "and where it does not")
    equal(get(w, "plain", "/deep"), "0", "what would take forever to ask does not hold")


def the_first_packet_is_kept(w):
    w.server("s1", answer_requests)
    w.start(CONFIG)
    headers = get(w, "fe", "/late").split(" ")[0]
    true(headers.startswith("45") and headers[18:20] == "06", f"IP and TCP: {headers}")
    headers = get(w, "ethernet", "/late").split(" ")[0]
    true(headers.startswith("0" * 24 + "080045"), f"Ethernet, IP and TCP: {headers}")
    equal(get(w, "plain", "/late").split(" ")[0], "", "without tcp-ss")


run([conditions_let_values_through, the_first_packet_is_kept], 2)
