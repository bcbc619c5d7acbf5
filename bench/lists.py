"""Lists of the sizes that farms have, for bench/run: words and regular expressions as web application firewalls look for, and
host names. Written once into a folder of their own, which goes with the object."""
import os
import tempfile

ATTACKS = ["union select", "/etc/passwd", "<script", "xp_cmdshell", "../..", "sleep(", "onerror=", "base64_decode", "cmd.exe", "wp-config"]
EXPRESSIONS = [r"(?i)union\s+(all\s+)?select\b.{0,20}%d", r"(?i)<script[^>]*src=x%d", r"\.\./(\.\./)+etc/%d", r"(?i)\bexec(ute)?\s+xp_%d",
               r"(eval|assert)\s*\(\s*base%d", r"^/(admin|manager)/%d/.*\.(php|jsp)$", r"[?&]id=[0-9]+'\s*or\s+%d=", r"(wget|curl)\s+http.*%d"]


class Lists:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="bench-lists-")

    def _write(self, name, lines):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="ascii") as out:
            out.writelines(line + "\n" for line in lines)
        return path

    def words(self, count=1000):
        return self._write("words", (f"{ATTACKS[n % len(ATTACKS)].replace(' ', '+')}{n}" for n in range(count)))

    def expressions(self, count=1000):
        return self._write("expressions", (EXPRESSIONS[n % len(EXPRESSIONS)] % n for n in range(count)))

    def hosts(self, count=1_000_000):
        return self._write("hosts", (f"host{n}.shop{n % 977}.example.com bk{n % 7}" for n in range(count)))
