#!/usr/bin/env python3
"""HTTP/1 messages: which ones both programs take, what of them they pass on, and what they answer to the others."""
import re

from harness import add_scenario, main
from web import PAIR
from wire import answer_requests

G = b"GET / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
T = b"Transfer-Encoding: "
BODY = b"3\r\nabc\r\n0\r\n\r\n"


def g(fields, body=b""):
    return G + fields + b"\r\n" + body


# Both programs do the same with these.
REQUESTS = {
    "start_lines": [
        b"GET / HTTP/1.1\r\n\r\n", b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\nGET / HTTP/1.1\nHost: a\nB: c\n\n",
        b"GET   /   HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.2\r\nHost: a\r\n\r\n",
        b"get / HTTP/1.1\r\nHost: a\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /a\"<>^`{|}\\%zz HTTP/1.1\r\nHost: a\r\n\r\n", b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", b"GET http://a/ HTTP/1.0\r\n\r\n", b"GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", b" GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1 \r\n\r\n", b"GET /\r\n\r\n", b"POST /\r\n\r\n",
        b"GET / http/1.1\r\n\r\n", b"GET / HTTP/1.1x\r\n\r\n", b"GET / HTTP/11.1\r\n\r\n", b"GET / RTSP/1.0\r\n\r\n", b"G(T / HTTP/1.1\r\n\r\n",
        b"GET /\x80 HTTP/1.1\r\n\r\n", b"GET /\x01 HTTP/1.1\r\n\r\n", b"GET /\x7f HTTP/1.1\r\n\r\n", b"GET /#a HTTP/1.1\r\n\r\n",
        b"GET http:/x HTTP/1.1\r\nHost: a\r\n\r\n", b"GET 1http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x02"],
    "hosts": [
        g(b"Host: a\r\n"), g(b"Host: b\r\n"), b"GET / HTTP/1.1\r\nHost:\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a:99\r\n\r\n",
        b"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", b"GET http://A/x HTTP/1.1\r\nHost: a:80\r\n\r\n",
        b"CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", b"CONNECT a: HTTP/1.1\r\nHost: a:\r\n\r\n", b"CONNECT a:80 HTTP/1.1\r\nHost: b:80\r\n\r\n",
        b"CONNECT a:8080 HTTP/1.1\r\nHost: a\r\n\r\n", b"CONNECT /x HTTP/1.1\r\nHost: b:80\r\n\r\n"],
    "fields": [
        g(b"X-Foo:  Bar \t\r\nX: \r\n"), g(b"X: y\r\n z\r\n\tw\r\n"), g(b"X: y\r\n \r\n"), g(b"X:\r\n y\r\n"), g(b"X: a\n b\n"),
        g(b"X: a\x80\xffb\tc\r\n"), g(b"X_a: a\r\n"), g(b"X : y\r\n"), g(b": y\r\n"), g(b"X\r\n"), g(b"X a: a\r\n"), g(b"X(: a\r\n"),
        g(b"X\x80: a\r\n"), g(b"X\x00: a\r\n"), g(b"X: a\rb\r\n"), g(b"X: a\r\r\n"), b"GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n",
        g(b"X: y\r\n" * 99), g(b"X: y\r\n" * 100)],
    "lengths": [
        g(b"Content-Length: 0\r\n"), g(b"Content-Length: 3\r\n", b"abc"), g(b"Content-Length: 3\r\nContent-Length: 3\r\n", b"abc"),
        g(b"Content-Length: 3, 3\r\n", b"abc"), g(b"Content-Length: 3 \r\n", b"abc"), g(b"Content-Length: 03\r\n", b"abc"),
        g(b"Content-Length: 3\r\nContent-Length: 4\r\n", b"abcd"), g(b"Content-Length: +3\r\n", b"abc"), g(b"Content-Length: -3\r\n", b"abc"),
        g(b"Content-Length: 0x3\r\n", b"abc"), g(b"Content-Length:\r\n"), g(b"Content-Length: 3 3\r\n", b"abc"), g(b"Content-Length: 3,\r\n", b"abc"),
        g(b"Content-Length: ,3\r\n", b"abc"), g(b"Content-Length: 99999999999999999999\r\n"), g(b"Content-Length: 9223372036854775808\r\n"),
        b"GET / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", b"DELETE / HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
        b"PUT / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"],
    "codings": [
        g(T + b"chunked\r\n", BODY), g(T + b"chunked\r\nContent-Length: 3\r\n", BODY), g(b"Content-Length: 3\r\n" + T + b"chunked\r\n", BODY),
        g(T + b"chunked\r\n" + T + b"chunked\r\n", BODY), g(T + b"chunked, chunked\r\n", BODY), g(T + b"gzip\r\n", BODY),
        g(T + b"chunked, gzip\r\n", BODY), g(T + b"identity\r\n"), g(T + b"\r\n"), g(T + b"chunked;a=b\r\n", BODY), g(T + b"xchunked\r\n", BODY),
        g(b"Transfer-Encoding : chunked\r\n", BODY), g(T + b"chunked\r\nContent-Length: x\r\n", BODY),
        g(T + b"chunked\r\nContent-Length: 3\r\nContent-Length: 4\r\n", BODY)],
    "chunks": [
        CHUNKED + b"3;a=b\r\nabc\r\n0\r\n\r\n", CHUNKED + b"3 \t\r\nabc\r\n0;x\r\n\r\n", CHUNKED + b"00000003\r\nabc\r\n0\r\n\r\n"],
    "connections": [
        g(b"Connection: keep-alive\r\n"), g(b"Connection: close\r\n"), g(b"Connection: keep-alive, close\r\n"), g(b"Keep-Alive: 3\r\n"),
        g(b"Proxy-Connection: close\r\n"), b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        b"GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n", g(b"TE: trailers\r\nConnection: TE\r\n"), g(b"TE: gzip\r\n"),
        g(b"Expect: 100-continue\r\n"), g(b"Connection: upgrade\r\nUpgrade: websocket\r\n"), g(b"Upgrade: websocket\r\n"),
        g(b"Connection: upgrade\r\nUpgrade: x\r\n"), g(b"Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 3\r\n", b"abc"),
        b"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"],
}

