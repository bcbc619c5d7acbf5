"""The story that scripts/demo tells: users, servers, a failure and a reload, each step shown by what really happened.

A step that does not happen as told ends the demo with exit code 1, so that it is a test of the whole as well.
"""
import csv
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
WEIR = os.environ["WEIR"]
PATIENCE = 10.0
colours = sys.stdout.isatty()


class Wrong(Exception):
    """The story went otherwise than told."""


def title(words):
    print(f"\n\033[1m{words}\033[0m" if colours else f"\n{words}", flush=True)


def say(words):
    print("  " + words, flush=True)


def until(what, condition):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (found := condition()):
            return found
        time.sleep(0.05)
    raise Wrong(f"waited {PATIENCE:g} s in vain for this: {what}")


def free_port(addresses):
    """A port that is free on all of them."""
    for _ in range(50):
        with socket.socket() as first:
            first.bind((addresses[0], 0))
            port = first.getsockname()[1]
            try:
                for address in addresses[1:]:
                    with socket.socket() as other:
                        other.bind((address, port))
                return port
            except OSError:
                continue
    raise Wrong("no port is free on all of the hosts' addresses")


class User:
    """A Remote Desktop client up to its first answer: X.224 Connection Request with the user's name, [MS-RDPBCGR] 2.2.1.1."""

    def __init__(self, name, port):
        self.name = name
        variable = f"Cookie: mstshash={name}\r\n".encode() + bytes.fromhex("01 00 0800 00000000")
        request = struct.pack(">BBH", 3, 0, 11 + len(variable)) + bytes([6 + len(variable), 0xE0, 0, 0, 0, 0, 0]) + variable
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.sendall(request)
        confirm = self.packet()
        if confirm[1] & 0xF0 != 0xD0:
            raise Wrong(f"{name} got something else than a Connection Confirm: {confirm.hex()}")
        self.server, self.greeting = self.packet()[3:].decode().split("|")

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise Wrong(f"{self.name}'s connection was closed")
            data += more
        return data

    def packet(self):
        head = self.exactly(4)
        return self.exactly(struct.unpack(">H", head[2:])[0] - 4)

    def closed(self):
        self.socket.settimeout(0.05)
        try:
            return self.socket.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    def leave(self):
        self.socket.close()


class Farm:
    """weir and the hosts behind it; a context manager that stops all it started."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="weir-demo-")
        self.socket = os.path.join(self.folder.name, "weir.sock")
        self.config = os.path.join(self.folder.name, "demo.cfg")
        addresses = {f"srv0{n}": f"127.0.0.1{n}" for n in (1, 2, 3)}
        self.addresses = addresses
        self.host_port = free_port(list(addresses.values()))
        self.port = free_port(["127.0.0.1"])
        self.hosts, self.weir = {}, None
        self.environment = dict(os.environ, DEMO_PORT=str(self.port), DEMO_HOST_PORT=str(self.host_port), DEMO_SOCKET=self.socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in [self.weir, *self.hosts.values()]:
            if process and process.poll() is None:
                process.terminate()
        for process in [self.weir, *self.hosts.values()]:
            try:
                process and process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.folder.cleanup()

    def start_host(self, name):
        program = [sys.executable, TOP / "scripts/demo_host.py", name, self.addresses[name], str(self.host_port)]
        self.hosts[name] = subprocess.Popen([str(word) for word in program])
        until(f"{name} listens", lambda: self.listens(self.addresses[name]))

    def listens(self, address):
        try:
            socket.create_connection((address, self.host_port), 1).close()
            return True
        except OSError:
            return False

    def stop_host(self, name):
        self.hosts[name].kill()
        self.hosts[name].wait()

    def start_weir(self):
        Path(self.config).write_text((TOP / "examples/demo.cfg").read_text())
        self.weir = subprocess.Popen([WEIR, "-db", "-f", self.config], env=self.environment)
        until("weir answers on its socket", self.answers)

    def answers(self):
        if self.weir.poll() is not None:
            raise Wrong(f"weir ended with exit code {self.weir.returncode}")
        return os.path.exists(self.socket) and self.ask("show info")

    def ask(self, command):
        try:
            with socket.socket(socket.AF_UNIX) as cli:
                cli.settimeout(PATIENCE)
                cli.connect(self.socket)
                cli.sendall(command.encode() + b"\n")
                answer = b""
                while data := cli.recv(65536):
                    answer += data
                return answer.decode().strip()
        except OSError:
            return ""

    def stat(self):
        """`show stat`, the servers' rows by name."""
        rows = csv.DictReader(self.ask("show stat").removeprefix("# ").splitlines())
        return {row["svname"]: row for row in rows if row["pxname"] == "bk_rdp" and row["svname"] != "BACKEND"}

    def status(self, name):
        return self.stat().get(name, {}).get("status", "")

    def show_table(self):
        for line in self.ask("show table bk_rdp").splitlines():
            say("| " + line)

    def show_stat(self):
        say(f"| {'server':8} {'status':8} {'sessions now':>12} {'sessions ever':>13}")
        for name, row in self.stat().items():
            say(f"| {name:8} {row['status']:8} {row['scur']:>12} {row['stot']:>13}")

    def connect(self, name):
        user = User(name, self.port)
        say(f"{name:8} lands on {user.server} ({user.greeting})")
        return user


