#!/usr/bin/env python3
"""`show errors`: messages that break HTTP's grammar, byte by byte. The lines about the inside of either program are left out."""
import re

from harness import add_scenario, main
from web import PAIR

CONFIG = PAIR + """
listen both
    mode http
    bind @both@
    server s2 @s1@
"""
LONG = "this is a very long line which should be broken into several lines, otherwise it would be too large to print in a terminal"
ANSWERS = {
    b"/bad-name": b"HTTP/1.0 200 OK\r\nheader/bizarre:blah\r\nLocation: blah\r\nLong-line: " + LONG.encode() + b"\r\n\r\n",
    b"/bad-version": b"HTTP/7 200 OK\r\n\r\n",
    b"/lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
    b"/good": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
}
REQUESTS = {
    "bad name": b"GET / HTTP/1.1\r\nHost: x\r\nbad/name: x\r\nafter: \t\xff\\z\r\n\r\n",
    "no name": b"GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n",
    "space before colon": b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "lengths": b"GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "hello of TLS": b"\x16\x03\x01\x02\x00garbage",
    "method": b"G\x1bT / HTTP/1.1\r\n\r\n",
    "second": b"GET /good HTTP/1.1\r\nHost: x\r\n\r\nGET /n@\x01\r\n\r\n",
    **{f"wraps at {size}": b"GET / HTTP/1.1\r\nHost: x\r\na b" + b"c" * size + b"\x80\x1b\r\n\r\n" + b"d" * 70 + b"\n" + b"e" * 71
       for size in range(60, 68)},
}


def answer(server, conn):
    data = conn.recv(65536)
    conn.sendall(next(answer for path, answer in ANSWERS.items() if path in data))


def reported(w, command):
    text = w.cli(command)
    text = re.sub(r"\[\d\d/.*?\]", "[date]", text)
    text = re.sub(r"src [\d.]+:\d+", "src client", text)
    text = re.sub(r"\d+ free|wraps at \d+", "", text)
    return re.sub(r"\n  (?:H1 .*\n  )+H1 .* :\n|\n  [^\n]* :\n", "\n  why :\n", text)


def requests(w):
    w.server("s1", answer)
    w.start(CONFIG)
    w.observe("none", reported(w, "show errors"))
    for name, request in REQUESTS.items():
        w.exchange("fe", request)
        w.observe(name, reported(w, "show errors"))


def answers(w):
    w.server("s1", answer)
    w.start(CONFIG)
    for path in ANSWERS:
        w.exchange("fe", b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        w.observe(path.decode(), reported(w, "show errors"))


def choices(w):
    w.server("s1", answer)
    w.start(CONFIG)
    w.exchange("fe", b"GET /bad-name HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    w.exchange("fe", REQUESTS["no name"])
    w.exchange("both", b"GET /lengths HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    w.exchange("both", REQUESTS["lengths"])
    for words in ("", "fe", "be", "both", "-1", "3", "99", "-2", "nobody", "fe request", "fe response", "be request", "both response",
                  "-1 request", "-1 response", "-1 other", "request"):
        w.observe(words, reported(w, f"show errors {words}"))


def answer_broken_chunk(server, conn):
    conn.recv(65536)
    conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nxyz\r\n")


def waited_for(w):
    """A body that is broken where a rule waits for it: whose it is. weir shows the chunk at fault only."""
    w.server("s1", answer_broken_chunk)
    w.start(CONFIG + "    http-request wait-for-body time 5s\n    http-response wait-for-body time 5s\n")

    def whose():
        return [line for line in reported(w, "show errors").split("\n") if "Total" in line or "[date]" in line or "src client" in line]
    w.exchange("both", b"POST /good HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nxyz\r\n")
    w.observe("request", whose())
    w.exchange("both", b"GET /bad-chunk HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    w.observe("response", whose())


for _run in (requests, answers, choices, waited_for):
    add_scenario(f"show_errors_{_run.__name__}", _run)

if __name__ == "__main__":
    main()
