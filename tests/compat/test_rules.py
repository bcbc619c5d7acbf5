#!/usr/bin/env python3
"""tcp-request rules, ACLs, inspection and the choice of the backend: who is let in, who is not, and where they go."""
import struct
import time

from harness import main, scenario
from wire import rdp_request, say_after_first_bytes

BOTH = (1, 2)


def client_hello(minor=3, name=b"example.test"):
    """A TLS client hello with a server name."""
    sni = struct.pack(">HBH", len(name) + 3, 0, len(name)) + name
    extensions = struct.pack(">HH", 0, len(sni)) + sni
    body = struct.pack(">BB", 3, minor) + b"R" * 32 + b"\x00" + b"\x00\x02\x13\x01" + b"\x01\x00"
    body += struct.pack(">H", len(extensions)) + extensions
    handshake = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack(">H", len(handshake)) + handshake


def rules(w, frontend, names=("s1", "s2"), backends=""):
    w.servers(*names, behaviour=say_after_first_bytes)
    bodies = "\n".join(f"backend b{name}\n    server {name} @{name}@" for name in names)
    w.start(f"frontend fe\n    bind @fe@\n{frontend}\n    default_backend bs1\n{bodies}\n{backends}")


def send(w, data, source=None, later=b""):
    try:
        with w.client("fe", source) as client:
            client.send(data)
            if later:
                time.sleep(0.1)  # lets the first part be looked at alone
                client.send(later)
            return client.line().decode(errors="replace").strip()
    except ConnectionError:  # refused so early that connecting or sending already failed
        return "<reset>"


def table(w, frontend, rows, **options):
    """Rows of (label, bytes, source): which server said its name, if any."""
    rules(w, frontend, **options)
    for label, data, source in rows:
        answer = send(w, data, source)
        w.observe(label, "closed" if answer in ("", "<reset>") else answer)


@scenario(threads=BOTH)
def reject_by_source(w):
    table(w, "    acl bad src 127.0.0.64/26 127.0.0.200\n    tcp-request connection reject if bad",
          [(f"127.0.0.{n}", b"x", f"127.0.0.{n}") for n in (1, 63, 64, 100, 127, 128, 199, 200, 201)])


@scenario
def accept_before_reject(w):
    table(w, "    tcp-request connection accept if { src 127.0.0.5 }\n    tcp-request connection reject if { src 127.0.0.0/28 }",
          [(f"127.0.0.{n}", b"x", f"127.0.0.{n}") for n in (4, 5, 6, 16)])


@scenario
def conditions_combine(w):
    table(w, "    acl a src 127.0.0.0/29\n    acl b src 127.0.0.4/30\n    acl c src 127.0.0.9\n"
             "    tcp-request connection reject if a !b or c\n    use_backend bs2 unless a",
          [(f"127.0.0.{n}", b"x", f"127.0.0.{n}") for n in range(1, 12)])


@scenario
def anonymous_and_named(w):
    table(w, "    acl low src 127.0.0.1 127.0.0.2\n    acl low src 127.0.0.3\n    use_backend bs2 if low { src 127.0.0.2 127.0.0.3 }",
          [(f"127.0.0.{n}", b"x", f"127.0.0.{n}") for n in range(1, 5)])


@scenario
def ports_and_lengths(w):
    table(w, "    acl here dst_port gt 1024\n    acl long req.len ge 10\n    tcp-request inspect-delay 300ms\n"
             "    tcp-request content accept if long\n    use_backend bs2 if here long",
          [("short", b"abc", None), ("ten", b"0123456789", None), ("long", b"x" * 3000, None)])


@scenario
def integer_ranges(w):
    table(w, "    tcp-request inspect-delay 200ms\n    tcp-request content reject if { req.len 3:5 }\n"
             "    tcp-request content accept if { req.len lt 3 }",
          [(f"{n} bytes", b"x" * n, None) for n in (1, 2, 3, 4, 5, 6)])


@scenario
def payload_matches(w):
    table(w, "    tcp-request inspect-delay 1s\n    tcp-request content accept if { req.len gt 3 }\n"
             "    use_backend bs2 if { req.payload(0,4) -m str HELO }\n"
             "    tcp-request content reject if { req.payload(0,3) -m bin 000102 }",
          [("HELO", b"HELO you", None), ("helo", b"helo you", None), ("EHLO", b"EHLO you", None)])


@scenario
def payload_methods(w):
    table(w, "    tcp-request inspect-delay 1s\n    tcp-request content accept if { req.len ge 8 }\n"
             "    use_backend bs2 if { req.payload(0,8) -m beg ab } or { req.payload(0,8) -m end yz }"
             " or { req.payload(0,8) -m sub mid } or { req.payload(0,8) -m reg ^[0-9]+$ } or { req.payload(0,8) -i -m str QQQQQQQQ }",
          [(text, text.encode(), None) for text in ("ab------", "-ab-----", "------yz", "---mid--", "12345678", "1234x678",
                                                    "qqqqqqqq", "qqqqqqqr")])


