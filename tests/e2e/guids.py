#!/usr/bin/env python3
"""Guids: unique names, at run time too, and what hash-key makes of them; statuses that count. Manual: guid, hash-key. Runs on $WEIR."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import equal, run, true  # noqa: E402
from wire import answer_requests, greet  # noqa: E402

FARM = "listen fe\n    bind @fe@\n    hash-type consistent\n    balance hash src\n"
SOURCES = [f"127.0.1.{at}" for at in range(1, 60)]


def served(w):
    """Which server each address gets."""
    return [w.ask("fe", source=source) for source in SOURCES]


def start(w, lines):
    w.start(FARM + "".join(f"    server {line}\n" for line in lines))


def guids_keep_their_keys_in_any_order(w):
    """The same servers under other names, in another order: each address stays with its server."""
    w.servers("s1", "s2", "s3", behaviour=greet)
    names = ["s1", "s2", "s3"]
    start(w, [f"{name} @{name}@ guid desks-{name} hash-key guid" for name in names])
    before = served(w)
    true(len(set(before)) == 3, "all three serve")
    w.stop()
    start(w, [f"other-{name} @{name}@ guid desks-{name} hash-key guid" for name in reversed(names)])
    equal(served(w), before, "as before")


def without_a_guid_the_id_counts(w):
    w.servers("s1", "s2", "s3", behaviour=greet)
    start(w, [f"{name} @{name}@ hash-key guid" for name in ("s1", "s2", "s3")])
    before = served(w)
    w.stop()
    start(w, [f"{name} @{name}@ hash-key id" for name in ("s1", "s2", "s3")])
    equal(served(w), before, "id")


def added_servers_have_guids_of_their_own(w):
    w.servers("s1", "s2", behaviour=greet)
    w.start("frontend fe\n    bind @fe@ guid-prefix ft\n    guid front\n    default_backend be\nbackend be\n    guid back\n    server s1 @s1@ guid one")
    for taken in ("one", "front", "back", "ft-0"):
        true(f"the guid '{taken}' is taken" in w.cli(f"add server be/s2 {w.places['s2']} guid {taken}"), taken)
    true("New server registered" in w.cli(f"add server be/s2 {w.places['s2']} guid two"), "a fresh one")
    true("the guid 'two' is taken" in w.cli(f"add server be/s3 {w.places['s2']} guid two"), "now it is taken")
    w.cli("set server be/s2 state maint")
    true("Server deleted" in w.cli("del server be/s2"), "gone")
    true("New server registered" in w.cli(f"add server be/s3 {w.places['s2']} guid two"), "and free again")


def statuses_that_count(w):
    """http-err-codes and http-fail-codes decide what the tables count."""
    def server(_, conn):
        data = conn.recv(4096)
        while data:
            status = data.split(b" ")[1].strip(b"/")
            conn.sendall(b"HTTP/1.1 " + status + b" x\r\nContent-Length: 0\r\n\r\n")
            data = conn.recv(4096)
    w.server("s1", server)
    w.start("listen fe\n    mode http\n    bind @fe@\n    stick-table type ip size 10 store http_err_cnt,http_fail_cnt\n    tcp-request connection track-sc0 src\n"
            "    server s1 @s1@",
            more_global="http-err-codes 400-499 -404 +503\n    http-fail-codes -500-502 +418")
    for status in (200, 401, 404, 418, 500, 503, 504):
        w.exchange("fe", b"GET /%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % status)
    w.idle("fe")
    table = w.cli("show table fe")
    true("http_err_cnt=3" in table and "http_fail_cnt=3" in table, table)


def connections_behind_ambiguous_messages(w):
    """Both Content-Length and Transfer-Encoding: the connection ends, unless h1-do-not-close-on-insecure-transfer-encoding."""
    w.server("s1", answer_requests)
    sent = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    body = "listen fe\n    mode http\n    bind @fe@\n    server s1 @s1@"
    for word, closes in (("", True), ("h1-do-not-close-on-insecure-transfer-encoding", False)):
        w.start(body, more_global=word)
        got = w.exchange("fe", sent + b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n", finish=True)
        equal(got.count(b"HTTP/1.1 200") if isinstance(got, bytes) else got.count("HTTP/1.1 200"), 1 if closes else 2, word or "by default")
        w.stop()


def clients_of_privileged_ports(w):
    """Those that come from a port below 1024 are closed, if one asks for it."""
    if os.geteuid() != 0:
        return
    import socket
    w.server("s1", greet)
    body = "listen fe\n    bind @fe@\n    server s1 @s1@"
    for word, gets in (("", True), ("harden.reject-privileged-ports.tcp on", False), ("harden.reject-privileged-ports.tcp off", True)):
        w.start(body, more_global=word)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            for port in range(1023, 600, -1):
                try:
                    sock.bind((w.host, port))
                    break
                except OSError:
                    continue
            sock.settimeout(10)
            sock.connect(w.address("fe"))
            try:
                got = sock.recv(100)
            except ConnectionResetError:
                got = b""
        equal(bool(got), gets, word or "by default")
        true(w.ask("fe"), "others are served")
        w.stop()


run([guids_keep_their_keys_in_any_order, without_a_guid_the_id_counts, added_servers_have_guids_of_their_own, statuses_that_count,
     connections_behind_ambiguous_messages, clients_of_privileged_ports], 1)
