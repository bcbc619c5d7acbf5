"""The differential judge: one scenario, two programs, equal observations.

A scenario is a function of a World. It builds servers, starts the program under test on a configuration, sends traffic
and writes down what it sees with observe(). The judge runs it once on the reference ($HAPROXY, one thread) and on the
program under test ($WEIR, for each thread count the scenario asks for) and compares the two lists, after normalising
what must differ (addresses, process ids, dates, pointers). Timers are compared with a tolerance.

Differences that are meant stand in differences.txt with their reason; anything else fails. With WEIR equal to HAPROXY
all scenarios must pass, which shows that the judge itself is steady.
"""
import argparse
import concurrent.futures
import fnmatch
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

from wire import Client, LogSocket, RefusingServer, Server, SilentServer, WAIT, free_port, greet, own_host, until

HERE = os.path.dirname(os.path.abspath(__file__))
REFERENCE = os.environ.get("HAPROXY", "/usr/sbin/haproxy")
CANDIDATE = os.environ.get("WEIR", "")

# `balance roundrobin`: the reference's default, while the later manual has random; test_balance.py looks at the default.
GLOBAL = """
global
    nbthread @threads@
    stats socket @sock@ mode 600 level admin
    stats timeout 60s
    log-tag lb
    log @log@ local0
    @global@

defaults
    mode tcp
    timeout connect 2s
    timeout client 8s
    timeout server 8s
    log global
    option tcplog
    balance roundrobin
"""

# Tw/Tc/Tt bytes state act/fe/be/srv/retries srv_queue/backend_queue, at the end of a tcplog line.
TIMERS = re.compile(r" (-?\d+)/(-?\d+)/(\+?-?\d+) (\+?\d+) (\S\S) ")


