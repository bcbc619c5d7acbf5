#!/usr/bin/env python3
"""Node as server and as client (WebSockets of `ws`, kept connections, trailers, 100-continue), and the requests of a Remote Desktop
gateway: methods of its own, lengths beyond any body, both directions open for as long as the session is. Runs on $WEIR.
"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import connect, equal, run, true  # noqa: E402
from wire import until  # noqa: E402

CONFIG = """
defaults
    mode http
    option httplog
    log global
    timeout client {client}
    timeout server {client}
    timeout connect 5s
frontend fe
    bind @fe@
    http-request set-header X-Seen yes
    default_backend be
backend be
    server s1 @s1@
"""


def node(w):
    origin = subprocess.Popen(["node", os.path.join(HERE, "load", "node_server.js")], stdout=subprocess.PIPE, text=True)
    try:
        w._name("s1", ("127.0.0.1", int(origin.stdout.readline())))
        w.start(CONFIG.format(client="20s"))
        client = subprocess.run(["node", os.path.join(HERE, "load", "node_client.js"), *map(str, w.address("fe"))],
                                capture_output=True, text=True, timeout=120, check=False)
        equal(client.stdout + client.stderr, "ok\n", "the client")
        row = w.stat("fe", "FRONTEND")
        equal([row["hrsp_1xx"], row["hrsp_5xx"], row["hrsp_4xx"]], ["2", "0", "0"], "two tunnels, no errors")
        true(int(row["conn_tot"]) <= 12, f"kept connections: {row['conn_tot']}")
    finally:
        origin.kill()
        origin.wait()


def gateway(w):
    """MS-TSGU over HTTP: RDG_OUT_DATA brings an answer that never ends, RDG_IN_DATA a body of 2^63 - 1 bytes."""
    heads = {}

    def behaviour(server, conn):
        head = b""
        while b"\r\n\r\n" not in head:
            head += conn.recv(1)
        method = head.split(b" ")[0]
        heads[method] = head
        if method == b"RDG_OUT_DATA":
            conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n" + bytes(100))
            for n in range(20):
                conn.sendall(bytes([n]) * 1000)
            conn.recv(1)
            return
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")  # early: the body goes on
        while piece := conn.recv(65536):
            server.heard(piece)
    server = w.server("s1", behaviour)
    w.start(CONFIG.format(client="20s"))
    fields = b"Host: gateway\r\nAuthorization: NTLM TlRMTVNTUAADAAAA\r\nRDG-Connection-Id: {1}\r\n"
    out = connect(w)
    out.sendall(b"RDG_OUT_DATA /remoteDesktopGateway/ HTTP/1.1\r\n" + fields + b"Content-Length: 0\r\n\r\n")
    heard = b""
    while heard.count(bytes([19])) < 1000:
        heard += out.recv(65536)
    true(b"content-length: 9223372036854775807\r\n" in heard.lower(), heard[:200])
    equal(len(heard.split(b"\r\n\r\n", 1)[1]), 20100, "what the gateway sends arrives as it comes")
    into = connect(w)
    into.sendall(b"RDG_IN_DATA /remoteDesktopGateway/ HTTP/1.1\r\n" + fields + b"Content-Length: 9223372036854775807\r\n\r\n")
    for n in range(30):
        into.sendall(bytes([n]) * 1000)
    until(lambda: len(server.received) == 30000, what="what the client sends to arrive as it comes")
    equal(bytes(server.received), b"".join(bytes([n]) * 1000 for n in range(30)), "in order")
    true(all(b"x-seen: yes\r\n" in head.lower() for head in heads.values()), "both went through the rules")
    equal(sorted(heads), [b"RDG_IN_DATA", b"RDG_OUT_DATA"], "the methods pass as they are")
    out.close()
    into.close()


run([node, gateway], 2)
