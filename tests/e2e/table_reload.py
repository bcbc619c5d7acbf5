#!/usr/bin/env python3
"""Tracked connections and reloads, weir only ($WEIR): a table that changes its columns, its size, or goes and comes back.

Shown: a connection is counted as open in the table that has the name now, once, however often it is reloaded, and no longer
once it ended; the counts of before are kept; one whose table was removed, or became another, ends in peace.
"""
import os
import re
import socket
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "compat"))
from harness import World  # noqa: E402
from wire import until  # noqa: E402

WEIR = os.environ.get("WEIR", "")
failures = []

PROLOGUE = """
global
    nbthread @threads@
    stats socket @sock@ mode 600 level admin
defaults
    mode tcp
    timeout connect 5s
    timeout client 1m
    timeout server 1m
"""


def check(fact, what):
    print(("ok   " if fact else "FAIL ") + what, flush=True)
    if not fact:
        failures.append(what)


def body(table, name="t", track="    tcp-request connection track-sc0 src table t"):
    return f"""
frontend fe
    bind @fe@
{track}
    default_backend be
{f'backend {name}' if table else ''}
{'    stick-table ' + table if table else ''}
backend be
    server s1 @s1@
"""


class Life:
    def __init__(self, threads):
        self.world = World(WEIR, threads)
        self.world.servers("s1")

    def start(self, text):
        self.world.start(text, prologue=PROLOGUE)

    def reload(self, text):
        whole = self.world.expand(PROLOGUE) + "\n" + self.world.expand(text) + "\n"
        with open(self.world.config + ".new", "w", encoding="utf-8") as out:
            out.write(whole)
        os.replace(self.world.config + ".new", self.world.config)
        answer = self.world.cli("reload")
        if "Success" not in answer and "success" not in answer.lower():
            print("     reload said: " + answer.strip())
            if "error" in answer.lower():
                failures.append("a reload: " + answer)

    def value(self, column, key="127.0.0.5", table="t"):
        found = re.search(rf"key={re.escape(key)} .*\b{column}=(\d+)", self.world.cli(f"show table {table}"))
        return int(found.group(1)) if found else None

    def open(self, source="127.0.0.5"):
        client = self.world.client("fe", source)
        client.line()
        return client

    def becomes(self, column, wanted, what, **options):
        try:
            until(lambda: self.value(column, **options) == wanted, seconds=5, what=what)
            check(True, what)
        except TimeoutError:
            check(False, f"{what}: {column} is {self.value(column, **options)}, not {wanted}")


def run(threads):
    life = Life(threads)
    kinds = ["type ip size 100 expire 1m store conn_cur,conn_cnt",
             "type ip size 200 expire 2m store conn_cnt,conn_cur,gpc0",
             "type ip size 200 expire 2m store bytes_out_cnt,conn_cur,conn_cnt"]
    try:
        life.start(body(kinds[0]))
        clients = [life.open() for _ in range(10)]
        life.becomes("conn_cur", 10, f"threads {threads}: ten are open")
        for step in range(1, 7):
            life.reload(body(kinds[step % 3]))
            check(life.value("conn_cur") == 10, f"after reload {step} they still are, in the new table")
            clients.append(life.open())
            clients.pop(0).close()
            life.becomes("conn_cur", 10, f"one left and one came after reload {step}")
        check(life.value("conn_cnt") == 16, f"all sixteen were counted ({life.value('conn_cnt')})")
        life.reload(body(kinds[1], track="    tcp-request connection track-sc1 src,ipmask(24) table t"))
        check(life.value("conn_cur") == 10, "rules that changed leave old connections where they are")
        other = life.open()
        life.becomes("conn_cur", 1, "new ones go by new rules", key="127.0.0.0")
        other.close()
        life.becomes("conn_cur", 0, "and leave by them", key="127.0.0.0")
        life.reload(body(kinds[2], track=""))
        clients.pop(0).close()
        life.becomes("conn_cur", 9, "rules that are gone still count down")
        life.reload(body("", track=""))
        clients.pop(0).close()
        life.reload(body(kinds[0]))
        check(life.value("conn_cur") is None, "a table that was gone begins anew")
        clients.append(life.open())
        life.becomes("conn_cur", 1, "and counts its own")
        life.reload(body("type string len 20 size 10 expire 1m store conn_cur"))
        check(life.value("conn_cur") is None, "as does one of other keys")
        for client in clients:
            client.close()
        until(lambda: life.world.stat("fe", "FRONTEND").get("scur") == "0", what="all to end")
        check(life.value("conn_cur") in (None, 0), "nobody is left")
    finally:
        life.world.close()


def main():
    if not WEIR:
        raise SystemExit("set WEIR to the program under test")
    for threads in (1, 3):
        run(threads)
    print(f"{len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    socket.setdefaulttimeout(20)
    sys.exit(main())