class World:
    """Everything one run of a scenario owns; closed at its end whatever happened."""

    def __init__(self, program, threads=1):
        self.program = program
        self.threads = threads
        self.host = own_host()
        self.dir = tempfile.mkdtemp(prefix="lb-test-")
        self.sock = os.path.join(self.dir, "sock")
        self.log = LogSocket(self.host)
        self.names = {f"{self.log.address[0]}:{self.log.address[1]}": "<log>", self.dir: "<dir>"}
        self.places = {"log": "%s:%d" % self.log.address, "sock": self.sock, "dir": self.dir,
                       "threads": str(threads), "host": self.host, "global": ""}
        self.closing = [self.log]
        self.clients = []
        self.process = None
        self.seen = []

    # -- the parts ---------------------------------------------------------------------------------------------------
    def _name(self, name, address):
        self.places[name] = "%s:%d" % address
        self.names[self.places[name]] = f"<{name}>"

    def server(self, name, behaviour=greet):
        made = Server(name, self.host, behaviour)
        self._name(name, made.address)
        self.closing.append(made)
        return made

    def servers(self, *names, behaviour=greet):
        return [self.server(name, behaviour) for name in names]

    def refusing(self, name):
        made = RefusingServer(name, self.host)
        self._name(name, made.address)
        self.closing.append(made)
        return made

    def silent(self, name):
        made = SilentServer(name, self.host)
        self._name(name, made.address)
        self.closing.append(made)
        return made

    def address(self, name):
        host, port = self.places[name].rsplit(":", 1)
        return host, int(port)

    def expand(self, text):
        """Replaces @name@ by its address; a name nobody gave yet becomes a fresh frontend address."""
        def place(match):
            name = match.group(1)
            if name not in self.places:
                self._name(name, (self.host, free_port(self.host)))
            return self.places[name]
        return re.sub(r"@([a-z]\w*)@", place, text)

    # -- the program -------------------------------------------------------------------------------------------------
    def write(self, text, name="lb.cfg"):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(self.expand(text))
        return path

    def file(self, name, text):
        """A file of this run; from now on @name@ is where it lies."""
        self.places[name] = self.write(text, name)

    def configure(self, body, prologue=GLOBAL):
        self.config = self.write(self.expand(prologue) + "\n" + body + "\n")

    def start(self, body, more_global="", prologue=GLOBAL, arguments=(), limit=None, environment=None):
        self.places["global"] = self.expand(more_global)
        self.configure(body, prologue)
        self.stderr = open(os.path.join(self.dir, "stderr"), "wb+")
        command = [self.program, "-f", self.config, "-db", *arguments]
        if limit:
            command = ["/bin/sh", "-c", f'ulimit -n {limit}; exec "$0" "$@"', *command]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.stderr, stderr=self.stderr,
                                        cwd=self.dir, env={**os.environ, **(environment or {})})
        until(self._ready, what=f"{self.program} to listen")
        self.cli("show version")  # listening is not yet running: an answer is
        return self

    def _ready(self):
        if self.process.poll() is not None:
            self.stderr.seek(0)
            raise RuntimeError(f"{self.program} ended with {self.process.returncode}: "
                               + self.stderr.read().decode(errors="replace")[-3000:])
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(self.sock) == 0

    def check(self, text, *arguments):
        """Runs -c on a configuration; gives (exit code, what was printed)."""
        path = self.write(text)
        done = subprocess.run([self.program, "-c", "-f", path, *arguments], stdin=subprocess.DEVNULL, cwd=self.dir,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=False)
        return done.returncode, done.stdout.decode(errors="replace")

    def cli(self, command, path=None):
        """One command on the runtime socket, one answer; the socket's blank end line is taken off."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(WAIT)
            sock.connect(path or self.sock)
            sock.sendall(command.encode() + b"\n")
            got = b""
            while True:
                try:
                    piece = sock.recv(65536)
                except ConnectionResetError:
                    break
                if not piece:
                    break
                got += piece
        return got.decode(errors="replace")

    def stat(self, proxy, server="BACKEND"):
        """One line of `show stat` as a dictionary."""
        lines = self.cli("show stat").strip().split("\n")
        header = lines[0].lstrip("# ").split(",")
        for line in lines[1:]:
            row = dict(zip(header, line.split(",")))
            if row.get("pxname") == proxy and row.get("svname") == server:
                return row
        return {}

    def client(self, name, source=None, **options):
        made = Client(self.address(name), source, **options)
        self.clients.append(made)
        return made

    def ask(self, name, source=None):
        """Connects, reads the greeting and leaves: which server was it?"""
        with self.client(name, source) as client:
            return client.line().decode(errors="replace").strip()

    def exchange(self, name, data, finish=False):
        """Connects, sends, and gives all that comes until the end."""
        with self.client(name) as client:
            client.send(data)
            if finish:
                client.finish()
            return client.rest()

    def idle(self, frontend):
        """Waits until the program counts no session on this frontend."""
        until(lambda: self.stat(frontend, "FRONTEND").get("scur") == "0", what=f"no session on {frontend}")

    def stop(self, sig=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(sig)
            try:
                self.process.wait(WAIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise

    def close(self):
        for client in self.clients:
            client.close()
        try:
            self.stop()
        finally:
            for thing in reversed(self.closing):
                thing.stop()
            if self.process:
                self.stderr.close()
            if not os.environ.get("KEEP"):
                shutil.rmtree(self.dir, ignore_errors=True)

    # -- what is seen ------------------------------------------------------------------------------------------------
    def normal(self, text):
        for word in sorted(self.names, key=len, reverse=True):
            text = re.sub(re.escape(word) + r"(?!\d)", self.names[word], text)
        text = text.replace(self.host, "<host>")
        for name, place in self.places.items():
            if ":" in place and name != "log":
                text = re.sub(r"(?<![\d.])" + place.rsplit(":", 1)[1] + r"(?![\d.])", f"<{name}.port>", text)
        text = re.sub(r"0x[0-9a-f]+", "PTR", text)
        text = re.sub(r"(127\.\d+\.\d+\.\d+):\d+", r"\1:PORT", text)
        text = re.sub(r"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\.\d{3}\]", "[DATE]", text)
        text = re.sub(r"^(<\d+>)\w{3} [ \d]\d \d\d:\d\d:\d\d ", r"\1TIME ", text, flags=re.M)
        text = re.sub(r"\blb\[\d+\]:", "lb[PID]:", text)
        text = re.sub(r"\bexp=\d+", "exp=MS", text)
        return text

    def observe(self, label, value, how="equal"):
        """how: `equal`; `near`, numbers with a tolerance; `subset`, all the reference's items in its order."""
        if isinstance(value, bytes):
            value = value.decode(errors="replace")
        if isinstance(value, str):
            value = self.normal(value)
        elif how == "subset":
            value = [self.normal(str(item)) for item in value]
        self.seen.append((label, how, value))
        return value

    def observe_log(self, label, containing="", seconds=WAIT):
        """The next traffic line of the log: its words exactly, its timers nearly."""
        line = self.log.next(containing, seconds)
        match = TIMERS.search(line)
        timers = []
        if match:
            timers = [int(match.group(i).lstrip("+")) for i in (1, 2, 3)]
            plus = "+" if match.group(3).startswith("+") else ""
            line = line[:match.start()] + f" T/T/{plus}T {match.group(4)} {match.group(5)} " + line[match.end():]
        self.observe(label, line)
        self.observe(label + " timers", timers, "near")


