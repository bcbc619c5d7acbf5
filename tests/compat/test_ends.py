#!/usr/bin/env python3
"""The rarer ends of a session: leaving early, waiting in vain, odd timeouts, and which of two causes the log names."""
import time

from farms import simple
from harness import GLOBAL, add_scenario, main, scenario
from wire import finish_first, greet_and_close, hang, never_read, until

FULL = "maxconn 1"
PLAIN = GLOBAL.replace("    option tcplog\n", "")  # without a format: one plain line per connection
COUNTS = ("stot", "econ", "wretr", "wredis", "lbtot")


@scenario
def client_resets_during_inspection(w):
    simple(w, frontend="    tcp-request inspect-delay 3s\n    tcp-request content accept if { req.len gt 100 }")
    client = w.client("fe")
    client.send(b"abc")
    until(lambda: w.stat("fe", "FRONTEND").get("scur") == "1", what="the session")
    client.reset()
    w.observe_log("log")


@scenario
def client_timeout_during_inspection_with_reject(w):
    simple(w, frontend="    timeout client 300ms\n    tcp-request inspect-delay 2s\n"
                       "    tcp-request content accept if { req.len gt 100 }\n    tcp-request content reject")
    with w.client("fe") as client:
        w.observe("rest", client.rest())
    w.observe_log("log")


@scenario
def backend_rejects(w):
    simple(w, backend="    tcp-request inspect-delay 2s\n    tcp-request content reject if { req.len ge 3 }")
    with w.client("fe") as client:
        client.send(b"abc")
        w.observe("all ends", client.rest() in (b"", b"<reset>"))
    w.observe_log("log")
    w.observe("denied", [w.stat("fe", "FRONTEND").get("dreq"), w.stat("be").get("dreq")])


def connecting(w, more=""):
    w.silent("s1")
    w.start(f"""
frontend fe
    bind @fe@
    default_backend be
backend be
{more}
    retries 0
    timeout connect 700ms
    server s1 @s1@
""")


@scenario
def client_leaves_while_connecting_without_abortonclose(w):
    connecting(w)
    client = w.client("fe")
    until(lambda: w.stat("be").get("scur") == "1", what="a session in the backend")
    client.close()
    w.observe_log("log")


@scenario
def client_speaks_and_leaves_while_connecting(w):
    connecting(w)
    client = w.client("fe").send(b"hello")
    until(lambda: w.stat("be").get("scur") == "1", what="a session in the backend")
    client.close()
    w.observe_log("log")


@scenario
def client_speaks_and_leaves_while_connecting_with_abortonclose(w):
    connecting(w, "    option abortonclose")
    client = w.client("fe").send(b"hello")
    until(lambda: w.stat("be").get("scur") == "1", what="a session in the backend")
    client.close()
    w.observe_log("log")


@scenario
def client_resets_while_connecting(w):
    connecting(w)
    client = w.client("fe").send(b"hello")
    until(lambda: w.stat("be").get("scur") == "1", what="a session in the backend")
    client.reset()
    w.observe_log("log")


@scenario
def client_leaves_the_queue_without_abortonclose(w):
    simple(w, backend="    timeout queue 700ms", server=FULL)
    with w.client("fe") as holder:
        holder.line()
        waiter = w.client("fe")
        until(lambda: w.stat("be").get("qcur") == "1", what="one in the queue")
        waiter.close()
        w.observe_log("waiter log")


@scenario
def client_speaks_and_leaves_the_queue(w):
    made = simple(w, backend="    timeout queue 5s", server=FULL)
    holder = w.client("fe")
    holder.line()
    waiter = w.client("fe").send(b"late words")
    until(lambda: w.stat("be").get("qcur") == "1", what="one in the queue")
    waiter.finish()
    time.sleep(0.1)
    holder.close()
    w.observe_log("holder log")
    w.observe("answer", waiter.rest())
    w.observe_log("waiter log")
    w.observe("arrived", made.received)


@scenario
def client_speaks_and_leaves_the_queue_with_abortonclose(w):
    simple(w, backend="    timeout queue 5s\n    option abortonclose", server=FULL)
    with w.client("fe") as holder:
        holder.line()
        waiter = w.client("fe").send(b"late words")
        until(lambda: w.stat("be").get("qcur") == "1", what="one in the queue")
        waiter.finish()
        w.observe("rest", waiter.rest())
        w.observe_log("waiter log")


