#!/usr/bin/env python3
"""Which server gets which connection: the algorithms, weights, backups, and state changes between picks."""
import select
import time

from harness import GLOBAL, add_scenario, main, scenario
from wire import rdp_request, routing_token, say_after_first_bytes, until

BOTH = (1, 2)


def picks(world, count, source=None):
    return " ".join(world.ask("fe", source) for _ in range(count))


def farm(world, algorithm, servers, names=("s1", "s2", "s3"), extra=""):
    world.servers(*names)
    lines = "\n".join(f"    server {line}" for line in servers)
    world.start(f"""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance {algorithm}
{extra}
{lines}
""")


WITHOUT_BALANCE = GLOBAL.replace("    balance roundrobin\n", "")


@scenario(threads=BOTH)
def default_algorithm(w):
    w.servers("s1", "s2", "s3")
    servers = "    server s1 @s1@\n    server s2 @s2@\n    server s3 @s3@\n"
    w.start("frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n" + servers +
            "backend written\n    balance roundrobin\n" + servers + "defaults\n    balance leastconn\nbackend inherited\n" + servers,
            prologue=WITHOUT_BALANCE)
    for backend in ("be", "written", "inherited"):
        w.observe(backend, w.stat(backend).get("algo", ""))
    w.observe("each has its turn", " ".join(sorted(set(picks(w, 40).split()))))


@scenario(threads=BOTH)
def roundrobin_equal(w):
    farm(w, "roundrobin", ["s1 @s1@", "s2 @s2@", "s3 @s3@"])
    w.observe("picks", picks(w, 12))


@scenario(threads=BOTH)
def roundrobin_weights(w):
    farm(w, "roundrobin", ["s1 @s1@ weight 5", "s2 @s2@ weight 2", "s3 @s3@ weight 1"])
    w.observe("picks", picks(w, 32))


@scenario(threads=BOTH)
def roundrobin_large_weights(w):
    farm(w, "roundrobin", ["s1 @s1@ weight 256", "s2 @s2@ weight 100", "s3 @s3@ weight 33"])
    w.observe("picks", picks(w, 48))


@scenario(threads=BOTH)
def roundrobin_weight_zero(w):
    farm(w, "roundrobin", ["s1 @s1@ weight 0", "s2 @s2@ weight 1", "s3 @s3@ weight 1"])
    w.observe("picks", picks(w, 8))


@scenario(threads=BOTH)
def roundrobin_weight_changes(w):
    farm(w, "roundrobin", ["s1 @s1@ weight 10", "s2 @s2@ weight 10", "s3 @s3@ weight 10"])
    w.observe("before", picks(w, 7))
    w.observe("set", w.cli("set server be/s1 weight 30"))
    w.observe("after", picks(w, 15))
    w.observe("set to half", w.cli("set server be/s1 weight 50%"))
    w.observe("halved", picks(w, 15))
    w.observe("set to nothing", w.cli("set server be/s2 weight 0"))
    w.observe("without s2", picks(w, 8))
    w.observe("get", w.cli("get weight be/s2"))


@scenario(threads=BOTH)
def roundrobin_maintenance(w):
    farm(w, "roundrobin", ["s1 @s1@", "s2 @s2@", "s3 @s3@"])
    w.observe("before", picks(w, 4))
    w.cli("disable server be/s2")
    w.observe("without s2", picks(w, 5))
    w.cli("enable server be/s2")
    w.observe("again", picks(w, 9))
    w.cli("set server be/s3 state drain")
    w.observe("s3 drains", picks(w, 6))


@scenario(threads=BOTH)
def first_backup_only(w):
    farm(w, "roundrobin", ["s1 @s1@", "s2 @s2@ backup", "s3 @s3@ backup"])
    w.observe("before", picks(w, 3))
    w.cli("disable server be/s1")
    w.observe("first backup", picks(w, 4))
    w.cli("disable server be/s2")
    w.observe("second backup", picks(w, 4))
    w.cli("enable server be/s1")
    w.observe("back", picks(w, 3))


@scenario(threads=BOTH)
def all_backups(w):
    farm(w, "roundrobin", ["s1 @s1@", "s2 @s2@ backup", "s3 @s3@ backup weight 2"], extra="    option allbackups")
    w.cli("disable server be/s1")
    w.observe("both backups", picks(w, 9))


