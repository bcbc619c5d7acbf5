#!/usr/bin/env python3
"""Foreign addresses, interfaces, marks and Unix owners, in network namespaces of their own.

    client (10.8.0.2) -- veth -- [ weir: 10.8.0.1, 10.9.0.1 ] -- veth -- server (10.9.0.2)

What comes in from both sides is delivered locally whatever its address, as a transparent proxy's machine is set up. Needs root; is
skipped where namespaces are not permitted. Runs on $WEIR.
"""
import ctypes
import grp
import os
import pwd
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import run, true  # noqa: E402
from wire import until  # noqa: E402

CLONE_NEWNET = 0x40000000
NET = {}  # name -> descriptor of the namespace


def enter_own_namespace():
    """Runs this file again in a namespace of its own, or says why not."""
    if os.environ.get("IN_NAMESPACE"):
        return
    if os.geteuid() != 0 or subprocess.run(["unshare", "--net", "ip", "link", "set", "lo", "up"], stderr=subprocess.DEVNULL,
                                           check=False).returncode != 0:
        print("skipped: network namespaces need root")
        sys.exit(0)
    os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv], {**os.environ, "IN_NAMESPACE": "1"})


def ip(words, inside=None):
    command = ["ip", *words.split()]
    if inside:
        command = ["nsenter", f"--net=/proc/{inside}/ns/net", *command]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def lay_cables():
    ip("link set lo up")
    holders = []
    for name, here, there, net in (("client", "wclient", "wpeer", "10.8.0"), ("server", "wserver", "wpeer", "10.9.0")):
        holder = subprocess.Popen(["unshare", "--net", "sleep", "600"])
        holders.append(holder)
        own = os.stat("/proc/self/ns/net").st_ino
        until(lambda: os.stat(f"/proc/{holder.pid}/ns/net").st_ino != own, what="a namespace")
        ip(f"link add {here} type veth peer name {there} netns {holder.pid}")
        ip(f"addr add {net}.1/24 dev {here}")
        ip(f"link set {here} up")
        for words in ("link set lo up", f"addr add {net}.2/24 dev {there}", f"link set {there} up", f"route add default via {net}.1"):
            ip(words, holder.pid)
        ip(f"rule add iif {here} lookup 100 priority 10")
        NET[name] = os.open(f"/proc/{holder.pid}/ns/net", os.O_RDONLY)
    ip("route add local default dev lo table 100")
    for name in ("all", "wclient", "wserver"):
        with open(f"/proc/sys/net/ipv4/conf/{name}/rp_filter", "w", encoding="ascii") as out:
            out.write("0")
    return holders


def within(name, make):
    """make() on a thread that stands in that namespace: its sockets belong there."""
    result = []

    def work():
        if ctypes.CDLL(None, use_errno=True).setns(NET[name], CLONE_NEWNET) != 0:
            result.append(OSError(ctypes.get_errno(), "setns"))
            return
        try:
            result.append(make())
        except OSError as error:
            result.append(error)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if isinstance(result[0], Exception):
        raise result[0]
    return result[0]


class Far:
    """A server in the server's namespace that tells each connection whom it sees."""

    def __init__(self):
        self.listener = within("server", lambda: socket.create_server(("10.9.0.2", 0)))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, peer = self.listener.accept()
            except OSError:
                return
            connection.sendall(f"{peer[0]} {peer[1]}\n".encode())
            connection.close()

    def stop(self):
        self.listener.close()


def ask(address, port, who="client", source=None):
    """(what the server saw, own port) or the error's name."""
    def connect():
        sock = socket.socket()
        sock.settimeout(3)
        if source:
            sock.bind((source, 0))
        sock.connect((address, port))
        return sock
    try:
        with within(who, connect) as sock:
            own = sock.getsockname()[1]
            got = b""
            while piece := sock.recv(100):
                got += piece
            return got.decode().strip(), own
    except OSError as error:
        return type(error).__name__, 0


