#!/usr/bin/env python3
"""Sessions that wait or are turned away, and how the log tells it: inspection, queues, limits, logging options."""
import time

from farms import simple
from harness import main, scenario
from wire import hang, rdp_request, until

BOTH = (1, 2)


@scenario(threads=BOTH)
def queue_timeout(w):
    simple(w, backend="    timeout queue 300ms", server="maxconn 1")
    with w.client("fe") as holder:
        holder.line()
        with w.client("fe") as waiter:
            w.observe("waiter", waiter.rest())
        w.observe_log("waiter log")
    w.observe_log("holder log")


@scenario(threads=BOTH)
def queue_then_served(w):
    simple(w, server="maxconn 1")
    holder = w.client("fe")
    holder.line()
    waiter = w.client("fe")
    until(lambda: w.stat("be").get("qcur") == "1", what="one in the queue")
    holder.close()
    w.observe("waiter", waiter.line())
    w.observe("in the queue", w.stat("be").get("qmax"))
    w.observe_log("holder log")
    waiter.close()
    w.log.next("fe be/s1")


@scenario(threads=BOTH)
def full_server_queue_without_redispatch(w):
    w.servers("s1", "s2")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance roundrobin
    timeout queue 4s
    stick-table type ip size 100 expire 1m
    stick on src
    server s1 @s1@ maxconn 1 maxqueue 1
    server s2 @s2@
""")
    holder, waiter = w.client("fe"), None
    w.observe("holder", holder.line())
    waiter = w.client("fe")
    until(lambda: w.stat("be", "s1").get("qcur") == "1", what="one in the queue of s1")
    w.observe("third", w.ask("fe"))
    w.observe_log("third log")
    holder.close()
    w.observe("waiter", waiter.line() in (b"s1\n", b"s2\n"))


@scenario(threads=BOTH)
def full_server_queue_breaks_persistence(w):
    w.servers("s1", "s2")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance roundrobin
    timeout queue 4s
    option redispatch
    stick-table type ip size 100 expire 1m
    stick on src
    server s1 @s1@ maxconn 1 maxqueue 1
    server s2 @s2@
""")
    holder, waiter = w.client("fe"), None
    w.observe("holder", holder.line())
    waiter = w.client("fe")
    until(lambda: w.stat("be", "s1").get("qcur") == "1", what="one in the queue of s1")
    w.observe("third", w.ask("fe"))
    w.observe_log("third log")
    holder.close()
    w.observe("waiter", waiter.line() in (b"s1\n", b"s2\n"))


@scenario
def client_leaves_the_queue(w):
    simple(w, backend="    option abortonclose\n    timeout queue 3s", server="maxconn 1")
    with w.client("fe") as holder:
        holder.line()
        waiter = w.client("fe")
        until(lambda: w.stat("be").get("qcur") == "1", what="one in the queue")
        waiter.close()
        w.observe_log("waiter log")


@scenario
def inspect_delay_expires_and_accepts(w):
    simple(w, frontend="    tcp-request inspect-delay 300ms\n    tcp-request content accept if { req.len gt 100 }")
    with w.client("fe") as client:
        w.observe("greeting", client.line())
    w.observe_log("log")


@scenario
def inspect_delay_expires_and_rejects(w):
    simple(w, frontend="    tcp-request inspect-delay 300ms\n    tcp-request content accept if RDP_COOKIE\n"
                       "    tcp-request content reject")
    with w.client("fe") as client:
        w.observe("all", client.rest())
        w.observe("took", [round((time.monotonic() - client.opened) * 1000)], "near")
    w.observe_log("log")


@scenario
def rejected_at_once(w):
    simple(w, frontend="    tcp-request inspect-delay 5s\n    tcp-request content reject if { req.len ge 4 }")
    with w.client("fe") as client:
        client.send(b"12345678")
        w.observe("all ends", client.rest() in (b"", b"<reset>"))
    w.observe_log("log")


@scenario
def client_leaves_during_inspection(w):
    simple(w, frontend="    tcp-request inspect-delay 3s\n    tcp-request content accept if { req.len gt 100 }\n"
                       "    tcp-request content reject")
    client = w.client("fe")
    client.send(b"abc")
    client.close()
    w.observe_log("log")


