#!/usr/bin/env python3
"""Lines as JSON objects: `option jsonlog` in both modes, and formats with the flag json. Runs on $WEIR."""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import equal, run, true  # noqa: E402
from wire import answer_requests, echo  # noqa: E402

CONFIG = "frontend fe\n    mode {mode}\n    bind @fe@\n    {log}\n    default_backend be\nbackend be\n    mode {mode}\n    server s1 @s1@\n"
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def logged(w, sent, finish=False):
    """What one client's words leave in the log."""
    w.exchange("fe", sent, finish)
    line = w.log.next("{")
    return json.loads(line[line.index("{"):])


def a_request_is_one_object(w):
    w.server("s1", answer_requests)
    w.start(CONFIG.format(mode="http", log="option jsonlog\n    capture request header Host len 20"))
    seen = logged(w, b'GET /a?b="%80" HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n')
    true(DATE.fullmatch(seen["time"]), "the date of the request")
    equal([seen[key] for key in ("frontend", "backend", "server", "method", "uri", "version", "status")],
          ["fe", "be", "s1", "GET", '/a?b="%80"', "HTTP/1.1", 200], "who was asked what")
    equal([seen[key] for key in ("request_cookie", "unique_id", "termination_state", "retries")], [None, None, "----", 0],
          "absent is null")
    equal(seen["request_captures"], "{weir}", "what was captured")
    true(all(isinstance(seen[key], int) for key in ("client_port", "active_time", "bytes_read", "queue_time")), "numbers are numbers")


def what_is_no_request_is_an_object_too(w):
    w.server("s1", answer_requests)
    w.start(CONFIG.format(mode="http", log="option jsonlog"))
    seen = logged(w, b"\x16\x03\x01\x00\r\n\r\n")
    equal([seen["status"], seen["server"], seen["termination_state"]], [400, "<NOSRV>", "PR--"], "a TLS hello")


def a_session_is_one_object(w):
    w.server("s1", echo)
    w.start(CONFIG.format(mode="tcp", log="option jsonlog"))
    seen = logged(w, b"hello", finish=True)
    equal([seen["server"], seen["bytes_read"], seen["bytes_uploaded"], seen["termination_state"]], ["s1", 5, 5, "--"], "a session")


def hostile_text_stays_in_its_string(w):
    w.server("s1", answer_requests)
    w.start(CONFIG.format(mode="http", log="http-request set-var(txn.agent) req.fhdr(user-agent)\n    "
                          "log-format \"%{+json}o %(agent)[var(txn.agent)] %(known)[bool(true)]\""))
    for sent, expected in ((b'"},{"x":"', '"},{"x":"'), (b"\\", "\\"), (b"\xc3\xa9 \xff", "\u00e9 \u00ff"), (b"\t.", ".")):
        request = b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: " + sent + b"\r\nConnection: close\r\n\r\n"
        equal(logged(w, request), {"agent": expected, "known": True}, repr(sent))


run([a_request_is_one_object, what_is_no_request_is_an_object_too, a_session_is_one_object, hostile_text_stays_in_its_string], 2)
