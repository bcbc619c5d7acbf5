#!/usr/bin/env python3
"""clang-tidy, with the short list of .clang-tidy, on the sources that changed.

    tidy.py BUILD_FOLDER        needs its compile_commands.json

Changed means: by the last commit or since ($WEIR_TIDY_BASE names another start), and not yet found clean with the same text.
"""
import json
import os
import subprocess
import sys

from cache import Passed, digest, in_parallel
from tree import TOP, Findings, text, tracked

build = sys.argv[1]


def git(*words):
    done = subprocess.run(["git", *words], cwd=TOP, capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else []


base = os.environ.get("WEIR_TIDY_BASE", "HEAD~1")
changed = set(git("diff", "--name-only", base, "--")) | set(git("ls-files", "--others", "--exclude-standard"))
with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
    compiled = {os.path.relpath(os.path.join(each["directory"], each["file"]), TOP) for each in json.load(file)}

findings = Findings()
passed = Passed(build, "tidy")
checks = (TOP / ".clang-tidy").read_text()
keys = {name: digest(checks, text(name)) for name in tracked() if name in changed and name in compiled
        and not name.endswith(("_test.cpp", "_bench.cpp"))}  # GoogleTest's headers cost ten times what they show
wanted = sorted(name for name in keys if keys[name] not in passed)


def complaints(name):
    done = subprocess.run(["clang-tidy-19", "-p", build, "--quiet", name], cwd=TOP, capture_output=True, text=True)
    found = [line for line in done.stdout.splitlines() if ": warning: " in line or ": error: " in line]
    return found or ([] if done.returncode == 0 else done.stderr.splitlines()[-5:] or ["clang-tidy-19 failed"])


for name, found in in_parallel(complaints, wanted):
    for line in found:
        print(line.removeprefix(str(TOP) + "/"))
        findings.count += 1
    if not found:
        passed.add(keys[name])
passed.save()
print(f"{len(wanted)} sources looked at")
findings.end("tidy")
