#!/usr/bin/env python3
"""Debian's stock haproxy.cfg runs unchanged, and takes a frontend added to it in place, long after privileges were dropped.

The file is Debian's own: chroot /var/lib/haproxy, user and group haproxy, daemon, /run/haproxy/admin.sock, /dev/log. A copy of
it gets a frontend on a port below 1024 and a log socket outside the chroot: both must come through the opener. Then how a
process ends: what its parent sees after SIGTERM, SIGINT and SIGUSR1, beside Debian's haproxy ($HAPROXY) in the same run.
Needs root; runs on $WEIR.
"""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "compat"))
from wire import Server, free_port, greet, own_host, until  # noqa: E402

WEIR = os.environ.get("WEIR", "")
HAPROXY = os.environ.get("HAPROXY", "/usr/sbin/haproxy")
STOCK = "/etc/haproxy/haproxy.cfg"
ADMIN = "/run/haproxy/admin.sock"
HOST = own_host()
passed = 0


def true(fact, what):
    global passed
    if not fact:
        raise AssertionError(what)
    passed += 1


def equal(have, want, what):
    true(have == want, f"{what}: want {want!r}, have {have!r}")


def ask(command, path=ADMIN):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as cli:
        cli.settimeout(10)
        cli.connect(path)
        cli.sendall(command.encode() + b"\n")
        answer = b""
        while piece := cli.recv(65536):
            answer += piece
    return answer.decode(errors="replace")