@scenario(threads=BOTH)
def leastconn_fills_evenly(w):
    farm(w, "leastconn", ["s1 @s1@", "s2 @s2@", "s3 @s3@"])
    open_ones, order = [], []
    for _ in range(9):
        client = w.client("fe")
        order.append(client.line().decode().strip())
        open_ones.append(client)
    w.observe("order", " ".join(order))


@scenario(threads=BOTH)
def leastconn_weights(w):
    farm(w, "leastconn", ["s1 @s1@ weight 10", "s2 @s2@ weight 20", "s3 @s3@ weight 40"])
    order = []
    for _ in range(14):
        order.append(w.client("fe").line().decode().strip())
    w.observe("order", " ".join(order))


@scenario(threads=BOTH)
def leastconn_refills_the_emptied(w):
    farm(w, "leastconn", ["s1 @s1@", "s2 @s2@", "s3 @s3@"])
    held = {}
    for _ in range(6):
        client = w.client("fe")
        held.setdefault(client.line().decode().strip(), []).append(client)
    for client in held["s2"]:
        client.close()
    until(lambda: w.stat("be", "s2").get("scur") == "0", what="s2 to be empty")
    w.observe("refill", " ".join(w.client("fe").line().decode().strip() for _ in range(4)))


@scenario(threads=BOTH)
def leastconn_idle_rotates(w):
    farm(w, "leastconn", ["s1 @s1@", "s2 @s2@"], names=("s1", "s2"))
    seen = []
    for _ in range(6):
        seen.append(w.ask("fe"))
        until(lambda: w.stat("be").get("scur") == "0", what="the session to end")
    w.observe("picks", " ".join(seen))


def sources():
    return [f"127.0.{third}.{fourth}" for third in (1, 3, 77) for fourth in (1, 2, 9, 33, 130, 254)]


@scenario(threads=BOTH)
def source_hash(w):
    farm(w, "source", ["s1 @s1@", "s2 @s2@", "s3 @s3@"])
    w.observe("first", " ".join(w.ask("fe", source) for source in sources()))
    w.observe("second", " ".join(w.ask("fe", source) for source in sources()))


@scenario(threads=BOTH)
def source_hash_weights_and_loss(w):
    farm(w, "source", ["s1 @s1@ weight 1", "s2 @s2@ weight 3", "s3 @s3@ weight 2"])
    w.observe("all", " ".join(w.ask("fe", source) for source in sources()))
    w.cli("disable server be/s2")
    w.observe("without s2", " ".join(w.ask("fe", source) for source in sources()))
    w.cli("enable server be/s2")
    w.observe("again", " ".join(w.ask("fe", source) for source in sources()))


USERS = ["Administrator", "test-001", "alice", "bob", "carol", "dave", "erin", "frank", "CORP\\gina", "h", "x" * 30]


def rdp_ask(w, user, token=b""):
    with w.client("fe") as client:
        client.send(rdp_request(cookie=user.encode(), token=token))
        return client.line().decode(errors="replace").strip()


def rdp_farm(w, backend, names=("s1", "s2", "s3")):
    w.servers(*names, behaviour=say_after_first_bytes)
    w.start(f"""
frontend fe
    bind @fe@
    tcp-request inspect-delay 2s
    tcp-request content accept if RDP_COOKIE
    default_backend be
backend be
{backend}
""")


@scenario(threads=BOTH)
def rdp_cookie_hash(w):
    rdp_farm(w, """
    balance rdp-cookie(mstshash)
    server s1 @s1@
    server s2 @s2@
    server s3 @s3@
""")
    w.observe("users", " ".join(rdp_ask(w, user) for user in USERS))
    w.observe("again", " ".join(rdp_ask(w, user) for user in USERS))


@scenario(threads=BOTH)
def rdp_cookie_hash_default_name(w):
    rdp_farm(w, """
    balance rdp-cookie
    server s1 @s1@
    server s2 @s2@
    server s3 @s3@
""")
    w.observe("users", " ".join(rdp_ask(w, user) for user in USERS))


@scenario
def rdp_cookie_missing_falls_back(w):
    rdp_farm(w, """
    balance rdp-cookie(mstshash)
    server s1 @s1@
    server s2 @s2@
    server s3 @s3@
""")
    w.observe("no cookie", " ".join(rdp_ask(w, "") for _ in range(5)))


