#!/usr/bin/env python3
"""Sticking: who stays with which server, what the table holds, and how the runtime socket shows and changes it."""
import re

from harness import add_scenario, main, scenario
from wire import rdp_request, say_after_first_bytes, until

BOTH = (1, 2)


def sticky(w, stick, table="type ip size 10k expire 1m", balance="roundrobin", names=("s1", "s2", "s3")):
    w.servers(*names)
    servers = "\n".join(f"    server {name} @{name}@" for name in names)
    w.start(f"""
frontend fe
    bind @fe@
    default_backend be
backend be
    balance {balance}
    stick-table {table}
{stick}
{servers}
""")


def rdp_farm(w, rules="    stick on rdp_cookie(mstshash)", table="type string len 32 size 10k expire 8h"):
    w.servers("srv01", "srv02", behaviour=say_after_first_bytes)
    w.start(f"""
frontend fe
    bind @fe@ name rdp
    tcp-request inspect-delay 2s
    tcp-request content accept if RDP_COOKIE
    default_backend bk_rdp
backend bk_rdp
    balance leastconn
    stick-table {table}
{rules}
    server srv01 @srv01@ weight 10
    server srv02 @srv02@ weight 10
""")


def rdp_ask(w, user):
    with w.client("fe") as client:
        client.send(rdp_request(cookie=user.encode()))
        name = client.line().decode(errors="replace").strip()
    until(lambda: w.stat("bk_rdp").get("scur") == "0", what="the session to end")
    return name


def table(w, command):
    """The answer of `show table`, its entries sorted: their order is not promised."""
    lines = w.cli(command).strip("\n").split("\n")
    lines = [re.sub(r"^0x[0-9a-f]+", "PTR", line) for line in lines]
    return "\n".join([line for line in lines if not line.startswith("PTR")]
                     + sorted(line for line in lines if line.startswith("PTR")))


@scenario(threads=BOTH)
def users_return_to_their_server(w):
    rdp_farm(w)
    users = ["Administrator", "test-001", "alice", "bob"]
    w.observe("first", " ".join(rdp_ask(w, user) for user in users))
    w.observe("again", " ".join(rdp_ask(w, user) for user in reversed(users)))
    w.observe("show table", table(w, "show table bk_rdp"))


@scenario(threads=BOTH)
def users_with_the_session_open(w):
    rdp_farm(w)
    held = []
    for user in ("u1", "u2", "u3", "u4"):
        client = w.client("fe")
        client.send(rdp_request(cookie=user.encode()))
        held.append(client.line().decode().strip())
    w.observe("spread", " ".join(held))
    w.observe("u1 again", rdp_ask_while_open(w, "u1"))
    w.observe("u4 again", rdp_ask_while_open(w, "u4"))


def rdp_ask_while_open(w, user):
    with w.client("fe") as client:
        client.send(rdp_request(cookie=user.encode()))
        return client.line().decode(errors="replace").strip()


@scenario
def long_key_is_cut(w):
    rdp_farm(w, table="type string len 5 size 100 expire 1m")
    w.observe("first", rdp_ask(w, "abcdefgh"))
    w.observe("same first bytes", rdp_ask(w, "abcdeXYZ"))
    w.observe("show table", table(w, "show table bk_rdp"))


@scenario
def no_cookie_no_entry(w):
    rdp_farm(w)
    rdp_ask(w, "")
    w.observe("show table", table(w, "show table bk_rdp"))


@scenario(threads=BOTH)
def stick_on_source(w):
    sticky(w, "    stick on src")
    w.observe("first", " ".join(w.ask("fe", f"127.0.0.{n}") for n in (5, 6, 7, 8)))
    w.observe("again", " ".join(w.ask("fe", f"127.0.0.{n}") for n in (8, 7, 6, 5, 5)))
    w.observe("show table", table(w, "show table be"))


@scenario
def match_without_store(w):
    sticky(w, "    stick match src")
    w.observe("first", " ".join(w.ask("fe", "127.0.0.5") for _ in range(4)))
    w.observe("show table", table(w, "show table be"))
    w.observe("set", w.cli("set table be key 127.0.0.5 data.server_id 2"))
    w.observe("after", " ".join(w.ask("fe", "127.0.0.5") for _ in range(4)))


@scenario
def store_request_without_match(w):
    sticky(w, "    stick store-request src")
    w.observe("picks", " ".join(w.ask("fe", "127.0.0.5") for _ in range(4)))
    w.observe("show table", table(w, "show table be"))


@scenario
def with_conditions(w):
    sticky(w, "    stick match src if { src 127.0.0.5 127.0.0.6 }\n    stick store-request src if { src 127.0.0.5 }")
    w.observe("five", " ".join(w.ask("fe", "127.0.0.5") for _ in range(3)))
    w.observe("six", " ".join(w.ask("fe", "127.0.0.6") for _ in range(3)))
    w.observe("show table", table(w, "show table be"))


@scenario
def table_of_another_backend(w):
    w.servers("s1", "s2")
    w.start("""
backend shared
    stick-table type ip size 100 expire 1m
frontend fe
    bind @fe@
    default_backend be
backend be
    balance roundrobin
    stick on src table shared
    server s1 @s1@
    server s2 @s2@
""")
    w.observe("picks", " ".join(w.ask("fe", f"127.0.0.{n}") for n in (5, 6, 5, 6, 6)))
    w.observe("show table", table(w, "show table shared"))
    w.observe("show table list", re.sub(r"(?m)^\s+", "", w.cli("show table")))


