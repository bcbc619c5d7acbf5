#!/usr/bin/env python3
"""Persistence cookies made of servers' addresses, changed on the runtime socket. What they are called depends on the
addresses of this run: shown is when they change, when they come back, and when there are none."""
import re

from harness import main, scenario
from web import CONFIG, WebClient, get
from wire import answer_requests

BODY = """
frontend fe
    bind @fe@
    default_backend be
frontend other
    bind @other@
    default_backend plain
backend be
    cookie SRV insert dynamic
    dynamic-cookie-key first
    server s1 @s1@
backend plain
    cookie SRV insert
    server s1 @s1@
    server s2 @s2@ disabled cookie own
"""

COMMANDS = ["set dynamic-cookie-key backend", "set dynamic-cookie-key backend nobody x", "set dynamic-cookie-key backend be",
            "set dynamic-cookie-key backend be second", "disable dynamic-cookie backend be", "disable dynamic-cookie backend",
            "disable dynamic-cookie backend nobody", "enable dynamic-cookie backend be", "set dynamic-cookie-key backend be first",
            "enable dynamic-cookie backend fe", "set dynamic-cookie-key backend plain k", "enable dynamic-cookie backend plain",
            "set dynamic-cookie-key backend plain k2 ignored"]


def ask(w, frontend, *fields):
    """Set-Cookie fields of the answer."""
    with WebClient(w.address(frontend)) as client:
        client.send(get("/a", *fields))
        head = client.answer("GET").partition("\r\n\r\n")[0]
    return [line.split(":", 1)[1].strip() for line in head.split("\r\n") if line.lower().startswith("set-cookie:")]


@scenario
def changed_at_run_time(w):
    w.servers("s1", "s2", behaviour=answer_requests)
    w.start(BODY, prologue=CONFIG)
    names = {}

    def shown(cookies):
        return [re.sub(r"[0-9a-f]{16}", lambda name: f"cookie{names.setdefault(name.group(), len(names))}", one) for one in cookies]
    for command in ["", *COMMANDS]:
        if command:
            w.observe(command, w.cli(command))
        for frontend in ("fe", "other"):
            cookies = ask(w, frontend)
            w.observe(f"{frontend} behind '{command}'", shown(cookies))
            if cookies:
                name = cookies[0].split(";")[0]
                w.observe(f"{frontend} with its own behind '{command}'", shown(ask(w, frontend, f"Cookie: {name}")))


if __name__ == "__main__":
    main()
