#!/usr/bin/env python3
"""Log profiles, log-steps and do-log: which lines reach which receiver, in whose words. Manual 8.3.5. Runs on $WEIR."""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import equal, reload, run, true  # noqa: E402
from wire import LogSocket, answer_requests, echo, until  # noqa: E402

PROLOGUE = """
global
    nbthread @threads@
    stats socket @sock@ mode 600 level admin
    log-tag lb
    @global@
defaults
    timeout connect 2s
    timeout client 8s
    timeout server 8s
    balance roundrobin
    retries 0
"""
REQUEST = b"GET /a HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n"
STEPS = "    log-format \"%OG %B\"\n"


def receiver(w, name):
    made = LogSocket(w.host)
    w.places[name] = "%s:%d" % made.address
    w.closing.append(made)
    return made


def body(line):
    return re.sub(r"^<\d+>", "", line).rstrip("\n")


def settled(w, log, count):
    """All lines of the session have left: their number is known, and nothing follows."""
    until(lambda: len(log.all()) >= count, what=f"{count} lines; have {log.all()}")
    w.idle("fe")
    w.cli("show version")
    return [body(line) for line in log.all()]


def start(w, frontend, mode="http", backend="", before="", behaviour=None, more_global=""):
    w.server("s1", behaviour or (answer_requests if mode == "http" else echo))
    w.start(f"{before}\nfrontend fe\n    mode {mode}\n    bind @fe@\n{frontend}\n    default_backend be\n"
            f"backend be\n    mode {mode}\n{backend}\n    server s1 @s1@", prologue=PROLOGUE, more_global=more_global)


def steps_of_a_request(w):
    start(w, "    log @log@ format raw local0\n    log-steps all\n    log-format \"%OG %HM %s %ST\"")
    w.exchange("fe", REQUEST)
    equal(settled(w, w.log, 5), ["txn_accept <BADREQ> <NOSRV> 0", "txn_request GET <NOSRV> -1", "txn_connect GET s1 -1",
                                 "txn_response GET s1 200", "txn_close GET s1 200"], "five steps")


def steps_of_two_requests(w):
    start(w, "    log @log@ format raw local0\n    log-steps accept,connect,close\n    log-format \"%OG %s\"")
    w.exchange("fe", REQUEST.replace(b"close", b"keep-alive") + REQUEST)
    equal(settled(w, w.log, 5), ["txn_accept <NOSRV>", "txn_connect s1", "txn_close s1", "txn_connect s1", "txn_close s1"],
          "one connection, two requests")


def steps_of_tcp(w):
    start(w, "    log @log@ format raw local0\n    log-steps all\n    option tcplog\n    log-format \"%OG %s %B\"", "tcp")
    w.exchange("fe", b"hello", True)
    equal(settled(w, w.log, 3), ["txn_accept <NOSRV> 0", "txn_connect s1 0", "txn_close s1 5"], "TCP has three")


def steps_without_close(w):
    start(w, "    log @log@ format raw local0\n    log-steps accept\n    log-format \"%OG %s\"", "tcp")
    w.exchange("fe", b"hello", True)
    equal(settled(w, w.log, 1), ["txn_accept <NOSRV>"], "nothing at the end")


def steps_without_a_format_say_the_plain_line(w):
    start(w, "    log @log@ format raw local0\n    log-steps accept,close", "tcp")
    w.exchange("fe", b"hello", True)
    lines = settled(w, w.log, 2)
    true(len(lines) == 2 and all(line.startswith("Connect from ") and line.endswith("(fe/TCP)") for line in lines), lines)


def steps_of_defaults(w):
    w.server("s1", echo)
    w.start("defaults\n    mode tcp\n    timeout connect 2s\n    timeout client 8s\n    timeout server 8s\n"
            "    log-steps connect\n    log-format \"%OG\"\n    log @log@ format raw local0\n"
            "frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    server s1 @s1@", prologue=PROLOGUE)
    w.exchange("fe", b"hello", True)
    equal(settled(w, w.log, 1), ["txn_connect"], "inherited")


