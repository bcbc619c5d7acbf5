"""Peers for tests: processes that share tables, a peer made of this script, and a relay that harms what it carries.

A Farm is one peers section: every node has its own file, which differs by the local peer's name and program alone. The
FakePeer speaks the peers protocol 2.1 byte by byte, so that a test sees messages instead of their effect.
"""
import contextlib
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from wire import Client, Server, WAIT, free_port, greet, own_host, until

HAPROXY = os.environ.get("HAPROXY", "/usr/sbin/haproxy")
WEIR = os.environ.get("WEIR", "")



def sanitized():
    """Whether WEIR is a build with a sanitizer, whose memory is not weir's and which faketime cannot start."""
    with open(WEIR, "rb") as program:
        code = program.read()
    return b"__asan_init" in code or b"__tsan_init" in code


PROLOGUE = """
global
    stats socket {sock} mode 600 level admin
    stats timeout 60s
    localpeer {name}
    {more}
defaults
    mode tcp
    balance roundrobin
    timeout connect 2s
    timeout client 20s
    timeout server 20s
"""


class Farm:
    """Nodes of one peers section, and the servers behind them."""

    def __init__(self, body, names, section="farm", peers=""):
        self.dir = tempfile.mkdtemp(prefix="peers-")
        self.body, self.section, self.peers = body, section, peers
        self.nodes, self.closing, self.places = {}, [], {}
        self.addresses = {}  # (who dials, whom) -> "host:port", where a relay stands between
        for name, program in names.items():
            self.nodes[name] = Node(self, name, program)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for node in self.nodes.values():
            node.kill()
        for each in self.closing:
            with contextlib.suppress(Exception):
                (getattr(each, "stop", None) or each.close)()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __getitem__(self, name):
        return self.nodes[name]

    def server(self, name):
        made = Server(name, own_host(), greet)
        self.places[name] = "%s:%d" % made.address
        self.closing.append(made)
        return made

    def start(self):
        for node in self.nodes.values():
            node.start()
        return self

    def join(self):
        """All started and each in touch with every other."""
        self.start()
        for node in self.nodes.values():
            until(lambda: node.linked() >= len(self.nodes) - 1, 20, f"{node.name}'s links")
        return self


class Node:
    def __init__(self, farm, name, program):
        self.farm, self.name, self.program = farm, name, program
        self.host = own_host()
        self.peer = (self.host, free_port(self.host))
        self.entry = (self.host, free_port(self.host))
        self.sock = os.path.join(farm.dir, name + ".sock")
        self.process = None
        self.more = self.more_body = ""
        self.wrapper = []
        self.said = open(os.path.join(farm.dir, name + ".out"), "w+", encoding="utf-8")

    @property
    def is_weir(self):
        return self.program != HAPROXY

    def write(self):
        text = PROLOGUE.format(sock=self.sock, name=self.name, more=self.more)
        text += f"peers {self.farm.section}\n"
        for other in self.farm.nodes.values():
            place = self.farm.addresses.get((self.name, other.name), "%s:%d" % other.peer)
            text += f"    peer {other.name} {place}\n"
        body = self.farm.peers + "\n" + self.farm.body + "\n" + self.more_body
        places = dict(self.farm.places, entry="%s:%d" % self.entry)
        text += re.sub(r"@(\w+)@", lambda found: places[found.group(1)], body) + "\n"
        path = os.path.join(self.farm.dir, self.name + ".cfg")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def start(self):
        self.start_process()
        until(self.answers, what=f"{self.name} at its socket")
        return self

    def start_process(self):
        command = self.wrapper + [self.program, "-db", "-f", self.write()]
        # A session of its own: what a wrapper such as faketime started ends with it.
        self.process = subprocess.Popen(command, stdout=self.said, stderr=self.said, start_new_session=True)

    def follow(self):
        """A second process takes over from the one that runs (-sf), which is returned."""
        former = self.process
        self.process = subprocess.Popen(self.wrapper + [self.program, "-db", "-f", self.write(), "-sf", str(former.pid)],
                                        stdout=self.said, stderr=self.said, start_new_session=True)
        return former

    def answers(self):
        if self.process.poll() is not None:
            self.said.seek(0)
            raise RuntimeError(f"{self.name} ended: {self.said.read()[-2000:]}")
        try:
            return "Uptime" in self.cli("show info")
        except OSError:
            return False

    def kill(self, how=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, how)
            self.process.wait()
        self.process = None

    def reload(self):
        self.write()
        return self.cli("reload")

    def cli(self, *commands):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(60)
            sock.connect(self.sock)
            sock.sendall(";".join(commands).encode() + b"\n")
            said = b""
            while True:
                piece = sock.recv(1 << 20)
                if not piece:
                    return said.decode()
                said += piece

    def table(self, name):
        """{key: {column: value}}, without what no two processes have in common."""
        found = {}
        for line in self.cli(f"show table {name}").splitlines():
            match = re.match(r"0x[0-9a-f]+: key=((?:\\.|[^ ])*) (.*)$", line)
            if match:
                columns = dict(word.split("=", 1) for word in match.group(2).split())
                found[match.group(1)] = {k: v for k, v in columns.items() if k not in ("use", "exp", "shard")}
        return found

    def used(self, name):
        return int(re.search(rf"^# table: {re.escape(name)},.*used:(\d+)", self.cli("show table"), re.M).group(1))

    def value(self, table, key, column):
        return self.table(table).get(key, {}).get(column)

    def peers(self):
        """{peer: {word: value}} of the peer's own lines."""
        found, words = {}, {}
        for line in self.cli("show peers").splitlines():
            match = re.match(r"  0x[0-9a-f]+: id=(\S+)\((\w+),(\w+)\)(.*)", line)
            if match:
                words = found.setdefault(match.group(1), {"kind": match.group(2), "touch": match.group(3)})
            if match or re.match(r" {8}\w", line):
                words.update(re.findall(r"(\w+)[=:](\S+)", match.group(4) if match else line))
        return found

    def linked(self):
        return sum(1 for peer in self.peers().values() if peer["kind"] == "remote" and peer["touch"] == "active"
                   and peer.get("last_status") == "ESTA")

    def fill(self, table, keys, columns="data.gpc0 {n}"):
        for start in range(0, len(keys), 100):
            self.cli(*(f"set table {table} key {key} " + columns.format(n=start + i + 1)
                       for i, key in enumerate(keys[start:start + 100])))

    def client(self, source):
        client = Client(self.entry, source)
        self.farm.closing.append(client)
        return client


