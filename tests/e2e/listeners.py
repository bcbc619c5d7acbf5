#!/usr/bin/env python3
"""Listeners of every kind with four threads: none loses a connection while others come and go, and each limit holds.

SO_REUSEPORT sockets under load while frontends are added, removed and renamed by reloads; Unix, abstract and inherited
sockets shared by the threads; IPv6, v4v6, v6only, port ranges, interface, tfo, defer-accept; maxconn of a listener, a frontend
and the process, where clients wait in the kernel's queue and are served in the end. Runs on $WEIR.
"""
import os
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import equal, run, true  # noqa: E402
from knocking import Knocking, greeted  # noqa: E402
from wire import free_port, say_after_first_bytes, until  # noqa: E402

THREADS = 4


def rewrite(w, body):
    with open(w.config, encoding="utf-8") as running:
        head = running.read().split("frontend ", 1)[0]
    with open(w.config + ".new", "w", encoding="utf-8") as out:
        out.write(head + w.expand(body))
    os.replace(w.config + ".new", w.config)
    answer = w.cli("reload")
    true("Reload done" in answer, f"the reload is taken: {answer!r}")


BACKEND = "\nbackend be\n    server s1 @s1@\n"


def come_and_go_under_load(w):
    w.server("s1", say_after_first_bytes)
    keep = "frontend keep{}\n    bind @keep@ {}\n    default_backend be\n"
    w.start(keep.format("", "") + BACKEND)
    load = Knocking(w.address("keep"))
    ports = [free_port(w.host) for _ in range(6)]
    began, turn = time.monotonic(), 0
    while time.monotonic() - began < 4 or turn < 20:
        turn += 1
        # Others come and go; the frontend itself is renamed, and its options change: always the same sockets.
        name = "" if turn % 3 else "_renamed"
        options = ("", "defer-accept", "backlog 500", "maxconn 5000 name rdp", "tfo")[turn % 5]
        others = "".join(f"frontend o{port}\n    bind {w.host}:{port}\n    default_backend be\n"
                         for n, port in enumerate(ports) if (turn + n) % 2)
        rewrite(w, keep.format(name, options) + others + BACKEND)
        for n, port in enumerate(ports):
            with socket.socket() as probe:
                equal(probe.connect_ex((w.host, port)) == 0, bool((turn + n) % 2), f"port {port} is served or not")
    load.stop()
    equal(load.lost[:3], [], f"connections lost of {load.answered} in {turn} reloads")
    true(load.answered > 50, f"only {load.answered} connections: no load")
    print(f"     {load.answered} connections through {turn} reloads")


def all_threads_accept(w):
    w.server("s1", say_after_first_bytes)
    w.start("frontend fe\n    bind @fe@\n    default_backend be\n" + BACKEND)
    with open("/proc/net/tcp", encoding="ascii") as table:
        port = "%04X" % w.address("fe")[1]
        listening = [row for row in (line.split() for line in table) if row[1].endswith(":" + port) and row[3] == "0A"]
    equal(len(listening), THREADS, "one socket a thread")
    for _ in range(40):
        equal(greeted(socket.AF_INET, w.address("fe")), b"s1\n", "each is answered")
    equal(w.stat("fe", "FRONTEND").get("stot"), "40", "and counted once")


