#!/usr/bin/env python3
"""Health checks: when a server goes down and comes up, what the log says, what the states are in between."""
import os
import re

from harness import main, scenario
from wire import greet, until

BOTH = (1, 2)


def checked(w, options, behaviour=greet, backend="", count=1):
    names = [f"s{n + 1}" for n in range(count)]
    made = w.servers(*names, behaviour=behaviour)
    servers = "\n".join(f"    server {name} @{name}@ check" for name in names)
    w.start(f"""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance roundrobin
{backend}
    default-server {options}
{servers}
""")
    return made


def first_check(w):
    """A connect check may be reset before the server's accept: the proof of it is in the statistics."""
    until(lambda: w.stat("be", "s1").get("check_status") == "L4OK", what="the first check")


def check_line(w, label, containing):
    """A state line of the log; how long a check took is not compared."""
    line = w.log.next(containing)
    return w.observe(label, re.sub(r"check duration: \d+ms", "check duration: Nms", line))


@scenario(threads=BOTH)
def down_after_fall_up_after_rise(w):
    server, = checked(w, "inter 100ms rise 2 fall 3")
    first_check(w)
    w.observe("status", w.stat("be", "s1").get("status"))
    server.unlisten()
    check_line(w, "down", "is DOWN")
    check_line(w, "no server", "has no server")
    w.observe("status down", w.stat("be", "s1").get("status"))
    w.observe("backend down", w.stat("be").get("status"))
    server.listen()
    check_line(w, "up", "is UP")
    w.observe("status up", w.stat("be", "s1").get("status"))
    w.observe("how often", w.stat("be", "s1").get("chkdown"))
    w.observe("serves", w.ask("fe"))


@scenario
def transitional_states(w):
    server, = checked(w, "inter 100ms fastinter 400ms rise 3 fall 3")
    first_check(w)
    server.unlisten()
    until(lambda: w.stat("be", "s1").get("status") == "UP 2/3", what="the first failure")
    until(lambda: w.stat("be", "s1").get("status") == "UP 1/3", what="the second failure")
    until(lambda: w.stat("be", "s1").get("status") == "DOWN", what="the third failure")
    server.listen()
    until(lambda: w.stat("be", "s1").get("status") == "DOWN 1/3", what="the first success")
    until(lambda: w.stat("be", "s1").get("status") == "DOWN 2/3", what="the second success")
    until(lambda: w.stat("be", "s1").get("status") == "UP", what="the third success")
    w.observe("seen", "all states")


@scenario
def starts_with_a_dead_server(w):
    server = w.server("s1")
    server.unlisten()
    w.server("s2")
    w.start("frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    default-server inter 100ms rise 1 fall 3\n"
            "    server s1 @s1@ check\n    server s2 @s2@ check\n")
    check_line(w, "down", "s1 is DOWN")
    w.observe("picks", [w.ask("fe") for _ in range(3)])
    server.listen()
    check_line(w, "up", "s1 is UP")


@scenario
def check_fields_of_stat(w):
    server, = checked(w, "inter 100ms rise 1 fall 1")
    until(lambda: w.stat("be", "s1").get("check_status") == "L4OK", what="the first check")
    row = w.stat("be", "s1")
    for name in ("check_status", "check_code", "check_desc", "last_chk", "check_rise", "check_fall", "check_health", "hanafail",
                 "chkfail", "chkdown"):
        w.observe(f"up {name}", row.get(name))
    server.unlisten()
    w.log.next("is DOWN")
    row = w.stat("be", "s1")
    for name in ("check_status", "check_code", "check_desc", "last_chk", "check_health", "chkdown"):
        w.observe(f"down {name}", row.get(name))


@scenario
def connect_that_times_out(w):
    w.silent("s1")
    w.start("backend be\n    timeout check 200ms\n    timeout connect 200ms\n    default-server inter 300ms rise 1 fall 2\n"
            "    server s1 @s1@ check\n")
    check_line(w, "down", "is DOWN")
    w.observe("check status", w.stat("be", "s1").get("check_status"))


@scenario
def other_port_and_address(w):
    w.servers("s1", "s2")
    port = w.address("s2")[1]
    w.start(f"backend be\n    server a @s1@ check inter 100ms port {port}\n    server b @s1@ check inter 100ms addr @s2@\n"
            .replace("addr @s2@", f"addr {w.host} port {port}"))
    until(lambda: w.stat("be", "a").get("check_status") == "L4OK" and w.stat("be", "b").get("check_status") == "L4OK",
          what="the first checks")
    w.observe("status", [w.stat("be", name).get("status") for name in "ab"])


@scenario
def tcp_check_connect_only(w):
    server, = checked(w, "inter 100ms rise 1 fall 2", backend="    option tcp-check\n    tcp-check connect")
    until(lambda: w.stat("be", "s1").get("check_status") == "L4OK" or w.stat("be", "s1").get("check_status") == "L7OK",
          what="the first check")
    w.observe("check status", w.stat("be", "s1").get("check_status"))
    server.unlisten()
    check_line(w, "down", "is DOWN")


