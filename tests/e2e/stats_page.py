#!/usr/bin/env python3
"""The statistics page as weir makes it: large farms, clients that do not read, pages on their way while things change,
forms of other sites, and a document that runs nothing but its own script. Runs on $WEIR.
"""
import base64
import hashlib
import html.parser
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import connect, equal, keeps_what_was_freed, reload, resident_kb, run, true  # noqa: E402
from web import Reader  # noqa: E402
from wire import until  # noqa: E402

SETTINGS = """defaults
    mode http
    log global
    option httplog
    timeout client {}
    timeout server 20s
    timeout connect 5s
"""
FRONTEND = "listen fe\n    bind @fe@\n    stats uri /s\n    stats admin if TRUE\n{}\n"


def farm(backends, servers):
    lines = []
    for b in range(backends):
        lines.append(f"backend b{b}")
        lines += [f"    server srv{i:04d} 127.0.0.1:9 weight {1 + i % 9}" for i in range(servers)]
    return "\n".join(lines) + "\n"


def start(w, lines="", backends="", timeout="20s"):
    w.start(SETTINGS.format(timeout) + FRONTEND.format(lines) + backends)


def request(path, *fields, method="GET", version="1.1", body=b""):
    lines = [f"{method} {path} HTTP/{version}", "Host: lb.example:8404", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_answer(conn):
    """Head and body; an answer without a length goes on to the end."""
    reader = Reader(conn, 20.0)
    head = reader.head()
    body, _, wrong = reader.content(head)
    equal(wrong, "", "the body is whole")
    return head, body


def ask(w, *arguments, **more):
    with connect(w) as conn:
        conn.sendall(request(*arguments, **more))
        return read_answer(conn)


class Document(html.parser.HTMLParser):
    """What matters of the page: which elements there are, with which attributes, and that they are closed."""
    EMPTY = {"meta", "link", "input", "br"}

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text, self.inside = [], [], [], {"style": "", "script": ""}
        self.feed(text)
        equal(self.open, [], "all elements are closed")

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        equal(self.open.pop(), tag, "elements are nested")

    def handle_data(self, data):
        if self.open and self.open[-1] in self.inside:
            self.inside[self.open[-1]] += data
        else:
            self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def columns(text):
    lines = text.strip().split("\n")
    names = lines[0].lstrip("# ").split(",")
    return [dict(zip(names, line.split(","))) for line in lines[1:]]


def costs_little(w, before, most, what):
    if keeps_what_was_freed(w):
        return
    grown = resident_kb(w.process.pid) - before
    true(grown < most, f"{what} cost {grown} kB")


def a_large_farm_in_every_form(w):
    start(w, backends=farm(6, 500))
    before = resident_kb(w.process.pid)
    _, page = ask(w, "/s")
    document = Document(page.decode())
    true("version" not in "".join(document.text), "no version where none is asked for")
    rows = [attributes for attributes in document.all("tr") if "data-row" in attributes]
    equal(len(rows), 3000 + 6 + 2, "a row for each server and proxy")
    equal(len({attributes["data-row"] for attributes in rows}), len(rows), "each of its own")
    _, text = ask(w, "/s;csv")
    said = columns(w.cli("show stat"))
    told = columns(text.decode())
    for name in ("pxname", "svname", "status", "weight", "type", "iid", "sid", "mode", "uweight", "slim"):
        equal([row[name] for row in told], [row[name] for row in said], f"{name} as on the socket")
    equal(text.decode().split("\n")[0], w.cli("show stat").split("\n")[0], "the same columns")
    _, typed = ask(w, "/s;typed")
    equal(typed.decode().count(".pxname."), len(said), "typed lines of all")
    head, old = ask(w, "/s;csv", version="1.0")
    true(b"transfer-encoding" not in head and b"connection: close" in head, "HTTP/1.0 ends with its connection")
    equal(len(columns(old.decode())), len(said), "all rows for HTTP/1.0")
    costs_little(w, before, 12_000, "several megabytes of answers")


def nothing_runs_but_its_own_script(w):
    start(w, "    description \"<script>alert(1)</script> & <b>\"\n    stats realm x\n    stats show-desc <i>all</i>\n    stats show-legends\n"
          "    stats show-modules\n    stats show-version\n    stats refresh 5s",
          "backend b\n    cookie C insert\n    server s1 127.0.0.1:9 cookie \"<img src=x>\"\n")
    for path in ("/s", "/s;st=<b>;scope=\"><script>", "/s\"><script>alert(1)</script>", "/s;up;norefresh;st=DONE"):
        head, page = ask(w, path)
        equal(head.split(b"\r\n")[0], b"HTTP/1.1 200 OK", path)
        document = Document(page.decode())
        equal(len(document.all("script")), 1, "one script")
        true(not document.all("img") and not document.all("iframe"), "no foreign elements")
        for _, attributes in document.elements:
            true(not any(name.startswith("on") or name == "style" for name in attributes), f"no code in attributes: {attributes}")
            for name in ("src", "href", "action"):
                link = attributes.get(name, "/")
                true(link.startswith(("/", "#", "data:,")), f"nothing from outside: {link}")
        policy = next(line for line in head.decode().split("\r\n") if line.startswith("content-security-policy"))
        for kind in ("style", "script"):
            digest = base64.b64encode(hashlib.sha256(document.inside[kind].encode()).digest()).decode()
            true(f"{kind}-src 'sha256-{digest}'" in policy, f"the policy names the {kind}")
        true("default-src 'none'" in policy and "unsafe" not in policy, "and lets nothing else")
    text = "".join(Document(ask(w, "/s")[1].decode()).text)
    true("version" in text, "the version, where it is asked for")
    for word in ("<script>alert(1)</script> & <b>", "<i>all</i>", "cookie <img src=x>"):
        true(word in text, f"{word} stays text")


def a_client_that_does_not_read(w):
    start(w, backends=farm(6, 500), timeout="2s")
    slow = [connect(w, 2048) for _ in range(8)]
    for conn in slow:
        conn.sendall(request("/s;json"))
    until(lambda: int(w.stat("fe", "FRONTEND")["scur"]) == 8, what="eight slow clients")
    before = resident_kb(w.process.pid)
    worst = 0
    for _ in range(30):
        began = time.monotonic()
        head, _ = ask(w, "/s;csv;scope=fe")
        equal(head.split(b"\r\n")[0], b"HTTP/1.1 200 OK", "others are served")
        worst = max(worst, time.monotonic() - began)
    true(worst < 1.0, f"others wait {worst:.3f} s at most")
    until(lambda: w.stat("fe", "FRONTEND")["scur"] == "0", what="timeout client to end them")
    costs_little(w, before, 8000, "eight clients that do not read")
    true(any("fe/<STATS>" in line and " cD-- " in line for line in w.log.all()), "the log says so")


def a_client_that_leaves(w):
    start(w, backends=farm(6, 500))
    for _ in range(20):
        with connect(w, 2048) as conn:
            conn.sendall(request("/s"))
            conn.recv(1000)
    until(lambda: w.stat("fe", "FRONTEND")["scur"] == "0", what="all of them to be gone")
    equal(ask(w, "/s;csv")[0].split(b"\r\n")[0], b"HTTP/1.1 200 OK", "the next one is served")


def the_farm_changes_under_a_page(w):
    start(w, backends=farm(6, 500))
    with connect(w, 2048) as conn:
        conn.sendall(request("/s;json"))
        conn.recv(1)
        w.cli("disable server b5/srv0499; del server b5/srv0499; add server b0/new 127.0.0.1:9")
        with open(w.config, encoding="utf-8") as old:
            text = old.read()
        with open(w.config, "w", encoding="utf-8") as new:
            new.write(text[:text.index("backend b1")])
        reload(w)  # most of the farm goes
        got = b""
        while not got.endswith(b"0\r\n\r\n"):
            piece = conn.recv(1 << 20)
            true(piece, "the page that was on its way arrives whole")
            got += piece
    equal(len(columns(ask(w, "/s;csv")[1].decode())), 2 + 501, "the next one shows what is there")


def a_page_in_flight_at_the_end(w):
    start(w, backends=farm(6, 500))
    conn = connect(w)
    conn.sendall(request("/s;json"))
    conn.recv(1)
    w.process.send_signal(signal.SIGUSR1)
    got = b""
    while not got.endswith(b"0\r\n\r\n"):
        piece = conn.recv(1 << 20)
        true(piece, "a soft stop lets it arrive")
        got += piece
    equal(w.process.wait(10), 0, "and then ends")
    w.process = None
    start(w, backends=farm(6, 500))
    conn = connect(w)
    conn.sendall(request("/s;json"))
    conn.recv(1)
    w.process.send_signal(signal.SIGTERM)
    true(w.process.wait(10) in (0, -signal.SIGTERM), "a hard stop does not wait for it")


def forms_of_other_sites(w):
    start(w, backends=farm(1, 2))
    form = b"s=srv0000&action=maint&b=b0"
    for label, fields in {"another origin": ("Origin: http://evil.example",), "no origin": ("Origin: null",),
                          "another port": ("Origin: http://lb.example",), "another referer": ("Referer: http://evil.example/?http://lb.example:8404/",),
                          "another site": ("Sec-Fetch-Site: cross-site",), "a neighbour": ("Origin: http://lb.example:8404", "Sec-Fetch-Site: same-site")}.items():
        head, _ = ask(w, "/s", *fields, method="POST", body=form)
        true(b"303 See Other" in head and b"location: /s;st=DENY\r\n" in head, label)
        equal(w.stat("b0", "srv0000")["status"], "no check", f"{label}: nothing has changed")
    for label, fields in {"this page": ("Origin: http://lb.example:8404", "Sec-Fetch-Site: same-origin"), "behind TLS": ("Origin: https://LB.example:8404",),
                          "only a referer": ("Referer: http://lb.example:8404/s;st=DONE",), "no browser": ()}.items():
        true(b"st=DONE" in ask(w, "/s", *fields, method="POST", body=form)[0], label)
        equal(w.stat("b0", "srv0000")["status"], "MAINT", label)
        w.cli("enable server b0/srv0000")


def a_form_in_drops(w):
    start(w, backends=farm(1, 2), timeout="1s")
    form = b"s=srv0000&action=drain&b=b0"
    with connect(w) as conn:
        for byte in request("/s", method="POST", body=form):
            conn.sendall(bytes([byte]))
        true(b"st=DONE" in read_answer(conn)[0], "a form is awaited")
        conn.sendall(request("/s;csv"))
        equal(columns(read_answer(conn)[1].decode())[2]["status"], "DRAIN", "and the connection goes on")
    with connect(w) as conn:
        conn.sendall(request("/s", "Expect: 100-continue", method="POST", body=form)[:-len(form)])
        true(conn.recv(100).startswith(b"HTTP/1.1 100"), "the client is told to go on")
        conn.sendall(form)
        true(b"st=DONE" in read_answer(conn)[0], "and the form is taken")
    with connect(w) as conn:
        conn.sendall(request("/s", method="POST", body=form)[:-5])
        true(b"408 Request Time-out" in read_answer(conn)[0], "but not for ever")


def many_servers_at_once(w):
    start(w, backends=farm(1, 400))
    form = "&".join(f"s=srv{i:04d}" for i in range(400)) + "&action=maint&b=b0"
    true(b"st=DONE" in ask(w, "/s", method="POST", body=form.encode())[0], "all of them")
    equal(sum(row["status"] == "MAINT" for row in columns(w.cli("show stat"))), 400, "are in maintenance")
    _, page = ask(w, "/s;st=DONE")
    document = Document(page.decode())
    equal([one["value"] for one in document.all("input") if one.get("type") == "checkbox"], [f"srv{i:04d}" for i in range(400)],
          "each can be chosen")
    true("Done." in "".join(document.text), "and the page says what happened")


CASES = [a_large_farm_in_every_form, nothing_runs_but_its_own_script, a_client_that_does_not_read, a_client_that_leaves,
         the_farm_changes_under_a_page, a_page_in_flight_at_the_end, forms_of_other_sites, a_form_in_drops, many_servers_at_once]
run(CASES, 1)