def shared_sockets(w):
    """Unix, abstract and inherited: one socket, all threads; and it survives reloads."""
    w.server("s1", say_after_first_bytes)
    path, name = os.path.join(w.dir, "fe.sock"), f"weir-test-{os.getpid()}"
    inherited = socket.socket()
    inherited.bind((w.host, 0))
    inherited.listen(200)
    os.set_inheritable(inherited.fileno(), True)
    body = (f"frontend fe\n    bind unix@{path} mode 600\n    bind abns@{name}\n    bind fd@{inherited.fileno()}\n"
            "    default_backend be\n" + BACKEND)
    popen = subprocess.Popen
    subprocess.Popen = lambda *a, **k: popen(*a, **{**k, "pass_fds": (inherited.fileno(),)})
    try:
        w.start(body)
    finally:
        subprocess.Popen = popen
    places = [(socket.AF_UNIX, path), (socket.AF_UNIX, "\0" + name), (socket.AF_INET, inherited.getsockname())]
    for turn in range(3):
        for family, place in places:
            for _ in range(10):
                equal(greeted(family, place), b"s1\n", f"{place!r} in turn {turn}")
        rewrite(w, body.replace("default_backend", f"log-tag t{turn}\n    default_backend"))
    equal(os.stat(path).st_mode & 0o777, 0o600, "mode of the path")
    rewrite(w, body.replace("mode 600", "mode 660"))
    equal(os.stat(path).st_mode & 0o777, 0o660, "changed mode of the path")
    equal(greeted(socket.AF_UNIX, path), b"s1\n", "the path answers after its mode changed")
    inherited.close()


def addresses(w):
    w.server("s1", say_after_first_bytes)
    ports = [free_port("127.0.0.1") for _ in range(5)]
    first = next(p for p in range(21000, 60000, 7) if all(usable(w.host, p + n) for n in range(5)))
    six, both, only, local, quick = ports
    w.start(f"""
frontend fe
    bind [::1]:{six}
    bind :::{both} v4v6
    bind :::{only} v6only
    bind {w.host}:{first}-{first + 4}
    bind {w.host}:{local} interface lo
    bind {w.host}:{quick} tfo defer-accept
    default_backend be
""" + BACKEND)
    equal(greeted(socket.AF_INET6, ("::1", six)), b"s1\n", "IPv6")
    equal(greeted(socket.AF_INET6, ("::1", both)), b"s1\n", "v4v6 by IPv6")
    equal(greeted(socket.AF_INET, ("127.0.0.1", both)), b"s1\n", "v4v6 by IPv4")
    equal(greeted(socket.AF_INET6, ("::1", only)), b"s1\n", "v6only by IPv6")
    try:
        greeted(socket.AF_INET, ("127.0.0.1", only))
        raise AssertionError("v6only answers to IPv4")
    except ConnectionRefusedError:
        pass
    for port in range(first, first + 5):
        equal(greeted(socket.AF_INET, (w.host, port)), b"s1\n", "a port of the range")
    equal(greeted(socket.AF_INET, (w.host, local)), b"s1\n", "interface lo")
    equal(greeted(socket.AF_INET, (w.host, quick)), b"s1\n", "tfo and defer-accept")


def usable(host, port):
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
            return True
        except OSError:
            return False


def limits(w):
    """Three at a time, by each of the three limits: the rest waits, nobody is refused, all are served in the end."""
    def hold(server, conn):
        conn.recv(1)
        conn.sendall(b"s1\n")
        conn.recv(1)
    w.server("s1", hold)
    for where in ("listener", "frontend", "process"):
        name = "fe" + where
        body = (f"frontend {name}\n    bind @{name}@ backlog 100 {'maxconn 3' if where == 'listener' else ''}\n"
                f"    maxconn {3 if where == 'frontend' else 1000}\n    default_backend be\n" + BACKEND)
        if w.process is None:
            w.start(body)
        else:
            rewrite(w, body)
        if where == "process":
            w.cli("set maxconn global 3")
        address = w.address(name)
        clients = []
        for _ in range(15):
            client = socket.create_connection(address, 10)
            client.sendall(b"x")
            clients.append(client)
        served = []
        while clients or served:
            until(lambda: take(clients, served), what=f"a client to be served, {where}")
            time.sleep(0.02)
            take(clients, served)
            true(len(served) <= 3, f"{len(served)} at a time, by {where}")
            served.pop(0).close()
        if where == "process":
            w.cli("set maxconn global 1000")


def take(waiting, served):
    for client in list(waiting):
        client.setblocking(False)
        try:
            if client.recv(10) == b"s1\n":
                waiting.remove(client)
                served.append(client)
        except BlockingIOError:
            pass
    return bool(served)


if __name__ == "__main__":
    run((come_and_go_under_load, all_threads_accept, shared_sockets, addresses, limits), THREADS)
