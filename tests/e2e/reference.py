#!/usr/bin/env python3
"""docs/reference.md is what the program prints: `weir --reference > docs/reference.md` brings it up to date. The page that
`weir --reference=html` prints is well formed, needs nothing from elsewhere, and has every row of it."""
import difflib
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

path = os.path.join(os.environ["WEIR_SOURCE"], "docs", "reference.md")
printed = subprocess.run([os.environ["WEIR"], "--reference"], stdout=subprocess.PIPE, check=True, timeout=30).stdout.decode()
with open(path, encoding="utf-8") as committed:
    lines = list(difflib.unified_diff(committed.read().splitlines(), printed.splitlines(), "docs/reference.md",
                                      "weir --reference", lineterm="", n=1))
if lines:
    print("\n".join(lines[:60]))
    sys.exit("docs/reference.md is not what the program knows: write it anew with `weir --reference > docs/reference.md`")

page = subprocess.run([os.environ["WEIR"], "--reference=html"], stdout=subprocess.PIPE, check=True, timeout=30).stdout.decode()
if not page.startswith("<!DOCTYPE html>\n"):
    sys.exit("the page has no document type")
root = xml.fromstring(page.split("\n", 1)[1])  # an error names the place
ids = [element.get("id") for element in root.iter() if element.get("id")]
if len(ids) != len(set(ids)):
    sys.exit("anchors stand twice: " + " ".join(sorted({one for one in ids if ids.count(one) > 1})))
for element in root.iter():
    for name, value in element.attrib.items():
        if name in ("src", "srcset") or (name == "href" and not (value.startswith("#") and value[1:] in ids)):
            sys.exit(f"the page points at {value}")
if re.search(r"@import|url\(|https?://", page.split("<body>")[0]):
    sys.exit("the page's style loads something")


def words(element):
    return " ".join("".join(element.itertext()).split())


def entry(article):
    """As the line of docs/reference.md says it."""
    name, *arguments = [words(code) if i == 0 else "".join(code.itertext()) for i, code in enumerate(article.iter("code")) if i == 0 or code.get("class") == "arguments"]
    facts = ", ".join(words(fact) for fact in article.iter("li"))
    return f"- `{name}{''.join(arguments)}`" + (f" ({facts})" if facts else "") + ": " + words(article.find("p"))


on_page = [entry(article) for article in root.iter("article")]
in_text = [line for line in printed.splitlines() if line.startswith("- `")]
if len(on_page) != len(in_text):
    sys.exit(f"{len(on_page)} entries on the page, {len(in_text)} in the text")
for have, want in zip(on_page, in_text):
    if not " ".join(want.split()).startswith(" ".join(have.split())):
        sys.exit(f"on the page: {have}\nin the text: {want}")
print(len(on_page), "entries")
