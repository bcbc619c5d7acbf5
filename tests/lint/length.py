#!/usr/bin/env python3
"""A file explains one idea in at most 600 lines, a function in at most 60; tables of data do not count."""
import re

from tree import Findings, cpp_files, functions, line_of, masked, table_lines

FILE_LINES, FUNCTION_LINES = 600, 60

findings = Findings()
for name in cpp_files():
    source = masked(name)
    lines = source.count("\n")
    if lines > FILE_LINES and (lines := lines - table_lines(source)) > FILE_LINES:
        findings.add(name, 1, f"{lines} lines, without tables; a file has at most {FILE_LINES}")
    for head, begin, end in functions(source):
        lines = source.count("\n", begin, end) + 1
        if lines > FUNCTION_LINES and (lines := lines - table_lines(source, begin + 1, end)) > FUNCTION_LINES:
            short = re.sub(r"\s+", " ", head)[-100:]
            findings.add(name, line_of(source, begin), f"{lines} lines; a function has at most {FUNCTION_LINES}: {short}")

findings.end("length")
