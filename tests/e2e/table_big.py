#!/usr/bin/env python3
"""A large table on the runtime socket, weir only ($WEIR): `show table`, filters and `clear table` stall no traffic.

One thread serves both the socket and a connection that is answered all the time; the longest delay of an answer while a
command runs is measured. The table has $TABLE_ENTRIES entries (by default 30,000; the figures were taken with a million).
The goal is 10 ms; on a shared machine the bound that fails is $TABLE_BOUND_MS (by default 400).
"""
import os
import re
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "compat"), os.path.join(HERE, "load")]
from echo_load import EchoServers  # noqa: E402
from harness import World  # noqa: E402

WEIR = os.environ.get("WEIR", "")
ENTRIES = int(os.environ.get("TABLE_ENTRIES", "30000"))
BOUND = int(os.environ.get("TABLE_BOUND_MS", "400")) / 1000
failures = []


def check(fact, what):
    print(("ok   " if fact else "FAIL ") + what, flush=True)
    if not fact:
        failures.append(what)


def fill(world):
    """Many commands on one connection; answers are read as they come."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.connect(world.sock)
        sock.settimeout(60)
        sock.sendall(b"prompt\n")
        piece = 500
        for start in range(0, ENTRIES, piece):
            sock.sendall(b"".join(b"set table t key %d data.gpc0 %d\n" % (n, n % 10) for n in range(start, start + piece)))
            prompts = 0
            while prompts < piece:
                got = sock.recv(1 << 16)
                if not got:
                    raise RuntimeError("the socket closed")
                prompts += got.count(b"> ")
        sock.sendall(b"quit\n")


class Pinger(threading.Thread):
    """Asks and is answered, as fast as it goes but for a breath; remembers the longest wait."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.sock = socket.create_connection(address)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(30)
        self.longest = 0.0
        self.answers = 0
        self.over = False

    def run(self):
        while not self.over:
            began = time.monotonic()
            self.sock.sendall(b"x")
            self.sock.recv(1)
            self.longest = max(self.longest, time.monotonic() - began)
            self.answers += 1
            time.sleep(0.0005)

    def taken(self):
        longest, answers = self.longest, self.answers
        self.longest, self.answers = 0.0, 0
        return longest, answers


def lines_of(world, command):
    """Reads an answer and keeps none of it: how many entries were there?"""
    count = 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.connect(world.sock)
        sock.settimeout(60)
        sock.sendall(command.encode() + b"\n")
        while got := sock.recv(1 << 18):
            count += got.count(b"0x")
    return count


def main():
    if not WEIR:
        raise SystemExit("set WEIR to the program under test")
    world = World(WEIR, 1)
    servers = EchoServers(world.host, 1)
    try:
        world.start(f"""
frontend fe
    bind @fe@
    default_backend be
backend t
    stick-table type integer size {ENTRIES} expire 1h store gpc0,gpc0_rate(10s),conn_cnt
backend be
    server s1 {'%s:%d' % servers.addresses[0]}
""", prologue="\nglobal\n    nbthread 1\n    stats socket @sock@ mode 600 level admin\n    stats timeout 60s\n"
              "defaults\n    mode tcp\n    timeout connect 5s\n    timeout client 5m\n    timeout server 5m\n")
        began = time.monotonic()
        fill(world)
        print(f"     {ENTRIES} entries set in {time.monotonic() - began:.1f} s")
        pinger = Pinger(world.address("fe"))
        pinger.start()
        time.sleep(1)
        longest, answers = pinger.taken()
        print(f"     at rest: {answers} answers, longest {1000 * longest:.1f} ms")
        for command, wanted in (("show table t", ENTRIES), ("show table t data.gpc0 eq 3", ENTRIES // 10),
                                ("show table t data.gpc0 gt 100", 0), ("clear table t data.gpc0 eq 4", 0),
                                ("clear table t", 0)):
            pinger.taken()
            began = time.monotonic()
            entries = lines_of(world, command)
            took = time.monotonic() - began
            longest, answers = pinger.taken()
            check(longest < BOUND, f"{command}: {took:.2f} s, {answers} answers meanwhile, longest {1000 * longest:.1f} ms")
            check(entries == wanted, f"{command}: {entries} entries, wanted {wanted}")
        used = re.search(r"used:(\d+)", world.cli("show table t"))
        check(used and used.group(1) == "0", "the table is empty")
        pinger.over = True
        pinger.join(30)
    finally:
        world.close()
        servers.stop()
    print(f"{len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
