"""Debian's php-fpm with a pool of its own: on a Unix socket and on a port, with pages that tell what they were given."""
import contextlib
import glob
import os
import shutil
import socket
import subprocess

from wire import free_port, until

PAGES = {
    "server.php": """<?php header("Content-Type: application/json"); echo json_encode($_SERVER);""",
    "body.php": """<?php $in = fopen("php://input", "rb"); $sum = hash_init("sha1"); $size = 0;
while (($piece = fread($in, 65536)) !== false && $piece !== "") { hash_update($sum, $piece); $size += strlen($piece); }
header("X-Told: " . ($_SERVER["CONTENT_LENGTH"] ?? "nothing")); echo $size, " ", hash_final($sum);""",
    "big.php": """<?php $size = (int) $_GET["size"]; $piece = "";
for ($i = 0; $i < 4096; $i++) $piece .= hash("sha1", (string) $i, true);
if (isset($_GET["length"])) header("Content-Length: $size");
while ($size > 0) { echo substr($piece, 0, $size); $size -= strlen($piece); flush(); }""",
    "stderr.php": """<?php error_log("first\\nsecond"); echo "said"; fwrite(fopen("php://stderr", "w"), "direct\\n");""",
    "exit.php": """<?php echo "leaving"; exit((int) $_GET["code"]);""",
    "status.php": """<?php http_response_code((int) $_GET["code"]); header("X-Php: yes"); echo "status";""",
    "where.php": """<?php header("Location: /elsewhere.php");""",
    "sleep.php": """<?php echo str_repeat("x", 100); flush(); sleep((int) $_GET["time"]); echo "late";""",
    "fatal.php": """<?php nothing_of_that_name();""",
    "cookies.php": """<?php setcookie("one", "1"); setcookie("two", "2"); echo json_encode($_COOKIE);""",
    "index.php": """<?php echo "index of ", $_SERVER["SCRIPT_NAME"];""",
}


def find():
    """The newest php-fpm, or None."""
    found = sorted(glob.glob("/usr/sbin/php-fpm*"))
    return found[-1] if found else None


class Php:
    """`w` gets the places @php@ (a port), @phpsock@ (a socket) and @www@ (the pages)."""

    def __init__(self, w, children=4):
        self.w = w
        self.program = find()
        self.root = os.path.join(w.dir, "www")
        os.makedirs(os.path.join(self.root, "sub"))
        for name, text in PAGES.items():
            with open(os.path.join(self.root, name), "w", encoding="utf-8") as out:
                out.write(text)
        shutil.copy(os.path.join(self.root, "index.php"), os.path.join(self.root, "sub"))
        self.port = free_port(w.host)
        self.sock = os.path.join(w.dir, "php.sock")
        w._name("php", (w.host, self.port))
        w.places["phpsock"] = self.sock
        w.places["www"] = self.root
        pool = "user = root\npm = static\npm.max_children = %d\nphp_admin_flag[display_errors] = off\n" % children
        self.config = os.path.join(w.dir, "php-fpm.conf")
        with open(self.config, "w", encoding="utf-8") as out:
            out.write("[global]\nerror_log = %s/php.log\ndaemonize = no\n" % w.dir)
            for name, listen in (("port", f"{w.host}:{self.port}"), ("sock", self.sock)):
                out.write(f"[{name}]\nlisten = {listen}\n{pool}")
        self.process = None
        w.closing.append(self)
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.program, "-n", "-R", "-F", "-y", self.config], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        until(self.listens, what="php-fpm to listen")

    def listens(self):
        with socket.socket() as probe, socket.socket(socket.AF_UNIX) as local:
            return probe.connect_ex((self.w.host, self.port)) == 0 and local.connect_ex(self.sock) == 0

    def kill(self):
        """All of it, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, 9)
        self.process.wait()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.sock)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.kill()
