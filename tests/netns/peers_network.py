#!/usr/bin/env python3
"""The farm on a network of its own: two weir nodes, an address that keepalived moves, and packets that get lost.

Three network namespaces on one bridge: clients and servers, and two nodes, which run the configurations people copy
(examples/farm-node.cfg, examples/keepalived.conf). Shown: the node that holds the address dies, and the users' next connections,
to the same address, land on their old servers; it comes back and knows all again. With a fifth of the packets between the nodes
lost (nftables numgen), tables end up the same. Needs root; leaves nothing behind.
"""
import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "compat"))
from peering import HAPROXY, WEIR, Checks, Farm  # noqa: E402
from wire import Client, Server, rdp_request, until  # noqa: E402

SOURCE = os.environ.get("WEIR_SOURCE", os.path.join(HERE, "..", ".."))
SKIP = 77
check = Checks()
PID = os.getpid()
LAN, NODES = f"lan{PID}", [f"n1x{PID}", f"n2x{PID}"]
libc = ctypes.CDLL(None, use_errno=True)


def run(*command):
    subprocess.run(command, check=True, capture_output=True)


def inside(namespace, function):
    """What function() returns, called in that network namespace: sockets it makes stay there."""
    result = []

    def work():
        with open(f"/run/netns/{namespace}", encoding="utf-8") as handle:
            if libc.setns(handle.fileno(), 0x40000000) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        try:
            result.append((function(), None))
        except Exception as error:
            result.append((None, error))
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    value, error = result[0]
    if error:
        raise error
    return value


@contextlib.contextmanager
def network():
    try:
        for name in [LAN, *NODES]:
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", LAN, "link", "add", "br0", "type", "bridge")
        run("ip", "-n", LAN, "link", "set", "br0", "up")
        for address in ("1", "21", "22", "23"):
            run("ip", "-n", LAN, "address", "add", f"192.0.2.{address}/24", "dev", "br0")
        for number, name in enumerate(NODES, 1):
            run("ip", "link", "add", f"p{number}", "netns", LAN, "type", "veth", "peer", "name", "eth0", "netns", name)
            run("ip", "-n", LAN, "link", "set", f"p{number}", "master", "br0", "up")
            run("ip", "-n", name, "address", "add", f"192.0.2.1{number}/24", "dev", "eth0")
            run("ip", "-n", name, "link", "set", "eth0", "up")
        yield
    finally:
        for name in [LAN, *NODES]:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


def example(file, **changes):
    with open(os.path.join(SOURCE, "examples", file), encoding="utf-8") as text:
        text = text.read()
    for before, after in changes.values():
        if before not in text:
            raise RuntimeError(f"examples/{file} has no '{before}' any more")
        text = text.replace(before, after)
    return text


