#!/usr/bin/env python3
"""FastCGI applications: what they are given, what becomes of what they say, and what the log tells of it."""
from fcgi import APP, HELLO, STDOUT, UNKNOWN, VALUES, app_farm, end, err, out, pairs, record, row
from harness import add_scenario, main
from web import chunks, get
from wire import until

CT = "Content-Type: text/plain\r\n"


def add(name, steps, script=HELLO, **options):
    row(add_scenario, name, steps, script, **options)


def answers(name, cases, **options):
    """One client for each answer."""
    def script(params):
        return cases[params["QUERY_STRING"].replace("-", " ")]
    add(name, {key: [get("/a.php?" + key.replace(" ", "-"))] for key in cases}, script, **options)


def slow(data):
    """Bytes that no answer comes to yet."""
    return (data, 0)


# -- what the application is given -----------------------------------------------------------------------------------
add("params", {
    "plain": [get("/a.php?x=1&y=2")], "index": [get("/dir/")], "root": [get("/")], "no query": [get("/a.php")],
    "empty query": [get("/a.php?")], "path info": [get("/a.php/b/c?d=e")], "static": [get("/a.txt")],
    "encoded": [get("/a%2Ephp/%41%20b?c%20d")], "dots": [get("/x/../a.php")],
    "absolute": [b"GET http://site.example/a.php HTTP/1.1\r\nHost: site.example\r\n\r\n"],
    "host port": [get("/a.php", "Host: site.example:8080")], "no host": [b"GET /a.php HTTP/1.0\r\n\r\n"],
    "star": [b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"], "head": [get("/a.php", method="HEAD")],
    "slashes": [get("//a.php")], "dir php": [get("/a.php/")], "two php": [get("/a.php/b.php/c")],
    "bad percent": [get("/a%zz.php")], "v6 host": [get("/a.php", "Host: [::1]:80")],
})
add("fields", {
    "some": [get("/a.php", "X-Foo: bar", "Accept: */*", "User-Agent: t", "Cookie: a=b", "Referer: r")],
    "odd names": [get("/a.php", "X_Foo: u", "X-Foo: d", "X.Foo: p", "X!Foo: e")],
    "twice": [get("/a.php", "X-Foo: one", "X-Foo: two", "Cookie: a=b", "Cookie: c=d")],
    "proxy": [get("/a.php", "Proxy: http://evil.example/")],
    "auth": [get("/a.php", "Authorization: Basic dTpw", "Proxy-Authorization: Basic dTpw")],
    "hop": [get("/a.php", "Connection: keep-alive, x-hop", "X-Hop: y", "Keep-Alive: 3", "TE: trailers", "Trailer: a")],
    "upgrade": [get("/a.php", "Connection: upgrade", "Upgrade: foo")],
    "content": [get("/a.php", "Content-Type: a/b", "Content-Length: 3", method="POST", body="abc")],
    "type alone": [get("/a.php", "Content-Type: a/b")], "empty value": [get("/a.php", "X-Foo:")],
    "expect": [get("/a.php", "Expect: 100-continue", "Content-Length: 3", method="POST", body="abc")],
    "http10": [get("/a.php", "Connection: keep-alive", version="1.0")],
    "forwarded": [get("/a.php", "X-Forwarded-For: 1.2.3.4")],
})
add("bodies", {
    "length": [get("/a.php", "Content-Length: 5", method="POST", body="hello")],
    "zero": [get("/a.php", "Content-Length: 0", method="POST")],
    "post without": [get("/a.php", method="POST")],
    "large": [get("/a.php", "Content-Length: 300000", method="POST", body="x" * 300000)],
    "chunked": [get("/a.php", "Transfer-Encoding: chunked", method="POST", body=chunks("abc", "defg"))],
    "trailers": [get("/a.php", "Transfer-Encoding: chunked", method="POST", body=chunks("abc", trailers="X: y\r\n"))],
    "empty chunks": [get("/a.php", "Transfer-Encoding: chunked", method="POST", body=chunks())],
    "buffered chunked": [get("/a.php", "Transfer-Encoding: chunked", "X-Wait: 1", method="POST", body=chunks("abc"))],
}, frontend="    http-request wait-for-body time 1s if { req.hdr(x-wait) -m found }")
add("several", [get("/a.php?1"), get("/a.php?2"), (get("/a.php?3") + get("/a.php?4"), 2)])
add("no_keep_conn", [get("/a.php?1"), get("/a.php?2")], app=APP + "    no option keep-conn\n")
add("server_close", [get("/a.php?1"), get("/a.php?2")], backend="    option http-server-close")
add("app_closes", [get("/a.php?1"), 0.2, get("/a.php?2")], [[HELLO, "close"]])
add("pass_header", {
    "auth": [get("/a.php", "Authorization: Basic dTpw", "Proxy-Authorization: Basic dTpx", "X-Secret: s")],
    "if": [get("/a.php", "Proxy-Authorization: Basic dTpx", "X-If: 1")],
    "odd": [get("/a.php", "X_Odd: 1", "Keep-Alive: 3", "Proxy: p")],
}, app=APP + """
    pass-header Authorization
    acl iffy req.hdr(x-if) -m found
    pass-header Proxy-Authorization if iffy
    pass-header X_Odd
    pass-header Keep-Alive
    pass-header Proxy
""")
add("set_param", {
    "plain": [get("/a.php?x=1", "X-Foo: v")], "cond": [get("/a.php", "X-If: 1", "Authorization: Digest d")],
}, app=APP + """
    acl iffy req.hdr(x-if) -m found
    set-param REDIRECT_STATUS 200
    set-param FROM_FMT a%[req.hdr(x-foo)]b
    set-param EMPTY %[req.hdr(x-none)]
    set-param SCRIPT_FILENAME /other/%[path] if iffy
    set-param UNLESS yes unless iffy
    set-param TWICE 1
    set-param TWICE 2
    set-param HTTP_X_FOO over
    set-param PHP_AUTH_DIGEST %[req.hdr(Authorization)]
    set-param lower-case x
""")
add("minimal_app", {"php": [get("/a.php/b")], "dir": [get("/d/")], "q": [get("/d/?a=b")]}, app="    docroot /srv/www/\n")
add("path_info_one", {"php": [get("/a.php/b")], "txt": [get("/a.txt/b")]},
    app="    docroot /srv\n    index i.php\n    path-info ^(/.+\\.php)\n")
add("path_info_bytes", {"newline": [get("/a.php/%0a")], "null": [get("/a.php/%00")], "cr": [get("/a.php/%0d")]})
add("set_headers", [get("/a.php", "X-A: 1")], frontend="""
    http-request set-header X-B 2
    http-request del-header X-A
    option forwardfor
    http-request set-path /b.php
    http-request set-query q=1""")
add("restrict", {"preserve": [get("/a.php", "X_Foo: u", "X-Foo: d")]},
    backend="    option http-restrict-req-hdr-names preserve")
add("restrict_reject", {"reject": [get("/a.php", "X_Foo: u", "X-Foo: d")]},
    backend="    option http-restrict-req-hdr-names reject")
add("fetches", {"1": [get("/a.php")]}, app=APP, backend="""
    http-request set-header X-Root %[fcgi.docroot]
    http-request set-header X-Index %[fcgi.index]""")
add("large_params", {"12k": [get("/a.php", "X-Big: " + "x" * 12000)], "many": [get("/a.php", *[f"X-{i}: {'y' * 150}" for i in range(70)])]})

# -- what becomes of what it says. Records that the reference does not survive are in e2e/fcgi.py ---------------------
answers("statuses", {
    "status": out("Status: 404 Not Found\r\n" + CT + "\r\nno") + end(),
    "bare": out("Status: 404\r\n" + CT + "\r\nno") + end(),
    "three": out("Status: 299 My Own Words\r\n\r\nx") + end(),
    "redirect": out("Location: http://a.example/\r\n\r\n") + end(),
    "local": out("Location: /other\r\n\r\n") + end(),
    "both": out("Status: 201 Created\r\nLocation: /other\r\n\r\n") + end(),
    "none": out("X-A: b\r\n\r\nbody") + end(),
    "no fields": out("\r\nbody") + end(),
    "204": out("Status: 204 No Content\r\n\r\n") + end(),
    "304": out("Status: 304 Not Modified\r\n\r\n") + end(),
    "500": out("Status: 500 Oops\r\n\r\nbroken") + end(),
    "lower": out("status: 403 Forbidden\r\n\r\n") + end(),
    "not number": out("Status: abc\r\n\r\nx") + end(),
    "low": out("Status: 99 Low\r\n\r\nx") + end(),
    "high": out("Status: 1000 High\r\n\r\nx") + end(),
    "empty status": out("Status:\r\n\r\nx") + end(),
    "two": out("Status: 404 A\r\nStatus: 403 B\r\n\r\nx") + end(),
    "100": out("Status: 100 Continue\r\n\r\nStatus: 200 OK\r\n\r\nx") + end(),
    "101": out("Status: 101 Switching\r\n\r\nx") + end(),
})
answers("heads", {
    "lf": out("Content-Type: a/b\nX: y\n\nbody") + end(),
    "http line": out("HTTP/1.1 404 Not Found\r\n" + CT + "\r\nbody") + end(),
    "fold": out("X: a\r\n b\r\n\r\nbody") + end(),
    "bad name": out("X y: a\r\n\r\nbody") + end(),
    "no colon": out("garbage\r\n\r\nbody") + end(),
    "control": out("X: a\x01b\r\n\r\nbody") + end(),
    "connection": out("Connection: close\r\nKeep-Alive: 3\r\n\r\nbody") + end(),
    "length": out("Content-Length: 4\r\n\r\nbody") + end(),
    "length short": out("Content-Length: 2\r\n\r\nbody") + end(),
    "length long": out("Content-Length: 9\r\n\r\nbody") + end(),
    "length zero": out("Content-Length: 0\r\n\r\n") + end(),
    "length bad": out("Content-Length: x\r\n\r\nbody") + end(),
    "length twice": out("Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody") + end(),
    "chunked": out("Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n") + end(),
    "te gzip": out("Transfer-Encoding: gzip\r\n\r\nbody") + end(),
    "cookies": out("Set-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\nbody") + end(),
    "empty body": out(CT + "\r\n") + end(),
    "long": out(f"X: {'y' * 14000}\r\n\r\nbody") + end(),
    "too long": out(f"X: {'y' * 20000}\r\n\r\nbody") + end(),
})
answers("records", {
    "pieces": b"".join(out(c) for c in CT + "\r\nhello") + end(),
    "padded": out(CT + "\r\nhe", padding=6) + out("llo", padding=255) + end(padding=5),
    "end of stream": out(CT + "\r\nhello") + out("") + err("") + end(),
    "large": [out(CT + "\r\n" + "z" * 200000) + end()],
    "stderr before": err("PHP message: oops\n") + out(CT + "\r\nhello") + end(),
    "stderr between": out(CT + "\r\nhe") + err("oops") + out("llo") + end(),
    "stderr only": err("oops\n") + end(),
    "nothing": end(),
    "exit code": out(CT + "\r\nhello") + end(status=3),
    "overloaded": end(protocol=2),
    "cant multiplex": end(protocol=1),
    "unknown role": end(protocol=3),
    "odd protocol": end(protocol=9),
    "overloaded late": out(CT + "\r\nhello") + end(protocol=2),
})
answers("broken_records", {
    "version": record(STDOUT, b"X: y\r\n\r\n", version=2) + end(),
    "wrong id": out(CT + "\r\nhello", request=7) + end(request=7),
    "wrong id then right": out("X: other\r\n\r\nno", request=7) + out(CT + "\r\nhello") + end(),
    "management": record(UNKNOWN, b"\x63" + b"\0" * 7, request=0) + out(CT + "\r\nhello") + end(),
    "no words": ["close"],
    "reset": ["reset"],
})
add("late_end", {"1": [get("/a.php"), get("/a.php")]}, [["early", out("Content-Length: 5\r\n\r\nhello"), 0.6, end()]])
add("heads_of_head", {"1": [get("/a.php", method="HEAD"), get("/a.php")]},
    [[out("Content-Length: 5\r\n\r\n") + end()]])
add("head_with_body", {"1": [get("/a.php", method="HEAD"), get("/a.php")]})
add("old_client", {"1": [get("/a.php", version="1.0")], "2": [get("/a.php", "Connection: keep-alive", version="1.0")]})
add("early_answer", {"1": [get("/a.php", "Content-Length: 400000", method="POST", body="x" * 400000)]},
    [["early", out("Status: 413 Too Large\r\nContent-Length: 2\r\n\r\nno") + end(), 0.3]])
add("log_stderr", {"1": [get("/a.php")]}, [[err("one\ntwo\n") + out(CT + "\r\nhello") + err("three") + end()]],
    app=APP + "    log-stderr global\n", lines=4)
add("log_stderr_own", {"1": [get("/a.php")]}, [[err("one\n") + out(CT + "\r\nhello") + end()]],
    app=APP + "    log-stderr @log@ local3 notice\n", lines=2)
add("get_values", {"1": [get("/a.php"), get("/a.php")]}, app=APP + "    option get-values\n",
    values=record(VALUES, pairs(FCGI_MAX_REQS="1", FCGI_MPXS_CONNS="0"), request=0))
add("get_values_unknown", {"1": [get("/a.php"), get("/a.php")]}, app=APP + "    option get-values\n",
    values=record(UNKNOWN, b"\x09" + b"\0" * 7, request=0))
add("get_values_bad", {"1": [get("/a.php")]}, app=APP + "    option get-values\n",
    values=record(VALUES, b"\x20\x20abc", request=0))
add("timeout", {"1": [get("/a.php")]}, [["early", 2.0]], backend="    timeout server 500ms", timers=True)
add("retry", {"1": [get("/a.php")]}, [["close"], [HELLO]], backend="    retry-on empty-response")
add("rules", {"1": [get("/a.php")]}, [[out("X-Bad: 1\r\n" + CT + "\r\nhello") + end()]], backend="""
    http-response del-header X-Bad
    http-response set-header X-Status %[status]
    http-after-response set-header X-After 1""")
add("compression", {"1": [get("/a.php", "Accept-Encoding: gzip")]},
    backend="    compression algo gzip\n    compression type text/plain")

add("large_chunks", {
    "big": [get("/a.php", "Transfer-Encoding: chunked", method="POST", body=chunks("x" * 10000, "y" * 20000))],
})
add("slow_chunks", {
    "1": [slow(get("/a.php", "Transfer-Encoding: chunked", method="POST")), 0.3, chunks("abc", "defg").encode()],
    "2": [slow(get("/a.php", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n"), 0.3, b"4\r\ndefg\r\n0\r\n\r\n"],
}, timers=True)

def check(name, script, backend):
    def run(w):
        made = app_farm(w, script, backend=backend, server="check inter 100ms rise 1 fall 1")
        until(lambda: w.stat("be", "s1")["check_status"] not in ("", "INI"), what="a check")
        until(lambda: len(made.heard()) > 1, what="another check")
        w.observe("told", "\n".join(made.heard()[0]))
        row = w.stat("be", "s1")
        w.observe("said", " ".join(row[name] for name in ("status", "check_status", "check_code", "last_chk")))
    add_scenario(f"fcgi_check_{name}", run)


check("usual", HELLO, "    option httpchk")
check("get", HELLO, "    option httpchk GET /p.php/x?y=z HTTP/1.1\n    http-check send hdr Host site")
check("post", HELLO, "    option httpchk\n    http-check send meth POST uri /p.php body hello")
check("not_found", out("Status: 404 Nope\r\n\r\n") + end(), "    option httpchk")
check("string", HELLO, "    option httpchk\n    http-check expect string hello")
check("other_string", HELLO, "    option httpchk\n    http-check expect string nothing")

if __name__ == "__main__":
    main()