@scenario
def entry_expires(w):
    sticky(w, "    stick on src", table="type ip size 100 expire 300ms")
    w.ask("fe", "127.0.0.5")
    w.observe("used", "used:1" in w.cli("show table be"))
    until(lambda: "used:0" in w.cli("show table be"), seconds=5, what="the entry to expire")
    w.observe("show table", table(w, "show table be"))


@scenario
def size_bound_evicts(w):
    sticky(w, "    stick on src", table="type ip size 4 expire 1m")
    for n in range(10, 20):
        w.ask("fe", f"127.0.0.{n}")
    w.observe("at most four", int(re.search(r"used:(\d+)", w.cli("show table be")).group(1)) <= 4)
    w.observe("newest is there", "127.0.0.19" in w.cli("show table be"))


@scenario
def full_with_nopurge(w):
    sticky(w, "    stick on src", table="type ip size 2 expire 1m nopurge")
    for n in range(10, 15):
        w.ask("fe", f"127.0.0.{n}")
    w.observe("show table", table(w, "show table be"))


@scenario
def sticky_server_down(w):
    sticky(w, "    stick on src")
    first = w.ask("fe", "127.0.0.5")
    w.cli(f"disable server be/{first}")
    second = w.ask("fe", "127.0.0.5")
    w.observe("moved", [first, second])
    w.cli(f"enable server be/{first}")
    w.observe("stays with the new one", w.ask("fe", "127.0.0.5"))
    w.observe("show table", table(w, "show table be"))


@scenario
def force_and_ignore_persist_of_drained(w):
    sticky(w, "    stick on src")
    first = w.ask("fe", "127.0.0.5")
    w.cli(f"set server be/{first} state drain")
    w.observe("drained keeps its users", w.ask("fe", "127.0.0.5") == first)
    w.observe("others go elsewhere", w.ask("fe", "127.0.0.6") != first)


@scenario
def stored_counters(w):
    sticky(w, "    tcp-request content track-sc0 src", table="type ip size 100 expire 1m store conn_cnt,bytes_in_cnt,gpc0")
    w.ask("fe", "127.0.0.5")
    w.ask("fe", "127.0.0.5")
    until(lambda: "use=0" in w.cli("show table be"), what="the entry to be free")
    w.observe("show table", table(w, "show table be"))


KINDS = {
    "ip": ("type ip size 100 expire 1m store server_id", ["10.0.0.1", "10.0.0.2", "10.255.255.255"]),
    "ipv6": ("type ipv6 size 100 expire 1m store server_id", ["2001:db8::1", "::1"]),
    "integer": ("type integer size 100 expire 1m store server_id", ["1", "4294967295", "17"]),
    "string": ("type string len 16 size 100 expire 1m store server_id", ["alice", "bob", "a-name-longer-than-sixteen"]),
}


def _kind(name):
    definition, keys = KINDS[name]

    def run(w):
        w.start(f"backend be\n    stick-table {definition}\n    server s1 127.0.0.1:1\n")
        for key in keys:
            w.observe(f"set {key}", w.cli(f"set table be key {key} data.server_id 1"))
        w.observe("show table", table(w, "show table be"))
        w.observe("show table one", table(w, f"show table be key {keys[0]}"))
        w.observe("show table filter", table(w, "show table be data.server_id eq 1"))
        w.observe("show table no match", table(w, "show table be data.server_id gt 1"))
        w.observe("clear one", w.cli(f"clear table be key {keys[0]}"))
        w.observe("show table after clear", table(w, "show table be"))
        w.observe("clear all", w.cli("clear table be"))
        w.observe("show table empty", table(w, "show table be"))
    return run


for _name in KINDS:
    add_scenario(f"cli_on_{_name}_keys", _kind(_name))


ERRORS = [
    "show table nothere", "show table be key", "show table be key nonsense", "show table be data.gpc0 eq 1",
    "show table be data.nothing eq 1", "show table be data.server_id is 1", "show table be data.server_id eq x",
    "show table be data.server_id", "clear table", "clear table nothere", "clear table be key", "set table",
    "set table nothere key 1.2.3.4", "set table be", "set table be key 1.2.3.4 data.gpc0 1",
    "set table be key 1.2.3.4 data.server_id x", "set table be key 1.2.3.4 nonsense 1", "show table be what",
]


@scenario
def cli_errors(w):
    w.start("backend be\n    stick-table type ip size 100 expire 1m\n    server s1 127.0.0.1:1\n")
    for command in ERRORS:
        w.observe(f"error: {command}", w.cli(command))


@scenario
def set_what_is_not_stored(w):
    w.start("backend be\n    stick-table type ip size 100 expire 1m\n    server s1 127.0.0.1:1\n")
    w.observe("set", w.cli("set table be key 10.0.0.1 data.server_id 1"))
    w.observe("entry made by a refused command", table(w, "show table be"))


@scenario
def clear_by_value(w):
    w.start("backend be\n    stick-table type ip size 100 expire 1m store server_id\n"
            "    server s1 127.0.0.1:1\n    server s2 127.0.0.1:2\n")
    for n in range(1, 7):
        w.cli(f"set table be key 10.0.0.{n} data.server_id {1 + n % 2}")
    w.observe("clear", w.cli("clear table be data.server_id eq 2"))
    w.observe("show table", table(w, "show table be"))


if __name__ == "__main__":
    main()
