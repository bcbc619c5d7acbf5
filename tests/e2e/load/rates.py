"""How fast something went, and what it cost, as far as a shared machine lets one tell."""
import os

from cases import true


def limited(size, took, rate, what):
    """At the rate: never above it by more than a little, and not far below, as far as a shared machine lets one tell."""
    wanted = size / rate
    true(took >= wanted * 0.9 - 0.05, f"{what}: {size} bytes in {took:.2f} s are above {rate} bytes a second")
    true(took <= wanted * 2 + 3, f"{what}: {size} bytes in {took:.2f} s are far below {rate} bytes a second")


def turns(w):
    """How often the program went to sleep so far."""
    total = 0
    for task in os.listdir(f"/proc/{w.process.pid}/task"):
        with open(f"/proc/{w.process.pid}/task/{task}/status", encoding="ascii") as status:
            total += sum(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt"))
    return total