@scenario
def queue_places_are_counted(w):
    simple(w, backend="    timeout queue 8s", server=FULL)
    clients = [w.client("fe")]
    clients[0].line()
    for place in range(1, 4):
        clients.append(w.client("fe"))
        until(lambda place=place: w.stat("be").get("qcur") == str(place), what="the next one in the queue")
    for at, client in enumerate(clients):
        if at:
            client.line()
        client.close()
        w.observe_log(f"log {at}")


@scenario
def queue_timeout_of_a_server_line(w):
    w.server("s1")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance source
    timeout queue 300ms
    server s1 @s1@ maxconn 1
""")
    with w.client("fe") as holder:
        holder.line()
        with w.client("fe") as waiter:
            w.observe("waiter", waiter.rest())
        w.observe_log("log")
        w.observe("counts", [w.stat("be")["econ"], w.stat("be", "s1")["econ"], w.stat("be", "s1")["qmax"],
                             w.stat("be")["qmax"]])


@scenario
def full_queue_of_a_hashed_server(w):
    w.server("s1")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance source
    timeout queue 4s
    server s1 @s1@ maxconn 1 maxqueue 1
""")
    with w.client("fe") as holder:
        holder.line()
        waiter = w.client("fe")
        until(lambda: w.stat("be", "s1").get("qcur") == "1", what="one in the queue of s1")
        with w.client("fe") as third:
            w.observe("third", third.rest())
        w.observe_log("third log")
        w.observe("counts", [w.stat("be")["econ"], w.stat("be", "s1")["econ"]])
        waiter.close()


@scenario
def queue_timeout_defaults_to_connect(w):
    simple(w, backend="    timeout connect 300ms", server=FULL)
    with w.client("fe") as holder:
        holder.line()
        with w.client("fe") as waiter:
            w.observe("waiter", waiter.rest())
        w.observe_log("log")


@scenario
def both_timeouts_equal(w):
    simple(w, hang, frontend="    timeout client 400ms", backend="    timeout server 400ms")
    with w.client("fe") as client:
        w.observe("rest", client.rest())
    w.observe_log("log")


@scenario
def client_waits_for_an_answer_with_equal_timeouts(w):
    simple(w, hang, frontend="    timeout client 400ms", backend="    timeout server 400ms")
    with w.client("fe") as client:
        time.sleep(0.1)
        client.send(b"question")
        w.observe("rest", client.rest())
    w.observe_log("log")


@scenario
def client_timeout_after_it_finished(w):
    simple(w, hang, frontend="    timeout client 300ms", backend="    timeout server 700ms")
    with w.client("fe") as client:
        client.send(b"a").finish()
        w.observe("rest", client.rest())
    w.observe_log("log")


@scenario
def server_timeout_after_it_finished(w):
    simple(w, finish_first, frontend="    timeout client 700ms", backend="    timeout server 300ms")
    with w.client("fe") as client:
        w.observe("all", client.rest())
        w.observe_log("log")


@scenario
def both_fin_timeouts(w):
    simple(w, hang, frontend="    timeout client 3s\n    timeout client-fin 600ms",
           backend="    timeout server 3s\n    timeout server-fin 300ms")
    with w.client("fe") as client:
        client.send(b"a").finish()
        w.observe("rest", client.rest())
    w.observe_log("log")


@scenario
def fin_timeout_with_tunnel_timeout(w):
    simple(w, hang, frontend="    timeout client 3s\n    timeout client-fin 300ms",
           backend="    timeout server 3s\n    timeout tunnel 2s")
    with w.client("fe") as client:
        client.send(b"a").finish()
        w.observe("rest", client.rest())
    w.observe_log("log")


@scenario
def server_fin_after_the_server_finished(w):
    simple(w, finish_first, frontend="    timeout client 4s\n    timeout client-fin 300ms",
           backend="    timeout server 4s")
    with w.client("fe") as client:
        w.observe("all", client.rest())
        w.observe_log("log")


@scenario
def client_does_not_read(w):
    simple(w, lambda server, conn: [conn.sendall(b"x" * 65536) for _ in range(400)],
           frontend="    timeout client 500ms", backend="    timeout server 3s")
    client = w.client("fe", rcvbuf=4096)
    line = w.log.next("fe be/s1")
    w.observe("state", line.split(" be/s1 ")[1].split()[2])
    client.close()


