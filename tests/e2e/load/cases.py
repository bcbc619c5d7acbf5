"""Runs the cases of one file, each in a world of its own: what the programs of this folder have in common."""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "compat"))
from harness import World  # noqa: E402
from wire import Client  # noqa: E402

BALANCER = os.environ.get("WEIR") or os.environ.get("HAPROXY") or "/usr/sbin/haproxy"
facts = 0


def true(fact, what):
    """One fact of the case; the first false one ends it."""
    global facts
    if not fact:
        raise AssertionError(what)
    facts += 1


def equal(have, want, what):
    true(have == want, f"{what}: want {want!r}, have {have!r}")


def connect(w, receive_buffer=None):
    """A bare socket to the frontend fe; its reads end within 20 seconds."""
    sock = Client(w.address("fe"), rcvbuf=receive_buffer).sock
    sock.settimeout(20)
    return sock


def reload(w):
    true("Reload done" in w.cli("reload"), "the reload is taken")


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def keeps_what_was_freed(w):
    """Sanitizers do for a while: of memory nothing can be said then."""
    with open(w.program, "rb") as program:
        text = program.read()
    return b"__asan_init" in text or b"__tsan_init" in text


def run(cases, threads):
    """The cases named on the command line, or all; ends the program."""
    failed = 0
    for case in cases:
        if sys.argv[1:] and case.__name__ not in sys.argv[1:]:
            continue
        world = World(BALANCER, threads)
        began = time.monotonic()
        try:
            try:
                case(world)
            finally:
                world.close()
            print(f"ok   {case.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception as error:
            failed += 1
            print(f"FAIL {case.__name__}: {type(error).__name__}: {error}", flush=True)
    print(f"{facts} passed, {failed} failed")
    sys.exit(1 if failed else 0)