# --- the protocol -------------------------------------------------------------------------------------------------

def number(value):
    if value < 0xF0:
        return bytes([value])
    out = bytearray([(value | 0xF0) & 0xFF])
    value = (value - 0xF0) >> 4
    while value >= 0x80:
        out.append((value | 0x80) & 0xFF)
        value = (value - 0x80) >> 7
    return bytes(out + bytes([value]))


def read_number(data, at):
    value, at = data[at], at + 1
    if value < 0xF0:
        return value, at
    shift = 4
    while True:
        byte, at = data[at], at + 1
        value += byte << shift
        shift += 7
        if byte < 0x80:
            return value, at


def message(kind, payload):
    return bytes([10, kind]) + number(len(payload)) + payload


def definition(ident, name, key_type, key_length, columns, expire=60000, rest=b""):
    return message(130, number(ident) + number(len(name)) + name.encode() + number(key_type) + number(key_length) +
                   number(sum(1 << c for c in columns)) + number(expire) + rest)


SYNC, FINISHED, PARTIAL, CONFIRMED, BEAT = (bytes([0, n]) for n in range(5))
NAMES = {0: "sync", 1: "finished", 2: "partial", 3: "confirmed", 4: "heartbeat"}


class FakePeer:
    """The other end of a link: dials a node, or is dialled by it."""

    def __init__(self, name, node, listener=None):
        self.name, self.node, self.listener = name, node, listener
        self.sock, self.data = None, b""

    def dial(self, hello=None):
        self.close()
        self.sock = socket.create_connection(self.node.peer, WAIT)
        self.data = b""
        self.sock.sendall(hello or f"HAProxyS 2.1\n{self.node.name}\n{self.name} 4711 0\n".encode())
        return self.line()

    def be_dialled(self, status=b"200\n", seconds=WAIT):
        self.close()
        self.listener.settimeout(seconds)
        self.sock, _ = self.listener.accept()
        self.sock.settimeout(WAIT)
        self.data = b""
        hello = [self.line(), self.line(), self.line()]
        self.sock.sendall(status)
        return hello

    def line(self):
        while b"\n" not in self.data:
            self._read()
        line, self.data = self.data.split(b"\n", 1)
        return line.decode()

    def _read(self):
        piece = self.sock.recv(1 << 16)
        if not piece:
            raise EOFError("the link ended")
        self.data += piece

    def send(self, *pieces):
        self.sock.sendall(b"".join(pieces))

    def next(self, seconds=WAIT):
        """("heartbeat",), ("define", id, name), ("entry", type, payload), ("ack", table, update), ("error", kind)."""
        self.sock.settimeout(seconds)
        while True:
            if len(self.data) >= 2:
                of_class, kind = self.data[0], self.data[1]
                if kind < 128:
                    self.data = self.data[2:]
                    return (NAMES[kind],) if of_class == 0 else ("error", kind)
                try:
                    length, at = read_number(self.data, 2)
                    if len(self.data) >= at + length:
                        payload, self.data = self.data[at:at + length], self.data[at + length:]
                        return self._meaning(kind, payload)
                except IndexError:
                    pass
            self._read()

    @staticmethod
    def _meaning(kind, payload):
        if kind == 130:
            ident, at = read_number(payload, 0)
            length, at = read_number(payload, at)
            return ("define", ident, payload[at:at + length].decode())
        if kind == 132:
            table, at = read_number(payload, 0)
            return ("ack", table, struct.unpack(">I", payload[at:at + 4])[0])
        return ("entry", kind, payload)

    def collect(self, seconds):
        """What comes within so long, heartbeats left out."""
        found, deadline = [], time.monotonic() + seconds
        with contextlib.suppress(TimeoutError, socket.timeout):
            while (left := deadline - time.monotonic()) > 0:
                said = self.next(left)
                if said != ("heartbeat",):
                    found.append(said)
        return found

    def expect(self, *wanted, seconds=WAIT):
        """Skips to a message that begins so."""
        deadline = time.monotonic() + seconds
        while True:
            said = self.next(max(0.01, deadline - time.monotonic()))
            if said[:len(wanted)] == wanted:
                return said

    def close(self):
        if self.sock:
            with contextlib.suppress(OSError):
                self.sock.close()
        self.sock = None


