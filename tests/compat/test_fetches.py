#!/usr/bin/env python3
"""Sample fetches: each one's value in both programs, by way of the log line or of the way a connection takes."""
import re
import struct
import time

from harness import main, scenario
from wire import echo, hang, say_after_first_bytes, until

FRONT = """
frontend fe
    bind @fe@ name entry id 7
    id 11
    log-format "%s"
    %s
    default_backend be
backend be
    id 12
    timeout queue 3s
    timeout tunnel 1h
    %s
    server s1 @s1@ id 9 weight 10 maxconn 20
    server s2 @s2@ id 10 weight 30 backup
"""


def logged(w, fetches, data=b"hello\n", rules="", backend="", behaviour=echo):
    """One connection; the value of each fetch as its log line has it."""
    w.servers("s1", "s2", behaviour=behaviour)
    w.start(FRONT % (" ".join(f"{name}=%[{name}]" for name in fetches), rules, backend))
    with w.client("fe") as client:
        client.send(data)
        client.line()
    return w.log.next(f"{fetches[0]}=").split(": ", 1)[1]


def observe_each(w, line, forms=()):
    """`forms`: names whose values differ from run to run, with the pattern they must have."""
    forms = dict(forms)
    for item in re.split(r" (?=[a-z_0-9.]+(?:\([^)]*\))?=)", line.strip()):
        name, value = item.split("=", 1)
        if name in forms:
            value = "as expected" if re.fullmatch(forms[name], value) else f"unexpected: {value}"
        w.observe(name, value)


@scenario
def process(w):
    observe_each(w, logged(w, ["nbproc", "proc", "thread", "stopping", "always_true", "always_false", "wait_end"]))


@scenario
def constants(w):
    observe_each(w, logged(w, ["int(-7)", "bool(true)", "bool(0)", "str(a)", "bin(4142)", "ipv4(192.0.2.1)", "ipv6(::1)",
                               "meth(GET)", "date", "date(0,ms)", "date_us", "env(HOME)"]),
                 {"date": r"1\d{9}", "date(0,ms)": r"1\d{12}", "date_us": r"\d{1,6}"})


@scenario
def frontend_facts(w):
    observe_each(w, logged(w, ["fe_name", "fe_id", "fe_defbe", "fe_conn", "fe_client_timeout", "fe_req_rate",
                               "fe_sess_rate", "so_id", "so_name", "dst_conn", "fe_conn(fe)"]))


@scenario
def backend_facts(w):
    observe_each(w, logged(w, ["be_name", "be_id", "be_server_timeout", "be_tunnel_timeout", "srv_name", "srv_id",
                               "be_conn(be)", "be_conn_free(be)", "be_sess_rate(be)", "connslots(be)", "nbsrv(be)",
                               "queue(be)", "avg_queue(be)"]))


@scenario
def server_facts(w):
    observe_each(w, logged(w, [f"{name}(be/{server})" for server in ("s1", "s2") for name in
                               ("srv_conn", "srv_conn_free", "srv_is_up", "srv_iweight", "srv_uweight", "srv_weight",
                                "srv_queue", "srv_sess_rate")]))


@scenario
def addresses(w):
    observe_each(w, logged(w, ["src", "src_port", "dst", "dst_port", "src_is_local", "dst_is_local", "bc_src", "bc_dst",
                               "bc_src_port", "bc_dst_port"]), {"src_port": r"\d+", "bc_src_port": r"\d+"})


@scenario
def kernel_counters(w):
    observe_each(w, logged(w, ["fc_fackets", "fc_lost", "fc_reordering", "fc_retrans", "fc_sacked", "fc_unacked", "fc_rtt",
                               "fc_rtt(us)", "fc_rttvar", "fc_rttvar(us)"]),
                 {"fc_rtt(us)": r"\d+", "fc_rttvar(us)": r"\d+", "fc_rtt": "0|1", "fc_rttvar": "0|1"})


@scenario
def no_errors(w):
    observe_each(w, logged(w, ["fc_err", "fc_err_str", "bc_err", "bc_err_str"]))


