#!/usr/bin/env python3
"""What goes wrong in life: no descriptors left, peers that do not read or do not answer, full queues, no log target, rubbish.

After each case the program must still serve, must not have spun (its CPU time is read from /proc) and must not have grown.
Runs on $WEIR (or $HAPROXY, to compare).
"""
import os
import random
import resource
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import BALANCER, resident_kb, run, true  # noqa: E402
from wire import hang, never_read, rdp_request, say_after_first_bytes, until  # noqa: E402


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class calm:
    """Inside the block, for at least a second, the program may use a fifth of one CPU and grow by 8 MB."""

    def __init__(self, world):
        self.pid = world.process.pid

    def __enter__(self):
        self.cpu, self.memory, self.began = cpu_seconds(self.pid), resident_kb(self.pid), time.monotonic()

    def __exit__(self, kind, *_):
        if kind:
            return
        time.sleep(max(0.0, 1.0 - (time.monotonic() - self.began)))  # the measured span, not a wait for something
        span = time.monotonic() - self.began
        used = cpu_seconds(self.pid) - self.cpu
        true(used <= 0.2 * span + 0.05, f"it spins: {used:.2f} s of CPU in {span:.2f} s")
        grown = resident_kb(self.pid) - self.memory
        true(grown <= 8192, f"it grows: {grown} kB")


def farm(w, behaviour=say_after_first_bytes, frontend="", backend="", server="", more_global=""):
    made = w.server("s1", behaviour)
    w.server("p1")
    w.start(f"""
frontend fe
    bind @fe@
{frontend}
    default_backend be
frontend probe
    bind @probe@
    default_backend probe
backend be
{backend}
    server s1 @s1@ {server}
backend probe
    server p1 @p1@
""", more_global=more_global)
    return made


def still_serves(w):
    true(w.process.poll() is None, "the program ended")
    true(w.ask("probe") == "p1", "a new client is not served")


def descriptors_used_up(w):
    farm(w, frontend="    timeout client 20s", backend="    timeout server 20s")
    pid = w.process.pid
    for _ in range(4):
        still_serves(w)  # every worker is awake before its descriptors are counted
    have = len(os.listdir(f"/proc/{pid}/fd"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (have + 24, resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]))
    clients = []
    with calm(w):
        for _ in range(60):
            client = w.client("fe")  # the kernel's queue takes what the program cannot
            client.send(b"x")
            clients.append(client)
    served = []
    for client in clients:
        client.sock.setblocking(False)
        try:
            served.append(client.sock.recv(10) == b"s1\n")
        except OSError:
            served.append(False)
    true(any(served) and not all(served), f"some are served and some wait: {sum(served)} of {len(served)}")
    for client in clients:
        client.close()
    # Some may be kept for later, such as pipes: a few, not one per client.
    until(lambda: len(os.listdir(f"/proc/{pid}/fd")) <= have + 10, what="descriptors to be given back")
    for _ in range(10):
        still_serves(w)


def client_never_reads(w):
    def pour(server, conn):
        conn.recv(1)
        while True:
            conn.sendall(b"z" * 65536)
    farm(w, pour, frontend="    timeout client 3s", backend="    timeout server 3s")
    clients = [w.client("fe", rcvbuf=4096).send(b"x") for _ in range(20)]
    until(lambda: int(w.stat("be").get("bout") or 0) >= 0 and w.stat("be").get("scur") == "20", what="twenty sessions")
    time.sleep(0.3)  # lets the buffers fill, so that the measured span is the blocked state
    with calm(w):
        pass
    still_serves(w)
    until(lambda: w.stat("be").get("scur") == "0", what="the timeouts to end them")
    for client in clients:
        client.close()


def server_never_reads(w):
    farm(w, never_read, frontend="    timeout client 3s", backend="    timeout server 3s")
    clients = [w.client("fe") for _ in range(20)]
    for client in clients:
        client.sock.settimeout(0.1)
        try:
            while True:
                client.sock.sendall(b"z" * 65536)
        except (TimeoutError, ConnectionError):  # on a busy machine its timeout may end it while it still fills
            pass
    with calm(w):
        pass
    still_serves(w)
    until(lambda: w.stat("be").get("scur") == "0", what="the timeouts to end them")


def servers_hang(w):
    farm(w, hang, backend="    timeout server 700ms")
    with calm(w):
        clients = [w.client("fe").send(b"x") for _ in range(200)]
        for client in clients:
            true(client.rest() == b"", "the session of a hanging server ends")
    still_serves(w)


