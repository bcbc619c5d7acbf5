#!/usr/bin/env python3
"""HTTP/1 through the program: connections kept and closed, bodies framed, interim answers, tunnels, aborts, timeouts."""
from harness import add_scenario, main
from web import OK, chunks, get, response, row as add_row

A = get()


def row(name, steps, *script, **more):
    add_row(add_scenario, "http_" + name, steps, *script, **more)


# -- versions and connections ----------------------------------------------------------------------------------------

KINDS = {
    "1.1": get("/a", "X-A:  b "),
    "1.1 close": get("/a", "Connection: close"),
    "1.1 keep-alive": get("/a", "Connection: keep-alive", "Keep-Alive: 300"),
    "1.1 both": get("/a", "Connection: keep-alive, close"),
    "1.1 two fields": get("/a", "Connection: X-B", "Connection: close", "X-B: 1"),
    "1.1 named fields": get("/a", "Connection: keep-alive, X-B", "X-B: 1", "TE: trailers"),
    "1.1 te": get("/a", "Connection: TE", "TE: trailers"),
    "1.1 proxy-connection": get("/a", "Proxy-Connection: keep-alive"),
    "1.0": get(version="1.0"),
    "1.0 keep-alive": get("/a", "Connection: Keep-Alive", version="1.0"),
    "1.0 proxy-connection": get("/a", "Proxy-Connection: keep-alive", version="1.0"),
    "1.0 close": get("/a", "Connection: close", version="1.0"),
    "1.0 without host": b"GET /a HTTP/1.0\r\n\r\n",
    "1.0 post": get("/a", "Connection: keep-alive", "Content-Length: 3", version="1.0", method="POST", body="abc"),
    "1.1 without host": b"GET /a HTTP/1.1\r\n\r\n",
    "1.1 empty host": get("/a", "Host:"),
    "1.2": get(version="1.2"),
    "0.9": b"GET /a\r\n",
    "2.0": get(version="2.0"),
    "empty lines first": b"\r\n\r\n" + A,
    "many empty lines first": b"\r\n" * 20 + A,
    "lf only": b"GET /a HTTP/1.1\nHost: x\n\n",
    "lower case method": get(method="get"),
    "odd method": get(method="FO-O!"),
    "absolute": get("http://x/a?b=c"),
    "absolute without a path": get("http://x"),
    "absolute with a query only": get("http://x?b"),
    "absolute with a port": get("http://x:80/a"),
    "absolute, other host": get("http://y/a"),
    "absolute https": get("https://x/a"),
    "absolute, other scheme": get("ftp://x/a"),
    "options star": get("*", method="OPTIONS"),
    "get star": get("*"),
    "relative": get("a/b"),
    "fragment": get("/a#b"),
    "percent": get("/a%2fb/%zz?%"),
    "8 bit": get("/\xe9"),
    "space in target": get("/a b"),
    "quote in target": get('/"<>{}|\\^`'),
    "two hosts, the same": get("/a", "Host: x", "Host: x"),
    "two hosts": get("/a", "Host: x", "Host: y"),
    "host with a user": get("/a", "Host: u@x"),
    "host with a port": get("/a", "Host: x:80"),
    "empty value": get("/a", "X-E:", "X-F: "),
    "same field": get("/a", "X-E: 1", "x-e: 2", "X-E: 3"),
    "long value": get("/a", "X-E: " + "a" * 3000),
    "8 bit value": get("/a", "X-E: \xe9\x80"),
    "tab in value": get("/a", "X-E: a\tb"),
}
ANSWERS = {
    "1.1": OK,
    "1.1 close": response("200 OK", "Connection: close", body="hi"),
    "1.1 keep-alive": response("200 OK", "Connection: keep-alive", "Keep-Alive: timeout=5", body="hi"),
    "1.1 named fields": response("200 OK", "Connection: X-B", "X-B: 1", body="hi"),
    "1.0": response(version="1.0", body="hi"),
    "1.0 keep-alive": response("200 OK", "Connection: keep-alive", version="1.0", body="hi"),
    "until close": [response(length=False, body="hello"), "close"],
    "until close, 1.0": [response(length=False, version="1.0", body="hello"), "close"],
    "chunked": response("200 OK", "Transfer-Encoding: chunked", length=False, body=chunks("abc", "defg")),
    "chunked, extension and trailers": response("200 OK", "Transfer-Encoding: chunked", "Trailer: TT", length=False, body=chunks(
        "abc", "defg", trailers="TT: 1\r\n", extension=";x=y")),
    "chunked, 1.0": [response("200 OK", "Transfer-Encoding: chunked", version="1.0", length=False, body=chunks("abc")), "close"],
    "no content": b"HTTP/1.1 204 No\r\nX: y\r\n\r\n",
    "no content with a length": b"HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\nETag: \"a\"\r\n\r\n",
    "reset content": b"HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n",
    "no reason": b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi",
    "no reason, no space": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi",
    "long reason": b"HTTP/1.1 299 Something very long (\xe9)\r\nContent-Length: 2\r\n\r\nhi",
    "status 600": response("600 Odd", body="hi"),
    "status 099": response("099 Odd", body="hi"),
    "status 20": response("20 Odd", body="hi"),
    "lf only": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
    "date and server": response("200 OK", "Date: x", "Server: y", "Set-Cookie: a=b", "Set-Cookie: c=d", body="hi"),
    "large": response(body="x" * 300_000),
    "large chunks": response("200 OK", "Transfer-Encoding: chunked", length=False, body=chunks("x" * 100_000, "y" * 40_000)),
    "in pieces": [b"HTTP/1.1 200 OK\r\nCont", 0.05, b"ent-Length: 5\r\n\r", 0.05, b"\nhe", 0.05, b"llo"],
    "chunks in pieces": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5", 0.05, b"\r\nhel", 0.05, b"lo\r", 0.05,
                         b"\n0\r\n", 0.05, b"X: y\r\n\r", 0.05, b"\n"],
    "more than its length": response(body="hi") + b"more",
    "less than its length": [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", "close"],
    "chunks cut": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhi", "close"],
    "garbage": b"garbage\r\n\r\n",
    "empty": ["close"],
    "half a head": [b"HTTP/1.1 200 OK\r\nCont", "close"],
    "reset": ["reset"],
    "reset in the body": [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", 0.1, "reset"],
    "bad version": b"HTTP/3 200 OK\r\nContent-Length: 0\r\n\r\n",
    "huge head": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 17000 + b"\r\n\r\n",
    "too many fields": b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 120 + b"\r\n",
}

# Each kind of request twice on one connection, and each kind of answer.
for _option in ("http-keep-alive", "http-server-close", "httpclose"):
    row(f"requests_{_option}", {kind: [data, A] for kind, data in KINDS.items()}, backend=f"    option {_option}")


def answers(name, request, option, **more):
    """Every kind of answer to one kind of request."""
    paths = {f"/{at}": answer for at, answer in enumerate(ANSWERS.values())}
    paths["*"] = OK
    steps = {kind: [request(f"/{at}"), A] for at, kind in enumerate(ANSWERS)}
    row(f"answers_{name}", steps, paths, frontend=f"    option {option}\n    retries 0", **more)


answers("keep_alive", get, "http-keep-alive")
answers("server_close", get, "http-server-close")
answers("httpclose", get, "httpclose")
answers("to_10", lambda path: get(path, version="1.0"), "http-keep-alive")
answers("to_10_keep_alive", lambda path: get(path, "Connection: keep-alive", version="1.0"), "http-keep-alive")
answers("to_post", lambda path: get(path, "Content-Length: 3", method="POST", body="abc"), "http-keep-alive")

_heads = {kind: [get(f"/{at}", method="HEAD"), A] for at, kind in enumerate(ANSWERS)
          if kind in ("1.1", "1.1 close", "chunked", "1.0", "no content", "not modified")}
row("head", _heads, {"/0": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
                     "/1": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\n",
                     "/4": b"HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\n",
                     **{f"/{at}": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" for at, kind in enumerate(ANSWERS)
                        if kind == "chunked"},
                     **{f"/{at}": b"HTTP/1.1 204 No\r\n\r\n" for at, kind in enumerate(ANSWERS) if kind == "no content"},
                     **{f"/{at}": b"HTTP/1.1 304 No\r\nETag: a\r\n\r\n" for at, kind in enumerate(ANSWERS)
                        if kind == "not modified"}})

for _where in ("frontend", "backend"):
    for _option in ("http-server-close", "httpclose", "http-pretend-keepalive", "http-no-delay", "accept-invalid-http-request"):
        row(f"option_{_option}_{_where}", {"1.1": [A, A], "1.0 ka": [KINDS["1.0 keep-alive"], A],
                                           "1.0 pc": [KINDS["1.0 proxy-connection"], A], "1.1 close": [KINDS["1.1 close"]]},
            **{_where: f"    option {_option}"}) if _where == "frontend" or _option != "accept-invalid-http-request" else None
row("option_server_close_and_pretend", [A, A], backend="    option http-server-close\n    option http-pretend-keepalive")
row("option_close_in_front_server_close_in_back", [A, A], frontend="    option httpclose",
    backend="    option http-server-close")
row("option_taken_back", [A, A], backend="    option http-server-close\n    no option http-server-close")

# -- several requests ------------------------------------------------------------------------------------------------

row("pipelined", [(A + get("/b") + get("/c"), 3)])
row("pipelined_posts", [(get("/a", "Content-Length: 3", method="POST", body="abc") + get(
    "/b", "Transfer-Encoding: chunked", method="POST", body=chunks("x", "yz")) + get("/c"), 3)])
row("pipelined_with_an_error", [(A + b"BAD\r\n\r\n", 2), "end"])
row("pipelined_half", [(A + b"GET /b HT", 1), (b"TP/1.1\r\nHost: x\r\n\r\n", 1)])
row("pipelined_and_finished", [A, (A + get("/b"), 2), "finish", "end"])
row("pipelined_close_first", [(KINDS["1.1 close"] + get("/b"), 1), "end"])
row("many_pipelined", [(b"".join(get(f"/{n}") for n in range(30)), 30)])
row("byte_by_byte", [lambda w: [w.clients[-1].send(bytes([byte])) for byte in get("/a", "Content-Length: 3", body="abc")],
                     "answer"])

# -- bodies of requests ----------------------------------------------------------------------------------------------

BODIES = {
    "length": get("/a", "Content-Length: 3", method="POST", body="abc"),
    "length 0": get("/a", "Content-Length: 0", method="POST"),
    "none": get(method="POST"),
    "get with a body": get("/a", "Content-Length: 3", body="abc"),
    "chunked": get("/a", "Transfer-Encoding: chunked", method="POST", body=chunks("abc", "de")),
    "chunked, extensions": get("/a", "Transfer-Encoding: chunked", method="POST", body=chunks("abc", extension=';a="b;c"')),
    "chunked, trailers": get("/a", "Transfer-Encoding: chunked", "Trailer: Tr", method="POST", body=chunks("abc", trailers="Tr: 1\r\nTs:  2 \r\n")),
    "chunked, empty": get("/a", "Transfer-Encoding: chunked", method="POST", body=chunks()),
    "chunked, zeroes and capitals": get("/a", "Transfer-Encoding: chunked", method="POST", body="00A\r\n0123456789\r\n000\r\n\r\n"),
    "Chunked": get("/a", "Transfer-Encoding: Chunked", method="POST", body=chunks("abc")),
    "large": get("/a", "Content-Length: 300000", method="POST", body="x" * 300_000),
    "large chunks": get("/a", "Transfer-Encoding: chunked", method="POST", body=chunks(*["x" * 10_000] * 20)),
    "delete": get("/a", "Content-Length: 3", method="DELETE", body="abc"),
    "options": get("*", "Content-Length: 3", method="OPTIONS", body="abc"),
    "head": get("/a", "Content-Length: 3", method="HEAD", body="abc"),
}
_head_or_ok = lambda head: b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" if head.startswith(b"HEAD") else OK
row("bodies", {kind: [data, A] for kind, data in BODIES.items()}, _head_or_ok)
row("bodies_server_close", {kind: [data, A] for kind, data in BODIES.items()}, _head_or_ok,
    backend="    option http-server-close")
row("bodies_buffered", {kind: [data, A] for kind, data in BODIES.items()}, _head_or_ok,
    backend="    option http-buffer-request")
row("body_in_pieces", [lambda w: w.clients[-1].send(get("/a", "Content-Length: 6", method="POST", body="ab")), 0.1,
                       lambda w: w.clients[-1].send(b"cd"), 0.1, (b"ef", 1), A])
row("chunks_in_pieces", [lambda w: w.clients[-1].send(get("/a", "Transfer-Encoding: chunked", method="POST", body="3\r\nab")), 0.1,
                         lambda w: w.clients[-1].send(b"c\r"), 0.1, lambda w: w.clients[-1].send(b"\n1"), 0.05,
                         lambda w: w.clients[-1].send(b"\r\nx\r\n0\r\nT: u\r"), 0.05, (b"\n\r\n", 1), A])

# -- interim answers, Expect -----------------------------------------------------------------------------------------

EXPECT = get("/a", "Expect: 100-continue", "Content-Length: 3", method="POST")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
row("expect", [lambda w: w.clients[-1].send(EXPECT), "raw", (b"abc", 1), A],
    lambda head: ["early", CONTINUE, "body", OK] if b"/a" in head and b"xpect" in head else OK)
row("expect_sent_at_once", [(EXPECT + b"abc", 1), A],
    lambda head: ["early", CONTINUE, "body", OK] if b"xpect" in head else OK)
row("expect_final_at_once", [EXPECT, "end"], lambda head: ["early", response("417 No")])
row("expect_unknown", [get("/a", "Expect: something", "Content-Length: 3", method="POST", body="abc"), A])
row("expect_10", [get("/a", "Expect: 100-continue", "Content-Length: 3", method="POST", body="abc", version="1.0")])
row("expect_buffered", [lambda w: w.clients[-1].send(EXPECT), "raw", (b"abc", 1), A],
    lambda head: ["early", CONTINUE, "body", OK] if b"xpect" in head else OK, backend="    option http-buffer-request")
row("expect_refused", [(EXPECT, 1), "end"], frontend="    http-request deny")
row("expect_waits_for_body", [lambda w: w.clients[-1].send(EXPECT), "raw", (b"abc", 1), A],
    frontend="    http-request wait-for-body time 3s if METH_POST")
for _status in ("100 Continue", "102 Processing", "103 Early Hints", "199 Odd"):
    row(f"interim_{_status[:3]}", {"1.1": [A, A], "1.0": [KINDS["1.0 keep-alive"]]},
        f"HTTP/1.1 {_status}\r\nLink: a\r\n\r\n".encode() + OK)
row("interim_several", [A], [b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\n", 0.05, b"HTTP/1.1 103 Early\r\nLink: b\r\n\r\n" + OK])
row("interim_with_rules", [A, A], b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\n" + OK,
    backend="    http-response set-header X-S %[status]\n    http-after-response add-header X-T %[status]")
row("interim_then_nothing", [A], [b"HTTP/1.1 100 Continue\r\n\r\n", "close"], backend="    retries 0")

# -- tunnels ---------------------------------------------------------------------------------------------------------

WEBSOCKET = get("/a", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Version: 13")
SWITCH = (b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
          b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
for _option in ("http-keep-alive", "http-server-close", "httpclose"):
    row(f"websocket_{_option}", [WEBSOCKET, lambda w: w.clients[-1].send(b"ping"), "raw", "finish", "end"], [SWITCH, "echo"],
        backend=f"    option {_option}")
row("websocket_server_first", [WEBSOCKET, "raw", "finish", "end"], [SWITCH + b"HELLO", "echo"])
row("websocket_server_ends", [WEBSOCKET, "end"], [SWITCH + b"HELLO", "close"])
row("websocket_client_early", [(WEBSOCKET + b"early", 1), 0.1, "finish", "end"], [SWITCH, "echo"])
row("websocket_refused", [WEBSOCKET, A], [[response("404 No")], [OK]])
row("websocket_bad_accept", [WEBSOCKET, "end"], [SWITCH.replace(b"s3p", b"xxx"), "close"])
row("websocket_no_accept", [WEBSOCKET, "end"], [b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", "close"])
row("websocket_no_key", [get("/a", "Connection: Upgrade", "Upgrade: websocket"), "finish", "end"], [SWITCH, "echo"])
row("upgrade_other", [get("/a", "Connection: Upgrade", "Upgrade: foo"), lambda w: w.clients[-1].send(b"x"), "raw", "finish",
                      "end"], [b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n", "echo"])
row("upgrade_without_connection", [get("/a", "Upgrade: foo"), A])
row("upgrade_10", [get("/a", "Connection: Upgrade", "Upgrade: foo", version="1.0"), "end"])
row("upgrade_h2c", [get("/a", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"), A])
row("upgrade_with_a_body", [get("/a", "Connection: Upgrade", "Upgrade: foo", "Content-Length: 3", method="POST", body="abc"), A])
row("unasked_101", [A, "end"], [b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n", "close"], backend="    retries 0")
row("connect", [get("x:443", method="CONNECT"), lambda w: w.clients[-1].send(b"ping"), "raw", "finish", "end"],
    [b"HTTP/1.1 200 OK\r\n\r\n", "echo"])
row("connect_with_a_length", [get("x:443", method="CONNECT"), lambda w: w.clients[-1].send(b"ping"), "raw", "finish", "end"],
    [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "echo"])
row("connect_refused", [get("x:443", method="CONNECT"), "end"], [response("403 No", body="no")])
for _target in ("x", "x:", "/a", "http://x:443", "x:443/", "u@x:443", "x:70000", "[::1]:443", ":443"):
    row(f"connect_to_{_target.replace('/', '+')}", [get(_target, f"Host: {_target}", method="CONNECT"), "finish", "end"],
        [response("403 No", body="no"), "close"])
row("connect_other_host", [get("x:443", "Host: y", method="CONNECT"), "finish", "end"], [response("403 No", body="no"), "close"])

# -- early answers, aborts, timeouts ---------------------------------------------------------------------------------

HALF = get("/a", "Content-Length: 10", method="POST", body="abc")
HALF_CHUNKED = get("/a", "Transfer-Encoding: chunked", method="POST", body="5\r\nabc")
EARLY = ["early", OK, "hang"]
for _name, _half, _rest in (("length", HALF, b"defghij"), ("chunked", HALF_CHUNKED, b"de\r\n0\r\n\r\n")):
    row(f"early_answer_{_name}", [_half, 0.1, lambda w, rest=_rest: w.clients[-1].send(rest), "end"], EARLY)
    row(f"early_answer_then_rest_{_name}", [_half, (_rest, 0), A], ["early", OK, "body"])
    row(f"early_answer_and_close_{_name}", [_half, "end"], ["early", OK, 0.1, "close"])
    row(f"early_answer_until_close_{_name}", [_half, "end"], ["early", response(length=False, body="hi"), 0.1, "close"])
    row(f"early_answer_client_leaves_{_name}", [_half, "close"], EARLY)
    row(f"half_a_body_{_name}_finished", [lambda w, half=_half: w.clients[-1].send(half), 0.1, "finish", "end"])
    row(f"half_a_body_{_name}_closed", [lambda w, half=_half: w.clients[-1].send(half), 0.1, "close"], lines=1)
    row(f"half_a_body_{_name}_reset", [lambda w, half=_half: w.clients[-1].send(half), 0.1, "reset"], lines=1)
    row(f"half_a_body_{_name}_timeout", [lambda w, half=_half: w.clients[-1].send(half), "end"], frontend="    timeout client 300ms")
    row(f"half_a_body_{_name}_buffered_timeout", [lambda w, half=_half: w.clients[-1].send(half), "end"],
        frontend="    timeout http-request 300ms", backend="    timeout http-request 300ms\n    option http-buffer-request")
    row(f"half_a_body_{_name}_server_closes", [_half, "end"], ["early", 0.1, "close"], backend="    retries 0")
    row(f"half_a_body_{_name}_server_resets", [_half, "end"], ["early", 0.1, "reset"], backend="    retries 0")

NEVER = ["hang"]
LATER = [0.4, OK]
row("client_closes_while_waiting", [lambda w: w.clients[-1].send(A), 0.1, "close"], LATER, lines=1)
row("client_resets_while_waiting", [lambda w: w.clients[-1].send(A), 0.1, "reset"], LATER, lines=1)
row("client_finishes_while_waiting", [lambda w: w.clients[-1].send(A), 0.1, "finish", "answer", "end"], LATER)
row("client_finishes_at_once", [lambda w: w.clients[-1].send(A), "finish", "answer", "end"],
    backend="    no option abortonclose")
for _prefix in ("", "no "):
    row(f"client_closes_{_prefix.strip()}abortonclose", [lambda w: w.clients[-1].send(A), 0.1, "close"], LATER, lines=1,
        backend=f"    {_prefix}option abortonclose")
    row(f"client_finishes_{_prefix.strip()}abortonclose", [lambda w: w.clients[-1].send(A), 0.1, "finish", "end"], LATER, lines=1,
        backend=f"    {_prefix}option abortonclose")
_slow = [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 0.4, b"defg", 0.3, b"hij"]
row("client_closes_during_the_answer", [lambda w: w.clients[-1].send(A), "raw", "close"], _slow, lines=1)
row("client_resets_during_the_answer", [lambda w: w.clients[-1].send(A), "raw", "reset"], _slow, lines=1)
row("client_finishes_during_the_answer", [lambda w: w.clients[-1].send(A), "raw", "finish", "end"], _slow, lines=1)
row("client_resets_large_answer", [lambda w: w.clients[-1].send(A), 0.1, "reset"], response(body="x" * 5_000_000), lines=1)
row("nothing", ["close"], lines=0)
row("nothing_reset", ["reset"], lines=0)
row("nothing_dontlognull", ["close"], frontend="    option dontlognull", lines=0)
row("nothing_ignore_probes", ["close"], frontend="    option http-ignore-probes", lines=0)
row("half_a_head_closed", [lambda w: w.clients[-1].send(b"GET /a HT"), 0.1, "close"], lines=1)
row("half_a_head_finished", [lambda w: w.clients[-1].send(b"GET /a HT"), 0.1, "finish", "end"], lines=1)
row("half_a_head_reset", [lambda w: w.clients[-1].send(b"GET /a HT"), 0.1, "reset"], lines=1)
row("half_a_second_head_closed", [A, lambda w: w.clients[-1].send(b"GET /a HT"), 0.1, "close"], lines=2)
row("half_a_second_head_finished", [A, lambda w: w.clients[-1].send(b"GET /a HT"), 0.1, "finish", "end"], lines=2)
row("second_request_closed", [A, "close"])
row("second_request_reset", [A, "reset"])

for _name, _front in (("http_request", "    timeout http-request 300ms"), ("client", "    timeout client 300ms"),
                      ("probes", "    timeout http-request 300ms\n    option http-ignore-probes"),
                      ("dontlognull", "    timeout http-request 300ms\n    option dontlognull"),
                      ("both", "    timeout http-request 300ms\n    timeout http-keep-alive 600ms"),
                      ("keep_alive", "    timeout http-keep-alive 300ms\n    timeout http-request 600ms"),
                      ("keep_alive_only", "    timeout http-keep-alive 300ms\n    timeout client 600ms")):
    row(f"timeout_{_name}", {"nothing": ["end"], "half": [lambda w: w.clients[-1].send(b"GET / HT"), "end"],
                             "second": [A, "end"],
                             "second half": [A, lambda w: w.clients[-1].send(b"GET / HT"), "end"],
                             "pipelined half": [(A + b"GET / HT", 1), "end"]}, frontend=_front, lines=1)
row("timeout_server", [A, "end"], NEVER, backend="    timeout server 300ms\n    retries 0")
row("timeout_server_post", [BODIES["length"], "end"], NEVER, backend="    timeout server 300ms\n    retries 0")
row("timeout_server_head", [A, "end"], [b"HTTP/1.1 200 OK\r\nX", "hang"], backend="    timeout server 300ms\n    retries 0")
row("timeout_server_body", [A, "end"], [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "hang"],
    backend="    timeout server 300ms\n    retries 0")
row("timeout_server_chunked", [A, "end"], [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "hang"],
    backend="    timeout server 300ms\n    retries 0")
row("timeout_server_interim", [A, "end"], [CONTINUE, "hang"], backend="    timeout server 300ms\n    retries 0")
row("timeout_tunnel", [WEBSOCKET, "end"], [SWITCH, "hang"], backend="    timeout tunnel 300ms")
row("timeout_tunnel_client", [WEBSOCKET, "end"], [SWITCH, "hang"], frontend="    timeout client 300ms")
row("timeout_tunnel_client_fin", [WEBSOCKET, "finish", "end"], [SWITCH, "hang", "never"],
    frontend="    timeout client-fin 300ms", backend="    timeout server 1s")
row("timeout_client_during_answer", [A, "end"], [b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", 0.6, b"def"],
    frontend="    timeout client 300ms")

# -- heads that are too large ----------------------------------------------------------------------------------------

row("long_target", [get("/" + "a" * 17000), "end"])
row("long_target_that_fits", [get("/" + "a" * 14000), A])
row("long_field", [get("/a", "X: " + "a" * 17000), "end"])
row("long_second_head", [A, get("/a", "X: " + "a" * 17000), "end"])
row("many_fields", {n: [get("/a", *["X: a"] * n)] for n in (99, 100, 101, 102, 200)})
row("many_fields_by_setting", {n: [get("/a", *["X: a"] * n)] for n in (14, 15, 16, 17)}, more_global="tune.http.maxhdr 16")
row("bufsize", {n: [get("/a", "X: " + "a" * n)] for n in (1000, 3000, 4200)}, more_global="tune.bufsize 4096\n    tune.maxrewrite 512")

if __name__ == "__main__":
    main()