def farm(w, bind, backend, frontend=""):
    server = Far()
    w.closing.append(server)
    w.start(f"frontend fe\n    bind {bind}\n    {frontend}\n    default_backend be\nbackend be\n    retries 0\n    timeout connect 1s\n"
            f"    {backend}\n    server s1 10.9.0.2:{server.port}\n")


def address_of_the_client(w):
    farm(w, "10.8.0.1:7001", "source 0.0.0.0 usesrc clientip")
    seen, _ = ask("10.8.0.1", 7001)
    true(seen.split()[0] == "10.8.0.2", f"the client's address: {seen}")


def address_and_port_of_the_client(w):
    farm(w, "10.8.0.1:7002", "source 10.9.0.1 usesrc client")
    seen, own = ask("10.8.0.1", 7002)
    true(seen == f"10.8.0.2 {own}", f"the client's address and port {own}: {seen}")


def fixed_foreign_address(w):
    farm(w, "10.8.0.1:7003", "source 0.0.0.0 usesrc 203.0.113.7")
    seen, _ = ask("10.8.0.1", 7003)
    true(seen.split()[0] == "203.0.113.7", f"a foreign address: {seen}")


def fixed_foreign_port(w):
    farm(w, "10.8.0.1:7004", "source 0.0.0.0 usesrc 203.0.113.7:4567")
    seen, _ = ask("10.8.0.1", 7004)
    true(seen == "203.0.113.7 4567", f"a foreign address and port: {seen}")


def address_of_a_header(w):
    """usesrc client follows the PROXY header: the session's client is the one it names."""
    farm(w, "10.8.0.1:7005 accept-proxy", "source 0.0.0.0 usesrc client")

    def connect():
        sock = socket.create_connection(("10.8.0.1", 7005), 3)
        sock.sendall(b"PROXY TCP4 198.51.100.4 10.8.0.1 3456 7005\r\n")
        return sock
    with within("client", connect) as sock:
        sock.settimeout(3)
        seen = sock.recv(100).decode().strip()
    true(seen == "198.51.100.4 3456", f"the header's address and port: {seen}")


def server_line_goes_first(w):
    server = Far()
    w.closing.append(server)
    w.start(f"listen fe\n    bind 10.8.0.1:7006\n    source 0.0.0.0 usesrc 203.0.113.1\n"
            f"    server s1 10.9.0.2:{server.port} source 0.0.0.0 usesrc 203.0.113.2\n")
    seen, _ = ask("10.8.0.1", 7006)
    true(seen.split()[0] == "203.0.113.2", f"the server's own source: {seen}")


def transparent_bind(w):
    farm(w, "203.0.113.50:7007 transparent", "", 'log-format "%fi:%fp %[dst]:%[dst_port]"')
    seen, _ = ask("203.0.113.50", 7007)
    true(seen.split()[0] == "10.9.0.1", f"an address this machine does not have answers: {seen}")
    line = w.log.next("203.0.113.50")
    true("203.0.113.50:7007 203.0.113.50:7007" in line, f"it is the log's destination: {line}")


def transparent_for_all(w):
    farm(w, "0.0.0.0:7008 transparent", "", 'log-format "%[dst]:%[dst_port]"')
    for address in ("203.0.113.60", "198.51.100.9", "10.8.0.1"):
        seen, _ = ask(address, 7008)
        true(seen.split()[0] == "10.9.0.1", f"{address} answers: {seen}")
        w.log.next(f"{address}:7008")


def refused_at_start(w, bind):
    """A start that fails and names the address."""
    path = w.write(f"frontend fe\n    bind {bind}\n    mode tcp\n", "refused.cfg")
    done = subprocess.run([w.program, "-f", path, "-db"], capture_output=True, text=True, timeout=10, check=False)
    true(done.returncode != 0 and bind.split()[0] in done.stderr, f"'bind {bind}' is refused by name: {done.stderr[-300:]}")


def without_transparent(w):
    refused_at_start(w, "203.0.113.51:7009")


