"""Remembers what passed: a check that is slow for a file runs again only when something it read has changed.

A key is a hash over everything the verdict depends on. The file lives in the build folder, one line a key.
"""
import concurrent.futures
import hashlib
import os
from pathlib import Path


def digest(*parts):
    result = hashlib.sha256()
    for part in parts:
        result.update(part if isinstance(part, bytes) else str(part).encode())
        result.update(b"\0")
    return result.hexdigest()


class Passed:
    def __init__(self, folder, name):
        self.path = Path(folder) / f"lint-{name}.passed"
        self.keys = set(self.path.read_text().split()) if self.path.exists() else set()
        self.used = set()

    def __contains__(self, key):
        if key in self.keys:
            self.used.add(key)
        return key in self.keys

    def add(self, key):
        self.used.add(key)

    def save(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(f".{os.getpid()}")
        part.write_text("".join(key + "\n" for key in sorted(self.used)))
        part.replace(self.path)


def in_parallel(work, items):
    """work(item) for each, as many at once as there are cores; pairs in the items' order."""
    items = list(items)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(zip(items, pool.map(work, items)))
