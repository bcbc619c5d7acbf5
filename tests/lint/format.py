#!/usr/bin/env python3
"""clang-format has nothing to change.

    format.py BUILD_FOLDER [--fix]
"""
import subprocess
import sys

from cache import Passed, digest, in_parallel
from tree import TOP, Findings, cpp_files, text

FORMAT = "clang-format-19"
BATCH = 12  # files a process: its start costs as much as a file

findings = Findings()
passed = Passed(sys.argv[1], "format")
style = (TOP / ".clang-format").read_text()
keys = {name: digest(style, text(name)) for name in cpp_files()}
wanted = [name for name in keys if keys[name] not in passed]

if "--fix" in sys.argv[2:]:
    for begin in range(0, len(wanted), BATCH):
        subprocess.run([FORMAT, "-i", *wanted[begin:begin + BATCH]], cwd=TOP, check=True)
    print(f"formatted {len(wanted)} files")
    sys.exit(0)


def wrong(batch):
    done = subprocess.run([FORMAT, "--dry-run", *batch], cwd=TOP, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stderr


batches = [tuple(wanted[begin:begin + BATCH]) for begin in range(0, len(wanted), BATCH)]
for batch, complaints in in_parallel(wrong, batches):
    first = {}
    for line in complaints.splitlines():
        if ": warning: " in line:
            name, number = line.split(":")[:2]
            first.setdefault(name.removeprefix(str(TOP) + "/"), number)
    for name in batch:
        if name in first:
            findings.add(name, first[name], "not as clang-format-19 writes it (clang-format-19 -i)")
        else:
            passed.add(keys[name])
passed.save()
findings.end("format")
