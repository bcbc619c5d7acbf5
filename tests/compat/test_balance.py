#!/usr/bin/env python3
"""Which server gets which connection: the algorithms, weights, backups, and state changes between picks."""
from harness import main, scenario
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


if __name__ == "__main__":
    main()
