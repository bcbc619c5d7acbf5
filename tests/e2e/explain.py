#!/usr/bin/env python3
"""`weir explain` and `explain next`: the way of one request through a configuration, as a person reads it. Runs on $WEIR."""
import os
import socket
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import BALANCER, equal, run, true  # noqa: E402
from wire import answer_requests, greet, rdp_request, until  # noqa: E402

HTTP = """
frontend fe
    mode http
    bind @fe@
    acl is_api path_beg /api/
    acl is_inside src 10.0.0.0/8
    tcp-request connection reject if { src 203.0.113.0/24 }
    http-request deny if is_api !is_inside
    use_backend api if is_api
    default_backend web
backend api
    mode http
    server a1 @s1@ check
backend web
    mode http
    balance roundrobin
    cookie SRV insert
    http-response set-header x-seen yes if { status 200 }
    server w1 @s1@ cookie w1
    server w2 @s1@ cookie w2
"""
TCP = """
frontend fe
    mode tcp
    bind @fe@
    tcp-request inspect-delay 5s
    tcp-request content accept if RDP_COOKIE
    tcp-request content accept if { req.ssl_hello_type 1 }
    tcp-request content reject
    use_backend mail if { req.ssl_sni -i mail.example.com }
    default_backend rdp
backend rdp
    mode tcp
    balance leastconn
    stick-table type string len 32 size 10k expire 8h
    stick on rdp_cookie(mstshash)
    server srv01 @s1@
backend mail
    mode tcp
    server m1 @s1@
"""


def offline(w, config, *words, request=None, status=0):
    path = w.write("defaults\n    timeout client 5s\n    timeout server 5s\n    timeout connect 5s\n" + config + "\n", "explained.cfg")
    more = ["--request", "-"] if request is not None else []
    done = subprocess.run([BALANCER, "explain", "-f", path, *words, *more], input=request, capture_output=True, text=True, timeout=60)
    equal(done.returncode, status, f"exit status, {done.stderr}")
    return (done.stdout or done.stderr).replace(path, "cfg")


def a_request_is_told_rule_by_rule(w):
    w.server("s1", greet)
    text = offline(w, HTTP, "--src", "10.0.0.7", request="GET /api/users HTTP/1.1\nHost: x\n")
    at = text.index("  at ")
    equal(text[:at], """connection from 10.0.0.7:40000 at frontend 'fe'
tcp-request connection of 'fe'
  cfg:11: reject if { src 203.0.113.0/24 }
      src 203.0.113.0/24
        src = 10.0.0.7
    { ... }: no
    -> does not apply
request from 10.0.0.7:40000 at frontend 'fe'
  GET /api/users HTTP/1.1
http-request of 'fe'
  cfg:12: deny if is_api !is_inside
      path_beg /api/
        path_beg = "/api/users"
    is_api: yes
      src 10.0.0.0/8
        src = 10.0.0.7
    not is_inside: no
    -> does not apply
cfg:13: use_backend api if is_api
    path_beg /api/
      path_beg = "/api/users"
  is_api: yes
backend 'api'
server 'a1': balance random among 1 usable of 1 servers
""", "the whole way")


def who_is_refused_and_who_is_known(w):
    w.server("s1", greet)
    text = offline(w, HTTP, "--src", "198.51.100.7", request="GET /api/users HTTP/1.1\r\nHost: x\r\n\r\n")
    true("not is_inside: yes\n    -> denied\n" in text and text.endswith("the client is told: HTTP/1.1 403 Forbidden\n"), text)
    text = offline(w, HTTP, "--src", "203.0.113.9")
    true(text.endswith("-> rejected\nended with state 'PR'\n"), text)
    text = offline(w, HTTP, request="GET / HTTP/1.1\nHost: x\nCookie: SRV=w2\n")
    true("backend 'web'\nthe persistence cookie names server 'w2'\nserver 'w2': named as told above\n" in text, text)
    text = offline(w, HTTP + "    stats uri /stats\n    stats http-request deny unless { src 10.0.0.0/8 }\n", "--src", "10.0.0.7", request="GET /stats HTTP/1.1\nHost: x\n")
    true("stats http-request of 'web'" in text and text.endswith("the client is told: HTTP/1.1 200 OK\n"), text)
    text = offline(w, HTTP, request="no request at all\n")
    true("the client is told: HTTP/1.1 400 Bad request" in text, text)


