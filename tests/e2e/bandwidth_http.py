#!/usr/bin/env python3
"""Bandwidth filters in HTTP mode: bodies travel at the rate that is said, heads at once; each request has its own limit; compression
counts before or behind them as the lines stand. Rates are measured over a second or so. Runs on $WEIR.
"""
import os
import sys
import threading
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import equal, run, true  # noqa: E402
from rates import limited, turns  # noqa: E402
from web import CONFIG, WebClient, chunks, get, response, web  # noqa: E402

MEGA = 1_000_000
FULL = 1024 * 1024  # "1m"
TEXT = "".join(f"line {n * n % 7919}\n" for n in range(MEGA // 10))[:MEGA // 2]


def start(w, frontend="", backend="", script=None, tables=""):
    web(w, "s1", script or {"/": response(body="x" * MEGA), "/small": response(body="hi"),
                            "/chunks": response("200 OK", "Transfer-Encoding: chunked", length=False) + chunks(*["y" * 10_000] * 100, trailers="X-T: 1\r\n").encode(),
                            "/end": [response("200 OK", body="z" * MEGA, length=False), "close"],
                            "/text": response(body=TEXT)})
    w.start(f"frontend fe\n    bind @fe@\n{frontend}\n    default_backend be\nbackend be\n{backend}\n    server s1 @s1@\n{tables}", prologue=CONFIG)


SLOW = "    filter bwlim-out slow default-limit 1m default-period 1s\n    http-request set-bandwidth-limit slow"


def fetch(w, *requests, source=None):
    """The answers on one connection, and the seconds until the head and until the end of the last one."""
    with WebClient(w.address("fe"), 60.0, source=source) as client:
        for request in requests:
            began = time.monotonic()
            client.send(request)
            head = client.reader.head()
            headed = time.monotonic() - began
            body = client.reader.body(head, True)
            took = time.monotonic() - began
        return head, body, headed, took


def own_limit(w):
    """All framings; the head does not wait."""
    start(w, SLOW)
    for path in ("/", "/chunks", "/end"):
        _, body, headed, took = fetch(w, get(path))
        true(f"<{MEGA} bytes" in body, f"{path}: all arrives: {body[:80]}")
        true(path != "/chunks" or "x-t: 1" in body.lower(), "trailers follow")
        limited(MEGA, took, FULL, path)
        true(headed < 0.5, f"{path}: the head came after {headed:.2f} s")


def changed_by_the_rule(w):
    start(w, "    filter bwlim-out slow default-limit 10k default-period 10s min-size 2896\n"
             "    http-request set-bandwidth-limit slow limit 1m period 500ms")
    limited(MEGA, fetch(w, get("/"))[3], 2 * FULL, "limit and period of the rule")


def absurd_values(w):
    """From a header that the client chooses: none of them harms anybody."""
    start(w, "    filter bwlim-out slow default-limit 1m default-period 1s\n"
             "    http-request set-bandwidth-limit slow limit req.hdr(x-limit) period req.hdr(x-period)")
    for limit in ("0", "1", "-1", "9223372036854775807", "x"):
        for period in ("0", "1", "-1", "9223372036854775807", "x"):
            with WebClient(w.address("fe"), 10.0) as client:
                client.send(get("/small", f"X-Limit: {limit}", f"X-Period: {period}"))
                client.reader.head()
    equal(fetch(w, get("/small"))[1], "hi", "still there")


def by_an_answer_rule(w):
    start(w, "", "    filter bwlim-out slow default-limit 10m default-period 1s\n"
                 "    http-response set-bandwidth-limit slow limit res.hdr(content-length),div(2) period 500")
    limited(MEGA, fetch(w, get("/"))[3], MEGA, "an expression over the answer")


def of_both_sides(w):
    start(w, "    filter bwlim-out slow default-limit 1m default-period 1s\n    http-response set-bandwidth-limit slow",
          "    filter bwlim-out slow default-limit 20m default-period 1s\n    http-response set-bandwidth-limit slow")
    limited(MEGA, fetch(w, get("/"))[3], FULL, "the smaller one, whichever section has it")


def by_a_content_rule(w):
    start(w, "    filter bwlim-out slow default-limit 1m default-period 1s\n    tcp-request content set-bandwidth-limit slow")
    limited(MEGA, fetch(w, get("/"))[3], FULL, "tcp-request content")


def each_request_anew(w):
    start(w, SLOW + " if { path / }")
    _, body, _, took = fetch(w, get("/"), get("/chunks"))  # which takes a second where it is limited
    true(f"<{MEGA} bytes" in body and took < 0.5, f"the limit of the request before is gone: {took:.2f} s")


def upload(w):
    start(w, "    filter bwlim-in slow default-limit 1m default-period 1s\n    http-request set-bandwidth-limit slow",
          script={"/": response(body="taken")})
    for fields, body in ((f"Content-Length: {MEGA}", "u" * MEGA), ("Transfer-Encoding: chunked", chunks(*["u" * 10_000] * 100))):
        _, answer, _, took = fetch(w, get("/", fields, method="POST", body=body))
        equal(answer, "taken", "answered")
        limited(MEGA, took, FULL, f"an upload, {fields}")


def shared(w):
    """Two requests of one client share its limit; another client has its own."""
    start(w, "    filter bwlim-out shared limit 1m key src table st\n    http-request set-bandwidth-limit shared",
          tables="backend st\n    stick-table type ip size 1k expire 1m store bytes_out_rate(1s)\n")
    took = {}

    def one(name, source):
        took[name] = fetch(w, get("/text"), source=source)[3]
    threads = [threading.Thread(target=one, args=args) for args in (("a", "127.0.0.21"), ("b", "127.0.0.21"), ("c", "127.0.0.22"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    limited(MEGA, max(took["a"], took["b"]), FULL, "both together")
    limited(MEGA // 2, took["c"], FULL, "the other client")
    true("bytes_out_rate(1000)=" in w.cli("show table st"), "the table counts it")


def coded(w, lines):
    start(w, lines)
    with WebClient(w.address("fe"), 60.0) as client:
        began = time.monotonic()
        client.send(get("/text", "Accept-Encoding: gzip"))
        data = client.reader.content(client.reader.head())[0]
        took = time.monotonic() - began
    equal(zlib.decompress(data, 31).decode(), TEXT, "whole")
    return len(data), took


LIMIT = "    filter bwlim-out slow default-limit 250k default-period 1s\n    http-request set-bandwidth-limit slow\n    compression algo gzip\n"


def before_compression(w):
    """The limit stands first: it counts what the server sent."""
    size, took = coded(w, LIMIT + "    filter comp-res")
    limited(len(TEXT), took, 250 * 1024, "as it came")
    true(size < len(TEXT) / 2, "compressed all the same")


def behind_compression(w):
    size, took = coded(w, "    filter comp-res\n" + LIMIT.replace("250k", "100k"))
    limited(size, took, 100 * 1024, "as it leaves")
    true(took < len(TEXT) / (100 * 1024) / 1.5, f"not what came: {took:.2f} s")


def patience(w):
    """A body that is held back by us is nobody's fault: no timeout of the server strikes, nor are turns spent on waiting."""
    start(w, "    filter bwlim-out slow default-limit 20k default-period 1s min-size 15k\n    http-request set-bandwidth-limit slow\n    timeout client 500ms",
          "    timeout server 500ms", script={"/": response(body="x" * 60_000)})
    before = turns(w)
    _, body, _, took = fetch(w, get("/"))
    true("<60000 bytes" in body, f"all arrives: {body[:60]}")
    limited(60_000 - 15 * 1024, took, 20 * 1024, "a slow one, but for the piece that goes at once")
    true(turns(w) - before < 300, f"{turns(w) - before} turns")


def tunnel(w):
    """The limit of a request that has no body holds for the bytes of the tunnel that it asks for, and does not end them."""
    switch = (b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
              b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
    start(w, "    filter bwlim-in slow default-limit 1m default-period 1s\n    http-request set-bandwidth-limit slow", script=[[switch, "echo"]])
    with WebClient(w.address("fe"), 20.0) as client:
        client.send(get("/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"))
        client.reader.head()
        client.send(b"ping")
        equal(client.reader.exactly(4), b"ping", "the tunnel is open")
        began = time.monotonic()
        sending = threading.Thread(target=client.send, args=(b"u" * MEGA,))
        sending.start()
        client.reader.exactly(MEGA)
        sending.join()
        limited(MEGA, time.monotonic() - began, FULL, "its bytes")


def gone(w):
    """A client that leaves while we hold its bytes back ends its session at once."""
    start(w, "    filter bwlim-out slow default-limit 10k default-period 1s\n    http-request set-bandwidth-limit slow")
    with WebClient(w.address("fe"), 10.0) as client:
        client.send(get("/"))
        client.reader.head()
        client.reset()
    w.idle("fe")


if __name__ == "__main__":
    run([own_limit, changed_by_the_rule, absurd_values, by_an_answer_rule, of_both_sides, by_a_content_rule, each_request_anew, upload, shared, before_compression,
         behind_compression, patience, tunnel, gone], 2)