def interface_of_a_bind(w):
    farm(w, "0.0.0.0:7010 interface wclient", "")
    seen, _ = ask("10.8.0.1", 7010)
    true(seen.split()[0] == "10.9.0.1", f"over that interface: {seen}")
    refused, _ = ask("10.9.0.1", 7010, who="server")
    true(refused == "ConnectionRefusedError", f"over another: {refused}")


def interface_of_a_source(w):
    farm(w, "10.8.0.1:7011", "source 0.0.0.0 interface wserver")
    seen, _ = ask("10.8.0.1", 7011)
    true(seen.split()[0] == "10.9.0.1", f"out of the right interface: {seen}")


def wrong_interface_of_a_source(w):
    farm(w, "10.8.0.1:7012", "source 0.0.0.0 interface wclient")
    seen, _ = ask("10.8.0.1", 7012)
    true(seen == "", f"out of the wrong interface nobody answers: {seen}")


def unknown_interface(w):
    refused_at_start(w, "10.8.0.1:7013 interface nosuch0")


def marks(w):
    """What a rule marks is routed by its mark: here into nothing."""
    rule = "tcp-request content set-bc-mark 7"
    code, _ = w.check(f"defaults\n    mode tcp\n    timeout client 1s\n    timeout connect 1s\n    timeout server 1s\n"
                      f"listen fe\n    bind 10.8.0.1:7014\n    {rule}\n    server s1 10.9.0.2:1\n")
    if code != 0:
        print("     skipped: no set-bc-mark")
        return
    ip("rule add fwmark 7 prohibit priority 5")
    try:
        farm(w, "10.8.0.1:7014", "", rule)
        seen, _ = ask("10.8.0.1", 7014)
        true(seen == "", f"the mark is on the server's connection: {seen}")
    finally:
        ip("rule del fwmark 7 prohibit priority 5")
    seen, _ = ask("10.8.0.1", 7014)
    true(seen.split()[0] == "10.9.0.1", f"and the connection works otherwise: {seen}")


def owners_of_unix_paths(w):
    user, group = pwd.getpwnam("nobody"), grp.getgrnam("nogroup")
    lines = [("a", "mode 600 user nobody group nogroup", 0o600, user.pw_uid, group.gr_gid),
             ("b", f"mode 666 uid {user.pw_uid} gid {group.gr_gid}", 0o666, user.pw_uid, group.gr_gid),
             ("c", "mode 640 group nogroup", 0o640, os.getuid(), group.gr_gid),
             ("d", "mode 606 user nobody", 0o606, user.pw_uid, os.getgid())]
    binds = "\n".join(f"    bind unix@{w.dir}/{name} {options}" for name, options, *_ in lines)
    w.start(f"frontend fe\n{binds}\n    default_backend be\nbackend be\n    server s1 127.0.0.1:1\n")
    for name, options, mode, uid, gid in lines:
        found = os.stat(f"{w.dir}/{name}")
        true((found.st_mode & 0o777, found.st_uid, found.st_gid) == (mode, uid, gid),
             f"{options}: {found.st_mode & 0o777:o} {found.st_uid} {found.st_gid}")
    os.chmod(w.dir, 0o755)
    denied = subprocess.run(["setpriv", "--reuid", str(user.pw_uid + 1 if user.pw_uid < 65000 else 65533), "--regid", "65533",
                             "--clear-groups", sys.executable, "-c",
                             f"import socket; socket.socket(socket.AF_UNIX).connect('{w.dir}/a')"], capture_output=True, check=False)
    true(b"PermissionError" in denied.stderr, "another user is kept out")


if __name__ == "__main__":
    enter_own_namespace()
    holders = lay_cables()
    try:
        run([address_of_the_client, address_and_port_of_the_client, fixed_foreign_address, fixed_foreign_port, address_of_a_header,
             server_line_goes_first, transparent_bind, transparent_for_all, without_transparent, interface_of_a_bind,
             interface_of_a_source, wrong_interface_of_a_source, unknown_interface, marks, owners_of_unix_paths], 2)
    finally:
        for holder in holders:
            holder.kill()
