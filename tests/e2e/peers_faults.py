#!/usr/bin/env python3
"""Peers over a network that is not kind: delay, stalls, cuts in the middle of messages, clocks an hour apart.

A relay stands between the nodes, in both directions. After each fault both tables are the same, nothing was lost, and the link
is one again. (Lost packets: tests/netns/peers_network.py, which makes a network of its own.)
"""
import concurrent.futures
import glob
import os
import random
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "compat"))
from peering import HAPROXY, WEIR, Checks, Farm, Relay, sanitized  # noqa: E402
from wire import until  # noqa: E402

check = Checks()
BODY = "backend users\n    stick-table type string len 20 size 50k expire 10m store gpc0,conn_rate(60s) peers farm\n"
PAIRS = [("weir", WEIR, "weir", WEIR), ("weir", WEIR, "haproxy", HAPROXY)]


def apart(first, second):
    """Two nodes, each of which reaches the other through a relay only."""
    farm = Farm(BODY, {"a": first, "b": second})
    relays = [Relay(farm["b"].peer, 1), Relay(farm["a"].peer, 2)]
    farm.closing += relays
    farm.addresses = {("a", "b"): relays[0].address, ("b", "a"): relays[1].address}
    return farm, relays


def settles(farm, keys, what, seconds=30):
    a, b = farm["a"], farm["b"]
    if check.comes(lambda: a.used("users") == b.used("users") == keys and a.table("users") == b.table("users"), what, seconds):
        return
    one, other = a.table("users"), b.table("users")
    print(f"     {len(one)} and {len(other)} entries, {sum(one.get(k) != v for k, v in other.items())} differ")


def traffic(farm, rounds, between):
    """Both nodes write keys of their own while `between` does harm."""
    for i in range(rounds):
        farm["a"].fill("users", [f"a{n}" for n in range(i * 50, i * 50 + 100)])
        farm["b"].fill("users", [f"b{n}" for n in range(i * 50, i * 50 + 100)])
        between(i)
    return 2 * (rounds * 50 + 50)


def delay():
    for here, first, there, second in PAIRS:
        farm, relays = apart(first, second)
        with farm:
            farm.join()
            for relay in relays:
                relay.delay = 0.2
            keys = traffic(farm, 10, lambda i: time.sleep(0.05))
            settles(farm, keys, f"{here} and {there} with up to 200 ms of delay")


def stalls():
    for here, first, there, second in PAIRS:
        farm, relays = apart(first, second)
        with farm:
            farm.join()

            def stall(i):
                for relay in relays:
                    relay.stalled.set() if i % 3 == 1 else relay.stalled.clear()
                time.sleep(0.3)
            keys = traffic(farm, 9, stall)
            for relay in relays:
                relay.stalled.clear()
            settles(farm, keys, f"{here} and {there} with short stalls")
            for relay in relays:
                relay.stalled.set()
            time.sleep(7)  # longer than either waits for a sign of life
            farm["a"].fill("users", [f"late{n}" for n in range(100)])
            for relay in relays:
                relay.stalled.clear()
            settles(farm, keys + 100, f"{here} and {there} after a stall of seven seconds")


def cuts():
    chance = random.Random(11)
    for here, first, there, second in PAIRS:
        farm, relays = apart(first, second)
        with farm:
            farm.join()

            def cut(i):
                until(farm["a"].linked, 10, "a link again")
                for relay in relays:
                    relay.cut_after = relay.carried + chance.randrange(1, 4000)
                time.sleep(0.2)
            keys = traffic(farm, 8, cut)
            for relay in relays:
                relay.cut_after = None
            settles(farm, keys, f"{here} and {there}, cut {sum(relay.cuts for relay in relays)} times")
            check(sum(relay.cuts for relay in relays) >= 3, "which were cuts in the middle of messages")


