"""The proxies under test, started alike: one thread, one listener, one server, no log, on one core."""
import argparse
import contextlib
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
BUILT = TOP / "build/bench"
NGINX_STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so"
ORDER = ["relay", "weir", "haproxy", "nginx"]

HAPROXY_LANGUAGE = """global
    nbthread 1
    maxconn {maxconn}
{extra}
frontend f
    mode {mode}
    bind 127.0.0.1:{port}
    timeout client 1m
{rules}
    default_backend b
backend b
    mode {mode}
{servers}
    timeout connect 5s
    timeout server 1m
    server s 127.0.0.1:{origin}
"""
NGINX = """daemon off; worker_processes 1; worker_rlimit_nofile {files}; pid {folder}/pid; error_log stderr crit;
load_module {module};
events {{ worker_connections {files}; }}
stream {{ server {{ listen 127.0.0.1:{port}; proxy_pass 127.0.0.1:{origin}; proxy_timeout 1m; }} }}
"""
NGINX_HTTP = (TOP / "bench/nginx_http.conf").read_text(encoding="ascii")
# Twelve lines of a usual frontend: five tests, six edits of heads, the client's address told.
RULES = """    option forwardfor
    acl is_api path_beg /api/
    acl is_www hdr(host) -i www.example.com example.com
    acl is_image path_reg \\.(png|jpe?g|gif|webp)$
    acl is_inside src 10.0.0.0/8 192.168.0.0/16
    acl is_robot hdr_sub(user-agent) -i bot crawler spider
    http-request deny if is_robot is_image
    http-request set-header x-forwarded-proto http
    http-request set-header x-real-ip %[src]
    http-request add-header x-zone inside if is_inside
    http-request del-header x-debug unless is_api
    http-response set-header x-served-by lb1
    http-response del-header server if is_www"""


def options(description, rounds=0):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--no-build", action="store_true", help="use what is built already")
    parser.add_argument("--save", action="store_true", help="also write bench/results/NAME.txt")
    parser.add_argument("--only", default=",".join(ORDER), help="comma separated, of: " + " ".join(ORDER))
    if rounds:
        parser.add_argument("--rounds", type=int, default=rounds)
    return parser


def weir_binary():
    return os.environ.get("WEIR", str(TOP / "build/release/weir"))


def build(names, no_build):
    """Builds what is wanted; leaves out, aloud, what this machine does not have."""
    BUILT.mkdir(parents=True, exist_ok=True)
    for tool in ("relay", "duel"):
        source, binary = TOP / f"bench/{tool}.cc", BUILT / tool
        if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
            subprocess.run(["clang++-19", "-std=c++23", "-O2", "-Wall", "-Wextra", "-o", binary, source], check=True)
    if "weir" in names and not no_build and "WEIR" not in os.environ:
        subprocess.run([TOP / "scripts/build", "release", "weir"], check=True, stdout=subprocess.DEVNULL)
    found = {"relay": BUILT / "relay", "weir": weir_binary(), "haproxy": "/usr/sbin/haproxy", "nginx": "/usr/sbin/nginx"}
    missing = [name for name in names if not Path(found[name]).exists()]
    for name in missing:
        print(f"without {name}: there is no {found[name]}", file=sys.stderr)
    return [name for name in names if name not in missing]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def raise_files(count):
    """The limit of open files for us and what we start: as much as we may, `count` if we are root."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(count, hard), max(count, hard)))
        return max(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Rival:
    """One running proxy in a folder of its own; a context manager that stops what it started."""

    def __init__(self, name, origin, maxconn=8000, extra="", cpu=0, mode="tcp", rules="", servers="", stop=signal.SIGTERM):
        self.name, self.port, self.stop = name, free_port(), stop
        self.folder = tempfile.mkdtemp(prefix=f"bench-{name}-")
        self.config = os.path.join(self.folder, "config")
        values = dict(port=self.port, origin=origin, folder=self.folder, module=NGINX_STREAM, files=3 * maxconn,
                      maxconn=maxconn, extra=extra, mode=mode, rules=rules, servers=servers)
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(({"tcp": NGINX, "http": NGINX_HTTP}[mode] if name == "nginx" else HAPROXY_LANGUAGE).format(**values))
        command = {"relay": [BUILT / "relay", str(self.port), str(origin)],
                   "nginx": ["/usr/sbin/nginx", "-c", self.config, "-p", self.folder],
                   "haproxy": ["/usr/sbin/haproxy", "-db", "-q", "-f", self.config],
                   "weir": [weir_binary(), "-db", "-q", "-f", self.config]}[name]
        self.log = open(os.path.join(self.folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(["taskset", "-c", str(cpu), *command], stdout=self.log, stderr=self.log)
        self.pid = self.process.pid

    def __enter__(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return self
            time.sleep(0.02)
        self.log.seek(0)
        words = self.log.read()
        self.__exit__()
        sys.exit(f"{self.name} did not start:\n{words}")

    def __exit__(self, *_):
        self.process.send_signal(self.stop)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def processes(self):
        """The pid and all its descendants."""
        found = [self.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    found += [int(child) for child in children.read_text().split()]
        return found

    def memory(self):
        """Bytes of memory that are this proxy's (proportional set size), its processes together."""
        total = 0
        for pid in self.processes():
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
                total += 1024 * int(re.search(r"^Pss:\s+(\d+)", rollup, re.M).group(1))
        return total


def machine():
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return f"{model.group(1) if model else 'unknown CPU'}, {os.cpu_count()} cores, Linux {os.uname().release}"


class Report:
    """Prints, and with --save also keeps under bench/results/."""

    def __init__(self, name, save):
        self.lines, self.path = [], TOP / f"bench/results/{name}.txt" if save else None

    def __call__(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def close(self):
        if self.path:
            self.path.parent.mkdir(exist_ok=True)
            self.path.write_text("\n".join(self.lines) + "\n", encoding="utf-8")
            print(f"saved in {self.path.relative_to(TOP)}")
