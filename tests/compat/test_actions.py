#!/usr/bin/env python3
"""The actions of rules: verdicts of all four rule sets, variables, captures, addresses, levels, and how long rules wait."""
import socket
import time

from harness import main, scenario
from wire import greet, hang, say_after_first_bytes

COUNTS = ("stot", "dreq", "dresp", "dcon", "dses", "ereq", "econ", "eresp", "cli_abrt", "srv_abrt")


def farm(w, front="", back="", behaviour=greet, **options):
    w.servers("s1", behaviour=behaviour)
    w.start(f"frontend fe\n    bind @fe@\n{front}\n    default_backend be\nbackend be\n{back}\n    server s1 @s1@\n", **options)


def talk(w, label, data=b"x", later=b"", wait=1.0):
    """What a client sees first that says `data`: bytes, an end, a reset, or nothing at all."""
    try:
        with w.client("fe") as client:
            client.send(data)
            if later:
                time.sleep(0.3)  # lets the first part be looked at alone
                client.send(later)
            client.sock.settimeout(wait)
            got = client.sock.recv(3)
            if got:
                client.finish().rest()  # an end that both agree to
    except ConnectionError:
        got = b""
    except socket.timeout:
        got = b"<nothing>"
    w.observe(label, got.decode())


def counts(w):
    for proxy, name in (("fe", "FRONTEND"), ("be", "BACKEND"), ("be", "s1")):
        row = w.stat(proxy, name)
        w.observe(f"counts of {name}", {key: row.get(key) for key in COUNTS})


def verdict(name, front="", back="", behaviour=greet, logged=True, wait=1.0, data=b"x"):
    def play(w):
        farm(w, front, back, behaviour)
        talk(w, "client", data, wait=wait)
        if logged:
            w.observe_log("log")
        counts(w)
    play.__name__ = name
    scenario(play)


verdict("connection_rejects", "    tcp-request connection reject", logged=False)
verdict("session_rejects", "    tcp-request session reject", logged=False)
verdict("content_rejects", "    tcp-request content reject")
verdict("backend_content_rejects", back="    tcp-request content reject")
verdict("response_rejects_a_silent_server", back="    tcp-response content reject", behaviour=hang)
verdict("response_rejects_what_it_knows_at_once",
        back="    tcp-response inspect-delay 2s\n    tcp-response content reject if { res.len eq 0 }", behaviour=hang)
verdict("response_lets_pass_without_a_delay", back="    tcp-response content reject if { res.payload(0,1) -m found }")
verdict("response_accepts_first", back="    tcp-response inspect-delay 2s\n"
                                       "    tcp-response content accept if { res.payload(0,2) -m str s1 }\n"
                                       "    tcp-response content reject if { res.payload(0,2) -m found }")
verdict("response_closes", back="    tcp-response content close")
verdict("response_closes_after_its_first_word",
        back="    tcp-response inspect-delay 1s\n    tcp-response content close if { res.len gt 0 }", data=b"")
verdict("response_waits_and_lets_pass",
        back="    tcp-response inspect-delay 400ms\n    tcp-response content reject if { res.len gt 100 }", wait=3)
verdict("content_drops_silently", "    tcp-request content silent-drop", wait=0.3)
verdict("session_drops_silently", "    tcp-request session silent-drop", logged=False, wait=0.3)
verdict("connection_drops_silently", "    tcp-request connection silent-drop", logged=False, wait=0.3)
verdict("response_drops_silently",
        back="    tcp-response inspect-delay 1s\n    tcp-response content silent-drop if { res.len gt 0 }", wait=0.3, data=b"")


@scenario
def order_of_the_sets(w):
    farm(w, '    log-format "%[var(sess.a)]"\n'
            "    tcp-request content set-var-fmt(sess.a) %[var(sess.a)]c\n"
            "    tcp-request session set-var-fmt(sess.a) %[var(sess.a)]s\n"
            "    tcp-request connection set-var-fmt(sess.a) n\n",
         "    tcp-response content set-var-fmt(sess.a) %[var(sess.a)]r\n"
         "    tcp-request content set-var-fmt(sess.a) %[var(sess.a)]b\n")
    talk(w, "client")
    w.observe_log("order")


