#!/usr/bin/env python3
"""How sessions end, and what `option tcplog` says about it: termination codes, timers, byte counts, counters."""
import signal
import time

from farms import simple
from harness import main, scenario
from wire import finish_first, greet_and_close, greet_and_reset, hang, until

BOTH = (1, 2)
SIMPLE = """
frontend fe
    bind @fe@
    default_backend be
backend be
    server s1 @s1@
"""


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
    clients = []
    for _ in range(5):  # one after the other: only then is the order of the picks defined
        clients.append(w.client("fe"))
        clients[-1].line()
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



if __name__ == "__main__":
    main()
