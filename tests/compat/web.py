"""HTTP/1 for the judge: a scripted server that keeps what it received, and a client that sends bytes as they are.

Both read messages as RFC 9112 frames them, so nothing waits for luck, and write down each head byte by byte. Where the
boundaries of chunks fall is a matter of timing: a chunked body is written down as its data, then its trailers.
"""
import base64
import hashlib
import re
import socket
import time

from harness import GLOBAL
from wire import Client, Server, reset, until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Test: A\r\n\r\nhi"
QUIET = 0.25  # how long nothing must come until a connection counts as open
SETTLE = 0.1  # how long a server's connection may take to end after its client's

CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked\r\n", re.I)

# TR/Tw/Tc/Tr/Ta status bytes, in a line of option httplog.
TIMERS = re.compile(r" (-?\d+)/(-?\d+)/(-?\d+)/(-?\d+)/(\+?-?\d+) (-?\d+) (\+?)(\d+) ")


def get(path="/a", *fields, method="GET", version="1.1", body=""):
    """A request; a Host field comes with it unless one is given."""
    lines = [f"{method} {path} HTTP/{version}"]
    if not any(field.lower().startswith("host:") for field in fields):
        lines.append("Host: x")
    return ("\r\n".join([*lines, *fields]) + "\r\n\r\n" + body).encode("latin-1")


def response(status="200 OK", *fields, body="", version="1.1", length=True):
    lines = [f"HTTP/{version} {status}", *fields]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")


def basic(pair):
    """The field of one who says name:password."""
    return "Authorization: Basic " + base64.b64encode(pair.encode()).decode()


def chunks(*parts, trailers="", extension=""):
    pieces = [f"{len(part):x}{extension}\r\n{part}\r\n" for part in parts]
    return "".join(pieces) + f"0\r\n{trailers}\r\n"


def shown(data):
    """Bytes as text; long ones by their length and sum."""
    if len(data) > 400:
        return f"<{len(data)} bytes {hashlib.sha1(data).hexdigest()[:8]}>"
    return data.decode("latin-1")


class Reader:
    """Messages from a socket. `over` is None, "end" or "reset"."""

    def __init__(self, sock, seconds):
        self.sock = sock
        self.seconds = seconds
        self.buffer = b""
        self.total = 0
        self.over = None

    def fill(self, seconds=None):
        """More bytes; False when there are none: the end, or the time is over."""
        if self.over:
            return False
        self.sock.settimeout(seconds or self.seconds)
        try:
            piece = self.sock.recv(65536)
        except (TimeoutError, socket.timeout):
            return False
        except OSError:
            self.over = "reset"
            return False
        if not piece:
            self.over = "end"
        self.buffer += piece
        self.total += len(piece)
        return bool(piece)

    def take(self, count):
        got, self.buffer = self.buffer[:count], self.buffer[count:]
        return got

    def line(self):
        while b"\n" not in self.buffer:
            if not self.fill():
                return self.take(len(self.buffer))
        return self.take(self.buffer.index(b"\n") + 1)

    def head(self):
        """Up to and with the empty line, or what came; b"" when nothing did."""
        while b"\r\n\r\n" not in self.buffer:
            if not self.fill():
                return self.take(len(self.buffer))
        return self.take(self.buffer.index(b"\r\n\r\n") + 4)

    def exactly(self, count):
        while len(self.buffer) < count and self.fill():
            pass
        return self.take(count)

    def rest(self):
        while self.fill():
            pass
        return self.take(len(self.buffer))

    def chunked(self):
        """A body in chunks: its data, its trailers, and what is wrong with it, or ""."""
        data = trailers = b""
        while True:
            line = self.line()
            try:
                size = int(line.split(b";")[0], 16)
            except ValueError:
                return data, b"", f"<broken {line!r}>"
            if size == 0:
                break
            piece = self.exactly(size + 2)
            data += piece[:size]
            if len(piece) != size + 2:
                return data, b"", "<cut>"
        while (line := self.line()) != b"\r\n":
            if not line.endswith(b"\n"):
                return data, b"", "<cut>"
            trailers += line
        return data, trailers, ""

    def content(self, head, answer=True):
        """The body that belongs to a head, as bytes: (data, trailers, what is wrong)."""
        if CHUNKED.search(head):
            return self.chunked()
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
        if length:
            got = self.exactly(int(length.group(1)))
            return got, b"", "" if len(got) == int(length.group(1)) else "<cut>"
        return self.rest() if answer else b"", b"", ""

    def body(self, head, answer):
        """The body that belongs to a head, as text."""
        data, trailers, wrong = self.content(head, answer)
        if CHUNKED.search(head):
            return f"<chunks>{shown(data)}{wrong or '</chunks>' + shown(trailers)}"
        return shown(data) + wrong

    def ending(self, seconds=QUIET):
        """How the stream ends, when it does soon."""
        while self.fill(seconds):
            pass
        extra = self.take(len(self.buffer))
        return (f"{shown(extra)}\n" if extra else "") + (self.over or "open")


