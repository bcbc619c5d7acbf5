#!/usr/bin/env python3
"""Bandwidth filters: how fast bytes travel under one limit, under several, and under one that sessions share; and that waiting costs
no turns. Rates are measured over a second or so, with room for what a busy machine does. Runs on $WEIR.
"""
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import run, true  # noqa: E402
from rates import limited, turns  # noqa: E402
from wire import hang  # noqa: E402

MEGA = 1_000_000


def pour(size):
    """A server that sends so many bytes at once and closes."""
    def behaviour(_, conn):
        conn.recv(1)
        conn.sendall(b"x" * size)
    return behaviour


def config(w, size, filters, rules, more="", server=""):
    w.server("s1", pour(size))
    w.start(f"frontend fe\n    bind @fe@\n{filters}\n{rules}\n    default_backend be\nbackend be\n{server}\n    server s1 @s1@\n{more}")


def download(w, source=None):
    """(bytes, seconds)"""
    with w.client("fe", source) as client:
        began = time.monotonic()
        client.send(b"!")
        got = len(client.rest())
        return got, time.monotonic() - began


def own_limit(w):
    config(w, MEGA, "    filter bwlim-out slow default-limit 1m default-period 1s", "    tcp-request content set-bandwidth-limit slow")
    got, took = download(w)
    true(got == MEGA, f"all arrive: {got}")
    limited(got, took, 1024 * 1024, "own limit")


def changed_by_the_rule(w):
    config(w, MEGA, "    filter bwlim-out slow default-limit 10k default-period 10s min-size 2896",
           "    tcp-request content set-bandwidth-limit slow limit 1m period 500ms")
    got, took = download(w)
    limited(got, took, 2 * 1024 * 1024, "limit and period of the rule")


def by_expressions(w):
    config(w, MEGA, "    filter bwlim-out slow default-limit 10k default-period 10s",
           "    tcp-request content set-bandwidth-limit slow limit int(1000000) period int(1000)")
    got, took = download(w)
    limited(got, took, MEGA, "limit and period by expressions")


def of_the_backend(w):
    config(w, MEGA, "", "", "", "    filter bwlim-out slow default-limit 1m default-period 1s\n"
                                "    tcp-request content set-bandwidth-limit slow")
    got, took = download(w)
    limited(got, took, 1024 * 1024, "a backend's filter")


def by_a_response_rule(w):
    config(w, MEGA, "", "", "", "    filter bwlim-out slow default-limit 1m default-period 1s\n"
                                "    tcp-response content set-bandwidth-limit slow")
    got, took = download(w)
    limited(got, took, 1024 * 1024, "a rule about the response")


def the_smaller_of_two(w):
    config(w, MEGA // 2, "    filter bwlim-out wide default-limit 10m default-period 1s\n"
                         "    filter bwlim-out narrow default-limit 500k default-period 1s",
           "    tcp-request content set-bandwidth-limit wide\n    tcp-request content set-bandwidth-limit narrow")
    got, took = download(w)
    limited(got, took, 500 * 1024, "two limits")


def upload(w):
    server = w.server("s1", hang)
    w.start("frontend fe\n    bind @fe@\n    filter bwlim-in slow default-limit 1m default-period 1s\n"
            "    tcp-request content set-bandwidth-limit slow\n    default_backend be\nbackend be\n    server s1 @s1@\n")
    with w.client("fe") as client:
        began = time.monotonic()
        sender = threading.Thread(target=lambda: client.send(b"y" * MEGA).finish())
        sender.start()
        client.rest()
        took = time.monotonic() - began
        sender.join()
    true(len(server.received) == MEGA, f"all arrive: {len(server.received)}")
    limited(MEGA, took, 1024 * 1024, "an upload")


def not_switched_on(w):
    config(w, MEGA, "    filter bwlim-out slow default-limit 1k default-period 1s",
           "    tcp-request content set-bandwidth-limit slow if { src 127.0.0.99 }")
    got, took = download(w)
    true(got == MEGA and took < 1, f"no limit: {got} bytes in {took:.2f} s")


def half_and_half(w):
    """Two sessions of one client share its limit, about equally; another client has its own."""
    config(w, MEGA // 2, "    filter bwlim-out shared limit 1m key src table st",
           "    tcp-request content set-bandwidth-limit shared", "backend st\n    stick-table type ip size 1k expire 1m store bytes_out_rate(1s)\n")
    results = {}

    def one(name, source):
        results[name] = download(w, source)
    threads = [threading.Thread(target=one, args=args) for args in (("a", "127.0.0.21"), ("b", "127.0.0.21"), ("c", "127.0.0.22"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    both = max(results["a"][1], results["b"][1])
    limited(MEGA, both, 1024 * 1024, "two sessions of one client")
    true(min(results["a"][1], results["b"][1]) > 0.5 * both, f"they share it: {results}")
    limited(MEGA // 2, results["c"][1], 1024 * 1024, "the other client")
    entry = w.cli("show table st")
    true("bytes_out_rate(1000)=" in entry, f"the table counts it: {entry}")


def waiting_sleeps(w):
    """A slow download takes little more turns than its chunks."""
    config(w, 40_000, "    filter bwlim-out slow default-limit 20k default-period 1s", "    tcp-request content set-bandwidth-limit slow")
    before = turns(w)
    got, took = download(w)
    woken = turns(w) - before
    limited(got, took, 20 * 1024, "a slow one")
    true(woken < 300, f"{woken} turns for {took:.1f} s")


def large_and_fast(w):
    """Above what one read takes: the pipe moves it, and the limit holds."""
    config(w, 20 * MEGA, "    filter bwlim-out fast default-limit 20m default-period 1s", "    tcp-request content set-bandwidth-limit fast")
    got, took = download(w)
    true(got == 20 * MEGA, f"all arrive: {got}")
    limited(got, took, 20 * 1024 * 1024, "a fast one")


if __name__ == "__main__":
    run([own_limit, changed_by_the_rule, by_expressions, of_the_backend, by_a_response_rule, the_smaller_of_two, upload, not_switched_on,
         half_and_half, waiting_sleeps, large_and_fast], 2)
