#!/usr/bin/env python3
"""What requests say about themselves and what is kept of them: credentials, userlists, captures, names of fields, targets."""

from harness import add_scenario, main
from web import OK, WebClient, basic, get, web
from wire import answer_requests, until

# The hash: openssl passwd -5 -salt saltsalt s3cret
FRONT = """
userlist staff
    group guests users bob,ada
    user ada insecure-password s3cret groups admins
    user bob password $5$saltsalt$i1q2ZQzc.tl/BQ6CHiENAcVDvEY6nJ1OWlWXKh94b1.
    group admins
    group others

frontend fe
    mode http
    bind @fe@
    log-format "%s"
    %s
    default_backend be
backend be
    mode http
    %s
    server s1 @s1@
"""
AUTHORIZATIONS = ["X: y", basic("ada:s3cret"), basic("ada:s3cre"), basic("bob:s3cret"), basic("bob:x"), basic("eve:"), basic("ada"),
                  basic(":"), "Authorization: basic   YWRhOnM=", "Authorization: Bearer  a b", "Authorization: Digest abc",
                  "Authorization: Basic", "Authorization: Basic !!!", "X-Token: Bearer t.u"]
AUTH = ["http_auth(staff)", "http_auth_group(staff)", "http_auth_user", "http_auth_pass", "http_auth_type", "http_auth_bearer",
        "http_auth_bearer(x-token)"]
GROUPS = ["http_auth_group(staff) admins", "http_auth_group(staff) guests", "http_auth_group(staff) others guests"]


def each(w, expressions, conditions, requests):
    rules = [f"http-request set-var(txn.v{n}) {one}" for n, one in enumerate(expressions)]
    rules += [f"http-request set-var(txn.c{n}) int(1) if {{ {one} }}" for n, one in enumerate(conditions)]
    names = [f"v{n}" for n in range(len(expressions))] + [f"c{n}" for n in range(len(conditions))]
    w.server("s1", answer_requests)
    w.start(FRONT % (" ".join(f"<{name}>%[var(txn.{name})]" for name in names) + "<end>", "\n    ".join(rules), ""))
    for number, request in enumerate(requests):
        with w.client("fe") as client:
            client.send(request)
            client.line()
        line = w.log.next("<v0>")
        for name, label in zip(names, list(expressions) + list(conditions)):
            w.observe(f"{number} {label}", line.split(f"<{name}>", 1)[1].split("<", 1)[0])


def credentials(w):
    each(w, AUTH, GROUPS, [get("/", "Connection: close", one) for one in AUTHORIZATIONS])


def logged(w):
    return w.log.next("<0>").split("<0>")[1].strip()


def transaction(w):
    w.server("s1", answer_requests)
    w.start(FRONT % ("<0>%[capture.req.method] %[capture.req.uri] %[capture.req.ver] %[capture.res.ver] %[http_first_req]",
                     "http-request set-uri /elsewhere\n    http-request set-method PUT\n    http-request deny if { hdr(x) deny }", ""))
    for number, request in enumerate([b"GET /a?b=1 HTTP/1.1\r\nHost: h\r\n\r\n", b"GET http://h/a?b HTTP/1.1\r\nHost: h\r\n\r\n",
                                      b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n",
                                      b"GET / HTTP/1.1\r\nHost: h\r\nX: deny\r\n\r\n"]):
        with w.client("fe") as client:
            client.send(request)
            client.line()
        w.observe(f"line {number}", logged(w))
    with w.client("fe") as client:
        for number in range(2):
            client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            client.line()
            w.observe(f"again {number}", logged(w))


def arrived(w, rules, requests, backend="", more_global=""):
    """What the server hears of each request, and how the log ends."""
    server = w.server("s1", answer_requests)
    w.start(FRONT % ("<0>%ts %ST %HU", rules, backend), more_global=more_global)
    for number, request in enumerate(requests):
        before = len(server.received)
        with w.client("fe") as client:
            client.send(request)
            w.observe(f"answer {number}", client.line())
        w.observe(f"line {number}", logged(w))
        w.observe(f"heard {number}", bytes(server.received[before:]).decode("latin-1"))


