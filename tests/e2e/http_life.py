#!/usr/bin/env python3
"""HTTP connections while the process changes: reload, soft stop, servers that close what rests. Runs on $WEIR."""
import os
import signal
import socket
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import equal, run, true  # noqa: E402
from wire import until  # noqa: E402

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
SETTINGS = "defaults\n    mode http\n    timeout client 20s\n    timeout server 20s\n    timeout connect 5s\n"
BACKEND = "backend be\n    server s1 @s1@\n"
FRONTEND = "frontend fe\n    bind @fe@\n{}\n    default_backend be\n"


def web(server, conn):
    """Answers each request; keeps the connection."""
    held = b""
    while True:
        heard = conn.recv(65536)
        if not heard:
            return
        server.heard(heard)
        held += heard
        while b"\r\n\r\n" in held:
            held = held.split(b"\r\n\r\n", 1)[1]
            conn.sendall(ANSWER)


def connect(w):
    conn = socket.create_connection(w.address("fe"), 10)
    conn.settimeout(10)
    return conn


def ask(conn, request=REQUEST):
    """The status line of one answer whose length is known."""
    conn.sendall(request)
    data = b""
    while b"\r\n\r\n" not in data:
        more = conn.recv(65536)
        if not more:
            return data
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0)
    while len(body) < length:
        body += conn.recv(65536)
    return head.split(b"\r\n")[0]


def rewrite(w, rules):
    with open(w.config, encoding="utf-8") as running:
        head = running.read().split("defaults\n", 1)[0]
    with open(w.config, "w", encoding="utf-8") as out:
        out.write(head + w.expand(SETTINGS + FRONTEND.format(rules) + BACKEND))
    true("Reload done" in w.cli("reload"), "the reload is taken")


def a_kept_connection_follows_a_reload(w):
    w.server("s1", web)
    w.start(SETTINGS + FRONTEND.format("") + BACKEND)
    conn = connect(w)
    equal(ask(conn), b"HTTP/1.1 200 OK", "before")
    rewrite(w, "    http-request return status 418")
    equal(ask(conn), b"HTTP/1.1 418 I'm a teapot", "the very next request")
    rewrite(w, "")
    equal(ask(conn), b"HTTP/1.1 200 OK", "and back")


def a_soft_stop_lets_waiting_clients_go(w):
    w.server("s1", web)
    w.start(SETTINGS + FRONTEND.format("") + BACKEND)
    conn = connect(w)
    equal(ask(conn), b"HTTP/1.1 200 OK", "served")
    w.process.send_signal(signal.SIGUSR1)
    equal(conn.recv(100), b"", "the waiting client is let go")
    equal(w.process.wait(10), 0, "and the process ends")


def a_hard_stop_under_requests(w):
    w.server("s1", lambda server, conn: conn.recv(65536) and conn.recv(1))  # says nothing
    w.start(SETTINGS + FRONTEND.format("") + BACKEND)
    clients = [connect(w) for _ in range(20)]
    for conn in clients:
        conn.sendall(REQUEST)
    until(lambda: int(w.stat("be", "s1").get("scur")) == 20, what="all to wait for the server")
    w.process.send_signal(signal.SIGTERM)
    true(w.process.wait(10) in (0, -signal.SIGTERM), f"the process ends by the signal: {w.process.returncode}")


def a_server_that_closes_what_rests_costs_no_request(w):
    def once(server, conn):
        server.heard(conn.recv(65536))
        conn.sendall(ANSWER)  # and closes: the connection was believed to rest
    server = w.server("s1", once)
    w.start(SETTINGS + FRONTEND.format("") + BACKEND)
    conn = connect(w)
    for n in range(50):
        equal(ask(conn), b"HTTP/1.1 200 OK", f"request {n}")
    true(len(server.received) >= 50, "each over a connection of its own")


def rules_of_an_answer_wait(w):
    more = threading.Event()

    def slow(server, conn):
        server.heard(conn.recv(65536))
        conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        more.wait(10)
        conn.sendall(b"2\r\nde\r\n0\r\n\r\n")
        conn.recv(1)
    w.server("s1", slow)
    rules = ("    http-response wait-for-body time 5s\n    http-response pause 30\n"
             "    http-response set-header x-length %[res.body,length]")
    w.start(SETTINGS + FRONTEND.format(rules) + BACKEND)
    conn = connect(w)
    conn.sendall(REQUEST)
    until(lambda: int(w.stat("be", "s1").get("scur")) == 1, what="the request at the server")
    conn.settimeout(0.1)
    try:
        early = conn.recv(100)
    except TimeoutError:
        early = b""
    equal(early, b"", "nothing before the body is whole")
    more.set()
    conn.settimeout(10)
    equal(ask(conn, b""), b"HTTP/1.1 200 OK", "then the answer")


def shellshock_is_refused(w):
    w.server("s1", web)
    w.start(SETTINGS + FRONTEND.format("    reqdeny  ^[^:]+:\\s*\\(\\s*\\)\\s+\\{\n"
                                       "    reqdeny  ^[^:]+:\\s+.*?(<<[^<;]+){5,}") + BACKEND)
    conn = connect(w)
    for line in (b"User-Agent: () { :;}; /bin/bash -c 'ping 10.0.0.1'", b"Referer: () { x() { _; }; x() { _; } <<a; }",
                 b"Cookie: ( )  { ignored; }; echo vulnerable", b"X: <<a<<b<<c<<d<<e<<f", b"Host:() { :; }; id"):
        equal(ask(conn, REQUEST[:-2] + line + b"\r\n\r\n") if not line.startswith(b"Host")
              else ask(conn, b"GET / HTTP/1.0\r\nX-H:" + line[5:] + b"\r\nConnection: keep-alive\r\n\r\n"),
              b"HTTP/1.1 403 Forbidden", line.decode())
    equal(ask(conn), b"HTTP/1.1 200 OK", "who means no harm is served")


run([a_kept_connection_follows_a_reload, a_soft_stop_lets_waiting_clients_go, a_hard_stop_under_requests,
     a_server_that_closes_what_rests_costs_no_request, rules_of_an_answer_wait, shellshock_is_refused], 2)
