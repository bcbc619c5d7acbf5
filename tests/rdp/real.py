"""Real RDP software as objects: an xrdp server and an xfreerdp user.

A connection that reached xrdp's login screen is a live RDP session: X.224 and TLS are negotiated, the MCS channels are
joined, capabilities exchanged, and pictures flow. That needs no accounts and no desktop on the machine. The proof is taken from
xrdp's own log, never from the balancer alone.
"""
import os
import re
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "compat"))
from wire import free_port, until  # noqa: E402

# xrdp says this when a client's pointer capabilities came: the exchange of capabilities is the last step of connecting.
ACTIVE = "xrdp_caps_process_pointer"
CONNECTED = "AF_INET connection received"


class Xrdp:
    """One xrdp with its own configuration, log, certificate and address; it leads a process group of its own."""

    def __init__(self, work, name, host, port=0):
        self.name = name
        self.host = host
        self.port = port or free_port(host)
        self.log_path = os.path.join(work, f"{name}.log")
        self.config = os.path.join(work, f"{name}.ini")
        self.out_path = os.path.join(work, f"{name}.out")
        self.process = None
        with open("/etc/xrdp/xrdp.ini", encoding="utf-8") as original:
            text = original.read()
        for key, value in (("port", f"tcp://{self.host}:{self.port}"), ("certificate", f"{work}/cert.pem"),
                           ("key_file", f"{work}/key.pem"), ("LogFile", self.log_path), ("LogLevel", "INFO"),
                           ("EnableSyslog", "false"), ("fork", "true")):
            text, count = re.subn(rf"(?m)^{key}=.*$", f"{key}={value}", text, count=1)
            if not count:
                raise RuntimeError(f"/etc/xrdp/xrdp.ini has no {key}: this xrdp is not the one known here")
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(text)
        self.start()

    def start(self):
        before = self.count("listening to port")
        out = open(self.out_path, "ab")
        self.process = subprocess.Popen(["xrdp", "--nodaemon", "--config", self.config], stdin=subprocess.DEVNULL,
                                        stdout=out, stderr=out, start_new_session=True)
        out.close()
        until(lambda: self.count("listening to port") > before or self.process.poll() is not None, seconds=20,
              what=f"{self.name} to listen")
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}")

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as text:
                return text.read()
        except FileNotFoundError:
            return ""

    def count(self, words):
        return self.log().count(words)

    def sessions(self):
        """How many RDP sessions became active so far."""
        return self.count(ACTIVE)

    def kill(self):
        """The whole server dies at once: the listener and every child that serves a session."""
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.process = None


class User:
    """One person with an RDP client. /u: makes the client send `Cookie: mstshash=NAME` in its first packet."""

    def __init__(self, work, name, address):
        self.name = name
        self.out_path = os.path.join(work, f"user-{name}.out")
        out = open(self.out_path, "ab")
        # +auto-reconnect is left off: coming back is what the test does itself.
        self.process = subprocess.Popen(
            ["xfreerdp", f"/v:{address[0]}:{address[1]}", f"/u:{name}", "/p:", "/cert:ignore", "/sec:tls", "/size:640x480",
             "/bpp:16", "/log-level:WARN", f"/t:{name}", "-wallpaper", "-themes"],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        out.close()

    def alive(self):
        return self.process.poll() is None

    def leave(self):
        """The person's network drops: the client ends without a word of goodbye."""
        if self.alive():
            self.process.kill()
        self.process.wait()


def screenshot(path):
    """The X display as a picture, with whichever tool is there."""
    if shutil.which("import"):
        subprocess.run(["import", "-window", "root", path + ".png"], check=True, timeout=20)
    else:
        subprocess.run(["xwd", "-root", "-silent", "-out", path + ".xwd"], check=True, timeout=20)
