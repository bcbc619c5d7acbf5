#!/usr/bin/env python3
"""One process follows another, and what the system is asked for: -sf, -st and -x under load, weir after haproxy, states of
servers from a file, cpu-map, thread of bind lines, limits and core dumps. Runs on $WEIR, beside $HAPROXY.
"""
import os
import re
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import BALANCER, equal, run, true  # noqa: E402
from knocking import Knocking  # noqa: E402
from wire import say_after_first_bytes, until  # noqa: E402

HAPROXY = os.environ.get("HAPROXY", "/usr/sbin/haproxy")
THREADS = 4
BODY = "frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    server s1 @s1@\n    server s2 @s1@ weight 20\n"
EXPOSED = "stats socket @dir@/hand.sock mode 600 level admin expose-fd listeners"


def follower(w, *arguments, program=None, config=None):
    """Starts another process on the same configuration; gives it once it answers on the runtime socket."""
    stderr = open(os.path.join(w.dir, "follower"), "ab+")
    started = subprocess.Popen([program or w.program, "-f", config or w.config, "-db", *arguments], stdin=subprocess.DEVNULL,
                               stdout=stderr, stderr=stderr, cwd=w.dir)

    def serves():
        if started.poll() is not None:
            stderr.seek(0)
            raise RuntimeError("the follower ended: " + stderr.read().decode(errors="replace")[-2000:])
        return f"Pid: {started.pid}\n" in info(w)
    until(serves, what="the follower to serve")
    return started


def info(w):
    try:
        return w.cli("show info")
    except OSError:
        return ""


def ends(process, what, wait=15):
    try:
        process.wait(wait)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"{what} has not ended")
    return process.returncode


def passed_on(w, first, second, arguments, first_global, second_config=None):
    """`first` serves under load, `second` follows; nobody is refused, and a session of the first one goes on."""
    w.server("s1", say_after_first_bytes)
    w.program = first
    w.start(BODY, more_global=first_global)
    load = Knocking(w.address("fe"))
    load.more(200)
    kept = w.client("fe")
    kept.send(b"a").exactly(3)
    old, w.program = w.process, second
    config = w.write(w.expand(open(w.config, encoding="utf-8").read()), "second.cfg") if second_config is None else second_config
    w.process = follower(w, *[argument.replace("PID", str(old.pid)) for argument in arguments], config=config)
    load.more(400)
    load.stop()
    equal(load.lost[:3], [], f"clients lost of {load.answered}")
    true("-st" in arguments or old.poll() is None, "the former process stays for its session")
    if "-st" in arguments:
        ends(old, "the former process")
        return
    kept.send(b"more").exactly(4)
    kept.close()
    equal(ends(old, "the former process"), 0, "its status")


def sockets_are_handed_over(w):
    passed_on(w, BALANCER, BALANCER, ["-x", os.path.join(w.dir, "hand.sock"), "-sf", "PID"], EXPOSED)


def fewer_threads_take_all_sockets(w):
    w.server("s1", say_after_first_bytes)
    w.start(BODY, more_global=EXPOSED)
    load = Knocking(w.address("fe"))
    load.more(100)
    with open(w.config, encoding="utf-8") as text:
        config = w.write(text.read().replace(f"nbthread {THREADS}", "nbthread 1"), "one.cfg")
    old = w.process
    w.process = follower(w, "-x", os.path.join(w.dir, "hand.sock"), "-sf", str(old.pid), config=config)
    load.more(300)
    equal(ends(old, "the former process"), 0, "its status")
    load.more(300)
    load.stop()
    equal(load.lost[:3], [], f"clients lost of {load.answered}")
    listeners = [line for line in w.cli("show fd l").split("\n") if "fe=fe" in line]
    equal(len(listeners), THREADS, "queues of the address that one thread accepts from")


def weir_follows_haproxy(w):
    passed_on(w, HAPROXY, BALANCER, ["-x", os.path.join(w.dir, "hand.sock"), "-sf", "PID"], EXPOSED)


def haproxy_follows_weir(w):
    passed_on(w, BALANCER, HAPROXY, ["-x", os.path.join(w.dir, "hand.sock"), "-sf", "PID"], EXPOSED)


def terminated_after_hand_over(w):
    w.server("s1", say_after_first_bytes)
    w.start(BODY, more_global=EXPOSED)
    old = w.process
    w.process = follower(w, "-x", os.path.join(w.dir, "hand.sock"), "-st", str(old.pid))
    equal(ends(old, "the former process"), -signal.SIGTERM, "it ends by the signal")
    with w.client("fe") as client:
        equal(client.send(b"x").line(), b"s1\n", "answer of the follower")


def an_address_is_shared_until_the_old_one_ends(w):
    """-sf alone: SO_REUSEPORT lets both listen."""
    w.server("s1", say_after_first_bytes)
    w.start(BODY)
    old = w.process
    w.process = follower(w, "-sf", str(old.pid))
    equal(ends(old, "the former process"), 0, "its status")
    for _ in range(50):
        with w.client("fe") as client:
            equal(client.send(b"x").line(), b"s1\n", "answer of the follower")