TARGETS = ["GET /%%zz?b=%%2f&a HTTP/1.1", "GET //a/./b//../c?z=1&a=2#f HTTP/1.1", "GET /%%7euser/%%41?%%2d HTTP/1.1",
           "GET /../../x HTTP/1.1", "GET http://h//a/../b HTTP/1.1", "OPTIONS * HTTP/1.1"]
NORMALIZERS = ["path-merge-slashes", "path-strip-dot", "path-strip-dotdot", "path-strip-dotdot full", "percent-decode-unreserved",
               "percent-decode-unreserved strict", "percent-to-uppercase", "percent-to-uppercase strict", "query-sort-by-name"]


def normalize(kind):
    requests = [(one.replace("%%", "%") + "\r\nHost: h\r\nConnection: close\r\n\r\n").encode() for one in TARGETS]
    return lambda w: arrived(w, f"http-request normalize-uri {kind}", requests, more_global="expose-experimental-directives")


NAMES = [b"GET / HTTP/1.1\r\nHost: h\r\nx_a: 1\r\nx.b: 2\r\nX-C1: 3\r\nConnection: close\r\n\r\n",
         b"GET / HTTP/1.1\r\nHost: h\r\nX-C: 3\r\nConnection: close\r\n\r\n"]


def restrict(policy, frontend):
    line = f"option http-restrict-req-hdr-names {policy}"
    return lambda w: arrived(w, line if frontend else "", NAMES, "" if frontend else line)


def case_adjust(w):
    arrived(w, "", NAMES[1:], "option h1-case-adjust-bogus-server\n    option http-server-close",
            "h1-case-adjust x-c X-C\n    h1-case-adjust connection Connection")


PORTS = [(f"GET {target} HTTP/1.1\r\n" + (f"Host: {host}\r\n" if host else "") + "\r\n").encode()
         for target in ("http://h:80/x", "http://h/x", "http://h:/x", "http://u@h:80/x", "https://h:443/x", "http://h:81/x", "http://h:443/")
         for host in ("h", "h:80", "h:443", "h:81")]

TRAILERS = [b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Trail: Yes: No\r\nETag:1\r\n\r\n"]
BROKEN = [b"zz\r\n", b"2\r\nabc", b"2\r\nab\r\n0\r\nContent-Length: 3\r\n\r\n"]


def broken_chunks(w):
    """An answer whose first chunk comes with the head and is none."""
    server = w.server("s1")
    w.start(FRONT % ("<0>%ts %ST", "", ""))
    for number, body in enumerate(BROKEN):
        def answer(_server, conn, body=body):
            conn.recv(65536)
            conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
            conn.recv(65536)
        server.behaviour = answer
        with w.client("fe") as client:
            client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            w.observe(f"answer {number}", client.line())
        w.observe(f"line {number}", logged(w))


for _name, _run in {"broken_chunks": broken_chunks, "trailers": lambda w: arrived(w, "", TRAILERS), "credentials": credentials, "transaction": transaction, "case_adjust": case_adjust,
                    "default_port": lambda w: arrived(w, "", PORTS)}.items():
    add_scenario(f"http_rest_{_name}", _run)
for _kind in NORMALIZERS:
    add_scenario(f"http_rest_normalize_{_kind.replace(' ', '_').replace('-', '_')}", normalize(_kind))
for _policy in ("preserve", "delete", "reject"):
    for _front in (True, False):
        add_scenario(f"http_rest_names_{_policy}_{'front' if _front else 'back'}", restrict(_policy, _front))



def interim_counters(w):
    """Who counts 100 Continue and 103 Early Hints."""
    web(w, "s1", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + OK)
    w.start(FRONT % ("%ST", "", ""))
    with WebClient(w.address("fe")) as client:
        client.send(get("/", "Connection: close"))
        w.observe("answer", client.answer())
    until(lambda: w.stat("be", "BACKEND")["scur"] == "0", what="the connection to be over")
    for proxy, name in (("fe", "FRONTEND"), ("be", "BACKEND"), ("be", "s1")):
        row = w.stat(proxy, name)
        w.observe(f"{proxy}/{name}", f"{row['hrsp_1xx']} {row['hrsp_2xx']}")


add_scenario("http_rest_interim_counters", interim_counters)

if __name__ == "__main__":
    main()