@scenario
def weights_at_run_time(w):
    w.servers("s1", "s2", behaviour=echo)
    w.start(FRONT % ("W=%[srv_weight(be/s1)] %[srv_uweight(be/s1)] %[srv_iweight(be/s1)] %[nbsrv(be)] %[srv_is_up(be/s1)]"
                     " %[srv_is_up(be/s2)] %[be_conn_free(be)] %[connslots(be)]", "", ""))
    for command in ("show version", "set weight be/s1 5", "set weight be/s1 200%", "set server be/s1 state drain",
                    "set server be/s1 state maint", "set server be/s2 state maint", "set server be/s1 state ready",
                    "set maxconn server be/s1 3"):
        w.cli(command)
        with w.client("fe") as client:
            client.send(b"x\n")
            client.line()
        time.sleep(0.05)  # lets what ended leave the counters
        w.observe(command, w.log.next("W=").split(": ", 1)[1])


@scenario
def load_of_a_farm(w):
    """Four sessions on two slots: two wait."""
    w.server("s1", hang)
    w.start("frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    timeout queue 5s\n"
            "    server s1 @s1@ maxconn 2 maxqueue 7\n"
            "frontend ask\n    bind @ask@\n    log-format \"%[be_conn(be)] %[be_conn_free(be)] %[be_sess_rate(be)] %[connslots(be)]"
            " %[nbsrv(be)] %[queue(be)] %[avg_queue(be)] %[srv_conn(be/s1)] %[srv_conn_free(be/s1)] %[srv_queue(be/s1)]"
            " %[srv_sess_rate(be/s1)] %[fe_conn(fe)] %[fe_sess_rate(fe)]\"\n    default_backend other\n"
            "backend other\n    server s1 @s1@")
    clients = [w.client("fe").send(b"x") for _ in range(4)]
    until(lambda: "qcur=2" in w.cli("show stat typed").replace(":", "=") or w.cli("show stat").count("\nbe,"), what="a queue")
    time.sleep(0.2)  # all four have been looked at
    w.client("ask").send(b"x").close()
    w.observe("load", w.log.next().split(": ", 1)[1])
    for client in clients:
        client.close()


def hello(extensions=(), ciphers=b"\x13\x01\xc0\x2b", minor=3, block=True):
    listed = b"".join(struct.pack(">HH", kind, len(data)) + data for kind, data in extensions)
    body = struct.pack(">BB", 3, minor) + b"R" * 32 + b"\x00" + struct.pack(">H", len(ciphers)) + ciphers + b"\x01\x00"
    if block:
        body += struct.pack(">H", len(listed)) + listed
    message = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack(">H", len(message)) + message


SNI = (0, struct.pack(">HBH", 15, 0, 12) + b"host.example")
GROUPS = (10, b"\x00\x04\x00\x1d\x00\x17")
ALPN = (16, b"\x00\x0c\x02h2\x08http/1.1")
GREASE = (0x3a3a, b"")
HELLOS = {
    "bare": hello(block=False),
    "no extensions": hello(),
    "server name": hello([SNI]),
    "groups": hello([GROUPS]),
    "empty ticket": hello([(35, b"")]),
    "ticket": hello([SNI, (35, b"ticket")]),
    "all": hello([GREASE, SNI, GROUPS, ALPN, (35, b"")], ciphers=b"\x2a\x2a\x13\x01"),
    "tls 1.0": hello([SNI], minor=1),
    "no tls": b"GET / HTTP/1.0\r\n\r\n",
}


def by_way(w, fetches, rows, inspect="300ms"):
    """Rules note each fetch's value in a variable, the log line tells them."""
    notes = "\n".join([f"    tcp-request inspect-delay {inspect}"]
                      + [f"    tcp-request content set-var(sess.v{n}) {name} if {{ req.len gt 0 }}" for n, name in enumerate(fetches)])
    w.servers("s1", "s2", behaviour=say_after_first_bytes)
    w.start(FRONT % (" ".join(f"{name}=%[var(sess.v{n})]" for n, name in enumerate(fetches)), notes, ""))
    for label, data in rows.items():
        with w.client("fe") as client:
            client.send(data)
            client.line()
        w.observe(label, w.log.next().split(": ", 1)[1])


