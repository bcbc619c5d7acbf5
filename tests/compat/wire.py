"""The two ends of every test: clients that connect, servers that answer, and the socket that receives the log.

Each piece is plain blocking sockets with one thread per accepted connection, and every wait has a bound: a test that
hangs is a test that fails with a reason. Nothing here knows which program stands in the middle.
"""
import contextlib
import itertools
import os
import re
import socket
import struct
import threading
import time

WAIT = 10.0  # the longest any single wait may take, in seconds


def until(condition, seconds=WAIT, what="condition"):
    """Polls until condition() is true and returns its value; raises TimeoutError with the name of what never came."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {seconds:g} s")
        time.sleep(0.005)


# Every world gets loopback addresses of its own, so that a port found free stays free: nobody else binds there.
_next_host = itertools.count(1)
_host_lock = threading.Lock()


def own_host():
    with _host_lock:
        n = next(_next_host)
    pid = os.getpid()
    return f"127.{64 + (pid >> 8) % 128}.{pid % 256}.{1 + n % 250}" if n < 250 else f"127.{200 + n // 250 % 50}.{pid % 256}.{1 + n % 250}"


def free_port(host):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def reset(sock):
    """Closes with a TCP reset."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Client:
    """One TCP connection, from an optional source address. All reads end within WAIT."""

    def __init__(self, address, source=None, rcvbuf=None):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.settimeout(WAIT)
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        if source:
            self.sock.bind((source, 0))
        self.sock.connect(address)
        self.opened = time.monotonic()

    def send(self, data):
        self.sock.sendall(data)
        return self

    def line(self):
        """Bytes up to and with the first newline, or what came before the end."""
        got = b""
        while not got.endswith(b"\n"):
            try:
                byte = self.sock.recv(1)
            except ConnectionResetError:
                return got + b"<reset>"
            if not byte:
                break
            got += byte
        return got

    def exactly(self, count):
        got = b""
        while len(got) < count:
            piece = self.sock.recv(count - len(got))
            if not piece:
                break
            got += piece
        return got

    def rest(self):
        """Everything up to the end of the stream; a reset is said in words."""
        got = b""
        while True:
            try:
                piece = self.sock.recv(65536)
            except ConnectionResetError:
                return got + b"<reset>"
            if not piece:
                return got
            got += piece

    def finish(self):
        self.sock.shutdown(socket.SHUT_WR)
        return self

    def close(self):
        self.sock.close()

    def reset(self):
        reset(self.sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


# What a server does with an accepted connection: a function of (server, socket).

def greet(server, conn):
    """Says its name, then gives back what it gets until the client has finished."""
    conn.sendall(server.name.encode() + b"\n")
    echo(server, conn)


def echo(server, conn):
    while True:
        piece = conn.recv(65536)
        if not piece:
            return
        server.heard(piece)
        conn.sendall(piece)


def greet_and_close(server, conn):
    conn.sendall(server.name.encode() + b"\n")


def say_after_first_bytes(server, conn):
    """Waits for the client's first bytes, then says its name and stays until the client has finished."""
    piece = conn.recv(65536)
    server.heard(piece)
    conn.sendall(server.name.encode() + b"\n")
    while piece:
        piece = conn.recv(65536)
        server.heard(piece)


def hang(server, conn):
    """Accepts, reads and never answers; ends when the other side does."""
    while True:
        piece = conn.recv(65536)
        if not piece:
            return
        server.heard(piece)


def never_read(server, conn):
    """Accepts and then does nothing at all until the server stops."""
    server.stopping.wait()


def greet_and_reset(server, conn):
    """Says its name, waits for the client's first bytes, resets."""
    conn.sendall(server.name.encode() + b"\n")
    conn.recv(65536)
    reset(conn)


def finish_first(server, conn):
    """Says its name, closes its own direction at once, and goes on reading."""
    conn.sendall(server.name.encode() + b"\n")
    conn.shutdown(socket.SHUT_WR)
    hang(server, conn)


def answer_requests(server, conn):
    """Reads requests whole, as plainly as can be, and answers each."""
    while True:
        got = b""
        while not _whole(got):
            piece = conn.recv(65536)
            if not piece:
                return
            got += piece
        server.heard(got)
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def _whole(got):
    head, end, body = got.partition(b"\r\n\r\n")
    if not end:
        return False
    if b"transfer-encoding: chunked" in head:
        return re.search(rb"(^|\r\n)0\r\n([^\r\n]+\r\n)*\r\n$", body) is not None
    length = re.search(rb"content-length: (\d+)", head)
    return len(body) >= (int(length.group(1)) if length else 0)


class Server:
    """A listening server with one behaviour, which may be changed while it runs; counts what it accepted."""

    def __init__(self, name, host, behaviour=greet, port=0):
        self.name = name
        self.behaviour = behaviour
        self.accepted = 0
        self.received = b""
        self.stopping = threading.Event()
        self.live = set()
        self.lock = threading.Lock()
        self.listener = None
        self.address = (host, port)
        self.listen()

    def listen(self):
        """Opens the port (again, after unlisten)."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(self.address)
        sock.listen(128)
        self.address = sock.getsockname()
        self.listener = sock
        threading.Thread(target=self._accept, args=(sock,), daemon=True).start()

    def unlisten(self):
        """Closes the port: new connections are refused, old ones live on."""
        sock, self.listener = self.listener, None
        if sock:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self, listener):
        while not self.stopping.is_set():
            try:
                conn, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.accepted += 1
                self.live.add(conn)
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn):
        try:
            self.behaviour(self, conn)
        except OSError:
            pass
        finally:
            with self.lock:
                self.live.discard(conn)
            conn.close()

    def heard(self, piece):
        with self.lock:
            self.received += piece

    def drop_all(self):
        """Resets every live connection."""
        with self.lock:
            live = list(self.live)
        for conn in live:
            with contextlib.suppress(OSError):
                conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                conn.shutdown(socket.SHUT_RDWR)

    def stop(self):
        self.stopping.set()
        self.unlisten()
        with self.lock:
            live = list(self.live)
        for conn in live:
            with contextlib.suppress(OSError):
                conn.shutdown(socket.SHUT_RDWR)


class RefusingServer:
    """An address that refuses: bound, so that nobody else gets it, and never listening."""

    def __init__(self, name, host):
        self.name = name
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.bind((host, 0))
        self.address = self.sock.getsockname()

    def stop(self):
        self.sock.close()


class SilentServer:
    """An address where a connect never completes: its accept queue is full, so the kernel drops the SYN."""

    def __init__(self, name, host):
        self.name = name
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.bind((host, 0))
        self.sock.listen(0)
        self.address = self.sock.getsockname()
        self.fillers = []
        for _ in range(4):
            filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            filler.setblocking(False)
            filler.connect_ex(self.address)
            self.fillers.append(filler)
        time.sleep(0.02)  # lets the kernel finish the handshakes that fill the queue

    def stop(self):
        for filler in self.fillers:
            filler.close()
        self.sock.close()


class LogSocket:
    """A UDP or Unix datagram socket that keeps every log line it gets, in order."""
    MARK = b"\0all before this"

    def __init__(self, host=None, path=None):
        if path:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.sock.bind(path)
            self.address = path
        else:
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sock.bind((host, 0))
            self.address = self.sock.getsockname()
        self.lines = []
        self.taken = 0
        self.marks = self.marks_seen = 0
        self.arrived = threading.Condition()
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self):
        while True:
            try:
                data = self.sock.recv(65536)
            except OSError:
                return
            with self.arrived:
                if data == self.MARK:
                    self.marks_seen += 1
                else:
                    self.lines.append(data.decode(errors="replace"))
                self.arrived.notify_all()

    def next(self, containing="", seconds=WAIT):
        """The next line not yet taken that contains the words; lines before it count as taken."""
        deadline = time.monotonic() + seconds
        with self.arrived:
            while True:
                for at in range(self.taken, len(self.lines)):
                    if containing in self.lines[at]:
                        self.taken = at + 1
                        return self.lines[at]
                left = deadline - time.monotonic()
                if left <= 0 or not self.arrived.wait(left):
                    if time.monotonic() >= deadline:
                        raise TimeoutError(f"no log line with {containing!r}; have {self.lines[self.taken:]}")

    def all(self):
        """Every line that was sent before the call: a mark sent by ourselves comes behind them."""
        with self.arrived:
            self.marks += 1
            wanted = self.marks
            with socket.socket(self.sock.family, socket.SOCK_DGRAM) as sender:
                sender.sendto(self.MARK, self.address)
            self.arrived.wait_for(lambda: self.marks_seen >= wanted, WAIT)
            return list(self.lines)

    def stop(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def rdp_request(cookie=b"", token=b"", protocols=1):
    """A TPKT + X.224 connection request as RDP clients send it: `Cookie: mstshash=...` or a routing token."""
    words = b""
    if token:
        words = b"Cookie: msts=" + token + b"\r\n"
    elif cookie:
        words = b"Cookie: mstshash=" + cookie + b"\r\n"
    negotiation = b"" if protocols is None else struct.pack("<BBHI", 1, 0, 8, protocols)
    body = b"\xe0\x00\x00\x00\x00\x00" + words + negotiation
    return struct.pack(">BBH", 3, 0, len(body) + 5) + bytes([len(body)]) + body


def routing_token(host, port):
    """An msts token: the address as a little-endian number, the port with its bytes swapped, and a reserved field."""
    address = struct.unpack("<I", socket.inet_aton(host))[0]
    swapped = struct.unpack("<H", struct.pack(">H", port))[0]
    return f"{address}.{swapped}.0000".encode()
