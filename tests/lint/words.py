#!/usr/bin/env python3
"""The words of the house: client and server, names that say what a thing is, no machine's own paths, no silenced test.

The project says frontend and backend where others say which way a river flows; a class named after the act of managing says
nothing; a path of one developer's machine means nothing on another.
"""
import re
from pathlib import Path

from tree import TOP, Findings, cpp_files, line_of, masked, text, tracked, without_comments

ANYWHERE = [
    (re.compile(r"\b(?:up|down)stream", re.I), "say client or server, frontend or backend"),
]
IN_CODE = [
    (re.compile(r"\b(?:class|struct|union|concept|using|enum(?: class)?)\s+\w*(?:Manager|Helper|Utils?|Impl)\b"),
     "a name that says nothing: what is it?"),
    (re.compile(r"\b(?:do|process)_\w+\s*\("), "do_ and process_ say nothing: what does it do?"),
]
PRIVATE = re.compile(rb"(?<![\w.$}~/-])/(?:work|root|home/[a-z]+)/")
SILENCED = [
    (re.compile(r"\b(?:TEST|TEST_F|TEST_P|TYPED_TEST)\(\s*\w+\s*,\s*DISABLED_|\bDISABLED_\w+"), "a disabled test"),
    (re.compile(r"\bGTEST_SKIP\b"), "a test that skips itself"),
    (re.compile(r"^\s*#\s*if\s+0\b", re.M), "code switched off"),
    (re.compile(r"@(?:unittest|pytest\.mark)\.skip"), "a test that skips itself"),
    (re.compile(r"\bPROPERTIES\b[^)]*\bDISABLED\b"), "a disabled test"),
    (re.compile(r"\bNOLINT(?!\w*\([\w.,-]+\): )"), "NOLINT needs the check's name and a reason: NOLINT(name): why"),
]
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")

findings = Findings()


def look(name, source, rules):
    for pattern, words in rules:
        for match in pattern.finditer(source):
            findings.add(name, line_of(source, match.start()), f"'{match.group(0).strip()}': {words}")


for name in tracked():
    if name.startswith("tests/lint/"):
        continue
    raw = (TOP / name).read_bytes()
    for match in PRIVATE.finditer(raw):
        findings.add(name, raw.count(b"\n", 0, match.start()) + 1, f"a path of one machine: {match.group(0).decode()}")
    if b"\0" in raw or name.startswith("fuzz/corpus/") or name == "LICENSE":
        continue
    source = text(name)
    look(name, source, SILENCED)
    # Other programs' own words: an event's name, a directive, a header in an example. Only our prose and code are ours.
    if not name.startswith(("tests/config/", "examples/", "bench/nginx")):
        look(name, source, ANYWHERE)
    if Path(name).suffix in {".cpp", ".cc", ".h"}:
        look(name, source, [(UNFINISHED, "finish it, or take it out")])
        if re.search(r"(?:manager|helper|utils?|impl)\.", Path(name).name):
            findings.add(name, 1, "a file name that says nothing")

for name in cpp_files():
    look(name, masked(name), IN_CODE)
    if not without_comments(text(name)).strip():
        findings.add(name, 1, "an empty file")
    idea = TOP / re.sub(r"(?:_test|_bench|_fuzz)?\.\w+$", ".h", name)  # a source's idea may stand in its header
    if not text(name).startswith("//") and not (idea.is_file() and idea.suffix != Path(name).suffix):
        findings.add(name, 1, "no head comment: a file begins by saying its idea")

findings.end("words")
