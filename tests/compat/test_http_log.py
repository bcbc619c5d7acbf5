#!/usr/bin/env python3
"""Log lines of HTTP mode: aliases, captures, what is logged and when, and termination codes of waiting and retrying."""
import re

from harness import GLOBAL, add_scenario, main, scenario
from web import CONFIG, OK, WebClient, farm, get, observe_lines, play, response, row as add_row, talk, traffic, web
from wire import until

A = get("/a/b?x=1&y=2", "X-A: one", "Cookie: sid=abcdef; ASPSESSION12=q", "User-Agent: a \"quoted\" one")
SET = response("200 OK", "Server: y", "Set-Cookie: sid=new; path=/", body="hi")


def row(name, steps, *script, **more):
    add_row(add_scenario, "http_log_" + name, steps, *script, **more)


ALIASES = "HM HP HPO HU HV HQ r hr hs hrl hsl CC CS ST ts tsc f b s ci fi fp rc sq bq ac fc bc sc lc".split()
CAPTURES = """
    capture request header X-A len 2
    capture request header User-Agent len 30
    capture request header Nope len 5
    capture response header Server len 10
    capture cookie sid= len 8
"""
_requests = {"usual": [A, A], "10": [get("/a", version="1.0"), "end"], "query": [get("/?"), get("/a?"), get("*", method="OPTIONS")],
             "absolute": [get("http://x/a?b")], "bad": [b"BAD\r\n\r\n", "end"], "long": [get("/" + "a" * 2000)],
             "odd": [get('/"<%41\\>')], "denied": [get("/deny")]}
for _alias in ALIASES:
    row(f"alias_{_alias}", _requests, SET, frontend=f'{CAPTURES}    http-request deny if {{ path /deny }}\n    log-format "TRAFFIC [%{_alias}]"')
for _alias in ("r", "HU", "hr", "CC"):
    row(f"alias_{_alias}_quoted", _requests, SET, frontend=f'{CAPTURES}    log-format "TRAFFIC %{{+Q}}{_alias} %{{+E}}{_alias}"')
row("usual_captures", _requests, SET, frontend=CAPTURES)
row("uri_length", {"long": [get("/" + "a" * 100)]}, frontend="    log-format TRAFFIC,%r,%HU", more_global="tune.http.logurilen 20")
row("cookie_prefix", {"usual": [A]}, SET, frontend="    capture cookie ASPSESSION len 40")
row("samples", {"usual": [A]}, SET, frontend='    log-format "TRAFFIC %[capture.req.hdr(0)] %[capture.res.hdr(0)] %[capture.req.hdr(1)] %[status]"\n' + CAPTURES)

MIXED = {"200": [get("/")], "404": [get("/404")], "500": [get("/500")], "502": [get("/close")], "deny": [get("/deny")],
         "redirect": [get("/redirect")], "bad": [b"BAD\r\n\r\n", "end"], "nothing": ["close"]}
_script = {"/404": response("404 No"), "/500": response("500 No"), "/close": ["close"]}
for _option in ("dontlog-normal", "dontlognull", "log-separate-errors", "logasap", "dontlog-normal\n    option log-separate-errors"):
    row(_option.replace("\n    option ", "_"), MIXED, _script, backend="    retries 0", lines=1, frontend=f"""
    option {_option}
    http-request deny if {{ path /deny }}
    http-request redirect location /x if {{ path /redirect }}""")
