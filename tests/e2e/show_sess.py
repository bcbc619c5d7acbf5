#!/usr/bin/env python3
"""show sess in HTTP mode: the request's URI, filters beside a session's name. Manual: management, show sess. Runs on $WEIR."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import equal, run, true  # noqa: E402
from wire import hang, until  # noqa: E402


def uris_of_requests(w):
    w.server("s1", hang)
    w.start("frontend fe\n    mode http\n    bind @fe@\n    option accept-unsafe-violations-in-http-request\n    default_backend be\nbackend be\n    mode http\n    server s1 @s1@\n"
            "listen other\n    bind @other@\n    server s1 @s1@")
    with w.client("fe") as client, w.client("other"):
        client.send(b"GET /a\"b\x81?c HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: w.stat("be", "s1").get("scur") == "1", what="the request on its server")
        until(lambda: w.stat("other", "s1").get("scur") == "1", what="the session on its server")
        lines = [line for line in w.cli("show sess show-uri").split("\n") if " fe=fe " in line]
        true(lines[0].endswith(' uri="/a#22b#81?c"'), lines)
        name = lines[0].split(":")[0]
        true("uri=" not in w.cli("show sess"), "only when asked for")
        true("uri=" not in w.cli("show sess frontend other show-uri"), "TCP has none")
        one = w.cli(f"show sess {name} show-uri")
        true('  request uri="/a#22b#81?c"' in one and "frontend=fe (id=2 mode=http)" in one, one)
        true("mode=tcp" in w.cli("show sess all frontend other"), "modes")
        true("uri=" not in w.cli(f"show sess {name}"), "only when asked for")
        equal(w.cli(f"show sess {name} frontend other").strip(), "Session not found.", "filters hold")
        true("Usage" in w.cli(f"show sess {name} nothing"), "words that mean nothing")
        equal(w.cli(f"show sess {name} backend nowhere").strip(), "No such backend.", "names are checked")


run([uris_of_requests], 1)