@scenario(threads=BOTH)
def persist_rdp_cookie_token(w):
    rdp_farm(w, """
    balance leastconn
    persist rdp-cookie
    server s1 @s1@
    server s2 @s2@
    server s3 @s3@
""")
    order = ["s3", "s1", "s1", "s2", "s3", "s2"]
    w.observe("tokens", " ".join(rdp_ask(w, "", routing_token(*w.address(name))) for name in order))
    w.observe("unknown address", rdp_ask(w, "", routing_token("127.9.9.9", 3389)) in ("s1", "s2", "s3"))
    w.observe("broken token", rdp_ask(w, "", b"not-a-token") in ("s1", "s2", "s3"))


@scenario(threads=BOTH)
def static_rr(w):
    farm(w, "static-rr", ["s1 @s1@ weight 5", "s2 @s2@ weight 3", "s3 @s3@ weight 2"])
    w.observe("all", picks(w, 14))
    w.cli("disable server be/s2")
    w.observe("without s2", picks(w, 9))
    w.cli("enable server be/s2")
    w.observe("again", picks(w, 13))


@scenario
def static_weights_are_fixed(w):
    farm(w, "static-rr", ["s1 @s1@ weight 2", "s2 @s2@ weight 1", "s3 @s3@ weight 1"])
    for wanted in ("3", "50%", "0", "0%", "100%", "2"):
        w.observe(f"set {wanted}", w.cli(f"set weight be/s1 {wanted}"))
        w.observe(f"set server {wanted}", w.cli(f"set server be/s1 weight {wanted}"))
        w.observe(f"picks {wanted}", picks(w, 4))


@scenario(threads=BOTH)
def static_rr_full_servers(w):
    farm(w, "static-rr", ["s1 @s1@ maxconn 1", "s2 @s2@", "s3 @s3@ maxconn 2"])
    w.observe("order", " ".join(w.client("fe").line().decode().strip() for _ in range(8)))


@scenario(threads=BOTH)
def first_fills_by_id(w):
    farm(w, "first", ["s1 @s1@ maxconn 2 id 30", "s2 @s2@ maxconn 1 id 10", "s3 @s3@ maxconn 2 id 20"])
    w.observe("order", " ".join(w.client("fe").line().decode().strip() for _ in range(5)))


def hashed(name, hash_type, servers=("s1 @s1@", "s2 @s2@", "s3 @s3@")):
    def run(w):
        farm(w, "source", servers, extra=f"    hash-type {hash_type}")
        w.observe("all", " ".join(w.ask("fe", source) for source in sources()))
        w.cli("disable server be/s2")
        w.observe("without s2", " ".join(w.ask("fe", source) for source in sources()))
        w.cli("enable server be/s2")
        w.observe("again", " ".join(w.ask("fe", source) for source in sources()))
    add_scenario(name, run, BOTH)


hashed("source_avalanche", "map-based sdbm avalanche")
hashed("source_ring", "consistent")
hashed("source_ring_djb2", "consistent djb2")
hashed("source_ring_weights", "consistent", ("s1 @s1@ weight 10", "s2 @s2@ weight 30", "s3 @s3@ weight 20 id 77"))


@scenario(threads=BOTH)
def ring_weights_at_run_time(w):
    farm(w, "source", ["s1 @s1@ weight 10", "s2 @s2@ weight 10", "s3 @s3@ weight 10"], extra="    hash-type consistent")
    for change in ("s1 30", "s2 50%", "s3 0", "s1 100%", "s3 256"):
        w.observe(f"set {change}", w.cli(f"set weight be/{change}"))
        w.observe(f"after {change}", " ".join(w.ask("fe", source) for source in sources()))


def cookie_hashed(name, hash_type):
    def run(w):
        rdp_farm(w, f"""
    balance rdp-cookie(mstshash)
    hash-type {hash_type}
    server s1 @s1@
    server s2 @s2@ weight 3
    server s3 @s3@ weight 2
""")
        w.observe("users", " ".join(rdp_ask(w, user) for user in USERS))
    add_scenario(name, run, BOTH)


for function in ("sdbm", "djb2", "crc32"):
    for modifier in ("", " avalanche"):
        for method in ("map-based", "consistent"):
            cookie_hashed(f"cookie_{method[:3]}_{function}{modifier[1:2]}", f"{method} {function}{modifier}")