@scenario
def server_does_not_read(w):
    simple(w, never_read, frontend="    timeout client 3s", backend="    timeout server 500ms")
    client = w.client("fe")
    client.sock.settimeout(0.3)
    try:
        for _ in range(400):
            client.send(b"x" * 65536)
    except TimeoutError:
        pass
    line = w.log.next("fe be/s1")
    w.observe("state", line.split(" be/s1 ")[1].split()[2])
    client.close()


@scenario
def client_resets_under_a_stream(w):
    simple(w, lambda server, conn: [conn.sendall(b"x" * 65536) for _ in range(400)])
    client = w.client("fe", rcvbuf=4096)
    client.exactly(1000)
    client.reset()
    line = w.log.next("fe be/s1")
    w.observe("state", line.split(" be/s1 ")[1].split()[2])
    w.observe("aborts", [w.stat("be")["cli_abrt"], w.stat("be")["srv_abrt"], w.stat("be", "s1")["cli_abrt"],
                         w.stat("be", "s1")["srv_abrt"]])


@scenario
def client_closes_with_unread_bytes(w):
    """Closing with bytes unread is a reset; the server has finished long ago."""
    simple(w, greet_and_close)
    client = w.client("fe")
    time.sleep(0.2)  # the greeting is there, unread
    client.close()
    w.observe_log("log")


@scenario
def server_refuses_after_redispatch(w):
    w.refusing("s1")
    w.refusing("s2")
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
    with w.client("fe") as client:
        w.observe("all", client.rest())
    w.observe_log("log")
    w.observe("counts", [[w.stat("be", name)[column] for column in COUNTS]
                         for name in ("s1", "s2", "BACKEND")])


@scenario
def redispatch_alone(w):
    w.refusing("s1")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    option redispatch
    retries 2
    server s1 @s1@
""")
    with w.client("fe") as client:
        w.observe("all", client.rest())
    w.observe_log("log")
    w.observe("counts", [[w.stat("be", name)[column] for column in COUNTS]
                         for name in ("s1", "BACKEND")])


@scenario
def redispatch_every_second(w):
    w.refusing("s1")
    w.server("s2")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance roundrobin
    option redispatch 2
    retries 3
    timeout connect 200ms
    server s1 @s1@
    server s2 @s2@
""")
    w.observe("server", w.ask("fe"))
    w.observe_log("log")
    w.observe("counts", [[w.stat("be", name)[column] for column in COUNTS]
                         for name in ("s1", "s2", "BACKEND")])


@scenario
def connect_timeout_then_redispatch(w):
    w.silent("s1")
    w.server("s2")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance roundrobin
    option redispatch
    retries 1
    timeout connect 200ms
    server s1 @s1@
    server s2 @s2@
""")
    w.observe("server", w.ask("fe"))
    w.observe_log("log")


@scenario
def server_leaves_during_the_pause(w):
    w.server("s1")
    w.refusing("s2")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance source
    option redispatch
    retries 3
    server s1 @s1@
    server s2 @s2@
""")
    client = w.client("fe", source="127.0.0.1")
    until(lambda: w.stat("be", "s2").get("wretr") == "1", what="the first retry")
    w.cli("disable server be/s2")
    w.observe("server", client.line())
    client.close()
    w.observe_log("log", "fe be/")
    w.observe("counts", [[w.stat("be", name)[column] for column in COUNTS] for name in ("s1", "s2", "BACKEND")])


@scenario
def server_leaves_during_the_pause_without_redispatch(w):
    w.server("s1")
    w.refusing("s2")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance source
    retries 2
    server s1 @s1@
    server s2 @s2@
""")
    client = w.client("fe", source="127.0.0.1")
    until(lambda: w.stat("be", "s2").get("wretr") == "1", what="the first retry")
    w.cli("disable server be/s2")
    w.observe("rest", client.rest())
    w.observe_log("log", "fe be/")


def redispatch_by(algorithm, options, where):
    """Which retry goes to another server depends on the algorithm and on the interval."""
    def run(w):
        w.refusing("s1")
        w.refusing("s2")
        w.start(f"""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance {algorithm}
    {options}
    timeout connect 50ms
    server s1 @s1@
    server s2 @s2@