def origin_of_early_lines(w):
    start(w, "    log @log@ format raw local0\n    option logasap\n    log-format \"%OG %B\"")
    w.exchange("fe", REQUEST)
    true(settled(w, w.log, 1)[0].startswith("txn_response +"), "HTTP")


def origin_outside_of_logs(w):
    w.server("s1", answer_requests)
    start(w, "    log @log@ format raw local0\n    log-format \"%[var(txn.x)] %OG\"\n    http-request set-var-fmt(txn.x) \"%OG\"")
    w.exchange("fe", REQUEST)
    equal(settled(w, w.log, 1), ["unspec txn_close"], "no line, no origin")


def receivers_have_their_own_words(w):
    audit, other = receiver(w, "audit"), receiver(w, "other")
    start(w, "    log @log@ format rfc3164 local0\n    log @audit@ format rfc3164 profile audit local0\n"
          "    log @other@ format rfc3164 profile other local0\n    log-format \"usual %OG\"\n    log-tag mine\n    log-steps request,close",
          before="log-profile audit\n    log-tag audited\n    on close format \"closed %ST\"\n    on request drop\n"
          "log-profile other\n    on any format \"any %OG\"")
    w.exchange("fe", REQUEST)
    settled(w, w.log, 2)
    said = [[re.sub(r"\[\d+\]", "", line).split(" ")[-3 if "usual" in line or "any" in line or "closed" in line else 0:]
             for line in log.all()] for log in (w.log, audit, other)]
    equal([[" ".join(words).strip() for words in lines] for lines in said],
          [["mine: usual txn_request", "mine: usual txn_close"], ["audited: closed 200"], ["mine: any txn_request", "mine: any txn_close"]],
          "three receivers")


def structured_data_of_a_profile(w):
    audit = receiver(w, "audit")
    start(w, "    log @log@ format rfc5424 local0\n    log @audit@ format rfc5424 profile p local0\n"
          "    log-format \"line\"\n    log-format-sd \"[own@1 a=\\\"%ST\\\"]\"",
          before="log-profile p\n    on close sd \"[p@1 b=\\\"%ST\\\"]\"")
    w.exchange("fe", REQUEST)
    true("[own@1 a=\"200\"] line" in settled(w, w.log, 1)[0], w.log.all())
    true("[p@1 b=\"200\"] line" in settled(w, audit, 1)[0], audit.all())


def the_manual_s_example(w):
    """`any` has structured data, `error` words of its own and so no structured data."""
    start(w, "    log @log@ format rfc5424 profile myprof local0\n    option httplog\n    log-tag normal\n"
          "    http-request deny deny_status 503 if { path /bad }",
          before="log-profile myprof\n    log-tag \"custom-tag\"\n    on error format \"%ci: error\"\n    on connect drop\n"
          "    on any sd \"custom-sd\"")
    w.exchange("fe", REQUEST)
    w.exchange("fe", REQUEST.replace(b"/a", b"/bad"))
    lines = settled(w, w.log, 2)
    true(re.search(r" - custom-tag \d+ - custom-sd 127\S+ .*\"GET /a HTTP/1.1\"$", lines[0]), lines[0])
    true(re.search(r" - custom-tag \d+ - - 127\.\S+: error$", lines[1]), lines[1])


def errors_choose(w):
    """error, else the step's where the proxy has no error-log-format, else any, else the proxy's."""
    names = {"a": "on close format \"close\"\n    on any format \"any\"", "b": "on any format \"any\"", "c": "on close format \"close\"",
             "d": "on error format \"error\"\n    on close drop", "e": "on error drop"}
    logs = {name: receiver(w, "r" + name) for name in names}
    targets = "".join(f"    log @r{name}@ format raw profile {name} local0\n" for name in names)
    w.server("s1", answer_requests)
    text = "".join(f"log-profile {name}\n    {words}\n" for name, words in names.items())
    for name, more in (("fe", ""), ("ff", "    error-log-format \"proxy\"\n")):
        text += (f"frontend {name}\n    mode http\n    bind @{name}@\n{targets}    log @log@ format raw local0\n    log-format \"normal\"\n{more}"
                 "    http-request deny deny_status 503\n")
    w.start(text, prologue=PROLOGUE)
    w.exchange("fe", REQUEST)
    w.exchange("ff", REQUEST)
    until(lambda: len(w.log.all()) == 2)
    w.cli("show version")
    equal({name: [body(line) for line in log.all()] for name, log in logs.items()},
          {"a": ["close", "any"], "b": ["any", "any"], "c": ["close", "proxy"], "d": ["error", "error"], "e": []}, "by error-log-format")


