#!/usr/bin/env python3
"""What a process is told at start: options of the command line, states of servers left by a former process."""
import os

from harness import add_scenario, main, scenario

HEAD = ("1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
        "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state "
        "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr "
        "srv_agent_port\n")
BODY = """
frontend fe
    bind @fe@
    default_backend be
backend be
    load-server-state-from-file global
    server s1 @s1@ weight 10
    server s2 @s1@ weight 20 check inter 60s
    server s3 @s1@ weight 30 disabled
backend other
    id 77
    load-server-state-from-file none
    server o1 @s1@
"""


def line(w, server="s1", backend="be", be_id=3, number=1, address=None, state=2, admin=0, weight=10, configured=10, check=1,
         result=0, counter=2, checks=0, port=None):
    host, own = w.address("s1")
    return (f"{be_id} {backend} {number} {server} {address or host} {state} {admin} {weight} {configured} 55 {check} {result} "
            f"{counter} {checks} 0 0 0 - {own if port is None else port} - 0 0 - - 0\n")


def left(name, lines, head=HEAD):
    def run(w):
        w.server("s1")
        with open(os.path.join(w.dir, "states"), "w", encoding="ascii") as out:
            out.write(head + "".join(line(w, **fields) for fields in lines))
        w.start(BODY, more_global="server-state-file @dir@/states")
        shown = []
        for text in w.cli("show servers state").split("\n")[2:]:
            fields = text.split(" ")
            if len(fields) < 14:
                continue
            fields[9] = "SECONDS"
            fields[12] = "COUNTER"  # a first check may or may not have ended
            fields[10] = fields[11] = "CHECK"
            shown.append(" ".join(fields))
        w.observe("states", "\n".join(shown))
        w.observe("status", [w.stat("be", server).get("status") for server in ("s1", "s3")])
        w.observe("weights", [w.stat("be", server).get("weight") for server in ("s1", "s2", "s3")])
    run.__name__ = "left_" + name
    add_scenario(run.__name__, run)


UP2 = {"server": "s2", "number": 2, "weight": 20, "configured": 20, "check": 6, "result": 3, "counter": 4, "checks": 6}
left("as_configured", [{}, UP2])
left("weight", [{"weight": 5}])
left("weight_of_another_configuration", [{"weight": 5, "configured": 9}])
left("address", [{"address": "127.0.0.9"}])
left("port", [{"port": 1234}])
left("down", [{"state": 0}])
left("maintenance", [{"state": 0, "admin": 1}])
left("draining", [{"admin": 8}])
left("maintenance_and_draining", [{"state": 0, "admin": 9}])
left("checks_paused", [{**UP2, "checks": 2}])
left("down_by_check", [{**UP2, "state": 0, "check": 8, "result": 2, "counter": 0}])
left("disabled_made_ready", [{"server": "s3", "number": 3, "admin": 4, "weight": 30, "configured": 30}])
left("disabled", [{"server": "s3", "number": 3, "state": 0, "admin": 5, "weight": 30, "configured": 30}])
left("no_longer_disabled", [{"state": 0, "admin": 5}])
left("other_numbers", [{"be_id": 9, "number": 9, "weight": 5}])
left("other_backend_name", [{"backend": "zz", "weight": 5}])
left("other_server_name", [{"server": "zz", "weight": 5}])
left("bad_state", [{"state": 9, "weight": 5}])
left("bad_weight", [{"weight": 999}])
left("none_for_a_backend", [{"backend": "other", "server": "o1", "be_id": 77, "weight": 5, "configured": 1}])
left("unknown_version", [{"weight": 5}], head="2\n")
left("no_version", [{"weight": 5}], head="")


@scenario
def no_file(w):
    w.server("s1")
    w.start(BODY, more_global="server-state-file @dir@/nowhere")
    w.observe("serves", w.ask("fe"))


@scenario
def local_file(w):
    w.server("s1")
    with open(os.path.join(w.dir, "mine"), "w", encoding="ascii") as out:
        out.write(HEAD + line(w, weight=5))
    with open(os.path.join(w.dir, "other"), "w", encoding="ascii") as out:
        out.write(HEAD + line(w, backend="other", server="o1", weight=6, configured=1))
    w.start("frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    load-server-state-from-file local\n"
            "    server-state-file-name mine\n    server s1 @s1@ weight 10\nbackend other\n"
            "    load-server-state-from-file local\n    server o1 @s1@\n", more_global="server-state-base @dir@")
    w.observe("weights", [w.stat("be", "s1").get("weight"), w.stat("other", "o1").get("weight")])


@scenario
def maxconn_of_frontends(w):
    w.server("s1")
    w.start("frontend one\n    bind @one@\n    default_backend be\nfrontend two\n    bind @two@\n    maxconn 5\n"
            "    default_backend be\nbackend be\n    server s1 @s1@\n", more_global="maxconn 300", arguments=("-N", "77"))
    w.observe("limits", [w.stat(name, "FRONTEND").get("slim") for name in ("one", "two")])


@scenario
def maxconn_of_the_process(w):
    w.server("s1")
    w.start(BODY, more_global="maxconn 300", arguments=("-n", "120"))
    values = dict(text.split(": ", 1) for text in w.cli("show info").split("\n") if ": " in text)
    w.observe("limits", [values["Maxconn"], values["Hard_maxconn"]])


@scenario
def names_of_the_process(w):
    w.server("s1")
    w.start(BODY, more_global='node here-1\n    description "a farm of one"')
    values = dict(text.split(": ", 1) for text in w.cli("show info").split("\n") if ": " in text)
    w.observe("names", [values.get("node"), values.get("description")])


GLOBALS = {
    "groups": "nbthread 4\n    thread-groups 2\n    thread-group 1 1-2\n    thread-group 2 3-4\n    cpu-map 1/1 0\n    cpu-map 2 0",
    "places": "nbthread 2\n    cpu-map auto:1/1-2 0-1",
    "places by lists": "nbthread 4\n    cpu-map auto:1/1-4 3,2 1 0",
    "sets that differ": "nbthread 4\n    cpu-map auto:1/1-4 0",
    "no cpus": "cpu-map 1",
    "group 0": "thread-groups 0",
    "thread 0": "nbthread 0",
    "bad set": "cpu-map 1/1 x",
    "limits": "ulimit-n 500\n    fd-hard-limit 600\n    maxconn 50",
    "dumps": "set-dumpable",
    "no dumps": "no set-dumpable",
    "busy": "busy-polling",
    "bad dumps": "set-dumpable maybe",
    "fork": "insecure-fork-wanted\n    insecure-setuid-wanted",
    "spread": "close-spread-time 10s\n    hard-stop-after 30s\n    grace 1s",
    "numa": "no numa-cpu-mapping",
}


@scenario
def global_words(w):
    for name, lines in GLOBALS.items():
        status, _ = w.check(f"global\n    {lines}\n{FARM}")
        w.observe(name, status == 0)


BINDS = {"all": "thread all", "one": "thread 1", "range": "thread 1-2", "open": "thread 2-", "list": "thread 1,2", "odd": "thread odd",
         "of a group": "thread 1/1-2", "nonsense": "thread x", "mixed": "thread 1/1,2", "zero": "thread 0"}
FARM = """defaults
    mode tcp
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend fe
    bind 127.0.0.1:10001
    default_backend be
backend be
    server s1 127.0.0.1:10002
"""


@scenario
def threads_of_binds(w):
    for name, words in BINDS.items():
        status, _ = w.check("global\n    nbthread 2\n" + FARM.replace("10001", "10001 " + words))
        w.observe(name, status == 0)


if __name__ == "__main__":
    main()