""")
        with w.client("fe", source=where) as client:
            client.rest()
        w.observe_log("log")
        w.observe("counts", [[w.stat("be", name)[column] for column in COUNTS] for name in ("s1", "s2", "BACKEND")])
    return run


for _algorithm in ("roundrobin", "leastconn", "first", "source"):
    for _number, _options in enumerate((
            "retries 4\n    option redispatch", "retries 4\n    option redispatch 2", "retries 4\n    option redispatch 3",
            "retries 4\n    option redispatch -2", "retries 5\n    option redispatch 2", "retries 3\n    option redispatch 0",
            "retries 2\n    no option redispatch", "retries 0\n    option redispatch")):
        add_scenario(f"redispatch_{_algorithm}_{_number}", redispatch_by(_algorithm, _options, "127.0.0.1"))


@scenario
def a_persistent_session_is_redispatched_late(w):
    w.server("s1")
    w.server("s2")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance roundrobin
    option redispatch
    retries 3
    timeout connect 50ms
    stick-table type ip size 100 expire 1m
    stick on src
    server s1 @s1@
    server s2 @s2@
""")
    w.observe("first", w.ask("fe"))
    w.observe_log("first log")
    w.closing[1].unlisten()
    w.observe("second", w.ask("fe"))
    w.observe_log("second log")
    w.observe("third", w.ask("fe"))
    w.observe_log("third log")
    w.observe("counts", [[w.stat("be", name)[column] for column in COUNTS] for name in ("s1", "s2", "BACKEND")])


@scenario
def client_timeout_in_the_queue(w):
    simple(w, frontend="    timeout client 300ms", backend="    timeout queue 700ms\n    timeout server 5s", server=FULL)
    with w.client("fe") as holder:
        holder.line()
        with w.client("fe") as waiter:
            for _ in range(9):
                time.sleep(0.1)
                holder.send(b"x")
            w.observe("waiter", waiter.rest())
        w.observe_log("log")


@scenario
def client_timeout_while_connecting(w):
    w.silent("s1")
    w.start("frontend fe\n    bind @fe@\n    timeout client 300ms\n    default_backend be\n"
            "backend be\n    retries 0\n    timeout connect 700ms\n    server s1 @s1@\n")
    with w.client("fe") as client:
        w.observe("rest", client.rest())
    w.observe_log("log")


@scenario
def client_resets_in_the_queue(w):
    simple(w, backend="    timeout queue 700ms", server=FULL)
    with w.client("fe") as holder:
        holder.line()
        waiter = w.client("fe").send(b"hello")
        until(lambda: w.stat("be").get("qcur") == "1", what="one in the queue")
        waiter.reset()
        w.observe_log("waiter log")


@scenario
def silent_client_resets_while_connecting(w):
    connecting(w)
    client = w.client("fe")
    until(lambda: w.stat("be").get("scur") == "1", what="a session in the backend")
    client.reset()
    w.observe_log("log")


@scenario
def client_leaves_during_the_pause(w):
    w.refusing("s1")
    w.start("frontend fe\n    bind @fe@\n    default_backend be\n"
            "backend be\n    retries 3\n    server s1 @s1@\n")
    client = w.client("fe")
    until(lambda: w.stat("be").get("wretr") == "1", what="the first retry")
    client.close()
    w.observe_log("log")


@scenario
def killed_in_the_queue(w):
    simple(w, backend="    timeout queue 5s", server=FULL)
    with w.client("fe") as holder:
        holder.line()
        with w.client("fe") as waiter:
            until(lambda: w.stat("be").get("qcur") == "1", what="one in the queue")
            ids = [line.split(":")[0] for line in w.cli("show sess").split("\n") if "srv=<none>" in line and "fe=fe" in line]
            w.observe("answer", w.cli(f"shutdown session {ids[0]}"))
            w.observe("all ends", waiter.rest() in (b"", b"<reset>"))
        w.observe_log("log")


@scenario
def plain_line(w):
    w.server("s1")
    w.start("frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    server s1 @s1@\n", prologue=PLAIN)
    with w.client("fe") as client:
        client.line()
        w.observe("log", w.log.next("fe"))
    w.idle("fe")
    w.observe("lines", len([line for line in w.log.all() if "Connect" in line]))


@scenario
def plain_line_without_a_server(w):
    w.start("frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n", prologue=PLAIN)
    with w.client("fe") as client:
        client.rest()
    w.idle("fe")
    w.observe("lines", len([line for line in w.log.all() if "Connect" in line]))