class FarmNode:
    """A namespace with weir and keepalived, as the examples have them."""

    def __init__(self, number, folder):
        self.number, self.namespace, self.processes = number, NODES[number - 1], []
        self.sock = os.path.join(folder, f"weir{number}.sock")
        self.config = os.path.join(folder, f"weir{number}.cfg")
        self.address = os.path.join(folder, f"keepalived{number}.conf")
        self.folder = folder
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(example("farm-node.cfg", sock=("/run/weir.sock", self.sock), name=("localpeer node1", f"localpeer node{number}"),
                              checks=(" check\n", "\n")))
        text = example("keepalived.conf", sock=("/run/weir.sock", self.sock), name=("router_id node1", f"router_id node{number}"))
        if number == 2:
            text = text.replace("priority 101", "priority 100").replace("192.0.2.11", "@").replace("192.0.2.12", "192.0.2.11")
            text = text.replace("@", "192.0.2.12")
        with open(self.address, "w", encoding="utf-8") as out:
            out.write(text)

    def start(self):
        run("ip", "-n", LAN, "link", "set", f"p{self.number}", "up")
        place = os.path.join(self.folder, f"k{self.number}")
        with open(os.path.join(self.folder, f"said{self.number}"), "a", encoding="utf-8") as said:
            for command in ([WEIR, "-db", "-f", self.config],
                            ["keepalived", "--dont-fork", "--vrrp", "--log-console", "--no-syslog", "-f", self.address,
                             "-p", place + ".pid", "-r", place + ".vrrp.pid"]):
                self.processes.append(subprocess.Popen(["ip", "netns", "exec", self.namespace, *command], stdout=said, stderr=said))

    def die(self):
        """At once, as a machine without power: nothing says good-bye."""
        run("ip", "-n", LAN, "link", "set", f"p{self.number}", "down")
        weir, keepalived = self.processes
        children = subprocess.run(["pgrep", "-P", str(keepalived.pid)], capture_output=True, text=True, check=False).stdout.split()
        for pid in [weir.pid, keepalived.pid, *map(int, children)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self.processes:
            process.wait()
        self.processes = []
        subprocess.run(["ip", "-n", self.namespace, "address", "del", "192.0.2.100/24", "dev", "eth0"], capture_output=True, check=False)

    def has_address(self):
        return "192.0.2.100" in subprocess.run(["ip", "-n", self.namespace, "address"], capture_output=True, text=True, check=True).stdout

    def cli(self, command):
        return subprocess.run(["socat", "-", f"UNIX-CONNECT:{self.sock}"], input=command + "\n", capture_output=True, text=True,
                              check=False).stdout

    def users(self):
        found = re.search(r"table: bk_rdp,.*used:(\d+)", self.cli("show table"))
        return int(found.group(1)) if found else -1


def where(user):
    """The server that a user's connection to the farm's address lands on; "" while nobody takes it."""
    def connect():
        client = None
        try:
            client = Client(("192.0.2.100", 3389), "192.0.2.1")
            client.sock.settimeout(3)
            client.send(rdp_request(user.encode()))
            return client.line()
        except OSError:
            return ""
        finally:
            if client:
                client.close()
    return inside(LAN, connect)


def answer_rdp(server, conn):
    conn.recv(4096)
    conn.sendall(server.name.encode() + b"\n")


def an_address_that_moves():
    with tempfile.TemporaryDirectory(prefix="peers-") as folder, contextlib.ExitStack() as ends:
        servers = [inside(LAN, lambda n=n: Server(f"srv0{n}", f"192.0.2.2{n}", answer_rdp, port=3389)) for n in (1, 2, 3)]
        for server in servers:
            ends.callback(server.stop)
        one, two = FarmNode(1, folder), FarmNode(2, folder)
        for node in (one, two):
            ends.callback(lambda node=node: node.processes and node.die())
            node.start()
        try:
            until(lambda: one.has_address() and not two.has_address(), 20, "the address on the first node")
        except TimeoutError:
            print(open(os.path.join(folder, "said1"), encoding="utf-8").read()[-3000:])
            raise
        until(lambda: "last_status=ESTA" in two.cli("show peers"), 15, "the link")
        users = [f"user{n}" for n in range(12)]
        before = {user: where(user) for user in users}
        check(len(set(before.values())) == 3 and "" not in before.values(), "twelve users are on three servers")
        until(lambda: two.users() == 12, what="the second node's knowledge of them")
        one.die()
        died = time.monotonic()
        first = until(lambda: where(users[0]), 30, "the address on the second node")
        print(f"     {time.monotonic() - died:.1f} s until it answered again")
        after = {user: where(user) for user in users}
        check(first == before[users[0]] and after == before, "the node dies: the users' next connections land on their servers")
        late = {user: where(user) for user in ("late1", "late2", "late3")}
        one.start()
        until(one.has_address, 30, "the address on the first node again")
        check.comes(lambda: one.users() == 15, "the node comes back and is taught, those of meanwhile too")
        again = {user: where(user) for user in [*users, *late]}
        check.equal(again, {**before, **late}, "and sends all to their servers")
        # A node that lives while its weir does not answer gives the address away too.
        os.kill(one.processes[0].pid, signal.SIGSTOP)
        check.comes(two.has_address, "a weir that hangs loses the address", 20)
        os.kill(one.processes[0].pid, signal.SIGCONT)


LOSSY = "backend users\n    stick-table type string len 20 size 50k expire 10m store gpc0 peers farm\n"


def packets_get_lost():
    for number in (1, 2):
        run("ip", "-n", LAN, "link", "set", f"p{number}", "up")
    for here, first, there, second in (("weir", WEIR, "weir", WEIR), ("weir", WEIR, "haproxy", HAPROXY)):
        with Farm(LOSSY, {"a": first, "b": second}) as farm:
            a, b = farm["a"], farm["b"]
            for node, namespace, host in ((a, NODES[0], "192.0.2.11"), (b, NODES[1], "192.0.2.12")):
                node.peer, node.wrapper = (host, 1024), ["ip", "netns", "exec", namespace]
            farm.join()
            rules = ("table inet loss {\n chain input {\n  type filter hook input priority 0\n"
                     "  tcp dport 1024 numgen random mod 100 < 20 counter drop\n"
                     "  tcp sport 1024 numgen random mod 100 < 20 counter drop\n }\n}\n")
            for namespace in NODES:
                subprocess.run(["ip", "netns", "exec", namespace, "nft", "-f", "-"], input=rules, text=True, check=True)
            def dropped():
                said = [subprocess.run(["ip", "netns", "exec", namespace, "nft", "list", "table", "inet", "loss"],
                                       capture_output=True, text=True, check=True).stdout for namespace in NODES]
                return sum(int(count) for one in said for count in re.findall(r"counter packets (\d+)", one))
            rounds = 0
            while rounds < 15 or (dropped() <= 20 and rounds < 150):
                a.fill("users", [f"a{n}" for n in range(rounds * 100, rounds * 100 + 200)])
                b.fill("users", [f"b{n}" for n in range(rounds * 100, rounds * 100 + 200)])
                time.sleep(0.2)
                rounds += 1
            lost = dropped()
            check(lost > 20, f"{here} and {there}: {lost} packets were lost")
            check.comes(lambda: a.used("users") == b.used("users") == 2 * (rounds * 100 + 100) and a.table("users") == b.table("users"),
                        f"{here} and {there} know the same, while packets still get lost", 60)
            for namespace in NODES:
                run("ip", "netns", "exec", namespace, "nft", "delete", "table", "inet", "loss")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root, for network namespaces")
        sys.exit(SKIP)
    with network():
        code = check.run([an_address_that_moves, packets_get_lost], sys.argv[1:])
    sys.exit(code)