@scenario
def binary_payload(w):
    table(w, "    tcp-request inspect-delay 1s\n    tcp-request content accept if { req.len ge 4 }\n"
             "    use_backend bs2 if { req.payload(0,4) -m bin 0300002b }",
          [("same", b"\x03\x00\x00\x2bxxxx", None), ("other", b"\x03\x00\x00\x2cxxxx", None)])


RDP = [("user", rdp_request(cookie=b"alice"), None), ("token", rdp_request(token=b"1.2.0000"), None),
       ("no cookie", rdp_request(), None), ("not rdp", b"GET / HTTP/1.0\r\n\r\n", None), ("tls", client_hello(), None)]


@scenario(threads=BOTH)
def rdp_cookie_acl(w):
    table(w, "    tcp-request inspect-delay 300ms\n    tcp-request content accept if RDP_COOKIE\n    use_backend bs2 if RDP_COOKIE",
          RDP)


@scenario
def rdp_cookie_value(w):
    table(w, "    tcp-request inspect-delay 300ms\n    tcp-request content accept if RDP_COOKIE\n"
             "    use_backend bs2 if { req.rdp_cookie(mstshash) -i -m str ALICE } or { req.rdp_cookie(msts) -m found }", RDP)


@scenario
def rdp_cookie_count(w):
    table(w, "    tcp-request inspect-delay 300ms\n    tcp-request content accept if { req.rdp_cookie_cnt(mstshash) eq 1 }\n"
             "    tcp-request content reject", RDP)


@scenario
def tls_version(w):
    table(w, "    tcp-request inspect-delay 300ms\n    tcp-request content accept if { req.ssl_ver 3.0:3.4 }\n"
             "    use_backend bs2 if { req.ssl_ver ge 3.3 }", RDP + [("tls 1.0", client_hello(1), None)])


@scenario
def tls_server_name(w):
    table(w, "    tcp-request inspect-delay 300ms\n    tcp-request content accept if { req.ssl_hello_type 1 }\n"
             "    use_backend bs2 if { req.ssl_sni -i -m end .two }",
          [("one", client_hello(name=b"a.one"), None), ("two", client_hello(name=b"A.TWO"), None)])


@scenario
def waits_for_the_rest_of_a_hello(w):
    rules(w, "    tcp-request inspect-delay 3s\n    tcp-request content accept if RDP_COOKIE\n    tcp-request content reject")
    hello = rdp_request(cookie=b"Administrator")
    for at in (1, 4, 6, 11, 17, 30, len(hello) - 9, len(hello) - 1):
        w.observe(f"split at {at}", send(w, hello[:at], later=hello[at:]))


@scenario
def wait_end(w):
    rules(w, "    tcp-request inspect-delay 400ms\n    tcp-request content accept if WAIT_END")
    started = time.monotonic()
    w.observe("server", send(w, b"x"))
    w.observe("took", [round(1000 * (time.monotonic() - started))], "near")


@scenario
def true_and_false(w):
    table(w, "    use_backend bs2 if FALSE\n    use_backend bs2 if { always_false } or ! TRUE\n    use_backend bs2 if LOCALHOST { src 127.0.0.7 }",
          [(f"127.0.0.{n}", b"x", f"127.0.0.{n}") for n in (6, 7)])


@scenario
def rules_of_the_backend(w):
    table(w, "    use_backend guarded if { src 127.0.0.9 }", [("free", b"abc", None), ("guarded short", b"abc", "127.0.0.9"),
                                                              ("guarded long", b"abcdefgh", "127.0.0.9")],
          backends="backend guarded\n    tcp-request inspect-delay 300ms\n    tcp-request content reject unless { req.len gt 5 }\n"
                   "    server s2 @s2@")


@scenario
def first_use_backend_wins(w):
    table(w, "    use_backend bs2 if { src 127.0.0.2 127.0.0.3 }\n"
          + "    use_backend bs1 if { src 127.0.0.3 127.0.0.4 }",
          [(f"127.0.0.{n}", b"x", f"127.0.0.{n}") for n in range(1, 6)])


@scenario
def backend_by_expression(w):
    table(w, "    tcp-request inspect-delay 1s\n    tcp-request content accept if { req.len ge 3 }\n"
             "    use_backend %[req.payload(0,3)]",
          [("bs2", b"bs2", None), ("bs1", b"bs1", None), ("nowhere", b"zzz", None)])


@scenario
def acl_from_a_file(w):
    w.write("127.0.0.2\n# a comment\n127.0.0.16/28\n\n", "list.txt")
    table(w, "    use_backend bs2 if { src -f @dir@/list.txt }",
          [(f"127.0.0.{n}", b"x", f"127.0.0.{n}") for n in (1, 2, 15, 16, 31, 32)])


@scenario
def backend_load(w):
    table(w, "    use_backend bs2 if { nbsrv(bs1) lt 1 }\n    use_backend bs2 unless { srv_is_up(bs1/s1) }",
          [("up", b"x", None)])
    w.cli("disable server bs1/s1")
    w.observe("down", send(w, b"x"))


if __name__ == "__main__":
    main()
