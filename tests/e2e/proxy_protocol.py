#!/usr/bin/env python3
"""PROXY headers on the wire: cut at every byte, with data behind them, over reloads and under load; and what is said to servers beyond
what the reference can. Runs on $WEIR.
"""
import os
import socket
import struct
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import run, true  # noqa: E402
from wire import hang  # noqa: E402

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
FOUR = b"\x0a\0\0\1\x0a\0\0\2\0\x50\1\xbb"
LINE = b"PROXY TCP4 10.0.0.1 10.0.0.2 80 443\r\n"


def tlv(kind, value):
    return struct.pack(">BH", kind, len(value)) + value


def block(body=FOUR, command=0x21, family=0x11):
    return SIGNATURE + bytes([command, family]) + struct.pack(">H", len(body)) + body


BLOCK = block(FOUR + tlv(2, b"desk.example.com") + tlv(0xE1, b"blue"))


def tell(server, conn):
    """Gives back what arrives until the end, in one piece."""
    got = b""
    while piece := conn.recv(65536):
        got += piece
    conn.sendall(got)


def first_read(server, conn):
    """Gives back what one read takes."""
    conn.sendall(conn.recv(65536))


def farm(w, behaviour, bind="accept-proxy", server="", more=""):
    w.server("s1", behaviour)
    w.start(f"frontend fe\n    bind @fe@ {bind}\n    {more}\n    default_backend be\nbackend be\n    server s1 @s1@ {server}\n")


def cut_everywhere(w):
    farm(w, tell, more='log-format "%ci:%cp %fi:%fp %[fc_pp_authority]"')
    for header, name in ((LINE, "-"), (BLOCK, "desk.example.com")):
        for cut in range(1, len(header)):
            with w.client("fe") as client:
                client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.send(header[:cut])
                time.sleep(0.002)
                client.send(header[cut:] + b"hello").finish()
                true(client.rest() == b"hello", f"cut at {cut}")
            w.log.next(f"10.0.0.1:80 10.0.0.2:443 {name}")


def byte_by_byte(w):
    farm(w, tell)
    for header in (LINE, BLOCK):
        with w.client("fe") as client:
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in header + b"hello":
                client.send(bytes([byte]))
                time.sleep(0.001)
            client.finish()
            true(client.rest() == b"hello", "every byte alone")


def much_behind_it(w):
    """More than a buffer behind the header, in one go."""
    farm(w, tell)
    data = os.urandom(3_000_000)
    for header in (LINE, BLOCK):
        with w.client("fe") as client:
            sender = threading.Thread(target=lambda: client.send(header + data).finish())
            sender.start()
            true(client.rest() == data, "all of it, unchanged")
            sender.join()


def rules_look_behind_it(w):
    farm(w, tell, more="tcp-request inspect-delay 2s\n    tcp-request content accept if { req.len ge 5 }\n"
                       "    tcp-request content reject")
    with w.client("fe") as client:
        client.send(LINE + b"hel")
        time.sleep(0.05)
        client.send(b"lo").finish()
        true(client.rest() == b"hello", "the first bytes begin behind the header")


def one_write(w):
    """The header and the client's first bytes reach the server in one piece."""
    for words, begins in (("send-proxy", b"PROXY TCP4 "), ("send-proxy-v2", SIGNATURE)):
        w.server("s1", first_read)
        w.start(f"frontend fe\n    bind @fe@\n    tcp-request inspect-delay 2s\n    tcp-request content accept if {{ req.len ge 5 }}\n"
                f"    default_backend be\nbackend be\n    server s1 @s1@ {words}\n")
        with w.client("fe") as client:
            client.send(b"hello")
            got = client.rest()
        true(got.startswith(begins) and got.endswith(b"hello"), f"{words}: {got!r}")
        w.stop()


def full_buffer_and_header(w):
    """Inspection filled the buffer: the header still comes first, and nothing is lost."""
    farm(w, tell, "", "send-proxy", "tcp-request inspect-delay 300ms\n    tcp-request content accept if { req.len ge 1000000 }")
    data = os.urandom(200_000)
    with w.client("fe") as client:
        sender = threading.Thread(target=lambda: client.send(data).finish())
        sender.start()
        got = client.rest()
        sender.join()
    line, _, rest = got.partition(b"\r\n")
    true(line.startswith(b"PROXY TCP4 ") and rest == data, f"{line!r} and {len(rest)} bytes")