def clients_say_nothing(w):
    farm(w, frontend="    timeout client 700ms\n    tcp-request inspect-delay 10s\n"
                     "    tcp-request content accept if RDP_COOKIE")
    with calm(w):
        clients = [w.client("fe") for _ in range(200)]
        for client in clients:
            true(client.rest() in (b"", b"s1\n"), "the session of a silent client ends")
    still_serves(w)


def queues_full(w):
    farm(w, backend="    timeout queue 500ms", server="maxconn 1")
    holder = w.client("fe").send(b"x")
    true(holder.line() == b"s1\n", "the first is served")
    with calm(w):
        waiting = [w.client("fe").send(b"x") for _ in range(200)]
        for client in waiting:
            rest = client.rest()
            true(rest == b"", f"who waited too long is let go, not told {rest!r}")
    holder.close()
    client = w.client("fe").send(b"x")
    true(client.line() == b"s1\n", "the freed slot is used")
    still_serves(w)


def queue_is_abandoned(w):
    farm(w, backend="    timeout queue 20s\n    option abortonclose", server="maxconn 1")
    holder = w.client("fe").send(b"x")
    holder.line()
    waiting = [w.client("fe") for _ in range(50)]
    last = w.client("fe").send(b"x")
    until(lambda: w.stat("be").get("qcur") == "51", what="a queue of 51")
    for client in waiting:
        client.reset()
    until(lambda: w.stat("be").get("qcur") == "1", what="the abandoned places to be given up")
    holder.close()
    true(last.line() == b"s1\n", "the one who stayed is served")


def log_target_gone(w):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind((w.host, 0))
        gone = "%s:%d" % nobody.getsockname()
    farm(w, more_global=f"log {gone} local1\n    log @dir@/nothing-here local2")
    with calm(w):
        for _ in range(50):
            still_serves(w)
    w.log.next("probe probe/p1")  # the target that is there still hears


def hello_split_at_every_byte(w):
    streams = []

    def collect(server, conn):
        """Answers the first bytes, then keeps the whole stream of this connection."""
        piece = conn.recv(65536)
        conn.sendall(b"s1\n")
        stream = b""
        while piece:
            stream += piece
            piece = conn.recv(65536)
        streams.append(stream)

    farm(w, collect, frontend="    tcp-request inspect-delay 5s\n    tcp-request content accept if RDP_COOKIE\n"
                              "    tcp-request content reject")
    hello = rdp_request(cookie=b"Administrator")
    for at in range(1, len(hello)):
        with w.client("fe") as client:
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.send(hello[:at])
            until(lambda: w.stat("fe", "FRONTEND").get("scur") != "0", what="the session")
            client.send(hello[at:])
            true(client.line() == b"s1\n", f"a hello split at byte {at} is understood")
    with w.client("fe") as client:
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in hello:
            client.send(bytes([byte]))
            time.sleep(0.001)  # so that most bytes travel alone
        true(client.line() == b"s1\n", "a hello byte by byte is understood")
    until(lambda: len(streams) == len(hello), what="the end of every session at the server")
    true(streams == [hello] * len(hello), "each came through whole and unchanged")


def broken_hellos(w):
    farm(w, frontend="    tcp-request inspect-delay 200ms\n    tcp-request content accept if RDP_COOKIE\n"
                     "    tcp-request content reject if { req.ssl_ver gt 3.4 }\n    tcp-request content reject")
    good = rdp_request(cookie=b"alice")
    words = [good[:n] for n in (1, 3, 4, 5, 10, 11, 20, 30)]
    words += [b"\x03\x00\xff\xff" + good[4:] + b"A" * 70000, b"\x03\x00\x00\x00" + good[4:], b"\x03\x00\x00\x04",
              good[:4] + b"\xff" + good[5:], good[:4] + b"\x00" + good[5:], good.replace(b"\r\n", b"xx"), b"\x02" + good[1:],
              rdp_request(cookie=b"A" * 200), rdp_request(token=b"9" * 200), rdp_request(token=b"..."),
              b"\x16\x03\x01\xff\xff" + b"B" * 70000, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", b"\x16\x03",
              b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 501, b"\x00" * 70000]
    random.seed(7)
    words += [random.randbytes(random.randint(1, 600)) for _ in range(60)]
    for _ in range(60):
        changed = bytearray(good)
        for _ in range(random.randint(1, 4)):
            changed[random.randrange(len(changed))] = random.randrange(256)
        words.append(bytes(changed))
    clients = []
    for word in words:
        client = w.client("fe")
        client.sock.settimeout(5)
        try:
            client.send(word)
        except (ConnectionError, BrokenPipeError):
            pass  # refused before all was said
        clients.append(client)
    with calm(w):
        for word, client in zip(words, clients):
            try:
                answer = client.line()
            except ConnectionError:
                answer = b""
            true(answer in (b"", b"s1\n", b"<reset>"), f"{word[:20]!r} is let through or closed, not {answer!r}")
            client.close()
    still_serves(w)


