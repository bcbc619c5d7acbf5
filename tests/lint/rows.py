#!/usr/bin/env python3
"""A keyword is one row: its literal stands once among the rows of one kind.

A kind is the row's type (Converter, Fetch, CliCommand ...). Rows that say where they are allowed may share a word when the
places differ, so the other fields of that meaning belong to a row's identity.
"""
import re

from tree import Findings, closing, cpp_files, line_of, mask, text

TABLE = re.compile(r"\bconst(?:expr|init)?\s+(?:const\s+)?(?:std::array<\s*)?([\w:]+?Row|[\w:]+)(?:\s*,\s*\w+>)?\s+\w+\s*(?:\[\d*\])?\s*=?\s*\{")
NAME = re.compile(r'\.name\s*=\s*"([^"]+)"')
PLACE = re.compile(r"\.(?:sections?|where|in|scope|allowed)\s*=\s*([^,}]+)")

findings = Findings()
seen = {}
for name in cpp_files("src"):
    if name.endswith(("_test.cpp", "_bench.cpp")):
        continue
    source, blank = text(name), mask(text(name))
    for table in TABLE.finditer(blank):
        end = closing(blank, table.end() - 1)
        at = table.end()
        while (row := blank.find("{", at, end)) >= 0:
            at = closing(blank, row) + 1
            word = NAME.search(source, row, at)
            if word is None or blank[word.start()] == " ":
                continue
            place = PLACE.search(source, row, at)
            key = (table.group(1).split("::")[-1], word.group(1), place.group(1).strip() if place else "")
            here = f"{name}:{line_of(source, word.start())}"
            if key in seen:
                findings.add(name, line_of(source, word.start()), f'{key[0]} "{key[1]}" has a row already: {seen[key]}')
            seen.setdefault(key, here)

print(f"{len(seen)} rows")
findings.end("rows")
