#!/usr/bin/env python3
"""Tables that add up: every node counts its own part, and reads the sum over the nodes that live.

Shown: a limit of 100 connections holds for a farm of three; counters, rates and open connections are sums on every node; a node
that dies takes its part with it after the stated time, one that starts again begins anew and nothing counts twice; a reload loses
no part; a plain peer (haproxy) is told the sum, and its servers are learned.
"""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "compat"))
from peering import HAPROXY, WEIR, Checks, Farm  # noqa: E402
from wire import until  # noqa: E402

check = Checks()
BODY = """
frontend fe
    bind @entry@
    tcp-request connection track-sc0 src table counts
    tcp-request connection reject if { sc_conn_cnt(0) gt 100 }
    default_backend be
backend be
    server s1 @s1@
backend counts
    stick-table type ip size 10k expire 60s store conn_cnt,conn_cur,conn_rate(60s),server_id,gpc(2){options} peers farm
"""
AGGREGATE = BODY.replace("{options}", " aggregate aggregate-timeout 2s")


def farm_of(names, body=AGGREGATE):
    farm = Farm(body, names)
    farm.server("s1")
    return farm


def served(node, source):
    client = node.client(source)
    try:
        return bool(client.line())
    except OSError:
        return False
    finally:
        client.close()


def column(node, key, name):
    return int(node.table("counts").get(key, {}).get(name, 0))


def all_read(nodes, key, name, wanted, what, seconds=5):
    for node in nodes:
        if not check.comes(lambda: column(node, key, name) == wanted, f"{what}: {node.name} reads {wanted}", seconds):
            print("     it reads", column(node, key, name))


def a_limit_for_the_farm():
    with farm_of({"a": WEIR, "b": WEIR, "c": WEIR}) as farm:
        farm.join()
        nodes = list(farm.nodes.values())
        taken = 0
        for i in range(150):
            taken += served(nodes[i % 3], "127.0.9.1")
            time.sleep(0.015)
        check(100 <= taken <= 102, f"of 150 connections to three nodes, {taken} were let in")
        all_read(nodes, "127.0.9.1", "conn_cnt", 150, "connections counted")
        all_read(nodes, "127.0.9.1", "conn_rate(60000)", 150, "their rate")
        all_read(nodes, "127.0.9.1", "conn_cur", 0, "open ones")


def open_connections():
    with farm_of({"a": WEIR, "b": WEIR, "c": WEIR}) as farm:
        farm.join()
        nodes = list(farm.nodes.values())
        held = [farm["a"].client("127.0.9.2") for _ in range(2)] + [farm["b"].client("127.0.9.2") for _ in range(3)]
        for client in held:
            client.line()
        all_read(nodes, "127.0.9.2", "conn_cur", 5, "two here, three there")
        for client in held[:4]:
            client.close()
        all_read(nodes, "127.0.9.2", "conn_cur", 1, "four have gone")
        held[4].close()
        all_read(nodes, "127.0.9.2", "conn_cur", 0, "all have gone")


def a_node_dies():
    with farm_of({"a": WEIR, "b": WEIR, "c": WEIR}) as farm:
        farm.join()
        a, b, c = nodes = list(farm.nodes.values())
        for node, times in ((a, 2), (b, 5), (c, 1)):
            for _ in range(times):
                served(node, "127.0.9.3")
        held = b.client("127.0.9.3")
        held.line()
        all_read(nodes, "127.0.9.3", "conn_cnt", 9, "all parts")
        b.kill()
        died = time.monotonic()
        time.sleep(0.7)
        check(column(a, "127.0.9.3", "conn_cnt") == 9, "a dead node's part is still counted")
        all_read([a, c], "127.0.9.3", "conn_cnt", 3, "then it is not")
        check(1.8 < time.monotonic() - died < 3.5, "after the two seconds of aggregate-timeout")
        check(column(a, "127.0.9.3", "conn_cur") == 0, "nor what was open there")
        b.start()
        all_read(nodes, "127.0.9.3", "conn_cnt", 3, "started again, it reads what the others count", 10)
        served(b, "127.0.9.3")
        all_read(nodes, "127.0.9.3", "conn_cnt", 4, "and counts from one")
        b.kill()
        b.start()  # at once: its former part must go all the same
        served(b, "127.0.9.3")
        all_read(nodes, "127.0.9.3", "conn_cnt", 4, "a quick restart counts nothing twice", 8)
        a.more_body = "backend more\n    server s 127.0.0.1:1\n"
        a.reload()
        all_read(nodes, "127.0.9.3", "conn_cnt", 4, "a reload loses no part")
        a.farm.body = a.farm.body.replace("10k", "20k")
        a.reload()
        all_read(nodes, "127.0.9.3", "conn_cnt", 4, "nor does a table that grows")
        served(c, "127.0.9.3")
        all_read(nodes, "127.0.9.3", "conn_cnt", 5, "and it goes on")
        a.farm.body = a.farm.body.replace("store conn_cnt", "store sess_cnt,conn_cnt")
        for node in (a, c):
            node.reload()
        all_read(nodes, "127.0.9.3", "conn_cnt", 5, "a new column loses no part of the others")
        served(c, "127.0.9.3")
        all_read([a, c], "127.0.9.3", "sess_cnt", 1, "and has parts of its own")
        all_read(nodes, "127.0.9.3", "conn_cnt", 6, "beside them")


def beside_a_plain_peer():
    body = BODY.replace("{options}", "{0}")
    with farm_of({"a": WEIR, "b": WEIR, "h": HAPROXY}) as farm:
        for node in farm.nodes.values():
            farm.body = body.replace("{0}", " aggregate" if node.is_weir else "")
            node.start()
        a, b, h = farm.nodes.values()
        for node in (a, b, h):
            until(lambda: node.linked() == 2, 15, f"{node.name}'s links")
        for _ in range(3):
            served(a, "127.0.9.4")
        all_read([a, b, h], "127.0.9.4", "conn_cnt", 3, "three on one weir")
        for _ in range(4):
            served(b, "127.0.9.4")
        all_read([a, b], "127.0.9.4", "conn_cnt", 7, "four more on the other")
        all_read([h], "127.0.9.4", "conn_cnt", 7, "haproxy is told the sum")
        served(h, "127.0.9.4")

        def learnt(node):
            # The last writer's word holds: what a node still had to say of the key may undo it, so it is said again.
            h.cli("set table counts key 127.0.9.4 data.server_id 1")
            return column(node, "127.0.9.4", "server_id") == 1
        for node in (a, b):
            check.comes(lambda: learnt(node), f"{node.name} learns haproxy's server")
        all_read([a, b], "127.0.9.4", "conn_cnt", 7, "what haproxy counts is not known to be its own: it is left out")


def words_of_the_line():
    for options, said in (("aggregate-timeout 2s", "means nothing without 'aggregate'"),
                          ("aggregate recv-only", "counts nothing, so nothing of it adds up")):
        with farm_of({"a": WEIR}, BODY.replace("{options}", " " + options)) as farm:
            try:
                farm.start()
                check(False, f"'{options}' is refused")
            except RuntimeError as error:
                check(said in str(error), f"'{options}' is refused")


if __name__ == "__main__":
    sys.exit(check.run([a_limit_for_the_farm, open_connections, a_node_dies, beside_a_plain_peer, words_of_the_line],
                       sys.argv[1:]))
