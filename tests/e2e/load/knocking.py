"""Clients that come and go without pause while something happens to the process that serves them."""
import os
import socket
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "compat"))
from wire import until  # noqa: E402


def greeted(family, address, timeout=10):
    """What the server says to one client that asks."""
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(timeout)
        client.connect(address)
        client.sendall(b"x")
        return client.recv(10)


class Knocking:
    """Clients in threads that connect, ask and leave without pause; every one of them must be answered."""

    def __init__(self, address, threads=4):
        self.address = address
        self.answered, self.lost = 0, []
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.knock, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def knock(self):
        while not self.stopping.is_set():
            try:
                said = greeted(socket.AF_INET, self.address)
            except OSError as error:
                said = repr(error)
            with self.lock:
                if said == b"s1\n":
                    self.answered += 1
                else:
                    self.lost.append(said)

    def more(self, count):
        goal = self.answered + count
        until(lambda: self.answered >= goal or self.lost, seconds=20, what=f"{count} more answers")

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(15)
