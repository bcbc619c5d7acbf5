#!/usr/bin/env python3
"""docs/reference.md is what the program prints: `weir --reference > docs/reference.md` brings it up to date."""
import difflib
import os
import subprocess
import sys

path = os.path.join(os.environ["WEIR_SOURCE"], "docs", "reference.md")
printed = subprocess.run([os.environ["WEIR"], "--reference"], stdout=subprocess.PIPE, check=True, timeout=30).stdout.decode()
with open(path, encoding="utf-8") as committed:
    lines = list(difflib.unified_diff(committed.read().splitlines(), printed.splitlines(), "docs/reference.md",
                                      "weir --reference", lineterm="", n=1))
if lines:
    print("\n".join(lines[:60]))
    sys.exit("docs/reference.md is not what the program knows: write it anew with `weir --reference > docs/reference.md`")