def wrong_words(w):
    w.server("s1", say_after_first_bytes)
    w.start(BODY, more_global="stats socket @dir@/closed.sock mode 600 level admin")

    def said(*arguments):
        done = subprocess.run([w.program, "-f", w.config, "-db", *arguments], stdin=subprocess.DEVNULL, timeout=20,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode(errors="replace")
    for arguments, words in ((("-x", os.path.join(w.dir, "nobody.sock")), "no process answers"),
                             (("-x", os.path.join(w.dir, "closed.sock")), "expose-fd listeners"),
                             (("-x", "127.0.0.1:1"), "no Unix socket"), (("-sf", "x"), "no process id"),
                             (("-N", "0"), "option '-N'"), (("-dC",), "unknown option")):
        status, text = said(*arguments)
        true(status == 1 and words in text, f"{arguments}: {status} {text!r}")
    status, text = said("-c", "-dp", "-dG", "-dMfail", "-sf", "-q")
    true(status == 0, f"empty list of pids: {text!r}")
    status, text = said("-c", "-dp")
    true(status == 0 and "'-dp' changes nothing" in text, f"a notice: {text!r}")
    with open(w.config, "a", encoding="ascii") as config:
        config.write("global\n    external-check\nbackend asked\n    option external-check\n    external-check command /bin/true\n"
                     "    server a1 127.0.0.1:9 check\n")
    true("insecure-fork-wanted" in said("-c")[1], "a warning that programs are started")
    true("insecure-fork-wanted" not in said("-c", "-dI")[1], "-dI agrees to it")
    status, text = said("-c", "-dL", "-q")
    true(status == 0 and "libc.so" in text, f"libraries: {text!r}")
    true("closed.sock" not in w.cli("_getsocks", os.path.join(w.dir, "closed.sock")), "no sockets where none are exposed")


def states_outlive_a_restart(w):
    w.server("s1", say_after_first_bytes)
    body = BODY + "backend local\n    load-server-state-from-file local\n    server l1 @s1@ weight 7\n"
    more = "server-state-base @dir@\n    server-state-file states"
    with open(os.path.join(w.dir, "states"), "w", encoding="ascii"):
        pass
    w.start(body.replace("\nbackend be\n", "\nbackend be\n    load-server-state-from-file global\n"), more_global=more)
    until(lambda: w.stat("be", "s1").get("status") == "no check", what="an empty file does no harm")
    w.cli("set server be/s1 state maint")
    w.cli("set server be/s2 weight 5")
    w.cli("set server local/l1 state drain")
    for name, command in (("states", "show servers state"), ("local", "show servers state local")):
        with open(os.path.join(w.dir, name), "w", encoding="ascii") as out:
            out.write(w.cli(command))
    w.stop()
    w.start(body.replace("\nbackend be\n", "\nbackend be\n    load-server-state-from-file global\n"), more_global=more)
    equal([w.stat("be", "s1")["status"], w.stat("be", "s2")["weight"], w.stat("local", "l1")["status"]],
          ["MAINT", "5", "DRAIN"], "states of the former process")
    w.cli("set server be/s1 state ready")
    w.client("fe").close()


def allowed(pid, thread):
    with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as status:
        return re.search(r"Cpus_allowed_list:\s*(\S+)", status.read()).group(1)


def placed(w):
    threads = {}
    for thread in os.listdir(f"/proc/{w.process.pid}/task"):
        with open(f"/proc/{w.process.pid}/task/{thread}/comm", encoding="ascii") as comm:
            name = comm.read().strip()
        if name.startswith("weir/"):
            threads[int(name[5:])] = allowed(w.process.pid, thread)
    return [threads[at] for at in sorted(threads)]


def threads_stay_on_their_cpus(w):
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        return true(True, "one CPU: nothing to choose from")
    w.server("s1", say_after_first_bytes)
    first, second = cpus[0], cpus[1]
    w.start(BODY, more_global=f"cpu-map auto:1/1-2 {first},{second}\n    cpu-map 1/3 {second}")
    every = allowed(w.process.pid, w.process.pid)
    until(lambda: placed(w) == [str(first), str(second), str(second), every], what=f"workers in their places: {placed(w)}")
    with open(w.config, encoding="utf-8") as text:
        changed = re.sub(r"cpu-map auto.*\n", "", text.read())
    with open(w.config, "w", encoding="utf-8") as out:
        out.write(changed)
    true("Reload done" in w.cli("reload"), "a reload moves workers")
    until(lambda: placed(w) == [every, every, str(second), every], what=f"workers after a reload: {placed(w)}")


def bind_lines_choose_threads(w):
    w.server("s1", say_after_first_bytes)
    w.start(BODY.replace("bind @fe@", "bind @fe@ thread 2,4\n    bind @other@ thread odd"))
    lines = w.cli("show fd l").split("\n")
    for name, threads in (("fe", {"2", "4"}), ("other", {"1", "3"})):
        place = w.places[name]
        equal({re.search(r"thread=(\d)", line).group(1) for line in lines if f"addr={place}" in line}, threads,
              f"threads of {name}")
    for _ in range(20):
        for name in ("fe", "other"):
            with w.client(name) as client:
                equal(client.send(b"x").line(), b"s1\n", "answer")


def limits_and_dumps(w):
    w.server("s1", say_after_first_bytes)
    w.start(BODY, more_global="prealloc-fd\n    set-dumpable on\n    fd-hard-limit 700\n    tune.renice.runtime 3")
    with open(f"/proc/{w.process.pid}/limits", encoding="ascii") as limits:
        true(re.search(r"Max open files\s+(\d+)", limits.read()).group(1) in ("700",), "descriptors")
    with open(f"/proc/{w.process.pid}/status", encoding="ascii") as status:
        text = status.read()
    equal(re.search(r"NoNewPrivs:\s*(\d)", text).group(1), "1", "no new privileges")
    with open(f"/proc/{w.process.pid}/stat", encoding="ascii") as stat:
        equal(stat.read().rsplit(")", 1)[1].split()[16], "3", "priority")


def hard_stop(w):
    w.server("s1", say_after_first_bytes)
    w.start(BODY, more_global="hard-stop-after 500ms\n    grace 200ms")
    with w.client("fe") as client:
        client.send(b"x").line()
        began = time.monotonic()
        w.process.send_signal(signal.SIGUSR1)
        with w.client("fe") as late:
            equal(late.send(b"x").line(), b"s1\n", "served during the grace")
        equal(ends(w.process, "the process"), 0, "its status")
        true(0.5 < time.monotonic() - began < 5, f"ended after {time.monotonic() - began:.2f} s")


def quit_shows_and_flushes_pools(w):
    w.server("s1", say_after_first_bytes)
    w.start(BODY)
    with w.client("fe") as client:
        client.send(b"x").line()
    w.idle("fe")

    def said():
        with open(os.path.join(w.dir, "stderr"), encoding="utf-8") as text:
            return text.read()
    w.process.send_signal(signal.SIGQUIT)
    until(lambda: "Total: 5 pools" in said(), what="the pools on the terminal")
    true(re.search(r"- Pool session \(\d+ bytes\) : \d+ allocated \(\d+ bytes\), 0 used", said()), f"all is free: {said()}")
    with w.client("fe") as client:
        equal(client.send(b"x").line(), b"s1\n", "served on")


def unpublished_backends_are_passed_by(w):
    w.server("s1", say_after_first_bytes)
    w.server("s2", say_after_first_bytes)
    w.start("frontend fe\n    bind @fe@\n    use_backend one\n    default_backend two\n"
            "backend one\n    server s1 @s1@\nbackend two\n    server s2 @s2@\n")

    def asked():
        with w.client("fe") as client:
            return client.send(b"x").line()
    equal(asked(), b"s1\n", "published")
    equal(w.cli("unpublish backend one"), "Backend unpublished.\n\n", "its answer")
    equal(asked(), b"s2\n", "passed by")
    w.cli("unpublish backend two")
    with w.client("fe") as client:
        equal(client.line(), b"", "no backend is left")
    equal(w.cli("publish backend one"), "Backend published.\n\n", "its answer")
    equal(asked(), b"s1\n", "chosen again")
    true("No such backend" in w.cli("publish backend zz"), "unknown")


def counters_of_one_server(w):
    w.server("s1", say_after_first_bytes)
    w.start(BODY)
    for _ in range(4):
        with w.client("fe") as client:
            client.send(b"x").line()
    w.idle("fe")
    keys = ("stot", "smax", "bin", "bout", "lbtot")
    shown = lambda name: [w.stat("be", name)[key] for key in keys]  # noqa: E731
    true("0" not in shown("s2"), f"counted: {shown('s2')}")
    of_all = shown("BACKEND")
    w.cli("clear counters server be/s2")
    equal(shown("s2"), ["0"] * len(keys), "forgotten")
    equal(shown("BACKEND"), of_all, "the backend keeps its own")
    true("No such server" in w.cli("clear counters server be/zz"), "unknown")
    counted = lambda: int(re.search(r"^accepted: (\d+)", w.cli("show activity"), re.M).group(1))  # noqa: E731
    true(counted() >= 4, "connections that were accepted")
    w.cli("clear counters")
    equal(counted(), 0, "activity begins anew")
    true("denied" in w.cli("operator;clear counters server be/s2").lower(), "for admins")


run([sockets_are_handed_over, fewer_threads_take_all_sockets, weir_follows_haproxy, haproxy_follows_weir,
     terminated_after_hand_over, an_address_is_shared_until_the_old_one_ends, wrong_words, states_outlive_a_restart,
     threads_stay_on_their_cpus, bind_lines_choose_threads, limits_and_dumps, hard_stop, quit_shows_and_flushes_pools,
     unpublished_backends_are_passed_by, counters_of_one_server], THREADS)
