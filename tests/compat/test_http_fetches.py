#!/usr/bin/env python3
"""Sample fetches of HTTP requests and responses: each one's value in both programs, by way of a variable and the log."""
from harness import add_scenario, main
from wire import answer_requests

FIELDS = [f"req.{name}" for name in (
    "hdr(x)", "hdr(x,1)", "hdr(x,-2)", "hdr(x,-9)", "hdr_cnt(x)", "fhdr(x)", "fhdr(x,1)", "fhdr_cnt(x)", "hdr_cnt", "fhdr_cnt",
    "hdr_ip(x)", "hdr_ip(x,1)", "hdr_names", "hdr_names(:)", "hdrs,length", "hdrs_bin,hex")] + ["hdr(x)", "hdr(host)"]
COOKIES = ["req.cook(a)", "req.cook", "req.cook_cnt(a)", "req.cook_cnt", "req.cook_val(n)", "req.cook(A)", "cookie(a)"]
TARGET = ["base", "baseq", "base32", "path", "pathq", "query", "url", "url32", "url_ip", "urlp(a)", "urlp", "urlp(c)", "urlp(a,;)",
          "urlp(c,;)", "url_param(b)", "urlp_val(a)", "urlp_val(b)", "base32+src,hex,length", "url32+src,hex,length"]
MESSAGE = ["method", "req.ver", "req.body", "req.body_len", "req.body_size", "req.body_param(a)", "req.body_param"]

REQUESTS = [
    b'GET /p/q;a=0?a=1&b=x&a=2;c=3 HTTP/1.1\r\nHost: h:81\r\nX: a, "b,c" ,d\r\nX: 10.0.0.1:80 ,, 10.0.0.2\r\n'
    b'Cookie: a=1; b = 2 ;A=5; a=3;c; n=7x\r\nCookie: a="4 5"; d=\r\n\r\n',
    b"GET /p;a=1?c=2 HTTP/1.1\r\nHost: a\r\nX:\r\nX: \r\nCookie: a\r\n\r\n",
    b"GET http://10.0.0.9:8080/?=1&a HTTP/1.1\r\nHost: 10.0.0.9:8080\r\nX: ,\r\nX: ::1\r\nCookie: ;; =x; y=z\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: h\r\nX: 192.168.0.1\r\nX: -5\r\n\r\n",
    b"GET /? HTTP/1.0\r\nX: 1,2,3 \r\nX: 1.2.3.4:x\r\n\r\n",
    b"POST /x?A=9 HTTP/1.1\r\nHost: h\r\nContent-Length: 16\r\nX: 1.2.3.4 \r\n\r\na=1&A=2&b=3;d=4x",
    b"POST /x?a= HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=5\r\n0\r\n\r\n",
]

ACLS = ["method GET HEAD", "hdr(x) a", "hdr(x) D", "hdr(x,1) d", "hdr_beg(x) 10", "hdr_end(x) .2", "hdr_cnt(x) gt 2", "hdr_dom(host) h",
        "hdr_ip(x) 10.0.0.1", "hdr_ip(x) 10.0.0.3", "req.cook(a) 1", "req.cook(a) 9", "cook_cnt(a) 2", "cook_beg(n) 7", "urlp(a) 2",
        "urlp 3", "urlp_reg(c) ^3$", "path_dir q", "path_beg /p", "path_end .x", "url_sub c=3", "base_beg h:81/p", "req.hdr(x),upper A",
        "req.fhdr(x) -m sub b,c", "hdr(none) -m found", "hdr(x) -m found", "req.body_param(a) -m str 5", "METH_POST", "HTTP_1.0",
        "HTTP_CONTENT", "HTTP_URL_STAR", "HTTP_URL_ABS", "HTTP_URL_SLASH"]

FRONT = """
frontend fe
    mode http
    bind @fe@
    log-format "%s"
    option http-buffer-request
    %s
    default_backend be
backend be
    mode http
    server s1 @s1@
"""


def run_requests(w, labels, rules, behaviour=answer_requests, requests=REQUESTS):
    w.server("s1", behaviour)
    w.start(FRONT % (" ".join(f"<{n}>%[var(txn.v{n})]" for n in range(len(labels))) + "<end>", "\n    ".join(rules)))
    for number, request in enumerate(requests):
        with w.client("fe") as client:
            client.send(request)
            client.line()
        line = w.log.next("<0>")
        for n, label in enumerate(labels):
            w.observe(f"{number} {label}", line.split(f"<{n}>", 1)[1].split("<", 1)[0])


def fetches_scenario(names):
    return lambda w: run_requests(w, names, [f"http-request set-var(txn.v{n}) {name}" for n, name in enumerate(names)])


def acls_scenario(w):
    conditions = [text if text.isupper() else "{ %s }" % text for text in ACLS]
    run_requests(w, ACLS, [f"http-request set-var(txn.v{n}) int(1) if {condition}" for n, condition in enumerate(conditions)])


RESPONSE = (b"HTTP/1.1 302 Found\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\nVary: x, y\r\nVia: 10.0.0.1\r\nAge: 12\r\n"
            b"Content-Length: 2\r\n\r\nok")
RESPONSES = ["status", "res.ver", "res.hdr(vary)", "res.hdr(vary,1)", "res.fhdr(vary)", "res.hdr_cnt(vary)", "res.fhdr_cnt",
             "res.hdr_ip(via)", "res.hdr_val(age)", "res.hdr_names", "res.cook(a)", "res.cook(b)", "res.cook_cnt", "res.cook_val(b)",
             "hdr(vary)", "cookie(b)", "shdr(vary)", "scook(a)"]


def respond(server, conn):
    while conn.recv(65536):
        conn.sendall(RESPONSE)


def responses_scenario(w):
    rules = [f"http-response set-var(txn.v{n}) {name}" for n, name in enumerate(RESPONSES)]
    run_requests(w, RESPONSES, rules, respond, REQUESTS[1:2])


def where_the_client_connected_to(w):
    """With a log format that does not ask for it."""
    w.server("s1", answer_requests)
    w.start("""
frontend fe
    mode http
    bind @fe@
    option httplog
    http-request return status 200 content-type text/plain lf-string "%[dst]:%[dst_port] %[dst_is_local]"
""")
    _, port = w.address("fe")
    with w.client("fe") as client:
        client.send(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        w.observe("dst", client.rest().rsplit(b"\r\n", 1)[-1].replace(str(port).encode(), b"PORT"))


for _name, _fetches in {"fields": FIELDS, "cookies": COOKIES, "target": TARGET, "message": MESSAGE}.items():
    add_scenario(f"http_fetch_{_name}", fetches_scenario(_fetches))
add_scenario("http_fetch_acls", acls_scenario)
add_scenario("http_fetch_responses", responses_scenario)
add_scenario("http_fetch_dst", where_the_client_connected_to)

if __name__ == "__main__":
    main()