def status(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        return next(line.split()[1:] for line in lines if line.startswith(field + ":"))


def alive(pid):
    try:
        return status(pid, "State")[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as listed:
        return [int(child) for child in listed.read().split()]


def first_line(port):
    with socket.create_connection((HOST, port), 10) as client:
        client.sendall(b"x")  # `option dontlognull` leaves out who said nothing
        return client.makefile("rb").readline()


class Daemon:
    """A program started with -D: the command ends when it serves; the pid file says who it is."""

    def __init__(self, config, *arguments):
        self.dir = tempfile.mkdtemp(prefix="lb-stock-")
        self.pidfile = os.path.join(self.dir, "pid")
        done = subprocess.run([WEIR, "-f", config, "-p", self.pidfile, *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=False)
        self.said = done.stdout.decode(errors="replace")
        equal(done.returncode, 0, f"{config} starts ({self.said.strip()})")
        with open(self.pidfile, encoding="ascii") as pids:
            self.pid = int(pids.read())

    def close(self):
        if alive(self.pid):
            os.kill(self.pid, signal.SIGTERM)
            until(lambda: not alive(self.pid), what="the daemon's end")
        shutil.rmtree(self.dir, ignore_errors=True)


def unchanged():
    daemon = Daemon(STOCK)
    try:
        user = pwd.getpwnam("haproxy")
        equal(status(daemon.pid, "Uid"), [str(user.pw_uid)] * 4, "user")
        equal(status(daemon.pid, "Gid"), [str(user.pw_gid)] * 4, "group")
        equal(os.readlink(f"/proc/{daemon.pid}/root"), "/var/lib/haproxy", "root directory")
        equal(os.getsid(daemon.pid), daemon.pid, "a session of its own")
        equal(os.stat(ADMIN).st_mode & 0o777, 0o660, "mode of the runtime socket")
        true("Uptime" in ask("show info"), "the runtime socket answers")
        helper = children(daemon.pid)
        equal(len(helper), 1, "one opener")
        equal(status(helper[0], "Uid")[0], "0", "which kept the privileges")
        # The same file again: nothing changes. A bad one, or one that asks for what cannot change: refused.
        true("Reload done" in ask("reload"), "a reload of the unchanged file")
        os.kill(daemon.pid, signal.SIGTERM)
        until(lambda: not alive(daemon.pid), what="the end")
        until(lambda: not alive(helper[0]), what="the opener's end")
    finally:
        daemon.close()


def grows_in_place():
    """The stock file's copy gets a frontend below 1024, a backend and a log socket that did not exist at the start."""
    work = tempfile.mkdtemp(prefix="lb-stock-")
    config = os.path.join(work, "haproxy.cfg")
    shutil.copy(STOCK, config)
    log_path = os.path.join(work, "log")
    server = Server("s1", HOST, greet)
    port = next(p for p in range(1023, 600, -1) if usable(p))
    daemon = Daemon(config)
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        log.bind(log_path)
        log.settimeout(10)
        with open(config, "a", encoding="utf-8") as out:
            out.write(f"\nfrontend added\n    mode tcp\n    option tcplog\n    log {log_path} local3\n    bind {HOST}:{port}\n"
                      "    default_backend added\nbackend added\n    mode tcp\n"
                      f"    server s1 {HOST}:{server.address[1]}\n")
        answer = ask("reload")
        true("Reload done" in answer and "+ frontend added" in answer, f"the frontend is taken in place: {answer!r}")
        equal(first_line(port), b"s1\n", "it serves")
        lines = []
        until(lambda: lines.append(log.recv(2048)) or b" added added/s1 " in lines[-1], what="its log line")
        equal(os.readlink(f"/proc/{daemon.pid}/root"), "/var/lib/haproxy", "still in its chroot")
        # The log's receiver restarts: it is found again although its path lies outside the chroot.
        log.close()
        os.unlink(log_path)
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        log.bind(log_path)
        log.settimeout(0.2)

        def heard():
            first_line(port)
            try:
                return b" added added/s1 " in log.recv(2048)
            except TimeoutError:
                return False
        until(heard, seconds=15, what="a log line after syslogd's restart")
        # By signal: the frontend goes again, and its port is free.
        shutil.copy(STOCK, config)
        os.kill(daemon.pid, signal.SIGUSR2)
        until(lambda: usable(port), what="the removed frontend's port to be free")
        with open(config, "a", encoding="utf-8") as out:
            out.write("\nfrontend added\n    mode tcp\n    bnid :1\n")
        true("bnid" in ask("reload"), "a bad file is refused with its reason")
        true(alive(daemon.pid), "and nothing ended")
    finally:
        log.close()
        server.stop()
        daemon.close()
        shutil.rmtree(work, ignore_errors=True)


def usable(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
            return True
        except OSError:
            return False


def started(program, config, *arguments):
    process = subprocess.Popen([program, "-f", config, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    return process


def small(work, port, server, more=""):
    config = os.path.join(work, "small.cfg")
    with open(config, "w", encoding="utf-8") as out:
        out.write(f"global\n    stats socket {work}/sock level admin\n    {more}\ndefaults\n    mode tcp\n    timeout connect 5s\n"
                  "    timeout client 60s\n    timeout server 60s\n"
                  f"frontend fe\n    bind {HOST}:{port}\n    default_backend be\nbackend be\n"
                  f"    server s1 {HOST}:{server.address[1]}\n")
    return config


def serving(work, process):
    def answers():
        true(process.poll() is None, f"ended at once with {process.returncode}")
        try:
            return "Uptime" in ask("show info", work + "/sock")
        except OSError:
            return False
    until(answers, what="an answer")


# Observed with Debian's haproxy, also with -W once its master has settled (before, the signal kills it).
ENDS = {("SIGTERM", False): -signal.SIGTERM, ("SIGINT", False): -signal.SIGINT, ("SIGUSR1", False): 0,
        ("SIGTERM", True): 0, ("SIGINT", True): 130, ("SIGUSR1", True): 0}


def ends_like_haproxy():
    """What the parent sees: signal by signal, with and without -W."""
    for word in ("SIGTERM", "SIGINT", "SIGUSR1"):
        for arguments in (("-db",), ("-W", "-db"), ("-Ws", "-db")):
            for program in (HAPROXY, WEIR) if len(arguments) == 1 else (WEIR,):
                work = tempfile.mkdtemp(prefix="lb-end-")
                server = Server("s1", HOST, greet)
                process = started(program, small(work, free_port(HOST), server), *arguments)
                try:
                    serving(work, process)
                    process.send_signal(getattr(signal, word))
                    equal(process.wait(10), ENDS[word, len(arguments) > 1],
                          f"exit status of {program} after {word} with {' '.join(arguments)}")
                finally:
                    process.kill()
                    process.wait()
                    server.stop()
                    shutil.rmtree(work, ignore_errors=True)


def soft_stop():
    """SIGUSR1: after `grace` nobody new is taken, who is there stays until hard-stop-after."""
    for program in (HAPROXY, WEIR):
        work = tempfile.mkdtemp(prefix="lb-soft-")
        server = Server("s1", HOST, lambda _, conn: (conn.sendall(b"s1\n"), conn.recv(1)))
        port = free_port(HOST)
        process = started(program, small(work, port, server, "grace 300ms\n    hard-stop-after 1500ms"), "-db")
        try:
            serving(work, process)
            held = socket.create_connection((HOST, port), 10)
            equal(held.recv(10), b"s1\n", "a session")
            process.send_signal(signal.SIGUSR1)
            began = time.monotonic()
            equal(first_line(port), b"s1\n", f"{program}: within the grace time it still serves")

            def refused():
                with socket.socket() as probe:
                    return probe.connect_ex((HOST, port)) != 0
            until(refused, seconds=5, what=f"{program}: no new clients after the grace time")
            true(time.monotonic() - began >= 0.25, f"{program}: not before the grace time")
            true(process.poll() is None, f"{program}: the session keeps it alive")
            code = process.wait(10)
            took = time.monotonic() - began
            true(1.2 <= took <= 4, f"{program}: hard-stop-after ended it after {took:.2f} s")
            print(f"     {os.path.basename(program)}: hard stop after {took:.2f} s, exit status {code}")
            held.close()
        finally:
            process.kill()
            process.wait()
            server.stop()
            shutil.rmtree(work, ignore_errors=True)


def command_line():
    work = tempfile.mkdtemp(prefix="lb-words-")
    server = Server("s1", HOST, greet)
    config = small(work, free_port(HOST), server)

    def run(*words):
        done = subprocess.run([WEIR, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=30, check=False)
        return done.returncode, done.stdout.decode(errors="replace")
    try:
        equal(run("-c", "-q", "-f", config), (0, ""), "-q says nothing")
        true("valid" in run("-c", "-V", "-f", config)[1], "-V says that it is valid")
        equal(run("-C", work, "-c", "-q", "-f", "small.cfg")[0], 0, "-C changes the directory first")
        equal([run("-cc", text)[0] for text in ("version_atleast(2.6)", "version_atleast(99.0)", "nonsense(")], [0, 1, 2],
              "-cc gives the condition's value")
        code, said = run("-dKall", "-q", "-c", "-f", config)
        true(code == 0 and "tcp-request" in said and "rdp_cookie" in said, "-dKall lists the keywords")
        true(run("-v")[1].startswith("weir version") and "HAProxy version" in run("-v")[1], "-v")
        true("Feature list" in run("-vv")[1], "-vv")
        true(run("-f")[0] != 0 and run("-zz")[0] != 0, "wrong words")
        true(run("-c", "-f", os.path.join(work, "nothing.cfg"))[0] == 1, "a file that is not there")
        process = started(WEIR, config, "-db", "-n", "77", "-m", "4000", "-L", "lb7")
        try:
            serving(work, process)
            info = ask("show info", work + "/sock")
            true("Maxconn: 77\n" in info, "-n sets maxconn")
            with open(f"/proc/{process.pid}/limits", encoding="ascii") as limits:
                true(f"{4000 << 20}" in next(line for line in limits if "address space" in line), "-m limits memory")
        finally:
            process.terminate()
            process.wait(10)
    finally:
        server.stop()
        shutil.rmtree(work, ignore_errors=True)


def main():
    if not WEIR:
        raise SystemExit("set WEIR to the program under test")
    if os.geteuid() != 0:
        print("skipped: needs root")
        return
    os.makedirs("/run/haproxy", exist_ok=True)
    failed = 0
    chosen = sys.argv[1:]
    for test in (unchanged, grows_in_place, ends_like_haproxy, soft_stop, command_line):
        if chosen and test.__name__ not in chosen:
            continue
        try:
            test()
            print(f"ok   {test.__name__}", flush=True)
        except Exception as error:
            failed += 1
            print(f"FAIL {test.__name__}: {type(error).__name__}: {error}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
