"""Requests beside what a test does: nobody waits long, and nobody gets a wrong answer."""
import contextlib
import re
import threading
import time

from cases import connect


class Traffic(threading.Thread):
    """One request after the other on one connection; the longest delay counts. The first answer that `expected` does not
    match ends it."""

    def __init__(self, w, request, expected):
        super().__init__()
        self.w = w
        self.request = request
        self.expected = re.compile(expected, re.S)
        self.over = False
        self.worst = 0.0
        self.count = 0
        self.broken = ""

    def run(self):
        try:
            with connect(self.w) as client:
                while not self.over:
                    started = time.monotonic()
                    client.sendall(self.request)
                    got = client.recv(65536)
                    if not self.expected.match(got):
                        self.broken = repr(got[:60] + b" ... " + got[-60:])
                        return
                    self.worst = max(self.worst, time.monotonic() - started)
                    self.count += 1
        except OSError as problem:
            self.broken = str(problem)


@contextlib.contextmanager
def traffic(w, clients, request, expected):
    """The running Traffic of so many clients; at the end they stop."""
    running = [Traffic(w, request, expected) for _ in range(clients)]
    for one in running:
        one.start()
    try:
        yield running
    finally:
        for one in running:
            one.over = True
        for one in running:
            one.join()