def drop_wins_over_words(w):
    audit = receiver(w, "audit")
    start(w, "    log @audit@ format raw profile p local0\n    log @log@ format raw local0\n    log-steps accept,close\n" + STEPS, "tcp",
          before="log-profile p\n    on close format \"no\" drop\n    on accept drop\n    on accept format \"no\"")
    w.exchange("fe", b"hello", True)
    settled(w, w.log, 2)
    equal(audit.all(), [], "dropped")


def handshakes_that_fail(w):
    start(w, "    bind @pp@ accept-proxy\n    log @log@ format raw profile p local0\n    log-format \"normal\"\n    timeout client 300ms", "tcp",
          before="log-profile p\n    on error format \"%OG %ci\"")
    w.exchange("pp", b"nonsense\r\n")
    w.client("pp").rest()
    lines = settled(w, w.log, 2)
    equal([line.split(" ")[0] for line in lines], ["sess_error", "sess_killed"], "before there is a session")


def handshake_lines_as_ever(w):
    start(w, "    bind @pp@ accept-proxy\n    log @log@ format raw profile p local0\n    log-format \"normal\"", "tcp",
          before="log-profile p\n    on close format \"closed\"")
    w.exchange("pp", b"nonsense\r\n")
    true("/2: Received something which does not look like a PROXY protocol header" in settled(w, w.log, 1)[0], w.log.all())


def plain_lines_have_a_step(w):
    audit = receiver(w, "audit")
    start(w, "    log @log@ format raw local0\n    log @audit@ format raw profile p local0", "tcp",
          before="log-profile p\n    on accept format \"accepted %ci %OG\"")
    w.exchange("fe", b"hello", True)
    true(settled(w, w.log, 1)[0].startswith("Connect from "), "plain")
    true(re.fullmatch(r"accepted 127\.\S+ txn_accept", settled(w, audit, 1)[0]), audit.all())


RULES = """    tcp-request connection do-log
    tcp-request session do-log
    tcp-request content do-log
    http-request do-log
    http-response do-log
    http-after-response do-log"""
ORIGINS = ["tcp-req-conn", "tcp-req-sess", "tcp-req-cont", "http-req", "tcp-res-cont", "http-res", "http-after-res", "txn_close"]


def do_log_everywhere(w):
    audit = receiver(w, "audit")
    start(w, "    log @log@ format raw local0\n    log @audit@ format raw profile p local0\n    log-format \"%OG\"\n" + RULES,
          backend="    tcp-response content do-log",
          before="log-profile p\n" + "".join(f"    on {name} format \"p {name}\"\n" for name in ORIGINS[:-1]) + "    on close drop")
    w.exchange("fe", REQUEST)
    equal(settled(w, w.log, len(ORIGINS)), ORIGINS, "origins")
    equal(settled(w, audit, len(ORIGINS) - 1), ["p " + name for name in ORIGINS[:-1]], "steps of the profile")


def do_log_with_a_profile(w):
    """The rule's profile instead of the logger's, its tag included; a profile without words there says the proxy's."""
    start(w, "    log @log@ format rfc3164 profile dft local0\n    log-format \"proxy %OG%B\"\n    tcp-request connection do-log if !{ src 127.0.0.9 }\n"
          "    tcp-request connection do-log profile mine if { src 127.0.0.9 }\n    tcp-request content do-log profile bare", "tcp",
          before="log-profile dft\n    log-tag dft\n    on tcp-req-conn format \"Connect: %ci\"\n    on close drop\nlog-profile mine\n    log-tag mine\n"
          "    on tcp-req-conn format \"Local Connect: %ci\"\nlog-profile bare\n")
    for source in ("127.0.0.1", "127.0.0.9"):
        with w.client("fe", source=source) as client:
            client.send(b"x").finish()
            client.rest()
    lines = [re.sub(r".* (\w+)\[\d+\]: ", r"\1: ", line) for line in settled(w, w.log, 4)]
    equal(lines, ["dft: Connect: 127.0.0.1", "lb: proxy tcp-req-cont0", "mine: Local Connect: 127.0.0.9", "lb: proxy tcp-req-cont0"], "lines")