@scenario
def plain_line_of_one_that_waits(w):
    w.server("s1")
    w.start("frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    timeout queue 700ms\n"
            "    server s1 @s1@ maxconn 1\n", prologue=PLAIN)
    with w.client("fe") as holder:
        holder.line()
        w.log.next("Connect")
        with w.client("fe") as waiter:
            until(lambda: w.stat("be").get("qcur") == "1", what="one in the queue")
            w.observe("lines meanwhile", len([line for line in w.log.all() if "Connect" in line]))
            waiter.rest()
        w.observe("lines", len([line for line in w.log.all() if "Connect" in line]))


@scenario
def plain_line_under_inspection(w):
    w.server("s1")
    w.start("frontend fe\n    bind @fe@\n    tcp-request inspect-delay 500ms\n"
            "    tcp-request content accept if { req.len gt 10 }\n    default_backend be\nbackend be\n"
            "    server s1 @s1@\n", prologue=PLAIN)
    with w.client("fe") as client:
        until(lambda: w.stat("fe", "FRONTEND").get("scur") == "1", what="the session")
        time.sleep(0.1)
        w.observe("lines meanwhile", len([line for line in w.log.all() if "Connect" in line]))
        client.line()
        w.log.next("Connect")


@scenario
def plain_line_when_the_server_refuses(w):
    w.refusing("s1")
    w.start("frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    retries 0\n    server s1 @s1@\n",
            prologue=PLAIN)
    with w.client("fe") as client:
        client.rest()
    w.idle("fe")
    w.observe("lines", len([line for line in w.log.all() if "Connect" in line]))


@scenario
def plain_line_of_a_rejected_one(w):
    w.server("s1")
    w.start("frontend fe\n    bind @fe@\n    tcp-request content reject if { src 127.0.0.5 }\n"
            "    default_backend be\nbackend be\n    server s1 @s1@\n", prologue=PLAIN)
    with w.client("fe", source="127.0.0.5") as client:
        client.rest()
    w.idle("fe")
    w.observe("lines", len([line for line in w.log.all() if "Connect" in line]))


@scenario
def dontlog_normal_shows_the_rest(w):
    w.servers("s1")
    w.refusing("bad")
    w.start("""
frontend fe
    bind @fe@
    option dontlog-normal
    use_backend retried if { src 127.0.0.6 }
    default_backend be
backend be
    timeout server 300ms
    server s1 @s1@
backend retried
    balance roundrobin
    option redispatch 1
    server bad @bad@
    server s1 @s1@
""")
    w.ask("fe")
    w.idle("fe")
    w.observe("retried", w.ask("fe", source="127.0.0.6"))
    w.observe_log("log of the retried one")
    with w.client("fe") as client:
        client.rest()
    w.observe_log("log of the one that timed out")


@scenario
def tcp_keeps_counts(w):
    made = simple(w)
    with w.client("fe") as client:
        client.line()
        client.send(b"abc\n")
        client.line()
    w.log.next("fe be/s1")
    made.unlisten()
    columns = ("scur", "smax", "stot", "bin", "bout", "econ", "eresp", "wretr", "wredis", "lbtot", "cli_abrt", "srv_abrt")
    for name in ("s1", "BACKEND"):
        w.observe(name, [w.stat("be", name)[column] for column in columns])
    w.observe("frontend", [w.stat("fe", "FRONTEND")[column] for column in
                           ("scur", "smax", "stot", "bin", "bout", "dreq", "ereq", "dcon", "dses", "conn_tot")])


@scenario
def aborts_are_counted(w):
    simple(w, hang, frontend="    timeout client 300ms", backend="    timeout server 3s")
    with w.client("fe") as client:
        client.rest()
    w.log.next("fe be/s1")
    w.observe("after a client timeout", [w.stat("be")[column] for column in ("cli_abrt", "srv_abrt", "eresp")])


@scenario
def aborts_of_servers_are_counted(w):
    simple(w, hang, frontend="    timeout client 3s", backend="    timeout server 300ms")
    with w.client("fe") as client:
        client.rest()
    w.log.next("fe be/s1")
    w.observe("after a server timeout", [w.stat("be")[column] for column in ("cli_abrt", "srv_abrt", "eresp")])


if __name__ == "__main__":
    main()
