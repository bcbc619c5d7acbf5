#!/usr/bin/env python3
"""How sessions end, and what `option tcplog` says about it: termination codes, timers, byte counts, counters."""
import signal
import time

from harness import main, scenario
from wire import finish_first, greet, greet_and_close, greet_and_reset, hang, rdp_request, until

BOTH = (1, 2)
SIMPLE = """
frontend fe
    bind @fe@
    default_backend be
backend be
    server s1 @s1@
"""


def simple(w, behaviour=greet, frontend="", backend="", server=""):
    made = w.server("s1", behaviour)
    w.start(f"""
frontend fe
    bind @fe@
    default_backend be
{frontend}
backend be
{backend}
    server s1 @s1@ {server}
""")
    return made


@scenario(threads=BOTH)
def client_closes(w):
    simple(w)
    with w.client("fe") as client:
        client.line()
        client.send(b"ping\n")
        w.observe("echo", client.line())
    w.observe_log("log")


@scenario(threads=BOTH)
def client_finishes_then_server(w):
    simple(w)
    with w.client("fe") as client:
        w.observe("greeting", client.line())
        client.send(b"x" * 10000).finish()
        w.observe("length", len(client.rest()))
    w.observe_log("log")


@scenario(threads=BOTH)
def server_closes(w):
    simple(w, greet_and_close)
    with w.client("fe") as client:
        w.observe("all", client.rest())
    w.observe_log("log")


@scenario(threads=BOTH)
def server_finishes_first(w):
    server = simple(w, finish_first)
    with w.client("fe") as client:
        w.observe("all", client.rest())
        client.send(b"late words\n")
        until(lambda: server.received == b"late words\n", what="the words after the server's end")
        client.finish()
    w.observe_log("log")


@scenario(threads=BOTH)
def large_both_ways(w):
    simple(w)
    with w.client("fe") as client:
        client.line()
        total = 0
        for _ in range(40):
            client.send(b"y" * 50000)
            total += len(client.exactly(50000))
        client.finish()
        client.rest()
        w.observe("total", total)
    w.observe_log("log")


@scenario
def connect_refused(w):
    w.refusing("s1")
    w.start(SIMPLE + "    retries 0\n")
    with w.client("fe") as client:
        w.observe("all", client.rest())
    w.observe_log("log")


@scenario
def connect_refused_with_retries(w):
    w.refusing("s1")
    w.start(SIMPLE + "    retries 2\n")
    with w.client("fe") as client:
        w.observe("all", client.rest())
    w.observe_log("log")


@scenario
def connect_timeout(w):
    w.silent("s1")
    w.start(SIMPLE + "    retries 0\n    timeout connect 300ms\n")
    with w.client("fe") as client:
        w.observe("all", client.rest())
    w.observe_log("log")


@scenario
def connect_timeout_retried(w):
    w.silent("s1")
    w.start(SIMPLE + "    retries 2\n    timeout connect 200ms\n")
    with w.client("fe") as client:
        w.observe("all", client.rest())
    w.observe_log("log")


@scenario(threads=BOTH)
def redispatched(w):
    w.refusing("s1")
    w.server("s2")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance roundrobin
    option redispatch
    retries 2
    server s1 @s1@
    server s2 @s2@
""")
    for turn in range(3):
        w.observe(f"server {turn}", w.ask("fe"))
        w.observe_log(f"log {turn}")


@scenario
def redispatched_at_once(w):
    w.refusing("s1")
    w.server("s2")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance roundrobin
    option redispatch 1
    retries 3
    server s1 @s1@
    server s2 @s2@
""")
    w.observe("server", w.ask("fe"))
    w.observe_log("log")


@scenario(threads=BOTH)
def client_timeout(w):
    simple(w, frontend="    timeout client 400ms", backend="    timeout server 3s")
    with w.client("fe") as client:
        client.line()
        w.observe("rest", client.rest())
        w.observe("seconds", [round((time.monotonic() - client.opened) * 1000)], "near")
    w.observe_log("log")


@scenario(threads=BOTH)
def server_timeout(w):
    simple(w, hang, frontend="    timeout client 3s", backend="    timeout server 400ms")
    with w.client("fe") as client:
        client.send(b"hello\n")
        w.observe("rest", client.rest())
    w.observe_log("log")


@scenario
def server_timeout_while_nobody_speaks(w):
    simple(w, hang, frontend="    timeout client 3s", backend="    timeout server 300ms")
    with w.client("fe") as client:
        w.observe("rest", client.rest())
    w.observe_log("log")


@scenario
def tunnel_timeout(w):
    simple(w, frontend="    timeout client 3s", backend="    timeout server 3s\n    timeout tunnel 400ms")
    with w.client("fe") as client:
        client.line()
        client.send(b"a\n")
        client.line()
        w.observe("rest", client.rest())
    w.observe_log("log")


@scenario
def client_fin_timeout(w):
    simple(w, hang, frontend="    timeout client 3s\n    timeout client-fin 300ms", backend="    timeout server 3s")
    with w.client("fe") as client:
        client.send(b"a\n").finish()
        w.observe("rest", client.rest())
    w.observe_log("log")


