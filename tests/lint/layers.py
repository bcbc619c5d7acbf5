#!/usr/bin/env python3
"""Includes point only downwards: to the own folder, or to a folder on an earlier line of src/LAYERS."""
import re

from tree import TOP, Findings, cpp_files, line_of, text, without_comments

findings = Findings()
rank = {}
for number, line in enumerate((TOP / "src/LAYERS").read_text().splitlines(), 1):
    if not line.startswith("#"):
        for folder in line.split():
            if folder in rank:
                findings.add("src/LAYERS", number, f"layer {folder} stands twice")
            rank[folder] = number

for folder in sorted(p.name for p in (TOP / "src").iterdir() if p.is_dir()):
    if folder not in rank:
        findings.add("src/LAYERS", 1, f"folder src/{folder} has no line")

for name in cpp_files("src"):
    own = name.split("/")[1]
    source = without_comments(text(name))
    for match in re.finditer(r'^\s*#\s*include\s*(["<])([^">]+)[">]', source, re.M):
        where, target = line_of(source, match.start(2)), match.group(2)
        folder = target.split("/")[0] if "/" in target else None
        if match.group(1) == "<":
            if folder in rank and (TOP / "src" / target).exists():
                findings.add(name, where, f"write our own header in quotes: {target}")
            if folder == "openssl" and own != "tls":
                findings.add(name, where, "OpenSSL is included only in tls/")
        elif not (TOP / "src" / target).exists():
            findings.add(name, where, f'"{target}" is no file under src/ (includes are written from there)')
        elif folder != own and own in rank and rank.get(folder, 999) >= rank[own]:
            findings.add(name, where, f"{own} may not include {folder}: it stands no lower in src/LAYERS")

findings.end("layers")