row("logasap_large", {"1": [get("/")]}, [b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", 0.3, b"def"], frontend="    option logasap")


def waiting(name, backend, servers, steps, script=OK, frontend="", lines=1):
    """Servers that refuse, are silent or busy: `servers` are lines of the backend."""
    def run(w):
        made = web(w, "s1", script)
        w.refusing("no")
        w.silent("silent")
        w.start(f"frontend fe\n    bind @fe@\n{frontend}\n    default_backend be\nbackend be\n{backend}\n"
                + "".join(f"    server {line}\n" for line in servers), prologue=CONFIG)
        talk(w, "1", steps, [made], lines=lines)
    add_scenario("http_log_" + name, run)


G = get("/a")
P = get("/a", "Content-Length: 3", method="POST", body="abc")
waiting("refused", "    retries 0", ["no @no@"], [G, "end"])
waiting("refused_retried", "    retries 2\n    timeout connect 300ms", ["no @no@"], [G, "end"])
waiting("redispatched", "    retries 1\n    option redispatch\n    timeout connect 300ms", ["no @no@", "s1 @s1@ weight 1"], [G, G])
waiting("connect_timeout", "    retries 0\n    timeout connect 300ms", ["silent @silent@"], [G, "end"])
waiting("client_leaves_connecting", "    retries 0\n    timeout connect 2s", ["silent @silent@"], [lambda w: w.clients[-1].send(G), 0.2, "reset"])
waiting("no_server", "", [], [G, G], lines=2)
waiting("disabled", "", ["s1 @s1@ disabled"], [G, G], lines=2)
for _cause, _answers in (("empty-response", [["close"], [OK]]), ("junk-response", [[b"junk\r\n\r\n", "close"], [OK]]),
                         ("response-timeout", [[0.6, "close"], [OK]]), ("503", [[response("503 No")], [OK]]),
                         ("all-retryable-errors", [["close"], [b"junk\r\n\r\n", "close"], [OK]])):
    for _kind, _data in (("get", G), ("post", P)):
        waiting(f"retry_{_cause}_{_kind}", f"    retries 3\n    retry-on conn-failure {_cause}\n    timeout server 400ms", ["s1 @s1@"], [_data], _answers)
    waiting(f"retry_{_cause}_not_asked", "    retries 3\n    timeout server 400ms", ["s1 @s1@"], [G], _answers)
    waiting(f"retry_{_cause}_forbidden", f"    retries 3\n    retry-on conn-failure {_cause}\n    timeout server 400ms\n    http-request disable-l7-retry",
            ["s1 @s1@"], [G], _answers)
waiting("retries_used_up", "    retries 1\n    retry-on empty-response", ["s1 @s1@"], [G], [["close"]])
waiting("retry_status_used_up", "    retries 1\n    retry-on 503", ["s1 @s1@"], [G], [[response("503 No")]])


@scenario
def http_log_kept_connection_is_dead(w):
    """The server closes a connection that rests just as the next request leaves: nobody notices."""
    server = farm(w, lambda head: [OK, "close"] if b"/close" in head else OK)
    talk(w, "1", [get("/close"), 0.1, get("/b"), get("/close"), 0.1, P], [server])


@scenario
def http_log_queue(w):
    """One slot: the second waits, the third waits too long, the fourth leaves."""
    farm(w, {"/slow": [0.8, OK]}, backend="    timeout queue 300ms", server="maxconn 1")
    first, second = WebClient(w.address("fe")), WebClient(w.address("fe"))
    first.send(get("/slow"))
    until(lambda: w.stat("be", "s1").get("scur") == "1", what="the first on the server")
    w.observe("too long", "\n".join(play(w, second, [get("/b")])))
    third = WebClient(w.address("fe"))
    third.send(get("/c"))
    until(lambda: w.stat("be").get("qcur") == "1", what="the third in the queue")
    third.reset()
    w.observe("first", first.answer())
    first.close()
    second.close()
    w.idle("fe")
    observe_lines(w, "queue", sorted(traffic(w), key=lambda line: line.rsplit('"', 2)[1]))


PLAIN = {"usual": (A + A, ""), "denied": (A, "http-request deny"), "silent": (A, "http-request set-log-level silent"),
         "level": (A, "http-request set-log-level err"), "normal": (A, "option dontlog-normal"), "monitor": (A, "monitor-uri /a/b"),
         "bad": (b"BAD\r\n\r\n", ""), "half": (b"GET / HT", ""), "nothing": (b"", ""), "nowhere": (A, "use_backend nowhere if TRUE"),
         "error_format": (A, "error-log-format %ci")}
for _name, (_sent, _line) in PLAIN.items():
    def _plain(w, sent=_sent, line=_line):
        """Without a log format: the plain line of each request."""
        web(w, "s1", OK)
        w.start(f"defaults\n    mode http\n    log global\n    timeout connect 2s\n    timeout client 8s\n    timeout server 8s\nfrontend fe\n    bind @fe@\n"
                f"    {line}\n    default_backend be\nbackend be\n    server s1 @s1@\nbackend nowhere\n", prologue=GLOBAL)
        w.exchange("fe", sent, finish=True)
        w.idle("fe")
        w.cli("show version")
        w.observe("lines", [re.sub(r"\d[\d.:]+", "<address>", line.split("]: ")[1]) for line in w.log.all() if "]: Connect" in line])
    add_scenario("http_log_plain_" + _name, _plain)


if __name__ == "__main__":
    main()