@scenario
def server_fin_timeout(w):
    simple(w, finish_first, frontend="    timeout client 4s", backend="    timeout server 4s\n    timeout server-fin 300ms")
    with w.client("fe") as client:
        w.observe("all", client.rest())
        w.observe_log("log")


@scenario(threads=BOTH)
def client_resets(w):
    simple(w)
    client = w.client("fe")
    client.line()
    client.reset()
    w.observe_log("log")


@scenario(threads=BOTH)
def server_resets(w):
    simple(w, greet_and_reset)
    with w.client("fe") as client:
        client.line()
        client.send(b"go\n")
        w.observe("rest ends", client.rest() in (b"", b"<reset>"))
    w.observe_log("log")


@scenario(threads=BOTH)
def no_server_at_all(w):
    w.start("frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n")
    with w.client("fe") as client:
        w.observe("all", client.rest())
    w.observe_log("log")


@scenario(threads=BOTH)
def every_server_down(w):
    simple(w)
    w.cli("disable server be/s1")
    w.log.next("going DOWN for maintenance")
    with w.client("fe") as client:
        w.observe("all", client.rest())
    w.observe_log("log", "fe be/")


@scenario
def no_backend(w):
    w.start("frontend fe\n    bind @fe@\n    use_backend be if { src 10.0.0.1 }\nbackend be\n")
    with w.client("fe") as client:
        w.observe("all", client.rest())
    w.observe_log("log", "fe fe/")


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
def client_leaves_while_connecting(w):
    w.silent("s1")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    option abortonclose
    retries 0
    timeout connect 3s
    server s1 @s1@
""")
    client = w.client("fe")
    until(lambda: w.stat("be").get("scur") == "1", what="a session in the backend")
    client.close()
    w.observe_log("log")


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
    with w.client("fe") as client:
        client.send(b"x")
        client.line()
    w.observe_log("log of the one that spoke")


@scenario(threads=BOTH)
def shutdown_session(w):
    simple(w)
    with w.client("fe") as client:
        client.line()
        name = w.cli("show sess").split(":")[0]
        ids = [line.split(":")[0] for line in w.cli("show sess").split("\n") if "fe=fe" in line]
        w.observe("sessions of fe", len(ids))
        w.observe("answer", w.cli(f"shutdown session {ids[0]}") if ids else name)
        w.observe("rest ends", client.rest() in (b"", b"<reset>"))
    w.observe_log("log")


@scenario(threads=BOTH)
def shutdown_sessions_of_a_server(w):
    simple(w)
    clients = [w.client("fe") for _ in range(3)]
    for client in clients:
        client.line()
    w.observe("answer", w.cli("shutdown sessions server be/s1"))
    w.observe("all end", all(client.rest() in (b"", b"<reset>") for client in clients))
    w.log.next("fe be/s1")
    w.log.next("fe be/s1")
    w.observe("states", sorted(line.split(" be/s1 ")[1].split()[2] for line in w.log.all() if " be/s1 " in line)[0])


@scenario
def marked_down_kills_sessions(w):
    made = simple(w, server="check inter 100ms fall 1 rise 1 on-marked-down shutdown-sessions")
    with w.client("fe") as client:
        client.line()
        made.unlisten()
        w.observe("rest ends", client.rest() in (b"", b"<reset>"))
        w.observe_log("log", "fe be/s1")


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


@scenario(threads=BOTH)
def counters_in_the_line(w):
    w.servers("s1", "s2")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance roundrobin
    server s1 @s1@
    server s2 @s2@
""")
    clients = [w.client("fe") for _ in range(5)]
    for client in clients:
        client.line()
    for at, client in enumerate(clients):
        client.close()
        w.observe_log(f"log {at}")


@scenario
def soft_stop_lets_sessions_end(w):
    simple(w)
    client = w.client("fe")
    client.line()
    w.process.send_signal(signal.SIGUSR1)
    let_in = []
    until(lambda: refused(w, let_in), what="the frontend to stop listening")
    for _ in let_in:
        w.log.next("fe be/s1")
    client.send(b"still here\n")
    w.observe("still served", client.line())
    client.close()
    w.process.wait(10)
    w.observe("exit code", w.process.returncode)
    w.observe_log("log", "fe be/s1")


def refused(w, let_in):
    """True once connecting fails; sessions that got in before that are counted, and waited for."""
    try:
        w.ask("fe")
    except OSError:
        return True
    let_in.append(1)
    return False


@scenario
def hard_stop_cuts_sessions(w):
    simple(w)
    client = w.client("fe")
    client.line()
    w.process.send_signal(signal.SIGTERM)
    w.process.wait(10)
    w.observe("rest ends", client.rest() in (b"", b"<reset>"))
    w.observe("exit code", w.process.returncode)


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
    with w.client("fe", source="127.0.0.5") as client:
        client.rest()
    w.observe_log("log of the failed one")


if __name__ == "__main__":
    main()
