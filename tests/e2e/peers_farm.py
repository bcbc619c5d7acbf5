#!/usr/bin/env python3
"""Nodes that share tables: weir beside Debian's haproxy as the other peer, in both directions, and weir beside weir.

Shown: every type of key and column arrives, as `show table` of both sides says; users learned by one node are steered by
the other; either side is killed and started again at any moment of a lesson; three weirs and one haproxy in one group.
"""
import os
import random
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "compat"))
from peering import HAPROXY, WEIR, Checks, Farm  # noqa: E402
from wire import until  # noqa: E402

check = Checks()
PAIRS = [("weir", WEIR, "haproxy", HAPROXY), ("haproxy", HAPROXY, "weir", WEIR), ("weir", WEIR, "weir", WEIR)]

ALL = ("server_id,gpt0,gpc0,gpc0_rate(60s),conn_cnt,conn_rate(60s),sess_cnt,sess_rate(60s),http_req_cnt,"
       "http_req_rate(60s),http_err_cnt,http_err_rate(60s),bytes_in_cnt,bytes_in_rate(60s),bytes_out_cnt,"
       "bytes_out_rate(60s),gpc1,gpc1_rate(60s),http_fail_cnt,http_fail_rate(60s)")
COLUMNS = [word.split("(")[0] for word in ALL.split(",")]

TABLES = f"""
backend addresses
    stick-table type ip size 1k expire 60s store {ALL} peers farm
backend addresses6
    stick-table type ipv6 size 1k expire 60s store gpc0,bytes_out_cnt peers farm
backend numbers
    stick-table type integer size 1k store gpc0 peers farm
backend texts
    stick-table type string len 40 size 1k expire 60s store gpc0,server_id peers farm
frontend fe
    bind @entry@
    tcp-request connection track-sc0 src table arrays
    tcp-request connection sc-inc-gpc(0,0)
    tcp-request connection sc-inc-gpc(3,0)
    tcp-request connection sc-set-gpt(2,0) 9
    default_backend arrays
backend arrays
    stick-table type string len 16 size 1k expire 60s store gpt(3),gpc(4),gpc_rate(2,60s) peers farm
"""
SECTION_TABLE = "    table addresses type ip size 1k expire 60s store gpc0"

KEYS = {"addresses": "10.1.2.3", "addresses6": "2001:db8::7", "numbers": "4000000000", "texts": "bob"}


def every_type_arrives():
    for here, first, there, second in PAIRS:
        with Farm(TABLES, {"a": first, "b": second}, peers=SECTION_TABLE) as farm:
            farm.join()
            a, b = farm["a"], farm["b"]
            # The 60 s periods outlast the test: rates are whole numbers in both.
            a.cli(f"set table addresses key {KEYS['addresses']} " +
                  " ".join(f"data.{column} {i + 1}" for i, column in enumerate(COLUMNS)))
            a.cli("set table addresses key 10.9.9.9 data.bytes_in_cnt 12345678901234 data.gpc0 4000000000")
            a.cli(f"set table addresses6 key {KEYS['addresses6']} data.gpc0 3 data.bytes_out_cnt 5000000000")
            a.cli(f"set table numbers key {KEYS['numbers']} data.gpc0 300")
            a.cli(f"set table texts key {KEYS['texts']} data.gpc0 5 data.server_id 2")
            a.client("127.0.0.9").close()
            a.client("127.0.0.9").close()
            a.cli("set table farm/addresses key 10.5.5.5 data.gpc0 55")
            for table in ("addresses", "addresses6", "numbers", "texts", "arrays", "farm/addresses"):
                what = f"{here} to {there}: table {table}"
                if check.comes(lambda: b.used(table) == a.used(table) and b.used(table) > 0, what):
                    time.sleep(0.05)
                    check.equal(b.table(table), a.table(table), what + " is the same")
            b.cli("set table addresses key 10.1.2.3 data.gpc0 99")
            check.comes(lambda: a.value("addresses", "10.1.2.3", "gpc0") == "99", f"{there} answers {here}")


STICKY = """
frontend fe
    bind @entry@
    default_backend farm_of_servers
backend farm_of_servers
    stick-table type ip size 10k expire 60s peers farm
    stick on src
    server s1 @s1@
    server s2 @s2@
    server s3 @s3@
"""


def users_are_steered():
    for here, first, there, second in PAIRS:
        farm = Farm(STICKY, {"a": first, "b": second})
        with farm:
            for name in ("s1", "s2", "s3"):
                farm.server(name)
            farm.join()
            users = [f"127.0.77.{i}" for i in range(1, 13)]
            where = {user: farm["a"].client(user).line() for user in users}
            check(len(set(where.values())) == 3, f"{here} uses all three servers")
            until(lambda: farm["b"].used("farm_of_servers") == len(users), what="all users over there")
            again = {user: farm["b"].client(user).line() for user in users}
            check.equal(again, where, f"{there} sends {here}'s users to their servers")
            farm["a"].kill()
            late = [f"127.0.78.{i}" for i in range(1, 7)]
            where = {user: farm["b"].client(user).line() for user in late}
            farm["a"].start()
            until(lambda: farm["a"].used("farm_of_servers") == len(users + late), 20, "the lesson")
            again = {user: farm["a"].client(user).line() for user in late}
            check.equal(again, where, f"{here} comes back and knows {there}'s users")


