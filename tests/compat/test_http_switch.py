#!/usr/bin/env python3
"""Connections that begin as bytes and become HTTP: by their backend's mode, or by `switch-mode`. And servers that redirect."""
import re

from harness import add_scenario, main
from web import WebClient, get, play, response, web
from wire import until

SWITCHING = """
frontend fe
    mode tcp
    bind @fe@
    %s
    tcp-request inspect-delay 1s
    %s
    use_backend web if HTTP
    default_backend raw
backend web
    mode http
    http-request set-header X-From %%[src]
    http-response set-header X-Through weir
    server s1 @s1@
backend raw
    mode tcp
    server r1 @s1@
"""
ACCEPT = "tcp-request content accept if HTTP"
SWITCH = ("tcp-request content switch-mode http if HTTP\n    tcp-request content set-var(sess.not_http) int(1)\n"
          "    http-request set-header X-In-Front yes\n    http-request deny if { path /denied }\n"
          "    http-response set-header X-Not-Http %[var(sess.not_http)]")
A = get("/a", "Host: h")
CLIENTS = {
    "one": [A],
    "three": [A, get("/b", "Host: h"), get("/c", "Host: h", "Connection: close")],
    "at once": [(A * 3, 3)],
    "in pieces": [(b"GET /a HT", 0), 0.05, b"TP/1.1\r\nHost: h\r\n\r\n"],
    "head": [get("/a", "Host: h", method="HEAD")],
    "body": [get("/a", "Host: h", "Content-Length: 3", method="POST", body="abc"), A],
    "chunks": [get("/a", "Host: h", "Transfer-Encoding: chunked", method="POST", body="3\r\nabc\r\n0\r\n\r\n"), A],
    "denied": [get("/denied", "Host: h"), A],
    "two lengths": [get("/a", "Host: h", "Content-Length: 3", "Content-Length: 4", method="POST", body="abcd")],
    "a space in a name": [get("/a", "Host: h", "X Y: 3")],
    "1.0": [get("/a", version="1.0")],
}


def lines_of(w):
    """Without times, and how many bytes: the reference counts its own form of a message."""
    return [re.sub(r"(\[)?\d\d/\w+/[\d:.]+\] |-?\d+/-?\d+/\+?\d+ \+?\d+ |127[\d.]+:\d+ |^.*\]: ", "", line).strip()
            for line in w.log.all() if " fe " in line]


def switched(rules, steps, options="option tcplog"):
    def scenario(w):
        server = web(w, "s1", response("200 OK", body="hello"))
        w.start(SWITCHING % (options, rules))
        with WebClient(w.address("fe")) as client:
            for number, seen in enumerate(play(w, client, steps)):
                w.observe(f"client {number}", seen)
        until(lambda: w.stat("fe", "FRONTEND")["scur"] == "0", what="the connection to be over")
        for number, heard in enumerate(server.heard()):
            w.observe(f"server {number}", "\n--\n".join(heard))
        for number, line in enumerate(lines_of(w)):
            w.observe(f"line {number}", line)
        for proxy, name in (("fe", "FRONTEND"), ("web", "BACKEND"), ("web", "s1"), ("raw", "BACKEND")):
            row = w.stat(proxy, name)
            w.observe(f"counters {proxy}/{name}", " ".join(f"{key}={row[key]}" for key in ("stot", "req_tot", "hrsp_2xx", "hrsp_4xx")))
    return scenario


for _name, _steps in CLIENTS.items():
    _word = _name.replace(" ", "_")
    add_scenario(f"switch_by_backend_{_word}", switched(ACCEPT, _steps))
    add_scenario(f"switch_by_rule_{_word}", switched(SWITCH, _steps))
    add_scenario(f"switch_by_rule_http_log_{_word}", switched(SWITCH, _steps, "option httplog"))


def bytes_stay_bytes(w):
    server = web(w, "s1", response("200 OK", body="hello"))
    w.start(SWITCHING % ("option tcplog", ACCEPT))
    with WebClient(w.address("fe")) as client:
        client.send(b"NOT HTTP\r\n\r\n")
        w.observe("answer", client.answer())
    until(lambda: server.heard()[0][-1] == "over", what="the server to see the end")
    w.observe("heard", "\n".join(sum(server.heard(), [])))


REDIR = """
frontend fe
    mode http
    bind @fe@
    option httplog
    http-response set-header X-Answer 1
    http-after-response set-header X-After 1
    default_backend be
backend be
    mode http
    cookie SRV insert indirect
    server s1 @s1@ cookie a redir %s
"""
ASKED = [A, get("/a?b=c", "Host: h", "Cookie: SRV=a; x=y", method="HEAD"), get("/a", "Host: h", "Content-Length: 0", method="POST"),
         get("http://h/q?z", "Host: h"), get("//e/", version="1.0"), get("/a", "Host: h", method="OPTIONS"), get("/a", "Host: h", method="PUT")]


def redirected(prefix, request):
    def scenario(w):
        web(w, "s1", response("200 OK", body="hello"))
        w.start(REDIR % prefix)
        with WebClient(w.address("fe")) as client:
            for number, seen in enumerate(play(w, client, [request])):
                w.observe(f"client {number}", seen)
        until(lambda: w.stat("fe", "FRONTEND")["scur"] == "0", what="the connection to be over")
        for line in w.log.all():
            if " fe " in line:
                w.observe("line", re.sub(r".* (fe \S+) (-?\d+)/(-?\d+)/(-?)\d+/(-?)\d+/\+?\d+ (\d+) \d+ ", r"\1 \4 \5 \6 ", line).strip())
        row = w.stat("be", "s1")
        w.observe("counters", " ".join(f"{key}={row[key]}" for key in ("stot", "lbtot", "hrsp_3xx", "hrsp_2xx", "econ")))
    return scenario


for _number, _request in enumerate(ASKED):
    add_scenario(f"redir_{_number}", redirected("http://images.example", _request))
add_scenario("switch_not", bytes_stay_bytes)

main()