def run_once(function, program, threads):
    world = World(program, threads)
    try:
        try:
            function(world)
        finally:
            world.close()
    except Exception as error:  # a scenario that breaks is an observation, and never an equal one
        world.seen.append(("broken", "equal", f"{type(error).__name__}: {error}"))
        world.trace = traceback.format_exc()
    return world


# -- differences that are meant --------------------------------------------------------------------------------------

class Differences:
    """differences.txt. `rewrite` turns the reference's words into the ones expected; `accept` bounds the candidate's."""

    def __init__(self, path):
        self.rows = []
        self.used = set()
        with open(path, encoding="utf-8") as text:
            for number, line in enumerate(text, 1):
                line = line.strip()
                if not line or line.startswith("#"):
                    continue
                fields = [field.strip() for field in line.split(" || ")]
                if len(fields) != {"rewrite": 6, "accept": 5, "gap": 3}.get(fields[0]):
                    raise SystemExit(f"{path}:{number}: expected `rewrite || scenario || label || pattern || to || why`,"
                                     " `accept || scenario || label || pattern || why` or `gap || scenario || why`")
                self.rows.append((number, *fields))

    def _rows(self, kind, scenario, label):
        for row in self.rows:
            if row[1] == kind and fnmatch.fnmatchcase(scenario, row[2]) and fnmatch.fnmatchcase(label, row[3]):
                yield row

    def rewrite(self, scenario, label, text):
        for row in self._rows("rewrite", scenario, label):
            text, count = re.subn(row[4], row[5] if row[5] != "(nothing)" else "", text, flags=re.M)
            if count:
                self.used.add(row[0])
        return text

    def gap(self, scenario):
        """Why weir is known not to be equal in this scenario yet, or None."""
        return next((row[3] for row in self.rows if row[1] == "gap" and fnmatch.fnmatchcase(scenario, row[2])), None)

    def accepts(self, scenario, label, value):
        for row in self._rows("accept", scenario, label):
            if re.search(row[4], str(value), re.S):
                self.used.add(row[0])
                return True
        return False


def near(a, b):
    """Timers: -1 only equals -1; else within 80 ms plus a quarter, for the machine may be busy."""
    if len(a) != len(b):
        return False
    return all(x == y or (x >= 0 and y >= 0 and abs(x - y) <= 80 + 0.25 * max(x, y)) for x, y in zip(a, b))


def subset(wanted, have):
    """All wanted items, in their order, among those there are."""
    rest = iter(have)
    return all(item in rest for item in wanted)