def expression_hashed(name, expression):
    def run(w):
        rdp_farm(w, f"""
    balance hash {expression}
    server s1 @s1@
    server s2 @s2@
    server s3 @s3@
""")
        w.observe("users", " ".join(rdp_ask(w, user) for user in USERS))
    add_scenario(name, run, BOTH)


expression_hashed("hash_of_text", "req.rdp_cookie(mstshash),lower")
expression_hashed("hash_of_bytes", "req.payload(11,6)")
expression_hashed("hash_of_a_number", "req.rdp_cookie(mstshash),length")
expression_hashed("hash_of_an_address", "src")
expression_hashed("hash_of_nothing", "req.rdp_cookie(other)")


@scenario(threads=BOTH)
def bounded_ring(w):
    farm(w, "source", ["s1 @s1@", "s2 @s2@", "s3 @s3@"], extra="    hash-type consistent\n    hash-balance-factor 150")
    w.observe("one client's", " ".join(w.client("fe", "127.0.0.9").line().decode().strip() for _ in range(9)))


@scenario(threads=BOTH)
def random_uses_all(w):
    farm(w, "random(3)", ["s1 @s1@", "s2 @s2@", "s3 @s3@ weight 0"])
    seen = [w.client("fe").line().decode().strip() for _ in range(24)]
    w.observe("who", " ".join(sorted(set(seen))))
    w.observe("evenly", abs(seen.count("s1") - seen.count("s2")) <= 8)


@scenario(threads=BOTH)
def use_server_rules(w):
    w.servers("s1", "s2", "s3")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance roundrobin
    use-server s2 if { src 127.0.1.1 }
    use-server s3 if { src 127.0.1.1 127.0.1.2 }
    server s1 @s1@
    server s2 @s2@ weight 0
    server s3 @s3@ weight 0
""")
    w.observe("rules", " ".join(w.ask("fe", f"127.0.1.{n}") for n in (1, 2, 3, 1)))
    w.cli("set server be/s2 health down")
    w.observe("the next rule", w.ask("fe", "127.0.1.1"))
    w.cli("disable server be/s3")
    w.observe("no rule", w.ask("fe", "127.0.1.1"))
    w.observe("picked", " ".join(w.stat("be", name).get("lbtot") for name in ("s1", "s2", "s3")))


@scenario(threads=BOTH)
def use_server_computed(w):
    w.servers("s1", "s2", "s3")
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance roundrobin
    use-server s%[src_port,mul(0),add(2)] if { src 127.0.1.0/24 }
    use-server s3 if TRUE
    server s1 @s1@
    server s2 @s2@
    server s3 @s3@
""")
    w.observe("computed", " ".join(w.ask("fe", f"127.0.1.{n}") for n in (1, 2, 9)))


def persist_farm(w, rules, extra=""):
    w.servers("s1", "s2")
    w.start(f"""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance roundrobin
{rules}
    stick-table type ip size 100
    stick on src
    server s1 @s1@ {extra}
    server s2 @s2@ {extra}
""")


@scenario(threads=BOTH)
def ignored_persistence(w):
    persist_farm(w, "    ignore-persist if { src 127.0.2.2 }")
    w.observe("sticks", " ".join(w.ask("fe", "127.0.2.1") for _ in range(4)))
    w.observe("is balanced", " ".join(w.ask("fe", "127.0.2.2") for _ in range(4)))


@scenario(threads=BOTH)
def forced_persistence(w):
    persist_farm(w, "    force-persist if { src 127.0.2.0/24 }")
    first = w.ask("fe", "127.0.2.1")
    w.ask("fe", "127.0.3.1")
    second = w.ask("fe", "127.0.3.2")
    w.observe("first", first)
    w.cli(f"set server be/{first} health down")
    w.observe("down, forced", w.ask("fe", "127.0.2.1"))
    w.observe("new ones", " ".join(w.ask("fe", f"127.0.3.{n}") for n in (7, 8, 9)))
    w.observe("down, others", second)


@scenario(threads=BOTH)
def dispatch_without_servers(w):
    w.servers("s1", "s2")
    w.start("""
listen fe
    bind @fe@
    dispatch @s1@
""", prologue=WITHOUT_BALANCE)
    first = w.ask("fe")
    w.idle("fe")  # its line is about one session
    w.observe("dispatched", f"{first} {w.ask('fe')}")
    w.observe("algorithm", w.stat("fe", "BACKEND").get("algo"))
    w.observe_log("log")