def cuts_in_a_lesson():
    for here, first, there, second in PAIRS:
        farm, relays = apart(first, second)
        with farm:
            a, b = farm["a"].start(), farm["b"]
            a.fill("users", [f"user{n}" for n in range(8000)])
            for relay in relays:
                relay.cut_after = 60000
            b.start()
            for share in (0.3, 0.6):
                time.sleep(1)
                for relay in relays:
                    relay.cut_after = relay.carried + int(120000 * share)
            time.sleep(3)
            for relay in relays:
                relay.cut_after = None
            settles(farm, 8000, f"{here} teaches {there}, cut {sum(relay.cuts for relay in relays)} times", 40)


def points(size):
    """Bytes of a lesson after which it ends: the first ones, where handshake and definition are, then all over it."""
    return [1, 5, 13, 17, 30, 40, 60, 80, 110, 150] + [int(size * share) for share in (0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)]


def one_lesson(first, second, after, whose_end):
    """What both know after the lesson of a to b ended so: the link's end, or that of the one or the other process."""
    farm, relays = apart(first, second)
    with farm:
        a, b = farm["a"].start(), farm["b"]
        keys = 1500
        a.fill("users", [f"user{n}" for n in range(keys)])
        wanted = a.table("users")
        once, ended = threading.Lock(), threading.Event()

        def harm():
            if not once.acquire(blocking=False):
                return
            node = farm.nodes.get(whose_end)
            if node:
                node.kill()
            for relay in relays:
                relay.cut_after = None
                relay.cut()
            ended.set()
        for relay in relays:
            relay.harm, relay.cut_after = harm, after
        b.start_process()
        until(ended.is_set, 25, f"{after} bytes")
        time.sleep(0.05)
        for node in (a, b):
            if node.process is None:
                node.start()
            else:
                until(node.answers, 20, f"{node.name} at its socket")
        if whose_end != "a":  # who taught has it still
            until(lambda: b.used("users") == keys, 30, "the whole lesson")
            until(lambda: b.table("users") == wanted, 10, "the same")
            return
        # Who was taught in part teaches that part; both then learn of what is new.
        a.cli("set table users key late-a data.gpc0 1")
        b.cli("set table users key late-b data.gpc0 1")
        until(lambda: a.table("users") == b.table("users") and a.used("users") >= 2, 30, "the same on both")
        more = {key: row for key, row in a.table("users").items() if not key.startswith("late")}
        assert all(wanted[key] == row for key, row in more.items()), "what is known is as it was"


def a_lesson_ends_at_any_byte():
    for here, first, there, second in [*PAIRS, ("haproxy", HAPROXY, "weir", WEIR)]:
        # conn_rate's period makes entries of several sizes: this is near the lesson's.
        cases = [(after, end) for after in points(30000) for end in ("link", "a", "b")]

        def one(case):
            try:
                one_lesson(first, second, *case)
                return None
            except Exception as error:  # collected: the others go on
                return f"{case}: {type(error).__name__} {error}"
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            wrong = [found for found in pool.map(one, cases) if found]
        check.equal(wrong, [], f"{here} teaches {there}: {len(cases)} lessons that ended, by link and process, are made up for")


def clocks_an_hour_apart():
    # The program `faketime` itself trips over what a process of the same number left behind.
    library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")[0]
    for here, first, there, second in PAIRS:
        with Farm(BODY, {"a": first, "b": second}) as farm:
            if second == WEIR and sanitized():
                print(f"     {here} and {there}: faketime starts no program with a sanitizer")
                continue
            farm["b"].wrapper = ["sh", "-c", f'LD_PRELOAD={library} FAKETIME=+1h exec "$0" "$@"']
            farm.join()
            farm["a"].cli("set table users key bob data.gpc0 5 data.conn_rate 7")
            farm["b"].cli("set table users key eve data.gpc0 6 data.conn_rate 8")
            settles(farm, 2, f"{here} and {there} with clocks an hour apart")


if __name__ == "__main__":
    sys.exit(check.run([delay, stalls, cuts, cuts_in_a_lesson, a_lesson_ends_at_any_byte, clocks_an_hour_apart], sys.argv[1:]))
