#!/usr/bin/env python3
"""HTTP connections through what happens to them: reload, stops, servers that close what rests or never end, clients that
do not read, pipes that run out, values that would begin a line of their own. Runs on $WEIR.
"""
import os
import re
import signal
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import connect, equal, reload, run, true  # noqa: E402
from wire import reset, until  # noqa: E402

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
    w.configure(SETTINGS + FRONTEND.format(rules) + BACKEND)
    reload(w)


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


def large_answers_when_pipes_run_out(w):
    size = 3_000_000

    def large(server, conn):
        conn.recv(65536)
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
        conn.recv(1)
    w.server("s1", large)
    w.start(SETTINGS + FRONTEND.format("") + BACKEND, more_global="maxpipes 2\n    tune.sndbuf.client 65536")
    clients = [connect(w, receive_buffer=65536) for _ in range(8)]
    for conn in clients:
        conn.sendall(REQUEST)  # nobody reads yet: every transfer is held up half-way
    until(lambda: int(w.stat("be", "s1").get("scur")) == 8, what="all to be served")
    for number, conn in enumerate(clients):
        left = size + len(b"HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n")
        while left > 0:
            more = conn.recv(1 << 20)
            if not more:
                break
            left -= len(more)
        equal(left, 0, f"client {number} has all of it")
    used = [line for line in w.cli("show info").splitlines() if line.startswith("PipesUsed")]
    equal(used, ["PipesUsed: 0"], "and no pipe is kept by clients that wait")


def interim_answers_without_end(w):
    stalled = threading.Event()

    def chatty(server, conn):
        conn.recv(65536)
        conn.settimeout(1)
        try:
            while True:
                conn.sendall(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 1000)
        except TimeoutError:
            stalled.set()
    w.server("s1", chatty)
    w.start(SETTINGS + FRONTEND.format("") + BACKEND)
    conn = connect(w)
    conn.sendall(REQUEST)
    true(stalled.wait(20), "a server is not listened to while its client does not read")


