#!/usr/bin/env python3
"""Checks a configuration the way a person would, and compares what weir says about it word for word.

    check.py bad  WEIR FILE.cfg    must be refused, with exactly the words of FILE.expected on stderr
    check.py good WEIR FILE.cfg    must pass; if there is a FILE.expected, with exactly those words on stderr
    check.py update WEIR FILE.cfg...    writes FILE.expected anew: read the difference before you commit it

weir runs in the file's folder, so that messages name the file without one. Process ids become PID.
"""
import difflib
import re
import subprocess
import sys
from pathlib import Path


def said(weir, path):
    done = subprocess.run([weir, "-c", "-f", path.name], cwd=path.parent, capture_output=True, text=True, timeout=30)
    words = re.sub(r"\(\d+\)( ?:)", r"(PID)\1", done.stderr).replace(str(path.parent) + "/", "")
    return done.returncode, words


def main():
    kind, weir, paths = sys.argv[1], str(Path(sys.argv[2]).resolve()), [Path(p).resolve() for p in sys.argv[3:]]
    for path in paths:
        expected = path.with_suffix(".expected")
        code, words = said(weir, path)
        if kind == "update":
            expected.write_text(words)
            continue
        if code < 0:
            sys.exit(f"weir died of signal {-code}\n{words}")
        if kind == "bad" and code != 1:
            sys.exit(f"{path.name} must be refused with exit code 1, and got {code}\n{words}")
        if kind == "good" and code != 0:
            sys.exit(f"{path.name} must pass, and got exit code {code}\n{words}")
        if kind == "bad" and not expected.exists():
            sys.exit(f"{expected.name} is missing; weir said:\n{words}")
        if expected.exists() and words != expected.read_text():
            sys.stdout.writelines(difflib.unified_diff(expected.read_text().splitlines(True), words.splitlines(True),
                                                       expected.name, "what weir says"))
            sys.exit(f"\nanother message than {expected.name} (tests/config/check.py update WEIR {path})")


main()