class WebClient(Client):
    """Sends what it is given; reads one answer at a time."""

    def __init__(self, address, seconds=4.0, **options):
        super().__init__(address, **options)
        self.reader = Reader(self.sock, seconds)

    def answer(self, method="GET"):
        """One answer, interim ones before it included."""
        text = ""
        while True:
            head = self.reader.head()
            text += shown(head)
            status = re.match(rb"HTTP/\d\.\d (\d+)", head)
            if not status:
                return text or f"<{self.reader.over or 'nothing'}>"
            status = int(status.group(1))
            if status >= 200 or status == 101:
                break
        if method == "HEAD" or status in (101, 204, 304) or (method == "CONNECT" and status == 200):
            return text
        return text + self.reader.body(head, True)


class ScriptedServer(Server):
    """Answers by a script and keeps what it received. Bytes are every answer; in a list, or in a dictionary by path
    ("*": any other), one answer is bytes or a list of steps; a function gets the request."""
    USUAL = OK

    def __init__(self, name, host, script, behaviour):
        self.script = script
        self.seen = []
        self.count = 0
        super().__init__(name, host, behaviour)

    def path(self, request):
        raise NotImplementedError

    def steps(self, request):
        with self.lock:
            at = self.count
            self.count += 1
        script = self.script
        if callable(script):
            script = script(request)
        elif isinstance(script, dict):
            script = script.get(self.path(request), script.get("*", self.USUAL))
        elif isinstance(script, list) and script and isinstance(script[0], (list, tuple)):
            script = script[min(at, len(script) - 1)]
        return [script] if isinstance(script, bytes) else list(script)


class WebServer(ScriptedServer):
    """Answers requests by a script and keeps what it received, connection by connection.

    `script` is the bytes of every answer, a list of answers in the order of the requests (the last one repeats), a
    dictionary by path ("*": any other), or a function of the head. An answer is bytes, or a list of steps: bytes to
    send, a number of seconds to wait, "early" (do not wait for the request's body first), "body" (read it now),
    "close", "reset", "hang" (read until the other side ends), "echo" (what comes goes back), "finish" (no more from here).
    """

    def __init__(self, name, host, script=OK):
        super().__init__(name, host, script, WebServer.serve)

    def path(self, head):
        target = head.split(b" ")[1].decode("latin-1") if b" " in head else ""
        return target.split("?")[0]

    def serve(self, conn):
        record = {"messages": [], "end": "open"}
        with self.lock:
            self.seen.append(record)
        reader = Reader(conn, 8.0)
        while True:
            head = reader.head()
            if not head:
                break
            record["messages"].append(shown(head))
            if not head.endswith(b"\r\n\r\n"):
                break
            steps = self.steps(head)
            if not self.play(reader, record, head, steps):
                return
        record["end"] = reader.over or "timeout"

    def play(self, reader, record, head, steps):
        taken = "early" in steps

        def body():
            record["messages"][-1] += reader.body(head, False)
        if not taken:
            body()
        for step in steps:
            if isinstance(step, bytes):
                try:
                    reader.sock.sendall(step)
                except OSError:
                    record["end"] = "reset"
                    return False
            elif isinstance(step, (int, float)):
                time.sleep(step)
            elif step == "body":
                body()
            elif step == "finish":
                reader.sock.shutdown(socket.SHUT_WR)
            elif step == "close":
                record["end"] = "closed"
                return False
            elif step == "reset":
                record["end"] = "closed"
                reset(reader.sock)
                return False
            elif step in ("hang", "echo"):
                while reader.fill():
                    got = reader.take(len(reader.buffer))
                    record["messages"][-1] += shown(got)
                    if step == "echo":
                        reader.sock.sendall(got)
                record["end"] = reader.over or "timeout"
                return False
        return True

    def heard(self):
        """What each connection brought, in the order of the connections, and how it is now."""
        with self.lock:
            return [record["messages"] + ["over" if record["end"] in ("end", "reset") else record["end"]]
                    for record in self.seen if record["messages"]]

    def forget(self):
        with self.lock:
            self.seen = []


