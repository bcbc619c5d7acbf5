#!/usr/bin/env python3
"""Headers compile alone, so that a file may include them in any order.

    headers.py BUILD_FOLDER

A header that its own source or test includes first is shown to stand alone by the build itself; only the others are compiled here,
and only when they or something they include have changed since they passed.
"""
import re
import subprocess
import sys

from cache import Passed, digest, in_parallel
from tree import TOP, Findings, cpp_files, text, without_comments

FLAGS = ["clang++-19", "-std=c++23", "-D_GNU_SOURCE", "-I", str(TOP / "src"), "-fsyntax-only", "-Wall", "-Wextra",
         "-Wno-pragma-once-outside-header", "-x", "c++"]
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<][^">]+)[">]', re.M)


def reach(header, seen):
    """The header and all of ours that it includes."""
    if header not in seen and (TOP / "src" / header).is_file():
        seen.add(header)
        for included in INCLUDE.findall(text("src/" + header)):
            if included.startswith('"'):
                reach(included[1:], seen)
    return seen


def compile_alone(header):
    done = subprocess.run([*FLAGS, str(TOP / "src" / header)], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr


findings = Findings()
passed = Passed(sys.argv[1], "headers")
proven = set()
for name in cpp_files("src"):
    if name.endswith(".cpp"):
        first = INCLUDE.search(without_comments(text(name)))
        if first and first.group(1).startswith('"'):
            proven.add(first.group(1)[1:])

wanted = {}
for name in cpp_files("src"):
    header = name.removeprefix("src/")
    if not name.endswith(".h"):
        continue
    if "#pragma once" not in text(name):
        findings.add(name, 1, "no #pragma once")
    if header not in proven:
        key = digest(" ".join(FLAGS), *(text("src/" + each) for each in sorted(reach(header, set()))))
        if key not in passed:
            wanted[header] = key

for header, errors in in_parallel(compile_alone, sorted(wanted)):
    if errors:
        findings.add("src/" + header, 1, "does not compile alone:\n" + "\n".join(errors.splitlines()[:8]))
    else:
        passed.add(wanted[header])
passed.save()
print(f"{len(proven)} proven by the build, {len(wanted)} compiled here")
findings.end("headers")