def do_log_in_a_backend(w):
    """By the frontend's targets, with names of the frontend: its own table."""
    start(w, "    log @log@ format raw local0\n    log-format \"%OG%B\"\n    stick-table type ip size 10 store conn_cnt\n"
          "    tcp-request connection track-sc0 src", "tcp", backend="    tcp-request content do-log profile p",
          before="log-profile p\n    on tcp-req-cont format \"%[src_conn_cnt()] %[src_conn_cnt]\"")
    w.exchange("fe", b"hello", True)
    equal(settled(w, w.log, 2), ["1 1", "txn_close5"], "the frontend's table")


def http_words_in_tcp_lines_are_absent(w):
    audit = receiver(w, "audit")
    start(w, "    log @log@ format raw local0\n    log @audit@ format raw profile p local0\n" + STEPS, "tcp",
          before="log-profile p\n    on any format \"%HM %r %ST %CC %tsc %TR\"")
    w.exchange("fe", b"hello", True)
    true(settled(w, audit, 1)[0].startswith("<BADREQ> <BADREQ> 0 - ---- "), audit.all())


def tags_of_what_is_no_session(w):
    """Messages about servers bear the profile's tag; what it says of steps does not concern them."""
    start(w, "    log @log@ format raw local0", "tcp", backend="    log @log@ format rfc3164 profile p local1",
          before="log-profile p\n    log-tag states\n    on any drop")
    w.cli("disable server be/s1")
    true(re.search(r" states\[\d+\]: Server be/s1 ", w.log.next("Server be/s1")), "tag")


def global_targets_have_profiles(w):
    start(w, "    log global\n" + STEPS, "tcp", before="log-profile p\n    on close format \"closed\"",
          more_global="log @log@ format raw profile p local0")
    w.exchange("fe", b"hello", True)
    true("closed" in settled(w, w.log, 1), w.log.all())


def a_reload_changes_the_words(w):
    start(w, "    log @log@ format raw profile p local0\n" + STEPS, "tcp", before="log-profile p\n    on close format \"one\"")
    w.exchange("fe", b"hello", True)
    settled(w, w.log, 1)
    with open(w.config, encoding="ascii") as file:
        text = file.read()
    with open(w.config, "w", encoding="ascii") as file:
        file.write(text.replace('"one"', '"two"'))
    reload(w)
    w.exchange("fe", b"hello", True)
    true("two" in settled(w, w.log, 2), w.log.all())


def silent_and_normal(w):
    """set-log-level and dontlog-normal hold for steps too."""
    start(w, "    log @log@ format raw local0\n    log-steps all\n    log-format \"%OG\"\n    http-request set-log-level silent")
    w.exchange("fe", REQUEST)
    equal(settled(w, w.log, 2), ["txn_accept", "txn_request"], "silent from there on")


run([steps_of_a_request, steps_of_two_requests, steps_of_tcp, steps_without_close, steps_without_a_format_say_the_plain_line,
     steps_of_defaults, origin_of_early_lines, origin_outside_of_logs, receivers_have_their_own_words, structured_data_of_a_profile,
     the_manual_s_example, errors_choose, drop_wins_over_words, handshakes_that_fail, handshake_lines_as_ever, plain_lines_have_a_step,
     do_log_everywhere, do_log_with_a_profile, do_log_in_a_backend, http_words_in_tcp_lines_are_absent, tags_of_what_is_no_session,
     global_targets_have_profiles, a_reload_changes_the_words, silent_and_normal], 2)