@scenario
def tcp_check_of_a_closed_port(w):
    w.server("s1")
    w.refusing("gone")
    port = w.address("gone")[1]
    w.start(f"backend be\n    option tcp-check\n    tcp-check connect port {port}\n"
            "    server s1 @s1@ check inter 100ms rise 1 fall 2\n")
    check_line(w, "down", "is DOWN")


@scenario
def log_health_checks(w):
    server, = checked(w, "inter 100ms rise 2 fall 2", backend="    option log-health-checks")
    check_line(w, "first", "Health check for")
    server.unlisten()
    check_line(w, "failed once", "failed")
    check_line(w, "failed twice", "failed")
    check_line(w, "down", "is DOWN")
    server.listen()
    check_line(w, "good once", "succeeded")
    check_line(w, "good twice", "succeeded")
    check_line(w, "up", "is UP")


@scenario
def health_by_hand(w):
    checked(w, "inter 10s rise 2 fall 3", count=2)
    w.observe("down", w.cli("set server be/s1 health down"))
    w.log.next("s1 is DOWN")
    w.observe("picks", [w.ask("fe") for _ in range(3)])
    w.observe("up", w.cli("set server be/s1 health up"))
    w.log.next("s1 is UP")
    w.observe("picks again", sorted(w.ask("fe") for _ in range(4)))


@scenario
def health_disabled_by_hand(w):
    server, = checked(w, "inter 100ms rise 1 fall 1")
    first_check(w)
    w.observe("disable", w.cli("disable health be/s1"))
    server.unlisten()
    w.observe("status", w.stat("be", "s1").get("status"))
    w.observe("enable", w.cli("enable health be/s1"))
    check_line(w, "down", "is DOWN")


@scenario
def tracking(w):
    server = w.server("s1")
    w.start("backend be\n    server s1 @s1@ check inter 100ms rise 1 fall 1\n"
            "backend follower\n    server f1 @s1@ track be/s1\n")
    first_check(w)
    server.unlisten()
    check_line(w, "down", "Server be/s1 is DOWN")
    until(lambda: w.stat("follower", "f1").get("status", "").startswith("DOWN"), what="the follower to go down")
    w.observe("status", w.stat("follower", "f1").get("status"))


@scenario
def sessions_at_a_server_that_goes_down(w):
    server, other = checked(w, "inter 100ms rise 1 fall 2", count=2)
    clients = [w.client("fe") for _ in range(4)]
    w.observe("spread", [client.line() for client in clients])
    server.unlisten()
    check_line(w, "down", "s1 is DOWN")
    clients[0].send(b"still\n")
    w.observe("old session lives on", clients[0].line())
    w.observe("picks", [w.ask("fe") for _ in range(3)])


@scenario
def backup_takes_over(w):
    server = w.server("s1")
    w.server("s2")
    w.start("frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    default-server inter 100ms rise 1 fall 1\n"
            "    server s1 @s1@ check\n    server s2 @s2@ backup check\n")
    w.observe("before", w.ask("fe"))
    server.unlisten()
    check_line(w, "down", "s1 is DOWN")
    w.observe("during", w.ask("fe"))
    server.listen()
    check_line(w, "up", "s1 is UP")
    w.observe("after", w.ask("fe"))


@scenario
def what_the_terminal_shows(w):
    server, = checked(w, "inter 100ms rise 1 fall 1", backend="    option log-health-checks")
    w.log.next("Health check for server be/s1 succeeded")
    server.unlisten()
    w.log.next("has no server available")
    server.listen()
    w.log.next("s1 is UP")
    for state in ("maint", "drain", "ready"):
        w.cli(f"set server be/s1 state {state}")
    w.log.next("leaving forced drain")
    w.cli("disable frontend fe")
    w.log.next("Paused")
    with open(os.path.join(w.dir, "stderr"), encoding="utf-8") as text:  # not w.stderr: its offset is the program's too
        lines = [line for line in text if re.search(r"[Ss]erver be/s1|no server|Paused", line)]
    text = re.sub(r"\(\d+\) :", "(PID) :", "".join(lines))
    w.observe("lines", re.sub(r"check duration: \d+ms", "check duration: Nms", text))


@scenario
def from_maintenance_to_draining(w):
    checked(w, "weight 10")
    for state in ("maint", "drain", "maint", "ready", "drain", "ready"):
        w.observe(state, w.cli(f"set server be/s1 state {state}"))
        check_line(w, f"log of {state}", "Server be/s1")
        if state == "drain":
            w.observe("status", w.stat("be", "s1").get("status"))


@scenario
def maintenance_of_a_server_that_is_down(w):
    server, = checked(w, "inter 300ms rise 2 fall 1")
    first_check(w)
    server.unlisten()
    check_line(w, "down", "s1 is DOWN")
    for state in ("maint", "ready"):
        w.cli(f"set server be/s1 state {state}")
        check_line(w, f"log of {state}", "Server be/s1")
    check_line(w, "down again", "s1 is DOWN")
    for state in ("drain", "ready"):
        w.cli(f"set server be/s1 state {state}")
        check_line(w, f"log of {state}", "Server be/s1")


if __name__ == "__main__":
    main()