def fake_farm(body, program, name="w", fake="f", **options):
    """A farm of one program and one fake peer, which listens where the node will dial."""
    farm = Farm(body, {name: program, fake: program}, **options)
    listener = socket.create_server(farm[fake].peer)
    farm.closing.append(listener)
    return farm, FakePeer(fake, farm[name], listener)


class Relay:
    """Carries bytes between a listener and an address; delays, stalls and cuts as told."""

    def __init__(self, target, seed=1):
        self.target, self.random = target, random.Random(seed)
        self.delay, self.stalled, self.accepting = 0.0, threading.Event(), True
        self.cut_after = None  # bytes, once; then this is done
        self.harm = self.cut
        self.listener = socket.create_server((own_host(), 0))
        self.address = "%s:%d" % self.listener.getsockname()
        self.pairs, self.carried, self.cuts = [], 0, 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                try:
                    far = socket.create_connection(self.target, 2)
                except OSError:
                    near.close()
                    continue
                self.pairs.append((near, far))
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source, sink):
        with contextlib.suppress(OSError):
            while piece := source.recv(16384):
                if self.delay:
                    time.sleep(self.delay * self.random.random())
                while self.stalled.is_set():
                    time.sleep(0.01)
                self.carried += len(piece)
                if self.cut_after is not None and self.carried >= self.cut_after:
                    at, self.cut_after = self.cut_after, None
                    sink.sendall(piece[:max(0, len(piece) - (self.carried - at))])
                    self.harm()
                    return
                sink.sendall(piece)
        for sock in (source, sink):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def cut(self):
        self.cuts += 1
        for pair in self.pairs:
            for sock in pair:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        self.pairs = []

    def close(self):
        self.listener.close()
        self.cut()


class Checks:
    """Facts, one a line; the exit code says whether all hold."""

    def __init__(self):
        self.failed = []

    def __call__(self, fact, what):
        print(("ok   " if fact else "FAIL ") + what, flush=True)
        if not fact:
            self.failed.append(what)
        return fact

    def equal(self, got, wanted, what):
        if not self(got == wanted, what):
            print(f"     got    {str(got)[:1000]}\n     wanted {str(wanted)[:1000]}", flush=True)

    def comes(self, condition, what, seconds=WAIT):
        try:
            until(condition, seconds, what)
            self(True, what)
            return True
        except TimeoutError:
            return self(False, what)

    def run(self, cases, names):
        import traceback
        for case in cases:
            if names and case.__name__ not in names:
                continue
            print(f"--- {case.__name__}", flush=True)
            try:
                case()
            except Exception:  # a case that cannot go on has failed
                traceback.print_exc()
                self(False, f"{case.__name__} ran to its end")
        print(f"{len(self.failed)} failed" if self.failed else "all hold", flush=True)
        return 1 if self.failed else 0
