#!/usr/bin/env python3
"""Connections to servers that rest on one thread and serve a request on another. Runs on $WEIR."""
import contextlib
import os
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import equal, reload, run, true  # noqa: E402
from wire import Client, until  # noqa: E402

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CONFIG = """
defaults
    mode http
    timeout client 20s
    timeout server 20s
    timeout connect 5s
frontend first
    bind @first@ thread 1
    default_backend be
frontend second
    bind @second@ thread 2
    default_backend be
backend be
    http-reuse {reuse}
    http-response set-header reused %[bc_reused]
    server s1 @s1@ {options}
"""


def web(_, conn):
    """Answers each request with its own first line; a request may have a body of two bytes."""
    held = b""
    while True:
        heard = conn.recv(65536)
        if not heard:
            return
        held += heard
        while b"\r\n\r\n" in held:
            head, rest = held.split(b"\r\n\r\n", 1)
            size = 2 if b"ontent-" in head else 0
            if len(rest) < size:
                break
            held = rest[size:]
            line = head.split(b"\r\n")[0]
            conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(line), line))


def ask(client, request=REQUEST):
    """The body of the answer, and whether the server's connection was there before."""
    client.send(request)
    head = b""
    while True:
        line = client.line()
        head += line
        if line in (b"", b"\r\n"):
            break
    if not head.startswith(b"HTTP/1.1 200"):
        return head, None
    lower = head.lower()
    length = int(lower.split(b"content-length: ", 1)[1].split(b"\r\n")[0])
    return client.exactly(length), lower.split(b"reused: ", 1)[1][:1] == b"1"


def start(w, reuse="always", options="", more=""):
    server = w.server("s1", web)
    w.start(CONFIG.format(reuse=reuse, options=options), more_global=more)
    return server


def rests(w, *wanted):
    """So many rest on each thread, as `show servers conn` has it: a moment after the answer."""
    until(lambda: w.cli("show servers conn be").strip().split("\n")[-1].split()[-2:] == [str(n) for n in wanted],
          what=f"{wanted} to rest")
    true(True, "they rest")


@contextlib.contextmanager
def one_rests(w):
    """A client on each thread; the first one's connection to the server rests on its thread."""
    with Client(w.address("first")) as client, Client(w.address("second")) as other:
        equal(ask(client)[1], False, "the first request connects")
        rests(w, 1, 0)
        yield client, other


def what_rests_is_lent(w):
    server = start(w)
    with one_rests(w) as (client, other):
        equal(ask(other), (b"GET / HTTP/1.1", True), "another thread's request goes over it")
        rests(w, 0, 1)
        equal(ask(client), (b"GET / HTTP/1.1", True), "and back")
        equal(server.accepted, 1, "one connection served all")
    equal(w.stat("be", "s1")["reuse"], "2", "two were reused")


def what_may_not_be_sent_twice_is_lent_what_lives(w):
    server = start(w)
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n"
    with one_rests(w) as (client, other):
        equal(ask(other, post + b"ab")[1], True, "a POST goes over it as well")
        rests(w, 0, 1)
        ask(client)
        rests(w, 1, 0)
        server.drop_all()
        rests(w, 0, 0)
        equal(ask(other, post + b"ab")[1], False, "and over no dead one")


def what_is_not_shared_stays(w):
    server = start(w, more="tune.idle-pool.shared off")
    with one_rests(w) as (client, other):
        equal(ask(other)[1], False, "tune.idle-pool.shared off")
    equal(server.accepted, 2, "each thread has its own")


def groups_keep_theirs(w):
    start(w, more="thread-groups 2\n    thread-group 1 1\n    thread-group 2 2")
    with one_rests(w) as (client, other):
        equal(ask(other)[1], False, "by default a group lends to its own threads")


def groups_lend_when_told(w):
    start(w, more="thread-groups 2\n    thread-group 1 1\n    thread-group 2 2\n    tune.idle-pool.shared full")
    with one_rests(w) as (client, other):
        equal(ask(other)[1], True, "full: all lend to all")


def few_are_kept(w):
    start(w, options="pool-low-conn 1")
    with one_rests(w) as (client, other):
        equal(ask(other)[1], False, "pool-low-conn: with one or none nobody lends")
        rests(w, 1, 0)


def safe_reuse_lends_to_later_requests(w):
    start(w, reuse="safe")
    with one_rests(w) as (client, other):
        equal(ask(other)[1], False, "http-reuse safe: a client's first request has its own connection")
        rests(w, 1, 0)
        equal(ask(other)[1], True, "the second goes over one that rests")


def names_are_kept_apart(w):
    server = start(w, options="pool-conn-name req.hdr(host)")
    gate = threading.Barrier(3)

    def together(srv, conn):
        conn.recv(65536)
        gate.wait(10)
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    server.behaviour = together
    with Client(w.address("first")) as one, Client(w.address("first")) as two, Client(w.address("first")) as three:
        for client in (one, two, three):
            client.send(REQUEST)
        for client in (one, two, three):
            client.line()
    server.behaviour = web
    with Client(w.address("first")) as client, Client(w.address("second")) as other:
        ask(client)
        equal(ask(client, REQUEST.replace(b"x", b"y"))[1], False, "pool-conn-name: another host, another connection")
        rests(w, 2, 0)
        equal(ask(client)[1], True, "its own again")
        rests(w, 2, 0)
        equal(ask(other, REQUEST.replace(b"x", b"y"))[1], True, "and on the other thread")
        equal(ask(other, REQUEST.replace(b"x", b"z"))[1], False, "a third one")


def what_serves_one_client_is_counted_apart(w):
    start(w, reuse="never")

    def private():
        names, values = (line.split(" ") for line in w.cli("show servers conn be").strip().split("\n"))
        row = dict(zip(names[1:], values))
        return row["idle_sess"], row["idle_cur"]
    with Client(w.address("first")) as client, Client(w.address("second")) as other:
        ask(client)
        ask(other)
        until(lambda: private() == ("2", "0"), what="one to rest beside each client")
        equal(ask(client)[1], True, "its own client goes over it")
        until(lambda: private() == ("2", "0"), what="it to rest again")
    until(lambda: private() == ("0", "0"), what="them to go with their clients")
    true(True, "they are gone")


def many_at_once(w):
    """Clients of both threads, connections that end while they are lent, a server that comes back, a reload."""
    server = start(w)
    wrong = []

    def client(where, number):
        for at in range(40):
            with Client(w.address(where)) as one:
                for turn in range(3):
                    line = b"%s /%d/%d/%d HTTP/1.1" % (b"POST" if turn == 1 else b"GET", number, at, turn)
                    body = b"\r\nContent-Length: 2\r\n\r\nab" if turn == 1 else b"\r\n\r\n"
                    got, _ = ask(one, line + b"\r\nHost: x" + body)
                    if got != line and not got.startswith(b"HTTP/1.1 50") and got != b"":
                        wrong.append((line, got))
                    if got != line:
                        break

    threads = [threading.Thread(target=client, args=(("first", "second")[n % 2], n)) for n in range(12)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        server.drop_all()
        reload(w)
        for thread in threads:
            thread.join(0.02)
    equal(wrong, [], "no answer is another's")
    with Client(w.address("first")) as one:
        equal(ask(one)[0], b"GET / HTTP/1.1", "and it goes on")


run([what_rests_is_lent, what_may_not_be_sent_twice_is_lent_what_lives, what_is_not_shared_stays, groups_keep_theirs,
     groups_lend_when_told, few_are_kept, safe_reuse_lends_to_later_requests, names_are_kept_apart,
     what_serves_one_client_is_counted_apart, many_at_once], 2)
