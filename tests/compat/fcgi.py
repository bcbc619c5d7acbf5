"""FastCGI for the judge: a scripted application that keeps what it received, and records to answer with.

It reads records as the FastCGI specification 1.0 has them, and answers by a script of the same kind as web.py's: bytes,
or a list of steps. Parameters are kept sorted, for their order is nobody's business.
"""
import struct
import time

from web import CONFIG, Reader, ScriptedServer, shown, talk
from wire import reset

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES, VALUES, UNKNOWN = range(1, 12)
NAMES = ("", "BEGIN", "ABORT", "END", "PARAMS", "STDIN", "STDOUT", "STDERR", "DATA", "GET_VALUES", "VALUES", "UNKNOWN")

# Parameters whose values are the programs' own.
OWN = {"REMOTE_PORT", "SERVER_SOFTWARE"}


THIS = 0xabcd  # stands for the id of the request that is answered, in records; no text of a script has these bytes


def record(kind, content=b"", request=THIS, padding=0, version=1):
    return struct.pack(">BBHHBB", version, kind, request, len(content), padding, 0) + content + b"\0" * padding


def out(text, **options):
    """Standard output, in records as large as they may be."""
    data = text.encode("latin-1") if isinstance(text, str) else text
    pieces = [data[at:at + 65535] for at in range(0, len(data), 65535)] or [b""]
    return b"".join(record(STDOUT, piece, **options) for piece in pieces)


def err(text, **options):
    return record(STDERR, text.encode("latin-1"), **options)


def end(status=0, protocol=0, **options):
    return record(END, struct.pack(">IBBBB", status, protocol, 0, 0, 0), **options)


def size(number):
    return struct.pack(">B", number) if number < 128 else struct.pack(">I", number | 0x80000000)


def pairs(**values):
    return b"".join(size(len(name)) + size(len(value)) + name.encode() + value.encode()
                    for name, value in values.items())


def read_pairs(data):
    """(name, value) of name-value pairs; a broken list ends with what is left of it."""
    made = []
    while data:
        sizes = []
        for _ in range(2):
            if not data or (data[0] >= 128 and len(data) < 4):
                return made + [("<broken>", shown(data))]
            step = 4 if data[0] >= 128 else 1
            sizes.append(struct.unpack(">I", data[:4])[0] & 0x7fffffff if step == 4 else data[0])
            data = data[step:]
        name, value, data = data[:sizes[0]], data[sizes[0]:sum(sizes)], data[sum(sizes):]
        made.append((name.decode("latin-1"), value.decode("latin-1")))
    return made


HELLO = out("Content-Type: text/plain\r\n\r\nhello") + end()


class FcgiServer(ScriptedServer):
    """Steps of a script: bytes to send, a number of seconds to wait, "early" (do not wait for the request's body first),
    "close", "reset", "hang" (read until the other side ends and keep the kinds of the records)."""

    USUAL = HELLO

    def __init__(self, name, host, script=HELLO, values=None):
        self.values = values
        super().__init__(name, host, script, FcgiServer.serve)

    def path(self, params):
        return params.get("SCRIPT_NAME", "")

    def record(self, reader):
        head = reader.exactly(8)
        if len(head) < 8:
            return None
        version, kind, request, length, padding, _ = struct.unpack(">BBHHBB", head)
        content = reader.exactly(length)
        reader.exactly(padding)
        return version, kind, request, content

    def serve(self, conn):
        seen = {"messages": [], "end": "open"}
        with self.lock:
            self.seen.append(seen)
        reader = Reader(conn, 8.0)
        while self.request(conn, reader, seen):
            pass
        if seen["end"] == "open":
            seen["end"] = reader.over or "timeout"

    def request(self, conn, reader, seen):
        params, body, begin, number, steps = b"", b"", None, b"\0\1", []
        message = None
        while True:
            got = self.record(reader)
            if got is None:
                if begin is not None and message is None:
                    seen["messages"].append("<cut in its parameters>")
                return False
            version, kind, request, content = got
            if version != 1:
                seen["messages"].append(f"<version {version}>")
            if kind == GET_VALUES:
                seen["messages"].append("GET_VALUES " + " ".join(sorted(name for name, _ in read_pairs(content))))
                if self.values is not None:
                    conn.sendall(self.values)
                continue
            if kind == BEGIN:
                role, flags = struct.unpack(">HB", content[:3])
                begin = f"BEGIN role {role} flags {flags}"
                number = struct.pack(">H", request)
            elif kind == PARAMS and content:
                params += content
            elif kind == PARAMS:
                named = sorted(read_pairs(params))
                lines = [f"{name}={'<own>' if name in OWN else shown(value.encode('latin-1'))}" for name, value in named]
                message = len(seen["messages"])
                seen["messages"].append("\n".join([begin or "<no BEGIN>", *lines]))
                steps = self.steps(dict(named))
                if "early" in steps:
                    break
            elif kind == STDIN and content:
                body += content
            elif kind == STDIN:
                break
            else:
                seen["messages"].append(f"<{NAMES[kind] if kind < len(NAMES) else kind}>")
                if kind == ABORT:
                    return False
        if body and message is not None:
            seen["messages"][message] += f"\nbody: {shown(body)}"
        for step in steps:
            if isinstance(step, bytes):
                conn.sendall(step.replace(struct.pack(">H", THIS), number))
            elif isinstance(step, (int, float)):
                time.sleep(step)
            elif step == "close":
                seen["end"] = "over"
                return False
            elif step == "reset":
                reset(conn)
                seen["end"] = "over"
                return False
            elif step == "hang":
                while (got := self.record(reader)) is not None:
                    if got[1] not in (STDIN,):
                        seen["messages"].append(f"<{NAMES[got[1]]}>")
                return False
        return True

    def heard(self):
        """Each connection's messages and how it ended."""
        with self.lock:
            return [[*one["messages"], one["end"] if one["end"] in ("open", "timeout") else "over"]
                    for one in self.seen if one["messages"]]

    def forget(self):
        with self.lock:
            self.seen.clear()
            self.count = 0


def fcgi(w, name="s1", script=HELLO, values=None):
    made = FcgiServer(name, w.host, script, values)
    w._name(name, made.address)
    w.closing.append(made)
    return made


APP = """
    docroot /srv/www
    index index.php
    path-info ^(/.+\\.php)(/.*)?$
"""


def app_farm(w, script=HELLO, app=APP, frontend="", backend="", server="", values=None):
    made = fcgi(w, "s1", script, values)
    w.start(f"""
frontend fe
    bind @fe@
{frontend}
    default_backend be
backend be
    use-fcgi-app lb
{backend}
    server s1 @s1@ proto fcgi {server}
fcgi-app lb
{app}
""", prologue=CONFIG)
    return made


def row(add, name, steps, script=HELLO, app=APP, frontend="", backend="", server="", values=None, lines=None,
        threads=(1,), timers=False):
    """A scenario of one application. `steps` is one client's part, or a dictionary of several, one after the other.
    `timers`: how long things take is looked at too, where it says more than how busy the machine is."""
    def run(w):
        made = app_farm(w, script, app, frontend, backend, server, values)
        for label, part in (steps if isinstance(steps, dict) else {"1": steps}).items():
            talk(w, label, part, [made], lines=lines)
        if not timers:
            w.seen = [one for one in w.seen if not one[0].endswith(": timers")]
    add(f"fcgi_{name}", run, threads)