@scenario
def client_timeout_during_inspection(w):
    simple(w, frontend="    timeout client 300ms\n    tcp-request inspect-delay 2s\n"
                       "    tcp-request content accept if { req.len gt 100 }")
    with w.client("fe") as client:
        client.line()
        w.observe("rest", client.rest())
    w.observe_log("log")


@scenario
def rejected_connection_is_not_logged(w):
    simple(w, frontend="    tcp-request connection reject if { src 127.0.0.9 }")
    try:
        with w.client("fe", source="127.0.0.9") as client:
            w.observe("all ends", client.rest() in (b"", b"<reset>"))
    except ConnectionResetError:  # so early that connecting already failed
        w.observe("all ends", True)
    w.idle("fe")
    w.observe("other", w.ask("fe"))
    w.observe_log("log")
    w.observe("denied", w.stat("fe", "FRONTEND").get("dcon"))


@scenario(threads=BOTH)
def logasap(w):
    simple(w, frontend="    option logasap")
    with w.client("fe") as client:
        client.line()
        w.observe_log("log while it runs")
    w.observe("one line", len([line for line in w.log.all() if "fe be/s1" in line]))


@scenario
def dontlognull(w):
    simple(w, frontend="    option dontlognull\n    tcp-request inspect-delay 2s\n"
                       "    tcp-request content accept if { req.len gt 0 }")
    w.client("fe").close()
    until(lambda: w.stat("fe", "FRONTEND").get("stot") == "1" and w.stat("fe", "FRONTEND").get("scur") == "0",
          what="the end of the silent session")
    with w.client("fe") as client:
        client.send(b"x").finish()
        client.rest()
    w.observe_log("log of the one that spoke")


@scenario
def frontend_maxconn_holds_back(w):
    simple(w, frontend="    maxconn 2")
    first, second = w.client("fe"), w.client("fe")
    first.line()
    second.line()
    third = w.client("fe")  # the kernel accepts it, the program does not yet
    third.sock.settimeout(0.3)
    try:
        got = third.sock.recv(1)
    except TimeoutError:
        got = b"nothing yet"
    w.observe("third meanwhile", got)
    third.sock.settimeout(10)
    first.close()
    w.observe("third", third.line())
    w.observe("most at once", w.stat("fe", "FRONTEND").get("smax"))


@scenario
def tcp_log_of_rdp(w):
    simple(w, hang, frontend="    tcp-request inspect-delay 2s\n    tcp-request content accept if RDP_COOKIE")
    with w.client("fe") as client:
        client.send(rdp_request(cookie=b"alice"))
        until(lambda: w.stat("be").get("scur") == "1", what="the session in the backend")
    w.observe_log("log")


@scenario
def listen_section_and_named_bind(w):
    w.server("s1")
    w.start("listen ls\n    bind @fe@ name rdp\n    server s1 @s1@\n")
    w.observe("server", w.ask("fe"))
    w.observe_log("log")


@scenario
def no_log_when_not_asked(w):
    w.server("s1")
    w.start("frontend fe\n    bind @fe@\n    no log\n    default_backend be\n"
            "frontend fe2\n    bind @fe2@\n    default_backend be\nbackend be\n    server s1 @s1@\n")
    w.ask("fe")
    w.idle("fe")
    w.ask("fe2")
    w.observe_log("log")


@scenario
def separate_errors(w):
    w.refusing("s1")
    w.server("s2")
    w.start("frontend fe\n    bind @fe@\n    option log-separate-errors\n    option dontlog-normal\n"
            "    use_backend bad if { src 127.0.0.5 }\n    default_backend be\n"
            "backend bad\n    retries 0\n    server s1 @s1@\nbackend be\n    server s2 @s2@\n")
    w.ask("fe")
    w.idle("fe")
    with w.client("fe", source="127.0.0.5") as client:
        client.rest()
    w.observe_log("log of the failed one")



if __name__ == "__main__":
    main()