@scenario(threads=BOTH)
def dispatch_when_servers_are_gone(w):
    w.servers("s1", "s2")
    w.start("""
listen fe
    bind @fe@
    balance roundrobin
    dispatch @s1@
    server s2 @s2@
""")
    w.observe("balanced", w.ask("fe"))
    w.cli("disable server fe/s2")
    w.observe("dispatched", w.ask("fe"))


@scenario(threads=BOTH)
def server_templates(w):
    w.servers("s1")
    w.start("""
listen fe
    bind @fe@
    balance roundrobin
    server-template s 2-4 @s1@ weight 3
    server-template t 2 @s1@
""")
    w.observe("names", " ".join(line.split(",")[1] for line in w.cli("show stat fe 4 -1").strip().split("\n")[1:]))
    for _ in range(6):
        w.ask("fe")
        w.observe_log("log")


@scenario(threads=BOTH)
def priorities_in_a_queue(w):
    w.servers("s1")
    w.start("""
frontend fe
    bind @fe@
    tcp-request inspect-delay 1s
    tcp-request content set-priority-class int(-5) if { src 127.0.4.1 }
    tcp-request content set-priority-class int(7) if { src 127.0.4.3 }
    tcp-request content set-priority-offset int(5000) if { src 127.0.4.4 }
    tcp-request content set-priority-offset int(-5000) if { src 127.0.4.5 }
    default_backend be
backend be
    balance roundrobin
    server s1 @s1@ maxconn 1
""")
    first = w.client("fe", "127.0.4.9")
    first.line()
    waiting = []
    for count, last in enumerate((2, 3, 4, 5, 1, 6), 1):
        waiting.append((last, w.client("fe", f"127.0.4.{last}")))
        until(lambda: w.stat("be").get("qcur") == str(count), what="the queue to grow")
    order = []
    holder = first
    while waiting:
        holder.close()
        done = until(lambda: next((one for one in waiting if select.select([one[1].sock], [], [], 0)[0]), None), what="the next to be served")
        done[1].line()
        order.append(str(done[0]))
        waiting.remove(done)
        holder = done[1]
    w.observe("order", " ".join(order))


@scenario(threads=BOTH)
def backup_sessions_end(w):
    farm(w, "roundrobin", ["s1 @s1@ on-marked-up shutdown-backup-sessions", "s2 @s2@ backup", "s3 @s3@ backup"])
    w.cli("set server be/s1 health down")
    held = w.client("fe")
    w.observe("on the backup", held.line())
    w.cli("set server be/s1 health up")
    w.observe("ended", held.rest())
    w.observe_log("log")
    w.observe("then", w.ask("fe"))


@scenario
def slow_start_is_shown(w):
    farm(w, "roundrobin", ["s1 @s1@ slowstart 60s weight 100 maxconn 1000", "s2 @s2@ weight 100", "s3 @s3@"])
    w.observe("at start", w.stat("be", "s1").get("throttle"))
    w.cli("set server be/s1 health down")
    w.cli("set server be/s1 health up")
    w.observe("throttled", int(w.stat("be", "s1").get("throttle") or 101) < 20)
    w.observe("weight", int(w.stat("be", "s1").get("weight")) < 20)
    w.observe("picks", picks(w, 12).count("s1") <= 1)
    w.cli("disable server be/s2")
    w.cli("enable server be/s2")
    w.observe("without slowstart", w.stat("be", "s2").get("throttle"))
    w.cli("disable server be/s1")
    w.observe("in maintenance", w.stat("be", "s1").get("throttle"))
    w.cli("enable server be/s1")
    w.observe("after maintenance", bool(w.stat("be", "s1").get("throttle")))


def limited(name, body, more_global=""):
    def run(w):
        w.servers("s1")
        w.start(f"""
listen fe
    bind @fe@
{body}
    server s1 @s1@
""", more_global=more_global)
        started = time.monotonic()
        for _ in range(14):
            w.ask("fe")
        passed = time.monotonic() - started
        w.observe("took a while", 0.25 < passed < 2.5)
    add_scenario(name, run, BOTH)


limited("rate_limit_sessions", "    rate-limit sessions 10")
limited("process_connection_rate", "", "maxconnrate 10")
limited("process_session_rate", "", "maxsessrate 10")


if __name__ == "__main__":
    main()