def values_are_handed_on(w):
    farm(w, tell, "accept-proxy", "send-proxy-v2 set-proxy-v2-tlv-fmt(0xE1) %[fc_pp_tlv(0xE1)] set-proxy-v2-tlv-fmt(0xE2) %[src]:%[fc_src] "
                                  "set-proxy-v2-tlv-fmt(0xE3) %[fc_pp_tlv(0xE9)]")
    with w.client("fe", "127.0.0.9") as client:
        client.send(BLOCK + b"hello").finish()
        got = client.rest()
    true(got == block(FOUR + tlv(0xE1, b"blue") + tlv(0xE2, b"10.0.0.1:127.0.0.9")) + b"hello", f"{got!r}")


def value_that_does_not_fit(w):
    """A header above the buffer's size ends the session; it is not cut."""
    text = "x" * 600
    farm(w, tell, "", "send-proxy-v2 " + " ".join(f"set-proxy-v2-tlv-fmt({n}) {text}" for n in range(0x40, 0x60)))
    with w.client("fe") as client:
        client.send(b"hello")
        true(client.rest() in (b"", b"<reset>"), "nothing is said")
    w.log.next("be/s1")


def time_for_a_header(w):
    farm(w, hang, more="timeout client 5s\n    timeout client-hs 200ms")
    began = time.monotonic()
    with w.client("fe") as client:
        client.send(LINE[:10])
        client.rest()
    took = time.monotonic() - began
    true(0.15 < took < 2, f"{took:.2f} s")
    w.log.next("Timeout while waiting for PROXY protocol header")
    with w.client("fe") as client:
        client.send(LINE)
        time.sleep(0.4)
        client.send(b"still here").finish()
        true(client.rest() == b"", "afterwards the client's own timeout holds")
    w.log.next("10.0.0.1:80")


def reloads_change_it(w):
    w.server("s1", tell)
    body = "frontend fe\n    bind @fe@ {}\n    log-format \"%ci\"\n    default_backend be\nbackend be\n    server s1 @s1@ {}\n"

    def becomes(bind, server):
        with open(w.config, encoding="utf-8") as running:
            head = running.read().split("frontend ", 1)[0]
        with open(w.config + ".new", "w", encoding="utf-8") as out:
            out.write(head + w.expand(body.format(bind, server)))
        os.replace(w.config + ".new", w.config)
        answer = w.cli("reload")
        true("Reload done" in answer, f"the reload is taken: {answer!r}")

    def said(data):
        with w.client("fe") as client:
            client.send(data).finish()
            return client.rest()
    w.start(body.format("", ""))
    true(said(LINE) == LINE, "without the word a header is data")
    becomes("accept-proxy", "")
    true(said(LINE + b"x") == b"x", "with it, it is none")
    becomes("accept-proxy", "send-proxy")
    true(said(LINE + b"x") == LINE + b"x", "and is handed on")
    becomes("", "")
    true(said(LINE) == LINE, "and is data again")


def retries_begin_anew(w):
    """A server that is retried gets a header of its own."""
    w.refusing("s1")
    w.server("s2", tell)
    w.start("frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    option redispatch\n    balance roundrobin\n"
            "    server s1 @s1@ send-proxy-v2\n    server s2 @s2@ send-proxy\n")
    for _ in range(4):
        with w.client("fe") as client:
            client.send(b"hello").finish()
            got = client.rest()
        true(got.startswith(b"PROXY TCP4 ") and got.endswith(b"\r\nhello") and got.count(b"PROXY") == 1, f"{got!r}")


def many_at_once(w):
    farm(w, tell, "accept-proxy", "send-proxy")
    wrong = []

    def work(number):
        for turn in range(60):
            header = f"PROXY TCP4 10.0.{number}.{turn} 10.0.0.2 {1000 + turn} 443\r\n".encode()
            with w.client("fe") as client:
                client.send(header + b"x").finish()
                got = client.rest()
            if got != header + b"x":
                wrong.append(got)
    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    true(not wrong, f"{len(wrong)} of 480 got another's header: {wrong[:2]}")
    w.idle("fe")


def leaving_early(w):
    """Clients that go in the middle of a header leave nothing behind."""
    farm(w, hang)
    for cut in range(0, len(BLOCK), 5):
        client = w.client("fe")
        client.send(BLOCK[:cut]) if cut else None
        client.reset() if cut % 2 else client.close()
    w.idle("fe")
    true(w.stat("fe", "FRONTEND")["stot"] == "0", "none of them was a session")


if __name__ == "__main__":
    run([cut_everywhere, byte_by_byte, much_behind_it, rules_look_behind_it, one_write, full_buffer_and_header, values_are_handed_on,
         value_that_does_not_fit, time_for_a_header, reloads_change_it, retries_begin_anew, many_at_once, leaving_early], 4)