# The reference passes these on. Their server may read them otherwise, so weir answers with the status.
STRICTER = {
    b"400": [
        b"GET a HTTP/1.1\r\n\r\n", b"GET a HTTP/1.1\r\nHost: a\r\n\r\n", b"GET http:/x HTTP/1.1\r\n\r\n", b"GET /\t HTTP/1.1\r\nHost: a\r\n\r\n", b"OPTIONS *x HTTP/1.1\r\nHost: a\r\n\r\n", b"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"CONNECT http://a:80/ HTTP/1.1\r\nHost: a:80\r\n\r\n", g(b"X: a\x00b\r\n"), g(b"X: a\x01b\r\n"), g(b"X: a\x7fb\r\n"),
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + BODY, CHUNKED + b"3\nabc\r\n0\r\n\r\n", CHUNKED + b"3\r\nabc\n0\r\n\r\n",
        CHUNKED + b"3\r\nabc\r\n0\n\n", CHUNKED + b"3\r\nabc\r\n0\r\nX: y\r\nContent-Length: 5\r\n\r\n",
        CHUNKED + b"3\r\nabc\r\n0\r\nX : y\r\n\r\n", CHUNKED + b"3\r\nabc\r\n0\r\nX: a\x00\r\n\r\n", CHUNKED + b"3;a\x00b\r\nabc\r\n0\r\n\r\n"],
    b"501": [g(T + b"gzip, chunked\r\n", BODY), g(T + b"gzip\r\n" + T + b"chunked\r\n", BODY)],
    b"505": [b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", b"GET / HTTP/3.0\r\n\r\n", b"GET / HTTP/0.9\r\n\r\n"],
}


def exchange(w, request):
    """The status and whether the connection stays, by the answer's own words."""
    with w.client("fe") as client:
        client.send(request)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = client.sock.recv(1)
            if not piece:
                break
            head += piece
    stays = "closes" if re.search(rb"^connection: close", head, re.I | re.M) else "stays"
    return head[9:12].decode(), stays


def requests_scenario(rows):
    def run(w):
        server = w.server("s1", answer_requests)
        w.start(PAIR)
        for request in rows:
            server.received = b""
            status, stays = exchange(w, request)
            w.observe(repr(request), f"{status} {stays if status == '200' else ''} {server.received!r}")
    return run


def stricter_scenario(status, rows):
    def run(w):
        w.server("s1", answer_requests)
        w.start(PAIR)
        for request in rows:
            w.observe(repr(request), exchange(w, request)[0] == status.decode())
    return run


for _name, _rows in REQUESTS.items():
    add_scenario(f"http_request_{_name}", requests_scenario(_rows))
for _status, _rows in STRICTER.items():
    add_scenario(f"http_stricter_{_status.decode()}", stricter_scenario(_status, _rows))

if __name__ == "__main__":
    main()