def expect(truth, words):
    if not truth:
        raise Wrong(words)


def arrive(farm):
    title("1. Six users connect; each goes to the server with the fewest sessions")
    users = [farm.connect(name) for name in ("alice", "bob", "carol", "dave", "erin", "frank")]
    loads = sorted(sum(u.server == name for u in users) for name in ("srv01", "srv02"))
    expect(loads == [3, 3], f"six users on two equal servers, and the loads are {loads}")
    title("   What weir remembers (echo 'show table bk_rdp' | socat - SOCKET)")
    farm.show_table()
    return users


def come_back(farm, users):
    title("2. Three users lose the network and come back: each lands where the session is")
    for at in (0, 3, 4):
        old = users[at]
        old.leave()
        users[at] = farm.connect(old.name)
        expect(users[at].server == old.server, f"{old.name} was on {old.server} and came back to {users[at].server}")


def lose_server(farm, users):
    title("3. srv01 is killed")
    farm.stop_host("srv01")
    begin = time.monotonic()
    until("the health check takes srv01 out", lambda: farm.status("srv01").startswith("DOWN"))
    say(f"the health check (a true RDP negotiation) took it out after {time.monotonic() - begin:.1f} s")
    for at, old in enumerate(users):
        if old.server == "srv01":
            until(f"{old.name} notices", old.closed)
            old.leave()
            users[at] = farm.connect(old.name)
            expect(users[at].server == "srv02", f"{old.name} was not sent to srv02")
    farm.show_stat()
    title("4. srv01 comes back")
    farm.start_host("srv01")
    until("srv01 is up again", lambda: farm.status("srv01").startswith("UP"))
    newcomer = farm.connect("grace")
    expect(newcomer.server == "srv01", "a newcomer did not go to the empty server")
    users.append(newcomer)


def grow(farm, users):
    title("5. A third server is added to the file, and the file is read again: nobody notices")
    farm.start_host("srv03")
    with open(farm.config, "a", encoding="utf-8") as file:
        file.write('    server srv03 127.0.0.13:"${DEMO_HOST_PORT-3389}" weight 10 check\n')
    for line in farm.ask("reload").splitlines():
        say("| " + line)
    until("srv03 is up", lambda: farm.status("srv03").startswith("UP"))
    users += [farm.connect(name) for name in ("heidi", "ivan")]
    expect("srv03" in {user.server for user in users[-2:]}, "no newcomer went to srv03")
    lost = [user.name for user in users if user.closed()]
    expect(not lost, f"the reload cost {lost} their sessions")
    say(f"all {len(users)} sessions live on")
    farm.show_stat()


def refuse(farm):
    title("6. A broken line changes nothing, and says why")
    good = Path(farm.config).read_text(encoding="utf-8")
    Path(farm.config).write_text(good + "    server srv04 weight 10\n", encoding="utf-8")
    answer = farm.ask("reload")
    for line in answer.splitlines():
        say("| " + line)
    expect("srv04" in answer and not farm.status("srv04"), "a server without an address was not refused")
    Path(farm.config).write_text(good, encoding="utf-8")


def keep(farm):
    title("Running until Ctrl-C. Try:")
    say(f"echo 'show table bk_rdp' | socat - {farm.socket}")
    say(f"echo 'show stat' | socat - {farm.socket}")
    say(f"echo 'set server bk_rdp/srv02 state drain' | socat - {farm.socket}")
    say(f"edit {farm.config}, then: echo reload | socat - {farm.socket}")
    say(f"kill a server: kill {farm.hosts['srv02'].pid}      (srv02)")
    say(f"weir itself is process {farm.weir.pid} and listens on 127.0.0.1:{farm.port}")
    while farm.weir.poll() is None:
        time.sleep(0.2)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with Farm() as farm:
        title("A farm of two Remote Desktop servers behind weir")
        farm.start_host("srv01")
        farm.start_host("srv02")
        farm.start_weir()
        until("both servers are up", lambda: all(farm.status(name).startswith("UP") for name in ("srv01", "srv02")))
        say(f"weir listens on 127.0.0.1:{farm.port}; srv01 and srv02 on 127.0.0.11 and 127.0.0.12, port {farm.host_port}")
        users = arrive(farm)
        come_back(farm, users)
        lose_server(farm, users)
        grow(farm, users)
        refuse(farm)
        if "--keep" in sys.argv[1:]:
            keep(farm)
        for user in users:
            user.leave()
    title("All that was started is stopped.")


try:
    main()
except Wrong as wrong:
    sys.exit(f"\nThe demo went wrong: {wrong}")
except KeyboardInterrupt:
    print()