@scenario
def client_hellos(w):
    by_way(w, ["req.ssl_ver", "req.ssl_hello_type", "req.ssl_sni", "req.ssl_alpn", "req.ssl_ec_ext"], HELLOS)


@scenario
def session_tickets(w):
    by_way(w, ["req.ssl_st_ext"], HELLOS)


@scenario
def hello_in_pieces(w):
    data = HELLOS["all"]
    w.servers("s1", "s2", behaviour=say_after_first_bytes)
    w.start(FRONT % ("%[var(sess.sni)] %[var(sess.alpn)]", "    tcp-request inspect-delay 3s\n"
                     "    tcp-request content set-var(sess.sni) req.ssl_sni if { req.ssl_hello_type 1 }\n"
                     "    tcp-request content set-var(sess.alpn) req.ssl_alpn", ""))
    for cut in (1, 5, 9, 43, 80, len(data) - 1):
        with w.client("fe") as client:
            client.send(data[:cut])
            time.sleep(0.05)  # lets the first part be looked at alone
            client.send(data[cut:])
            client.line()
        w.observe(f"cut at {cut}", w.log.next().split(": ", 1)[1])


HTTP = {f"{n}: {data[:40]!r}": data for n, data in enumerate((
    b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.0\r\n", b"FOO\r\n\r\n", b"GET /\r\n",
    b"GET /a b HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", b"GET / HTTP/1.1\nHost: a\n\n", b"get / HTTP/1.1\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", b"GET / HTTP/1.1\r\nA: b\x01\r\n\r\n",
    b"\r\nGET / HTTP/1.1\r\n\r\n", b"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nfoo\r\n\r\n", b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nA: b\0\r\n\r\n", b"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", b"GET / HTTP/1.1\r\nA: b\x7f\xff\r\n\r\n",
    b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", b"\nGET / HTTP/1.1\r\n\r\n", b"\r\nGET / HTTP/1.1\r\nA: b\r\n", b"GET / HTTP/1.1\r\nA\x01: b\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\n\r\n", b"OPTIONS * RTSP/1.0\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x16\x03\x01\x00\x05abcde"))}


@scenario
def http_detection(w):
    by_way(w, ["req.proto_http"], HTTP)


@scenario
def http_by_acl(w):
    w.servers("s1", "s2", behaviour=say_after_first_bytes)
    w.start("frontend fe\n    bind @fe@\n    tcp-request inspect-delay 300ms\n    tcp-request content accept if HTTP\n"
            "    use_backend web if HTTP\n    default_backend other\nbackend web\n    server s1 @s1@\nbackend other\n    server s2 @s2@")
    for label, data in HTTP.items():
        with w.client("fe") as client:
            w.observe(label, client.send(data).line().decode().strip())


@scenario
def distcc(w):
    request = b"DIST00000001ARGC00000002ARGV00000002gcARGV00000003-o1DOTI00000004body"
    by_way(w, ["distcc_param(DIST)", "distcc_param(ARGC)", "distcc_param(ARGV)", "distcc_body(ARGV)", "distcc_param(ARGV,2)",
               "distcc_body(ARGV,2)", "distcc_param(DOTI)", "distcc_body(DOTI)", "distcc_param(FILE)"],
           {"request": request, "no distcc": b"GET / HTTP/1.0\r\n\r\n"})


@scenario
def lengths_and_payloads(w):
    by_way(w, ["req.len", "req_len", "req.payload(1,3),hex", "payload(0,2)", "req.payload_lv(0,1),hex", "payload_lv(1,2,+1),hex"],
           {"short": b"\x02ab", "longer": b"\x03\x00\x02abcdef"})


if __name__ == "__main__":
    main()