BIG = "backend big\n    stick-table type string len 20 size 50k expire 10m store gpc0,server_id peers farm\n"


def killed_at_any_moment():
    chance = random.Random(7)
    for here, first, there, second in PAIRS:
        with Farm(BIG, {"a": first, "b": second}) as farm:
            a, b = farm["a"], farm["b"]
            a.start()
            keys = [f"user{i:06}" for i in range(6000)]
            a.fill("big", keys)
            wanted = a.table("big")
            b.start()
            for _ in range(6):  # the learner dies
                time.sleep(chance.random() * 0.25)
                b.kill()
                b.start()
            check.comes(lambda: b.used("big") == len(keys), f"{there} killed six times while {here} taught", 25)
            check.equal(b.table("big"), wanted, f"{there} then knows what {here} knows")
            for _ in range(3):  # the teacher dies and learns from who learned
                time.sleep(chance.random() * 0.25)
                a.kill()
                a.start()
            if check.comes(lambda: a.used("big") == len(keys), f"{here} killed three times and taught by {there}", 25):
                check.equal(a.table("big"), wanted, f"{here} then knows what it knew")


def three_and_one():
    with Farm(BIG, {"a": WEIR, "b": WEIR, "c": WEIR, "h": HAPROXY}) as farm:
        farm.join()
        nodes = list(farm.nodes.values())
        for i, node in enumerate(nodes):
            node.fill("big", [f"of-{node.name}-{n}" for n in range(200)])
        for node in nodes:
            check.comes(lambda: node.used("big") == 800, f"{node.name} knows all 800", 20)
        tables = [node.table("big") for node in nodes]
        check(all(table == tables[0] for table in tables), "all four tables are the same")
        for node in nodes:
            node.cli(f"set table big key shared data.gpc0 {ord(node.name)}")
            for other in nodes:
                check.comes(lambda: other.value("big", "shared", "gpc0") == str(ord(node.name)),
                            f"{node.name} tells {other.name}")


def a_process_follows():
    body = BIG + "backend sums\n    stick-table type ip size 1k expire 60s store gpc0,conn_cur peers farm aggregate\n"
    with Farm(body, {"a": WEIR, "b": WEIR}) as farm:
        a, b = farm["a"].start(), farm["b"]
        keys = [f"user{i:06}" for i in range(5000)]
        a.fill("big", keys)
        wanted = a.table("big")
        former = a.follow()
        check.comes(lambda: former.poll() is not None, "the former process ends")
        check.equal(a.table("big"), wanted, "and has taught all it knew to the one that follows")
        b.start()
        until(lambda: b.used("big") == 5000, 10, "a second node's lesson")
        a.cli("set table sums key 1.1.1.1 data.gpc0 3 data.conn_cur 2")
        b.cli("set table sums key 1.1.1.1 data.gpc0 4")
        until(lambda: b.value("sums", "1.1.1.1", "gpc0") == "7", what="the sum")
        former = a.follow()
        check.comes(lambda: former.poll() is not None, "the former process ends, a second time")
        for node in (a, b):
            check.comes(lambda: node.value("sums", "1.1.1.1", "gpc0") == "7", f"its part of a sum is the next one's: {node.name}")
            check.comes(lambda: node.value("sums", "1.1.1.1", "conn_cur") == "0", f"but for open connections: {node.name}")
        former = a.process
        a.process = None
        former.terminate()
        check.comes(lambda: former.poll() is not None, "alone it ends as ever")
        b.process.send_signal(signal.SIGUSR1)
        check.comes(lambda: b.process.poll() is not None, "nobody follows: a soft stop waits for nobody")


def entries_expire_alike():
    body = "backend short\n    stick-table type ip size 1k expire 4s store gpc0 peers farm\n"
    for here, first, there, second in PAIRS:
        # The reference repeats after a lesson what it taught, without the time that is left.
        if first == HAPROXY:
            continue
        with Farm(body, {"a": first, "b": second}) as farm:
            a, b = farm["a"].start(), farm["b"]
            a.cli("set table short key 1.1.1.1 data.gpc0 1")
            born = time.monotonic()
            time.sleep(2)
            b.start()
            check.comes(lambda: b.used("short") == 1 or None, f"{there} learns a short-lived entry")
            until(lambda: not b.table("short"), 8, "its end")
            check(3.5 < time.monotonic() - born < 5.5, f"learned by {there}, it ends when {here}'s does")


if __name__ == "__main__":
    sys.exit(check.run([every_type_arrives, users_are_steered, killed_at_any_moment, three_and_one, a_process_follows,
                        entries_expire_alike], sys.argv[1:]))