def interim_answers_that_fill_a_buffer(w):
    hint = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    counts = iter(range(16384 // len(hint) - 2, 16384 // len(hint) + 300))

    def chatty(server, conn):
        while conn.recv(65536):
            conn.sendall(hint * next(counts) + ANSWER)
    w.server("s1", chatty)
    w.start(SETTINGS + FRONTEND.format("") + BACKEND)
    conn = connect(w)
    for _ in range(300):
        conn.sendall(REQUEST)
        data = b""
        while not data.endswith(ANSWER.lower()):
            more = conn.recv(65536)
            if not more:
                break
            data = (data + more.lower())[-2 * len(ANSWER):]
        if not data.endswith(ANSWER.lower()):
            break
    true(data.endswith(ANSWER.lower()), "the answer comes wherever the buffer ends")


def half_a_head_and_a_reset(w):
    def leaves(server, conn):
        conn.recv(65536)
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")
        reset(conn)
    w.server("s1", leaves)
    w.start(SETTINGS + FRONTEND.format("") + BACKEND)
    for number in range(5):
        equal(ask(connect(w)), b"HTTP/1.1 502 Bad Gateway", f"told at once {number}")


def line_ends_stay_out_of_heads(w):
    w.server("s1", web)
    w.start(SETTINGS + FRONTEND.format(
        "    http-request return status 200 hdr x-a %[urlp(a),url_dec] if { path /return }\n"
        "    http-request redirect location /%[urlp(a),url_dec] if { path /redirect }\n"
        "    http-request redirect location / set-cookie-fmt a=%[urlp(a),url_dec] if { path /cookie }\n"
        "    http-request set-header x-b %[urlp(a),url_dec]\n"
        "    http-response set-header x-c %[str(a%0d%0aevil:1),url_dec]") + BACKEND)
    for path in (b"/return", b"/redirect", b"/cookie", b"/other"):
        conn = connect(w)
        conn.sendall(b"GET " + path + b"?a=b%0d%0aevil:%201%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head = b""
        while more := conn.recv(65536):
            head += more
        true(b"\nevil" not in head and b"\0" not in head, f"{path}: {head!r}")


def a_login_stays_with_its_client(w):
    def asks(server, conn):
        first = True
        while heard := conn.recv(65536):
            server.heard(heard)
            challenge = b"HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM abc\r\nContent-Length: 0\r\n\r\n"
            conn.sendall(challenge if first else ANSWER)
            first = False
    w.server("s1", asks)
    w.start(SETTINGS + FRONTEND.format("") + BACKEND.replace("be\n", "be\n    http-reuse always\n"))
    one, other = connect(w), connect(w)
    equal(ask(one), b"HTTP/1.1 401 No", "the first is asked to log in")
    equal(ask(other), b"HTTP/1.1 401 No", "another gets a connection of its own")
    equal(ask(one), b"HTTP/1.1 200 OK", "who has logged in comes back to the connection")
    equal(int(w.stat("be", "s1").get("srv_icur")), 0, "which rests for nobody else")


def closes_on_post(server, conn):
    """Answers what is asked, and closes without a word when something is to be done."""
    while heard := conn.recv(65536):
        server.heard(heard)
        if heard.startswith(b"POST"):
            return
        conn.sendall(ANSWER)


POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"


def what_may_not_be_done_twice_is_sent_once(w):
    server = w.server("s1", closes_on_post)
    w.start(SETTINGS + FRONTEND.format("") + "backend be\n    http-reuse always\n    server s1 @s1@\n")
    conn = connect(w)
    equal(ask(conn), b"HTTP/1.1 200 OK", "the connection rests")
    equal(ask(conn, POST), b"", "a POST that got no answer: its client knows whether to come again")
    equal(server.received.count(b"POST"), 1, "was sent once")
    conn = connect(w)
    equal(ask(conn), b"HTTP/1.1 200 OK", "another one rests")
    equal(ask(connect(w), POST), b"HTTP/1.1 502 Bad Gateway", "a client's first request has an answer")
    equal(server.received.count(b"POST"), 2, "and was sent once")


def a_pool_that_all_left_is_tidied_up(w):
    w.server("s1", web)
    w.server("s2", web)
    w.start(SETTINGS + FRONTEND.format("    use_backend other if { path /other }") + BACKEND +
            "backend other\n    server s2 @s2@ pool-purge-delay 1ms\n")
    conn = connect(w)
    equal(ask(conn), b"HTTP/1.1 200 OK", "a connection to s1 rests")
    equal(ask(conn, REQUEST.replace(b"/", b"/other", 1)), b"HTTP/1.1 200 OK", "one to s2 rests as well")
    conn.sendall(POST[:-1])  # back to work, and no other takes its place
    until(lambda: w.stat("be", "s1").get("srv_icur") == "0", what="s1's connection at work")
    until(lambda: w.stat("other", "s2").get("srv_icur") == "0", what="the purge of what rests")
    equal(ask(conn, POST[-1:]), b"HTTP/1.1 200 OK", "weir is still there")


def what_is_used_again_says_so(w):
    w.server("s1", web)
    w.start(SETTINGS + FRONTEND.format("    http-response set-header x-reused %[bc_reused]") + BACKEND)
    conn = connect(w)
    for used in (b"0", b"1", b"1"):
        conn.sendall(REQUEST)
        head = conn.recv(65536).split(b"\r\n\r\n")[0]
        true(b"x-reused: " + used in head, f"bc_reused is {used}: {head}")


def no_port_waits_behind_a_connection_that_rested(w):
    ends = []

    def watch(server, conn):
        conn.recv(65536)
        conn.sendall(ANSWER)
        try:
            ends.append(conn.recv(1))
        except ConnectionResetError:
            ends.append("reset")
    w.server("s1", watch)
    w.start(SETTINGS + FRONTEND.format("") + "backend be\n    server s1 @s1@ pool-max-conn 0\n")
    conn = connect(w)
    equal(ask(conn), b"HTTP/1.1 200 OK", "a request")
    conn.close()
    until(lambda: ends, what="the end of the server's connection")
    equal(ends, ["reset"], "nothing is under way: it is reset")


def what_is_still_on_its_way_arrives(w):
    size = 400_000
    answered = threading.Event()
    got = []

    def hasty(server, conn):
        """Answers before it has read the body, and reads the body when its client has the answer."""
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        head = conn.recv(200)
        conn.sendall(ANSWER)
        answered.wait(10)
        try:
            while piece := conn.recv(65536):
                head += piece
        except ConnectionResetError:
            pass
        got.append(len(head.split(b"\r\n\r\n", 1)[1]))
    w.server("s1", hasty)
    w.start(SETTINGS + FRONTEND.format("") + "backend be\n    server s1 @s1@ pool-max-conn 0\n",
            more_global="    tune.sndbuf.server 4194304\n")
    conn = connect(w)
    conn.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
    equal(ask(conn, b""), b"HTTP/1.1 200 OK", "an answer that came early")
    answered.set()
    until(lambda: got, what="the end of the server's connection")
    equal(got, [size], "the whole body came before the connection ended")


def connections_do_not_pile_up(w):
    w.server("s1", web)
    w.start(SETTINGS + FRONTEND.format("") + BACKEND)
    for _ in range(100):
        conn = connect(w)
        equal(ask(conn), b"HTTP/1.1 200 OK", "one request of one client")
        conn.close()
    true(int(w.stat("be", "s1").get("srv_icur")) <= 2, "a connection or two rest, not one of each client")


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


def bytes_of_every_request_count(w):
    """What a connection's entry is told of is each request's and answer's own, also of those sent without waiting."""
    w.server("s1", web)
    w.start(SETTINGS + FRONTEND.format(
        "    stick-table type ip size 1k store bytes_in_cnt,bytes_out_cnt,http_req_cnt\n"
        "    tcp-request connection track-sc0 src\n") + BACKEND)
    counted = re.compile(r"http_req_cnt=(\d+) bytes_in_cnt=(\d+) bytes_out_cnt=(\d+)")
    conn = connect(w)
    sizes = [2000, 10, 10, 700]
    sent = 0
    for number, size in enumerate(sizes, 1):
        request = b"GET / HTTP/1.1\r\nHost: x\r\nX-Filler: " + b"y" * size + b"\r\n\r\n"
        ask(conn, request)
        sent += len(request)
        # The client has the answer a moment before the request is over.
        until(lambda n=number: int(counted.search(w.cli("show table fe")).group(3)) == n * len(ANSWER), what="the bytes of the answers")
        entry = counted.search(w.cli("show table fe")).groups()
        equal(int(entry[0]), number, "requests")
        told = int(entry[1])
        true(abs(told - sent) <= 20 * number, f"about {sent} bytes sent: {told}")
    conn.sendall(REQUEST * 20)
    heard = b""
    while heard.count(b"HTTP/1.1 200") < 20 or not heard.endswith(b"hi"):
        heard += conn.recv(65536)
    before = told
    until(lambda: int(counted.search(w.cli("show table fe")).group(3)) == 24 * len(ANSWER), what="the bytes of all answers")
    told = int(counted.search(w.cli("show table fe")).group(2))
    true(abs(told - before - 20 * len(REQUEST)) <= 400, f"20 at once: {told - before} of {20 * len(REQUEST)}")
    conn.close()
    until(lambda: "use=0" in w.cli("show table fe"), what="the connection to end")
    equal(int(counted.search(w.cli("show table fe")).group(2)), told, "its end counts nothing twice")


def clients_that_rest(w):
    """Beyond some hundred sessions an idle client is a small record. It must not be able to tell."""
    w.server("s1", web)
    tables = "    stick-table type ip size 1k store conn_cur,http_req_cnt\n    tcp-request connection track-sc0 src\n"
    vars_ = "    tcp-request connection set-var(sess.n) int(7)\n    http-response set-header n %[var(sess.n)]\n"
    settings = SETTINGS + "    timeout http-keep-alive 3s\n"
    w.start(settings + FRONTEND.format(tables + vars_) + BACKEND, more_global="    nbthread 1\n    maxconn 4000\n")
    clients = [connect(w) for _ in range(1000)]
    for conn in clients:
        equal(ask(conn), b"HTTP/1.1 200 OK", "the first request")
    pools = w.cli("show pools")
    rest = int(re.search(r"Pool client .*?, (\d+) used", pools).group(1))
    true(rest >= 700, f"most rest: {rest}")
    equal(int(w.stat("fe", "FRONTEND")["scur"]), 1000, "all are connections of the frontend")
    true("conn_cur=1000" in w.cli("show table fe"), "and of the table")
    equal(w.cli("show fd").count("type=front"), 1000, "each has a descriptor")
    for conn in reversed(clients):
        conn.sendall(REQUEST)
        true(b"\r\nn: 7\r\n" in conn.recv(65536), "the second request, with what the connection knew")
    true("http_req_cnt=2000" in w.cli("show table fe"), "all are counted")
    w.configure(settings + FRONTEND.format(tables.replace("conn_cur", "conn_cur,gpc0") + "    http-request return status 418\n") + BACKEND)
    reload(w)
    equal(ask(clients[0]), b"HTTP/1.1 418 I'm a teapot", "after a reload the next request takes the new rules")
    true("conn_cur=1000" in w.cli("show table fe"), "the changed table has them all")
    for conn in clients[1:301]:
        conn.close()
    until(lambda: "conn_cur=700" in w.cli("show table fe"), what="those that leave to be missed")
    for conn in clients[301:]:
        equal(conn.recv(10), b"", "each is let go after timeout http-keep-alive")
    until(lambda: int(w.stat("fe", "FRONTEND")["scur"]) <= 1, what="nobody to be left")


def trailers_after_a_full_buffer(w):
    """A trailer section that the end of a full buffer cuts in two arrives, whatever is cut; one that no buffer holds is refused.
    Both kept a worker busy for ever."""
    size = [0]
    length = [500]

    def behaviour(_, conn):
        conn.recv(65536)
        body = b"%x\r\n" % size[0] + b"x" * size[0] + b"\r\n0\r\nX-Long: " + b"y" * length[0] + b"\r\n\r\n"
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        time.sleep(0.01)
        conn.sendall(body)
    w.server("s1", behaviour)
    w.start(SETTINGS + FRONTEND.format("    compression algo gzip") + BACKEND)

    def answer(coding):
        with connect(w) as conn:
            conn.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + coding + b"\r\n")
            got = b""
            while piece := conn.recv(65536):
                got += piece
            return got
    for coding in (b"", b"Accept-Encoding: gzip\r\n"):
        length[0] = 500
        for size[0] in range(16384 - 40, 16384, 3):
            true(answer(coding).endswith(b"\r\n0\r\nx-long: " + b"y" * 500 + b"\r\n\r\n"), f"{size[0]} {coding}")
        length[0] = 40_000
        true(b"x-long" not in answer(coding), "too long for any buffer")
        length[0] = 1
        true(answer(coding).endswith(b"x-long: y\r\n\r\n"), "the worker is there for others")


run([a_kept_connection_follows_a_reload, a_soft_stop_lets_waiting_clients_go, a_hard_stop_under_requests,
     a_server_that_closes_what_rests_costs_no_request, rules_of_an_answer_wait, large_answers_when_pipes_run_out,
     interim_answers_without_end, interim_answers_that_fill_a_buffer, half_a_head_and_a_reset, line_ends_stay_out_of_heads, a_login_stays_with_its_client,
     what_may_not_be_done_twice_is_sent_once, a_pool_that_all_left_is_tidied_up, what_is_used_again_says_so,
     no_port_waits_behind_a_connection_that_rested, what_is_still_on_its_way_arrives,
     connections_do_not_pile_up, shellshock_is_refused, trailers_after_a_full_buffer, bytes_of_every_request_count,
     clients_that_rest], 2)
