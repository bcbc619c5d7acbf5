#!/usr/bin/env python3
"""Misuse that must not compile.

    check.py COMPILER FILE.cpp

The file compiles as it stands, and no longer with -DMISUSE; the compiler's errors then contain each `// error: words` of the file.
Compiling the good half too is what keeps a misspelt test from passing for the wrong reason.
"""
import re
import subprocess
import sys
from pathlib import Path

compiler, path = sys.argv[1], Path(sys.argv[2])
top = Path(__file__).resolve().parents[2]
flags = ["-std=c++23", "-D_GNU_SOURCE", "-I", str(top / "src"), "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
         "-Wno-unused-function", "-fno-caret-diagnostics"]
expected = re.findall(r"//\s*error:\s*(.+?)\s*$", path.read_text(), re.M)


def compile_with(*more):
    return subprocess.run([compiler, *flags, *more, str(path)], capture_output=True, text=True)


if not expected:
    sys.exit(f"{path.name}: no '// error: ...' line says which error is meant")
good = compile_with()
if good.returncode != 0:
    sys.exit(f"{path.name} must compile without MISUSE:\n{good.stderr}")
bad = compile_with("-DMISUSE")
if bad.returncode == 0:
    sys.exit(f"{path.name} compiles with MISUSE, and must not")
for words in expected:
    if words not in bad.stderr:
        sys.exit(f"{path.name}: no error says '{words}':\n{bad.stderr}")