@scenario
def rules_of_a_defaults_section_come_first(w):
    w.servers("s1")
    w.start("""
defaults rules
    mode tcp
    timeout client 8s
    log global
    acl always always_true
    tcp-request content set-var(sess.a) int(1) if always
    tcp-request content set-var(sess.b) int(1)
frontend fe from rules
    bind @fe@
    log-format "%[var(sess.a)] %[var(sess.b)]"
    tcp-request content set-var(sess.b) var(sess.b),add(4)
    default_backend be
defaults plain
    mode tcp
    timeout connect 2s
    timeout server 8s
backend be from plain
    server s1 @s1@
""")
    talk(w, "client")
    w.observe_log("values")


DEFAULTS = """
defaults rules
    mode tcp
    timeout connect 2s
    timeout client 8s
    timeout server 8s
    {line}
{more}
"""
FE = "frontend fe from rules\n    bind @fe@\n"
BE = "backend be from rules\n    server s1 127.0.0.1:1\n"


def refused(name, line, more):
    def play(w):
        w.observe("refused", w.check(DEFAULTS.format(line=line, more=more))[0] != 0)
    play.__name__ = name
    scenario(play)


refused("defaults_rules_for_both_sides", "tcp-request content reject", FE + BE)
refused("defaults_rules_for_listen", "tcp-request content reject", "listen l from rules\n    bind @fe@\n    server s1 127.0.0.1:1\n")
refused("defaults_rules_inherited_by_defaults", "tcp-request content reject", "defaults more from rules\n    timeout check 1s\n" + FE)
refused("defaults_response_rules_for_frontends", "tcp-response content reject", FE)
refused("defaults_connection_rules_for_backends", "tcp-request connection reject", BE)
refused("defaults_acl_is_not_seen", "acl a src 127.0.0.1", FE + "    tcp-request content reject if a\n")
refused("defaults_table_of_its_own", "tcp-request content reject if { src,in_table }", FE + "    stick-table type ip size 10\n")
refused("variable_without_scope", "timeout check 1s", FE + "    tcp-request content set-var(a) int(1)\n")
refused("variable_of_unknown_scope", "timeout check 1s", FE + "    tcp-request content set-var(foo.a) int(1)\n")
refused("capture_without_length", "timeout check 1s", FE + "    tcp-request content capture src\n")
refused("capture_in_a_backend", "timeout check 1s", BE + "    tcp-request content capture src len 10\n")
refused("level_that_is_none", "timeout check 1s", FE + "    tcp-request content set-log-level loud\n")
refused("close_a_request", "timeout check 1s", FE + "    tcp-request content close\n")


@scenario
def delay_of_a_defaults_section_serves_both(w):
    w.observe("accepted", w.check(DEFAULTS.format(line="tcp-request inspect-delay 1s", more=FE + BE))[0] == 0)


VARS = '    log-format "sess=%[var(sess.a)] txn=%[var(txn.a)] req=%[var(req.a)] res=%[var(res.a)] proc=%[var(proc.a)]"\n'


@scenario
def lives_of_variables(w):
    farm(w, VARS + "    tcp-request content set-var(sess.a) int(1)\n    tcp-request content set-var(txn.a) str(two)\n"
                   "    tcp-request content set-var(req.a) src\n    tcp-request content set-var(res.a) int(4)\n",
         "    tcp-request content set-var(proc.a) var(req.a)\n    tcp-response content set-var(res.a) var(res.a),add(1)\n")
    talk(w, "client")
    w.observe_log("values")