def rdp_and_tls_are_asked_for_by_name(w):
    w.server("s1", greet)
    text = offline(w, TCP, "--rdp-cookie", "mstshash=ada")
    true('rdp_cookie(mstshash) = "ada"' in text and "server 'srv01': balance leastconn" in text, text)
    text = offline(w, TCP, "--sni", "Mail.example.com")
    true('req.ssl_sni = "Mail.example.com"' in text and "backend 'mail'" in text, text)
    text = offline(w, TCP, request="SSH-2.0-x\n")
    true("-> rejected" in text, text)


def nothing_outside_is_touched(w):
    """While a request waits for its body: no check, agent, ring's server or log is spoken to."""
    met = []

    def meet(connection, *_):
        met.append(connection)
    for name in ("s1", "agent", "syslog"):
        w.server(name, meet)
    agent = "agent-addr %s agent-port %d" % w.address("agent")
    config = f"""
ring far
    format raw
    size 8k
    server one @syslog@
defaults
    mode http
    timeout client 5s
    timeout http-request 1500ms
frontend fe
    bind @fe@
    log ring@far local0
    option http-buffer-request
    default_backend be
backend be
    server a @s1@ check inter 50ms agent-check {agent} agent-inter 50ms
"""
    text = offline(w, config, request="POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
    true("ended with state 'cR', status 408" in text, text)
    equal(len(met), 0, "connections")


def wrong_words_are_told(w):
    for words, said in ((["--src", "nobody"], "'nobody' is no address"), (["--frontend", "nobody"], "there is no frontend 'nobody'"),
                        (["--request", "/nowhere"], "cannot read '/nowhere'"), (["--what", "x"], "'--what' is not known here"),
                        (["--src"], "'--src' needs a value"), (["--rdp-cookie", "mstshash=a\r\nb"], "an RDP cookie is one line"),
                        (["--rdp-cookie", "mstshash=" + "a" * 300], "an RDP cookie is one line")):
        true(said in offline(w, HTTP, *words, status=1), said)
    equal(offline(w, "backend be\n", status=1).split("\n")[0], "weir explain: the configuration has no frontend", "no frontend")
    true("bnlance" in offline(w, "backend be\n    bnlance x\n", status=1), "a broken file is told as always")


def wish(w, command):
    """The command on its way in a thread, and where its answer will be."""
    heard = []
    asking = threading.Thread(target=lambda: heard.append(w.cli(command)))
    asking.start()
    return asking, heard


def explained(w, command):
    """What it says of the first request behind it: requests come until then."""
    asking, heard = wish(w, command)
    with w.client("fe") as client:
        until(lambda: ask(client) and heard, what="the explanation")
    asking.join(20)
    return heard[0]


def live_traffic_is_told_to_who_asks(w):
    w.server("s1", answer_requests)
    w.start(HTTP)
    text = explained(w, "explain next src 127.0.0.0/8 frontend fe within 20s")
    for piece in ("request from 127.", "http-request of 'fe'", "is_api: no", "backend 'web'", "balance roundrobin among 2 usable of 2",
                  "http-response of 'web'", "status = 200", "-> done", "ended with state '--', status 200"):
        true(piece in text, f"{piece} in:\n{text}")
    true("no address or network" in w.cli("explain next src nobody"), "a wrong word")
    true("Nothing fitted" in w.cli("explain next src 192.0.2.0/24 within 50ms"), "nobody came")


def conditions_choose_the_request(w):
    """Whatever the language can say, as soon as it can be said: of the request, of the choice, of the answer."""
    w.server("s1", answer_requests)
    w.start(HTTP.replace("    http-request deny if is_api !is_inside\n", ""))
    other = b"GET /other HTTP/1.1\r\nHost: other\r\n\r\n"
    for condition in ("{ path_beg /a } { req.hdr(host) -i WWW }", "{ be_name api }", "{ srv_name a1 }", "METH_GET { path /api/x }",
                      "{ src 127.0.0.0/8 } { status 403 } or { status 200 } !{ hdr(host) other }", "{ res.hdr(content-length) 2 } { be_name api }"):
        asking, heard = wish(w, f"explain next within 20s if {condition}")
        with w.client("fe") as client:
            def both(client=client, heard=heard):
                for request in (other, b"GET /api/x HTTP/1.1\r\nHost: www\r\nx-y: 1\r\n\r\n"):
                    client.send(request)
                    read_answer(client)
                return heard
            until(both, what=f"the explanation for {condition}")
        asking.join(20)
        true("GET /api/x" in heard[0] and "/other" not in heard[0], f"{condition}:\n{heard[0]}")
    text = w.cli("explain next within 100ms if { status 599 }")
    true("Nothing fitted" in text, text)


def words_that_are_no_condition_are_told(w):
    w.server("s1", answer_requests)
    w.start(HTTP)
    w.write("secret\n", "list")
    for words, said in (("if", "a condition is missing after 'if'"), ("if is_api", "no ACL is named 'is_api'"), ("if { pth /x }", "did you mean"),
                        ("if { path -f @dir@/list }", "lists of patterns are not looked into here"),
                        ("if { path,map(@dir@/list) -m found }", "files are not read from here"),
                        ("if { src www.example.com }", "names are not looked up from here"), ("if { path", "never closed"),
                        ("if { nbsrv(api) gt 1 }", "nbsrv"), ("if { path_reg ( }", "regular")):
        text = w.cli("explain next within 1s " + w.expand(words))
        true(said in text, f"{words}: {text}")


def the_cookie_of_an_rdp_session_is_known_when_it_is_there(w):
    w.server("s1", greet)
    w.start(TCP)
    asking, heard = wish(w, "explain next within 20s if { req.rdp_cookie(mstshash) ada }")

    def come():
        for user in (b"bob", b"ada"):
            with w.client("fe") as client:
                client.send(rdp_request(user))
                client.line()
        return heard
    until(come, what="the explanation")
    asking.join(20)
    true('rdp_cookie(mstshash) = "ada"' in heard[0] and "bob" not in heard[0], heard[0])


def who_asked_and_left_wishes_no_more(w):
    """More of them than the socket has room for: the next one is served, and told of the next request."""
    w.server("s1", answer_requests)
    w.start(HTTP.replace("    http-request deny", "    http-request set-var(txn.a) str(b)\n    http-after-response set-header x-f yes\n    http-request deny")
            .replace("    cookie SRV", "    http-after-response set-header x-b yes\n    cookie SRV"))
    for _ in range(12):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as gone:
            gone.settimeout(20)
            gone.connect(w.sock)
            gone.sendall(b"explain next within 1h\n")
    text = explained(w, "explain next within 20s")
    true("http-after-response of 'web'" in text and "http-after-response of 'fe'" in text, text)


def what_has_not_ended_is_told_apart(w):
    w.server("s1", answer_requests)
    w.start(HTTP)
    asking, heard = wish(w, "explain next within 1s")
    clients = []
    while asking.is_alive():  # one of them is the first that comes behind the wish, and none says a word
        clients.append(w.client("fe"))
        asking.join(0.1)
    equal(heard[0].strip(), "What fitted has not ended yet.", "the answer")
    for client in clients:
        client.close()


def read_answer(client):
    length = 0
    while (line := client.line().strip()) != b"":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    client.exactly(length)


def ask(client):
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    return b"200" in client.line()


run([a_request_is_told_rule_by_rule, who_is_refused_and_who_is_known, rdp_and_tls_are_asked_for_by_name, nothing_outside_is_touched, wrong_words_are_told,
     live_traffic_is_told_to_who_asks, conditions_choose_the_request,
     words_that_are_no_condition_are_told, the_cookie_of_an_rdp_session_is_known_when_it_is_there, who_asked_and_left_wishes_no_more, what_has_not_ended_is_told_apart], 2)