def run_config(w, text):
    path = os.path.join(w.dir, "rubbish.cfg")
    with open(path, "wb") as out:
        out.write(text)
    done = subprocess.run([BALANCER, "-c", "-f", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=20, check=False, cwd=w.dir)
    return done.returncode, done.stdout


def rubbish_as_config(w):
    good = b"""global
    maxconn 100
defaults
    mode tcp
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend fe
    bind 127.0.0.1:3389 name rdp
    tcp-request inspect-delay 2s
    tcp-request content accept if RDP_COOKIE { src 127.0.0.0/8 } or !{ req.len gt 5 }
    default_backend be
backend be
    balance leastconn
    stick-table type string len 32 size 10k expire 8h
    stick on rdp_cookie(mstshash)
    server s1 "127.0.0.11:3389" weight 10 check inter 3s
"""
    true(run_config(w, good)[0] == 0, "the good file is good")
    random.seed(11)
    texts = [random.randbytes(random.choice((1, 10, 300, 20000))) for _ in range(40)]
    texts += [b"", b"\n", b"\x00", b"\"", b"'", b"\\", b"global\n    maxconn \"", b"${", b".if", b".if\n.else\n.else\n", b"(" * 5000,
              b"global\n    " + b"a" * 100000 + b"\n", b"global\n" + b"    x\n" * 3000, b"frontend " + b"f" * 5000 + b"\n",
              b"defaults\n    timeout client 99999999999999999999s\n", b"backend b\n    server s 300.1.1.1:99999\n"]
    for _ in range(120):
        changed = bytearray(good)
        for _ in range(random.randint(1, 6)):
            at = random.randrange(len(changed))
            changed[at:at + random.choice((0, 1, 1, 8))] = random.randbytes(random.choice((0, 1, 1, 5)))
        texts.append(bytes(changed))
    for at, text in enumerate(texts):
        code, said = run_config(w, text)
        # a signal is negative; 126 and more is a shell's or a sanitizer's way to say that it crashed
        true(code in (0, 1, 2), f"text {at} {text[:60]!r}: exit code {code}: {said[-300:]!r}")
        true(code == 0 or said, f"text {at} {text[:60]!r}: refused without a word")


def twenty_thousand_backends(w):
    lines = [b"global\n    maxconn 1000\ndefaults\n    mode tcp\n    timeout connect 5s\n    timeout client 5s\n"
             b"    timeout server 5s\nfrontend fe\n    bind 127.0.0.1:3389\n"]
    lines += [b"    use_backend b%d if { src 10.%d.%d.1 }\n" % (n, n // 200, n % 200) for n in range(0, 20000, 100)]
    lines += [b"    default_backend b0\n"]
    lines += [b"backend b%d\n    balance leastconn\n    server s1 127.0.0.1:%d check\n    server s2 127.0.0.2:%d check\n"
              % (n, 1 + n, 1 + n) for n in range(20000)]
    text = b"".join(lines)
    best = (float("inf"), 0.0)
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        code, said = run_config(w, text)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        true(code == 0, f"20,000 backends are checked: {said[-300:]!r}")
        best = min(best, (cpu, time.monotonic() - began))
    print(f"     20,000 backends, 40,000 servers: {best[0]:.2f} s of CPU, {best[1]:.2f} s by the clock")
    # CPU, not the clock: the machine is shared. A release build has one second: BAD_INPUT_SECONDS=1.
    bound = float(os.environ.get("BAD_INPUT_SECONDS", "5.0"))
    true(best[0] < bound, f"checked in {best[0]:.2f} s of CPU, {bound:g} s are allowed")


CASES = [descriptors_used_up, client_never_reads, server_never_reads, servers_hang, clients_say_nothing, queues_full,
         queue_is_abandoned, log_target_gone, hello_split_at_every_byte, broken_hellos, rubbish_as_config,
         twenty_thousand_backends]


if __name__ == "__main__":
    run(CASES, 2)