@scenario
def response_variables(w):
    farm(w, VARS, "    tcp-response inspect-delay 1s\n    tcp-response content accept if { res.len lt 3 }\n"
                  "    tcp-response content set-var(res.a) res.payload(0,2)\n")
    talk(w, "client")
    w.observe_log("values")


@scenario
def process_variables(w):
    farm(w, VARS + "    tcp-request content set-var(proc.a) var(proc.a),add(proc.b)",
         more_global="set-var proc.a int(3),add(4)\n    set-var proc.b int(2)\n    set-var-fmt proc.c x%[var(proc.a)]")
    for _ in range(3):
        talk(w, "client")
        w.observe_log("values")


@scenario
def variables_and_conditions(w):
    farm(w, '    log-format "%[var(sess.a)] %[var(sess.b)] %[var(sess.c)] %[var(sess.d,dft)] %[var(sess.e,)] %[var(sess.f)]"\n'
            "    tcp-request content set-var(sess.a,ifnotset) int(1)\n    tcp-request content set-var(sess.a,ifnotset) int(2)\n"
            "    tcp-request content set-var(sess.b,ifset) int(3)\n"
            "    tcp-request content set-var(sess.c) int(5)\n    tcp-request content set-var(sess.c,ifgt) int(7)\n"
            "    tcp-request content set-var(sess.c,iflt) int(9)\n"
            "    tcp-request content set-var(sess.f) int(1)\n    tcp-request content unset-var(sess.f)\n")
    talk(w, "client")
    w.observe_log("values")


@scenario
def variables_choose_the_backend(w):
    w.servers("s1", "s2", behaviour=say_after_first_bytes)
    w.start("frontend fe\n    bind @fe@\n    tcp-request inspect-delay 2s\n"
            "    tcp-request content set-var-fmt(txn.to) bs%[req.payload(0,1)] if { req.payload(0,1) -m str 2 }\n"
            "    tcp-request content accept if { req.len gt 0 }\n"
            "    use_backend %[var(txn.to)] if { var(txn.to) -m found }\n    default_backend bs1\n"
            "backend bs1\n    server s1 @s1@\nbackend bs2\n    server s2 @s2@\n")
    for data in (b"1", b"2", b"3"):
        talk(w, data.decode(), data)


# A value that has not arrived: set-var goes on without it, a condition and a capture wait.
@scenario
def who_waits(w):
    farm(w, '    log-format "%hr %[var(sess.a)] %[var(sess.b)]"\n    tcp-request inspect-delay 2s\n'
            "    tcp-request content set-var(sess.a) req.payload(0,4)\n"
            "    tcp-request content capture req.payload(0,4) len 9\n"
            "    tcp-request content set-var(sess.b) req.payload(0,4)\n")
    talk(w, "client", b"a", b"bcde")
    w.observe_log("values")


@scenario
def nobody_waits_without_a_delay(w):
    farm(w, '    log-format "%hr %[var(sess.a)]"\n'
            "    tcp-request content capture req.payload(0,4) len 9\n"
            "    tcp-request content set-var(sess.a) int(1)\n")
    talk(w, "client", b"a")
    w.observe_log("values")


@scenario
def undecided_rules_wait_in_order(w):
    farm(w, '    log-format "%[var(sess.a)] %[var(sess.b)] ."\n    tcp-request inspect-delay 2s\n'
            "    tcp-request content set-var(sess.a) req.len\n"
            "    tcp-request content accept if { req.payload(0,3) -m str abc }\n"
            "    tcp-request content set-var(sess.b) req.len\n"
            "    tcp-request content reject if { req.payload(0,5) -m str xbcde }\n")
    talk(w, "first", b"abc")
    w.observe_log("first")
    talk(w, "second", b"x", b"bcde")
    w.observe_log("second")