def web(w, name="s1", script=OK):
    made = WebServer(name, w.host, script)
    w._name(name, made.address)
    w.closing.append(made)
    return made


def play(w, client, steps):
    """A client's part: bytes are sent and one answer is read; (bytes, n) reads n; words act. Gives what was seen."""
    seen = []
    for step in steps:
        if isinstance(step, bytes):
            step = (step, 1)
        if isinstance(step, tuple):
            try:
                client.send(step[0])
            except OSError:
                seen.append("<cannot send>")
            method = step[0].split(b" ")[0].decode("latin-1")
            seen += [client.answer(method) for _ in range(step[1])]
        elif isinstance(step, (int, float)):
            time.sleep(step)
        elif step == "answer":
            seen.append(client.answer())
        elif step == "finish":
            client.finish()
        elif step == "raw":
            client.reader.fill()
            seen.append(shown(client.reader.take(len(client.reader.buffer))))
        elif step == "end":
            seen.append(client.reader.ending(4.0))
        elif step == "reset":
            client.reset()
            return seen
        elif step == "close":
            client.close()
            return seen
        elif callable(step):
            step(w)
    seen.append(client.reader.ending())
    return seen


def traffic(w, before=0):
    """The log's lines about traffic since `before`."""
    return [line for line in w.log.all()[before:] if re.search(r"\]: (?!Proxy |Server |\[)", line) or "TRAFFIC" in line]


def observe_lines(w, label, lines):
    """Lines of option httplog: their words exactly, their timers nearly, their bytes by whether there are any."""
    words, timers = [], []
    for line in lines:
        match = TIMERS.search(line)
        if match:
            times = [match.group(i).lstrip("+") for i in range(1, 6)]
            timers += [int(one) for one in times]
            plus = "+" if match.group(5).startswith("+") else ""
            size = "0" if match.group(8) == "0" else "B"
            line = re.sub(r"(lb\[\d+\]: [\d.]+):\d+ \[", r"\1:PORT [", line)
            match = TIMERS.search(line)
            line = (line[:match.start()] + f" T/T/T/T/{plus}T {match.group(6)} {match.group(7)}{size} "
                    + line[match.end():])
        words.append(w.normal(line))
    w.observe(f"{label}: log", "\n".join(words))
    w.observe(f"{label}: timers", timers, "near")


def talk(w, label, steps, servers, frontend="fe", lines=None):
    """One client's life: what it saw, what each server saw, and the log. `lines`: how many are waited for."""
    before = len(w.log.all())
    for server in servers:  # nobody finds a connection that another client's requests left behind
        server.drop_all()
        until(lambda server=server: not server.live, what="the end of the server's connections")
        server.forget()
    client = WebClient(w.address(frontend))
    w.clients.append(client)
    seen = play(w, client, steps)
    client.close()
    w.idle(frontend)
    wanted = lines if lines is not None else max(1, len(seen) - 1)
    try:
        until(lambda: len(traffic(w, before)) >= wanted, 0.3)
    except TimeoutError:
        pass
    time.sleep(SETTLE)
    w.observe(f"{label}: client", "\n".join(re.sub(r"(?i)(\r\ndate: )[^\r]*", r"\1DATE", one) for one in seen))
    for server in servers:
        w.observe(f"{label}: {server.name}", "\n--\n".join("\n".join(one) for one in server.heard()))
    observe_lines(w, label, traffic(w, before))
    return seen


CONFIG = (GLOBAL.replace("mode tcp", "mode http").replace("option tcplog", "option httplog")
          .replace("timeout client 8s", "timeout client 6s").replace("timeout server 8s", "timeout server 6s"))


PAIR = """
frontend fe
    mode http
    bind @fe@
    default_backend be
backend be
    mode http
    server s1 @s1@
"""


def farm(w, script=OK, frontend="", backend="", server="", more_global="", sections=""):
    """A frontend fe, a backend be with one scripted server."""
    made = web(w, "s1", script)
    w.start(f"""
frontend fe
    bind @fe@
{frontend}
    default_backend be
backend be
{backend}
    server s1 @s1@ {server}
{sections}
""", more_global, prologue=CONFIG)
    return made


def row(add, name, steps, script=OK, frontend="", backend="", server="", lines=None, more_global="", sections="",
        threads=(1,)):
    """A scenario of one farm. `steps` is one client's part, or a dictionary of several, one after the other."""
    def run(w):
        made = farm(w, script, frontend, backend, server, more_global, sections)
        for label, part in (steps if isinstance(steps, dict) else {"1": steps}).items():
            talk(w, label, part, [made], lines=lines)
    add(name, run, threads)