def compare(name, reference, candidate, differences):
    """The list of complaints; empty when the two runs agree."""
    complaints = []
    same_program = os.path.realpath(reference.program) == os.path.realpath(candidate.program)
    left, right = reference.seen, candidate.seen
    for at in range(max(len(left), len(right))):
        if at >= len(left) or at >= len(right) or left[at][0] != right[at][0]:
            complaints.append(f"    reference saw: {left[at:at + 2]}\n    candidate saw: {right[at:at + 2]}")
            break
        label, how, want = left[at]
        got = right[at][2]
        if label == "broken":
            complaints.append(f"    both broke: {want}")
            break
        if not same_program and isinstance(want, str):
            want = differences.rewrite(name, label, want)
        if not same_program and how == "subset":
            want = differences.rewrite(name, label, "\n".join(want)).split("\n")
            want = [item for item in want if item]
        equal = {"equal": lambda: want == got, "near": lambda: near(want, got), "subset": lambda: subset(want, got)}[how]()
        if not equal and not (not same_program and differences.accepts(name, label, got)):
            complaints.append(f"    {label} ({how}):\n      want {want!r}\n      have {got!r}")
    if complaints:
        for side, world in (("reference", reference), ("candidate", candidate)):
            if hasattr(world, "trace"):
                complaints.append(f"    {side}: {world.trace}")
    return complaints


# -- running ---------------------------------------------------------------------------------------------------------

_scenarios = []


def scenario(function=None, threads=(1,)):
    """Registers a scenario; threads are the candidate's thread counts, the reference always has one."""
    def take(function):
        _scenarios.append((function.__name__, function, threads))
        return function
    return take(function) if function else take


def add_scenario(name, function, threads=(1,)):
    _scenarios.append((name, function, threads))


def judge(name, function, threads, differences, verbose):
    runs = [(REFERENCE, 1)] + [(CANDIDATE, count) for count in threads]
    complaints = []
    for attempt in (1, 2):  # timers on a busy machine: a first disagreement is looked at once more
        with concurrent.futures.ThreadPoolExecutor(len(runs)) as pool:
            worlds = list(pool.map(lambda run: run_once(function, *run), runs))
        complaints = []
        for world in worlds[1:]:
            complaints += [f"  nbthread {world.threads}:\n{c}" for c in compare(name, worlds[0], world, differences)]
        if verbose and attempt == 1:
            for label, _, value in worlds[0].seen:
                print(f"      {name}: {label}: {value}")
        if not complaints:
            break
    return complaints


def main():
    parser = argparse.ArgumentParser(description="Compares WEIR with HAPROXY on this file's scenarios.")
    parser.add_argument("-k", default="*", help="only scenarios that match this pattern")
    parser.add_argument("-v", action="store_true", help="print what the reference showed")
    parser.add_argument("-j", type=int, default=4, help="scenarios at a time")
    options = parser.parse_args()
    if not CANDIDATE:
        raise SystemExit("set WEIR to the program under test (and HAPROXY to the reference, "
                         "by default /usr/sbin/haproxy)")
    for program in (REFERENCE, CANDIDATE):
        if not shutil.which(program):
            raise SystemExit(f"{program}: no such program")
    differences = Differences(os.path.join(HERE, "differences.txt"))
    chosen = [row for row in _scenarios if fnmatch.fnmatchcase(row[0], options.k)]
    passed = failed = gaps = 0
    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        results = [(name, pool.submit(judge, name, function, threads, differences, options.v))
                   for name, function, threads in chosen]
        for name, result in results:
            complaints = result.result()
            gap = differences.gap(name)
            if complaints and gap:
                gaps += 1
                print(f"GAP  {name}: {gap}", flush=True)
            elif complaints:
                failed += 1
                print(f"FAIL {name}\n" + "\n".join(complaints), flush=True)
            else:
                passed += 1
                print(f"ok   {name}" + (" (its gap row can go)" if gap else ""), flush=True)
    if gaps:
        print(f"{gaps} known gaps: see differences.txt")
    print(f"{passed} passed, {failed} failed ({time.monotonic() - started:.1f} s)")
    sys.exit(1 if failed or not passed else 0)