@scenario
def captures(w):
    farm(w, '    log-format "hr=%hr hrl=%hrl q=%{+Q}hr ql=%{+Q}hrl e=%{+E}hr hs=%hs hsl=%hsl %[capture.req.hdr(1)] %[capture.req.hdr(7)]"\n'
            "    tcp-request inspect-delay 1s\n    tcp-request content capture req.payload(0,10) len 20\n"
            "    declare capture request len 3\n    tcp-request content capture str(zzzz) len 2\n"
            "    tcp-request content capture src len 9\n    tcp-request content capture bin(0102) len 9\n")
    talk(w, "client", b'b|c{}"d\x01\xff]')
    w.observe_log("captures")


@scenario
def captures_by_converters(w):
    farm(w, '    log-format "hr=%hr hs=%hs hsl=%{+Q}hsl %[capture.req.hdr(0)] %[capture.res.hdr(0)] %[var(sess.b)]"\n'
            "    declare capture request len 10\n    declare capture response len 5\n"
            "    tcp-request content set-var(sess.a) str(abcdefgh),capture-req(0)\n"
            "    tcp-request content set-var(sess.b) str(abcdefgh),capture-res(0),upper\n"
            "    tcp-request content set-var(sess.c) str(abcdefgh),capture-req(9)\n")
    talk(w, "client")
    w.observe_log("captures")


ADDRESSES = '    log-format "%ci:%cp %[src]:%[src_port] %fi:%fp %[dst]:%[dst_port]"\n'


def addresses(name, *rules):
    def play(w):
        farm(w, ADDRESSES + "".join(f"    tcp-request {rule}\n" for rule in rules))
        talk(w, "client")
        w.observe_log("addresses")
    play.__name__ = name
    scenario(play)


addresses("addresses_of_contents", "content set-src ipv4(192.0.2.9)", "content set-src-port int(77)",
          "content set-dst ipv6(2001:db8::1)", "content set-dst-port int(99)")
addresses("addresses_of_connections", "connection set-src ipv6(2001:db8::7)", "connection set-src-port int(77)",
          "connection set-dst ipv4(192.0.2.77)", "connection set-dst-port int(99)")
addresses("addresses_of_sessions", "session set-src src,ipmask(8)", "session set-dst dst,ipmask(8)")
addresses("addresses_that_are_none", "content set-src str(nobody)", "content set-dst str(nobody)")
addresses("rules_see_the_new_address", "content set-src ipv4(192.0.2.9)", "content set-src-port int(77)",
          "content set-dst ipv4(192.0.2.10) if { src 192.0.2.9 }")


@scenario
def server_where_the_client_meant_to_go(w):
    w.servers("s1", "s2")
    port = w.places["s2"].rpartition(":")[2]
    w.start(f"frontend fe\n    bind @fe@\n    tcp-request content set-dst-port int({port})\n    default_backend be\n"
            "backend be\n    server any 0.0.0.0:0\n")
    talk(w, "client")


@scenario
def log_levels(w):
    farm(w, "    tcp-request content set-log-level warning if { src 127.0.0.2 }\n"
            "    tcp-request content set-log-level silent if { src 127.0.0.3 }\n",
         "    tcp-response content set-log-level alert if { src 127.0.0.4 }\n")
    for last in (1, 2, 3, 4):
        with w.client("fe", f"127.0.0.{last}") as client:
            client.send(b"x").finish().rest()
        if last != 3:
            w.observe_log(f"127.0.0.{last}")


@scenario
def types_of_service(w):
    farm(w, "    tcp-request connection set-tos 0x28\n    tcp-request session set-tos 40\n    tcp-request content set-tos 255\n"
            "    tcp-request content set-mark 1\n    tcp-request connection set-mark 0x10\n")
    talk(w, "client")
    w.observe_log("log")


@scenario
def priorities_are_taken(w):
    farm(w, "    tcp-request content set-priority-class int(-9)\n    tcp-request content set-priority-offset int(1000)\n"
            "    tcp-request content set-priority-class str(none)\n    tcp-request content set-nice 5\n")
    talk(w, "client")
    w.observe_log("log")


if __name__ == "__main__":
    main()
