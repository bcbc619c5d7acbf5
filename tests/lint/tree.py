"""The tree as the lint tests see it: its files, and C++ text reduced to what a check needs.

No compiler here: the tests must be quick and run before anything is built. masked() blanks comments and literals, keeping
every offset and line, and functions() finds function bodies in clang-formatted code by their heads.
"""
import functools
import os
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
CPP = {".cpp", ".cc", ".h"}


@functools.cache
def tracked():
    """All files that are, or are about to be, in the repository."""
    try:
        out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=TOP,
                             capture_output=True, check=True).stdout
        names = sorted({os.fsdecode(n) for n in out.split(b"\0") if n})
    except (OSError, subprocess.CalledProcessError):  # a tarball
        names = sorted(str(p.relative_to(TOP)) for p in TOP.rglob("*") if p.is_file())
        names = [n for n in names if not n.startswith("build/")]
    return [n for n in names if (TOP / n).is_file()]


def cpp_files(*folders):
    return [n for n in tracked() if Path(n).suffix in CPP and (not folders or n.split("/")[0] in folders)]


@functools.cache
def text(name):
    return (TOP / name).read_text(encoding="utf-8", errors="replace")


_TOKENS = re.compile(
    r"//(?:[^\n\\]|\\.|\\\n)*"  # line comment
    r"|/\*.*?\*/"  # block comment
    r'|R"(?P<delim>[^()\\\s]{0,16})\(.*?\)(?P=delim)"'  # raw string
    r'|"(?:[^"\\\n]|\\.)*"'  # string
    r"|(?<![0-9A-Za-z_])'(?:[^'\\\n]|\\.)+'",  # character, not a digit separator
    re.S)


def _blank(match, keep_quotes):
    token = match.group(0)
    inner = re.sub(r"[^\n]", " ", token)
    if keep_quotes and token[0] in "\"'R":
        return '"' + inner[1:-1] + '"'
    return inner


def mask(source):
    """The text with comments and the insides of literals blanked; same length, same lines."""
    return _TOKENS.sub(lambda m: _blank(m, True), source)


def without_comments(source):
    return _TOKENS.sub(lambda m: _blank(m, False) if m.group(0).startswith("/") else m.group(0), source)


@functools.cache
def masked(name):
    return mask(text(name))


def line_of(source, offset):
    return source.count("\n", 0, offset) + 1


def closing(source, opening):
    """The offset of the brace that closes the one at `opening`; the end when there is none."""
    depth = 0
    for match in re.compile(r"[{}]").finditer(source, opening):
        depth += 1 if match.group() == "{" else -1
        if depth == 0:
            return match.start()
    return len(source) - 1


_NOT_A_FUNCTION = re.compile(r"^\s*(?:template\s*<[^{}]*?>\s*)?(?:export\s+)?(?:inline\s+)?(?:typedef\s+)?"
                             r"(?:namespace|class|struct|enum|union|extern)\b(?![^{}()]*\()", re.S)
_AFTER_PARAMETERS = re.compile(r"\)\s*(?:const|noexcept(?:\s*\([^()]*\))?|override|final|mutable|&&?|try|"
                               r"requires\b[^{};]*|->\s*[^{};]+|\s)*$", re.S)
_INITIALISERS = re.compile(r"\)\s*(?:noexcept(?:\s*\([^()]*\))?\s*)?:(?!:)[^;]*$", re.S)


def functions(source):
    """(head, first offset of the body, last offset) of each outermost function in masked text."""
    source = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), source, flags=re.M)
    at, start = 0, 0
    brace = re.compile(r"[{};]")
    while match := brace.search(source, at):
        at = match.end()
        if match.group() != "{":
            start = at
            continue
        head = re.sub(r"\b(?:public|private|protected)\s*:", " ", source[start:match.start()])
        if _NOT_A_FUNCTION.search(head):
            start = at  # look inside
        elif _INITIALISERS.search(head) and re.search(r"[\w>]\s*$", head):
            at = closing(source, match.start()) + 1  # `: member_{value}`: the body is still to come
        elif _AFTER_PARAMETERS.search(head) or _INITIALISERS.search(head):
            end = closing(source, match.start())
            yield head.strip(), match.start(), end
            at = start = end + 1
        else:  # data
            at = closing(source, match.start()) + 1


_TABLE = re.compile(r"(?:\w\s*\[[^\]]*\](?:\[[^\]]*\])?|>\s*\w+|\b[kg][A-Z]\w*)\s*(?:=\s*)?\{")


def table_lines(source, begin=0, end=None):
    """How many lines within [begin, end) of masked text belong to the inside of tables of data."""
    end = len(source) if end is None else end
    at, lines = begin, 0
    while (match := _TABLE.search(source, at, end)) is not None:
        close = closing(source, match.end() - 1)
        inside = source[match.end():close]
        if ";" not in inside:  # statements inside: code, not data
            lines += inside.count("\n")
            at = close
        else:
            at = match.end()
    return lines


class Findings:
    """Collects what is wrong, prints all of it, gives the exit code."""

    def __init__(self):
        self.count = 0

    def add(self, name, line, words):
        print(f"{name}:{line}: {words}")
        self.count += 1

    def end(self, what):
        print(f"{what}: {self.count} findings" if self.count else f"{what}: clean")
        sys.exit(1 if self.count else 0)
