#!/usr/bin/env python3
"""Lists kept fresh from outside: `update` lines, from http, https and files. weir only ($WEIR).

Shown: a source's change arrives as a whole; a source that has nothing new is not read again; one that fails, lies, is cut off,
is too large or is no list changes nothing; certificates are verified; the last good copy serves a start; a reload asks nobody
twice; a large list changes under traffic without an error or a stall. $UPDATE_ENTRIES is its size, $UPDATE_BOUND_MS the bound.
"""
import gzip
import os
import re
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "compat"), os.path.join(HERE, "load")]
from cases import equal, run, true  # noqa: E402
from source import Authority, Content, Source  # noqa: E402
from traffic import traffic  # noqa: E402
from wire import until  # noqa: E402

ENTRIES = int(os.environ.get("UPDATE_ENTRIES", "200000"))
BOUND = int(os.environ.get("UPDATE_BOUND_MS", "400")) / 1000

PROLOGUE = """
global
    nbthread 2
    stats socket @sock@ mode 600 level admin
    stats timeout 60s
    log @log@ local0
    @global@
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
"""

BODY = """
frontend fe
    bind @fe@
    acl numbered path -u 77 /numbered
    http-request deny deny_status 404 if numbered
    http-request deny deny_status 403 if { path -f virt@blocked }
    http-request return status 200 content-type text/plain lf-string "%[path,map(@dir@/hosts.map,none)]"
"""

EVER = "delay 1h retries 0"


def ask(w, path):
    got = w.exchange("fe", f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode()).decode()
    head, _, body = got.partition("\r\n\r\n")
    status = head.split(" ")[1]
    return body if status == "200" else status


def start(w, *lines, section=False):
    w.write("/a file\n", "hosts.map")
    text = "\n    ".join(lines)
    w.start((f"dynamic-update\n    {text}\n" if section else "") + BODY, prologue=PROLOGUE, more_global="" if section else text)


def shown(w, name="hosts.map"):
    """The figures of one update."""
    lines = w.cli("show updates").strip().split("\n")
    true(lines[0].startswith("# id (list)"), f"a head: {lines[0]}")
    line = next(line for line in lines[1:] if name in line.split(" ")[1])
    figures = dict(re.findall(r'(\w+)=("[^"]*"|\S*)', line))
    return figures


def first(w, name="hosts.map"):
    """The first question's outcome."""
    until(lambda: shown(w, name)["asks"] != "0", what="the first question")
    return shown(w, name)["outcome"]


def now(w, want, name="hosts.map"):
    said = w.cli(f"update now {w.dir}/{name}" if name.endswith(".map") else f"update now {name}").strip()
    true(said.split(": ", 1)[1].startswith(want), f"update now: want {want!r}, have {said!r}")
    return said


def article(w):
    """As the article has it: a map, in the global section."""
    source = Source(w, Content("# hosts\n/a one\n/b two\n"))
    start(w, f"update id @dir@/hosts.map url {source.url}/hosts.map delay 60s timeout 5s retries 3 map")
    equal(first(w), "changed", "the first question")
    equal([ask(w, path) for path in ("/a", "/b", "/c")], ["one", "two", "none"], "the source's content")
    path, headers = source.asked[0]
    equal((path, headers["user-agent"], "if-none-match" in headers), ("/hosts.map", "weir", False), "what was asked")
    source.say(Content("/a three\n"))
    now(w, "changed")
    equal([ask(w, path) for path in ("/a", "/b")], ["three", "none"], "its next content")
    true("changed, 1 entries, 9 bytes" in w.log.next("1 entries"), "the log says so")
    source.say(Content(gzip.compress(b"/a coded\n"), headers=[("Content-Encoding", "gzip")]))
    now(w, "changed")
    equal(ask(w, "/a"), "coded", "a coded content")
    now(w, "unchanged")
    figures = shown(w)
    equal((figures["asks"], figures["changes"], figures["failures"], figures["entries"]), ("4", "3", "0", "1"), "figures")
    true(54 <= int(figures["next"][:-1]) <= 66, f"the next question comes after the delay, more or less: {figures['next']}")
    maps = w.cli("show map")
    true(re.search(r"(?m)^\d+ \(\S+hosts.map\) .* entry_cnt=1$", maps), f"show map's line is what it was: {maps}")
    true(re.search(r"(?m)^# update of \d+: unchanged, \ds old$", maps), f"and a comment says how fresh it is: {maps}")
    true("update of" not in w.cli("show acl"), "not among ACLs")
    equal(w.cli(f"show map {w.dir}/hosts.map").split(" ", 1)[1], "/a coded\n\n", "the entries' listing has no comment")


def conditions(w):
    """ETag and Last-Modified: nothing new is not read again."""
    source = Source(w, Content("/a one\n", etag='"v1"'))
    start(w, f"update id @dir@/hosts.map url {source.url}/x {EVER}", section=True)
    equal(first(w), "changed", "first")
    now(w, "unchanged")
    equal(source.asked[-1][1].get("if-none-match"), '"v1"', "the tag is told")
    source.say(Content("/a two\n", etag='"v2"'))
    now(w, "changed")
    equal(ask(w, "/a"), "two", "another tag, another content")
    source.say(Content("/a two\n", modified="Sun, 06 Nov 1994 08:49:37 GMT"))
    now(w, "unchanged")
    now(w, "unchanged")
    equal(source.asked[-1][1].get("if-modified-since"), "Sun, 06 Nov 1994 08:49:37 GMT", "the date is told")
    true(w.cli(f"set map {w.dir}/hosts.map /a mine") == "\n", "a command changes the list")
    now(w, "unchanged")
    equal(ask(w, "/a"), "mine", "what is unchanged there changes nothing here")
    source.say(304)
    now(w, "unchanged")


def slow(request):
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        request.wfile.write(b"x")
        time.sleep(0.05)


def raw(text):
    def answer(request):
        request.wfile.write(text.encode())
    return answer


def redirect(to):
    def answer(request):
        request.send_response(302)
        request.send_header("Location", to)
        request.send_header("Content-Length", "0")
        request.end_headers()
    return answer


def failures(w):
    """Whatever a source does wrong, the list stays what it is."""
    source = Source(w, Content("/a good\n"))
    start(w, f"update id @dir@/hosts.map url {source.url}/x delay 1h retries 0 timeout 500ms max-size 2k", section=True)
    equal(first(w), "changed", "first")
    w.log.next("changed, 1 entries")
    cases = [
        (500, "the server answers 500"),
        (404, "the server answers 404"),
        (304, "the server answers 304"),
        (slow, "reading the answer: not in time"),
        (raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n/a cut\n"), "the answer ends within its body"),
        (raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n/a cu"), "the answer ends within its body"),
        (raw("SSH-2.0-x\r\n\r\n"), "the answer is no HTTP"),
        (raw(""), "the server closed the connection without an answer"),
        (Content("/a x\n" * 500), "the answer has 2500 bytes: more than 2048"),
        (Content(gzip.compress(b"/a x\n" * 500), headers=[("Content-Encoding", "gzip")]), "the answer has more than 2048 bytes"),
        (raw("HTTP/1.1 200 OK\r\n" + "x: y\r\n" * 9000 + "\r\n"), "the answer "),
        (redirect("/again"), "redirected more than 5 times"),
        (redirect("file:///etc/passwd"), "redirected to what is no URL"),
        (Content("/a one\n/b\n"), "what it gave is no list: line 2: the key '/b' has no value"),
        (Content("<html>\n<h1>Not here</h1>\n</html>\n"), "what it gave is no list: line 1: the key '<html>' has no value"),
        (Content("/a one\n/b \x01\n"), "what it gave is no list: line 2: a control byte"),
        (Content(""), "what it gave is no list: it is empty"),
    ]
    for answer, problem in cases:
        source.say(answer)
        if answer == 304:
            source.say(raw("HTTP/1.1 304 Not Modified\r\n\r\n"))
        now(w, f"failed: {problem}")
        equal(ask(w, "/a"), "good", f"after {problem!r}")
    figures = shown(w)
    equal(figures["failures"], str(len(cases)), "failures are counted")
    true(figures["problem"].startswith('"what it gave is no list'), f"and the last one is shown: {figures}")
    true("the list stays as it is" in w.log.next("failed: the server answers 500"), "the first failure is logged")
    source.say(Content("/a good\n"))
    now(w, "unchanged")
    line = w.log.next("update of list")
    true("the source answers again" in line, f"of more failures in a minute there is no line, of their end there is: {line}")
    source.say(Content("# nothing\n"))
    now(w, "changed")
    equal(ask(w, "/a"), "none", "a comment says that the list is empty")


def retries(w):
    source = Source(w, 503)
    start(w, f"update id @dir@/hosts.map url {source.url}/x delay 1h retries 1")
    equal(first(w), "failed", "first")
    equal(len(source.asked), 2, "one try and one more")
    seen = []

    def second(request):
        seen.append(1)
        if len(seen) == 1:
            request.send_error(502)
        else:
            Content("/a later\n")(request)
    source.say(second)
    now(w, "changed")
    equal(ask(w, "/a"), "later", "the second try counts")
    source.say(404)
    before = len(source.asked)
    now(w, "failed")
    equal(len(source.asked), before + 1, "what is not there is not asked for again")


def nobody_there(w):
    with socket.socket() as unused:
        unused.bind((w.host, 0))
        start(w, f"update id @dir@/hosts.map url http://{w.host}:{unused.getsockname()[1]}/x {EVER}")
        equal(first(w), "failed", "first")
        true("connection refused" in shown(w)["problem"], "refused")
        equal(ask(w, "/a"), "file", "the file's content stays")


def certificates(w):
    authority = Authority(w.dir)
    good = authority.certificate("good", f"IP:{w.host}")
    wrong = authority.certificate("wrong", "DNS:other.example")
    Authority(os.path.join(w.dir, "other") if os.makedirs(os.path.join(w.dir, "other")) is None else "")
    source = Source(w, Content("/a secure\n"), certificate=good)
    stranger = Source(w, Content("/wrong\n"), certificate=wrong)
    start(w, f"update id @dir@/hosts.map url {source.url}/x {EVER} ca-file @dir@/ca.pem",
          f"update id virt@blocked url {stranger.url}/x {EVER} ca-file @dir@/ca.pem",
          f'update id "#77" url {source.url}/y {EVER} ca-file @dir@/other/ca.pem')
    equal(first(w), "changed", "a certificate of ours")
    equal(ask(w, "/a"), "secure", "over TLS")
    equal(first(w, "virt@blocked"), "failed", "a certificate of ours for another")
    true("IP address mismatch" in shown(w, "virt@blocked")["problem"], shown(w, "virt@blocked")["problem"])
    equal(first(w, "#77"), "failed", "a certificate of somebody else's")
    true("certificate verify failed" in shown(w, "#77")["problem"], shown(w, "#77")["problem"])
    w.places["global"] = f"update id virt@blocked url {stranger.url}/x {EVER} no-verify"
    w.configure(BODY, PROLOGUE)
    said = w.cli("reload")
    true("Reload done" in said and "trusts whoever answers" in said, f"no-verify is told: {said}")
    until(lambda: shown(w, "virt@blocked")["outcome"] == "changed", what="no-verify")
    equal(ask(w, "/wrong"), "403", "and its content")
    source.say(redirect(f"http://{w.host}:1/"))
    w.places["global"] = f"update id @dir@/hosts.map url {source.url}/x {EVER} ca-file @dir@/ca.pem"
    w.places["global"] = w.expand(w.places["global"])
    w.configure(BODY, PROLOGUE)
    true("Reload done" in w.cli("reload"), "back")
    now(w, "failed: redirected from https to http")


def kinds(w):
    """ACLs' lists, by name and by id, and a map's syntax."""
    blocked = Source(w, Content("/bad\n/worse\n"))
    numbered = Source(w, Content("/in\n"))
    start(w, f"update id virt@blocked url {blocked.url}/x {EVER} acl", f'update id "#77" url {numbered.url}/x {EVER}')
    equal(first(w, "virt@blocked"), "changed", "an ACL's list")
    equal(first(w, "#77"), "changed", "an ACL line's own patterns")
    equal([ask(w, path) for path in ("/bad", "/worse", "/in", "/numbered")], ["403", "403", "404", "none"], "both")
    blocked.say(Content("/other\n"))
    equal(w.cli("update now").count("changed"), 2, "asking all: one changed, one unchanged")
    equal([ask(w, path) for path in ("/bad", "/other")], ["none", "403"], "the next content")
    acls = w.cli("show acl")
    true(len(re.findall(r"(?m)^# update of \d+: (un)?changed, \ds old$", acls)) == 2, f"both are among the ACLs: {acls}")
    true("no update has the list" in w.cli("update now nothing"), "another list")


def copies(w):
    """The last good copy serves a start while the source is away."""
    os.makedirs(os.path.join(w.dir, "state"))
    source = Source(w, Content("/a kept\n", etag='"k"'))
    lines = ("update-state-dir @dir@/state", f"update id @dir@/hosts.map url {source.url}/x {EVER}")
    start(w, *lines)
    equal(first(w), "changed", "first")
    [name] = os.listdir(os.path.join(w.dir, "state"))
    true(name.startswith("_") and name.endswith("hosts.map." + name.split(".")[-2] + ".copy"), f"a copy: {name}")
    w.stop()
    port = source.port
    source.stop()
    start(w, *lines)
    equal(ask(w, "/a"), "kept", "the copy counts from the first request on")
    now(w, "failed: connection to")
    equal(ask(w, "/a"), "kept", "and the copy stays")
    true(shown(w)["age"] != "never", "its age is known")
    w.stop()
    source = Source(w, Content("/a kept\n", etag='"k"'), port=port)
    start(w, *lines)
    now(w, "unchanged")
    equal(source.asked[-1][1].get("if-none-match"), '"k"', "its tag was kept too")
    w.stop()
    path = os.path.join(w.dir, "state", name)
    with open(path, "r+b") as copy:
        copy.seek(-3, os.SEEK_END)
        copy.write(b"X")
    source.say(500)
    start(w, *lines)
    equal(first(w), "failed", "the source fails")
    equal(ask(w, "/a"), "file", "a damaged copy is none")
    w.stop()
    os.chmod(path, 0o600)
    os.unlink(path)
    os.mkdir(path)
    source.say(Content("/a kept\n"))
    start(w, *lines)
    equal(first(w), "changed", "a copy that cannot be written")
    true("no copy was kept" in w.log.next("no copy"), "is told")
    equal(os.listdir(os.path.join(w.dir, "state")), [name], "and leaves nothing behind")


def reloads(w):
    os.makedirs(os.path.join(w.dir, "state"))
    source = Source(w, Content("/a one\n", etag='"1"'))
    other = Source(w, Content("/bad\n"))
    lines = ["update-state-dir @dir@/state", f"update id @dir@/hosts.map url {source.url}/x {EVER}",
             f"update id virt@blocked url {other.url}/x {EVER}"]
    start(w, *lines)
    equal((first(w), first(w, "virt@blocked")), ("changed", "changed"), "first")

    def reload(body=BODY, *changed):
        w.places["global"] = w.expand("\n    ".join(changed or lines))
        w.configure(body, PROLOGUE)
        return w.cli("reload")
    for body in (BODY, BODY + "\nbackend more\n    server s1 127.0.0.1:1\n", BODY):
        true("Reload done" in reload(body), "a reload")
    equal((len(source.asked), len(other.asked)), (1, 1), "asks nobody twice")
    equal((ask(w, "/a"), ask(w, "/bad")), ("one", "403"), "and changes no list")
    w.write("/a otherfile\n", "hosts.map")
    true("Reload done" in reload(), "the file is another one now")
    equal(ask(w, "/a"), "one", "the source's content comes back from the copy")
    equal(len(source.asked), 1, "and nobody was asked")
    now(w, "unchanged")
    equal(source.asked[-1][1].get("if-none-match"), '"1"', "with its tag")
    true("refused" in reload(BODY, f"update id @dir@/nothing.map url {source.url}/x"), "an error")
    equal(shown(w)["asks"], "2", "an error changes nothing")
    true("settings changed" in reload(BODY, lines[0], lines[1] + " max-size 1m", lines[2]), "another setting is told")
    equal((shown(w)["asks"], len(other.asked)), ("2", 1), "and keeps what was learnt")
    source.say(Content("/a two\n", etag='"2"'))
    true("update" in reload(BODY, lines[1].replace("/x", "/y")), "another URL, one update less, no directory")
    until(lambda: ask(w, "/a") == "two", what="the other URL's content")
    equal(ask(w, "/bad"), "403", "a list without its update stays as it is")
    equal(w.cli("show updates").count("\n"), 3, "one update is left")
    w.write("/a thirdfile\n", "hosts.map")
    before = len(source.asked)
    true("Reload done" in reload(BODY, lines[1].replace("/x", "/y")), "without a copy")
    until(lambda: ask(w, "/a") == "two", what="the source's content again")
    equal(len(source.asked), before + 1, "it was asked once")


class Held:
    """An answer that waits until it is let go."""

    def __init__(self, content):
        self.content = content
        self.asked = threading.Event()
        self.go = threading.Event()

    def __call__(self, request):
        self.asked.set()
        self.go.wait(20)
        self.content(request)


def reloads_meanwhile(w):
    """A reload while a question is under way."""
    source = Source(w, Content("/a one\n"))
    line = f"update id @dir@/hosts.map url {source.url}/x {EVER}"
    start(w, line)
    equal(first(w), "changed", "first")

    def reload(*lines):
        w.places["global"] = w.expand("\n    ".join(lines))
        w.configure(BODY, PROLOGUE)
        return w.cli("reload")

    def beside(held):
        source.say(held)
        said = []
        asking = threading.Thread(target=lambda: said.append(w.cli("update now")))
        asking.start()
        true(held.asked.wait(10), "the question is there")
        return asking, said
    held = Held(Content("/a two\n"))
    asking, said = beside(held)
    w.write("/a otherfile\n", "hosts.map")
    true("Reload done" in reload(line), "another list meanwhile")
    held.go.set()
    asking.join()
    true("changed" in said[0], f"who asked is told: {said}")
    until(lambda: ask(w, "/a") == "two", what="the answer in the list of now")
    held = Held(Content("/a three\n"))
    asking, said = beside(held)
    true("Reload done" in reload(line + " max-size 1m"), "another setting meanwhile: the question is asked again")
    held.go.set()
    asking.join()
    true("changed" in said[0] and ask(w, "/a") == "three", f"who asked is told: {said}")
    held = Held(Content("/a four\n"))
    asking, said = beside(held)
    true("Reload done" in reload(), "no update any more")
    asking.join()
    true("taken out" in said[0], f"who asked is told: {said}")
    held.go.set()
    equal(ask(w, "/a"), "three", "and the answer is nobody's")


def files(w):
    """Watched local files."""
    watched = w.write("/bad\n", "watched.lst")
    start(w, f"update id virt@blocked url file://{watched} delay 100ms jitter 0",
          "update id @dir@/hosts.map url @dir@/hosts.map delay 100ms")
    until(lambda: ask(w, "/bad") == "403", what="the file's content")
    w.write("/worse\n", "watched.new")
    os.rename(os.path.join(w.dir, "watched.new"), watched)
    until(lambda: ask(w, "/worse") == "403", what="another file of that name")
    equal(ask(w, "/bad"), "none", "as a whole")
    with open(watched, "a", encoding="utf-8") as out:
        out.write("/more\n")
    until(lambda: ask(w, "/more") == "403", what="a line more")
    w.write("/a changed\n", "hosts.map")
    until(lambda: ask(w, "/a") == "changed", what="the map's own file")
    w.write("/a\n", "hosts.map")
    until(lambda: shown(w)["outcome"] == "failed", what="a file that is no map")
    equal(ask(w, "/a"), "changed", "which changes nothing")
    os.unlink(watched)
    os.mkfifo(watched)
    until(lambda: "it is no file" in shown(w, "virt@blocked").get("problem", ""), what="a pipe, which nobody waits for")
    os.unlink(watched)
    until(lambda: "No such file" in shown(w, "virt@blocked").get("problem", ""), what="a file that is gone")
    equal(ask(w, "/more"), "403", "its last content stays")
    w.write("/back\n", "watched.lst")
    until(lambda: ask(w, "/back") == "403", what="it is back")


def jitter(w):
    source = Source(w, Content("/a one\n"))
    start(w, f"update id @dir@/hosts.map url {source.url}/x delay 10000s jitter 50")
    first(w)
    seen = set()
    for _ in range(12):
        now(w, "unchanged")
        seen.add(int(shown(w)["next"][:-1]))
    true(all(4990 <= one <= 15000 for one in seen) and len(seen) > 6, f"the next question's time is spread: {sorted(seen)}")


def in_a_chroot(w):
    """Files, copies and names are those outside, with the rights that were given up."""
    if os.geteuid() != 0:
        return
    os.makedirs(os.path.join(w.dir, "state"), mode=0o700)
    os.makedirs(os.path.join(w.dir, "empty"))
    os.chmod(w.dir, 0o755)
    watched = w.write("/bad\n", "watched.lst")
    os.chmod(watched, 0o600)
    source = Source(w, Content("/a outside\n"), host="127.0.0.1")
    lines = ["chroot @dir@/empty", "user nobody", "update-state-dir @dir@/state",
             f"update id @dir@/hosts.map url http://localhost:{source.port}/x {EVER}",
             f"update id virt@blocked url {watched} delay 100ms"]
    start(w, *lines)
    equal(first(w), "changed", "a name")
    until(lambda: ask(w, "/bad") == "403", what="a file")
    equal(ask(w, "/a"), "outside", "the source's content")
    equal(len(os.listdir(os.path.join(w.dir, "state"))), 2, "copies")
    with open(watched, "w", encoding="utf-8") as out:
        out.write("/worse\n")
    until(lambda: ask(w, "/worse") == "403", what="the file's change")
    w.write("/a otherfile\n", "hosts.map")
    true("Reload done" in w.cli("reload"), "a reload")
    equal(ask(w, "/a"), "outside", "with the copy")


def large(w):
    contents = [Content("".join(f"/k{i} v{version}\n" for i in range(ENTRIES))) for version in range(4)]
    source = Source(w, contents[0])
    os.makedirs(os.path.join(w.dir, "state"))
    start(w, "update-state-dir @dir@/state", f"update id @dir@/hosts.map url {source.url}/x {EVER} timeout 60s map")
    equal(first(w), "changed", "first")
    equal(shown(w)["entries"], str(ENTRIES), "entries")
    # Every answer is one of the versions.
    with traffic(w, 3, b"GET /k77 HTTP/1.1\r\nhost: x\r\n\r\n", rb"HTTP/1.1 200 .*\r\n\r\nv\d+$") as workers:
        for version in (1, 2, 3):
            source.say(contents[version])
            now(w, "changed")
            equal(ask(w, f"/k{ENTRIES - 1}"), f"v{version}", "the last entry")
            true(w.cli("show info").startswith("Name: weir"), "commands are answered")
    for worker in workers:
        equal(worker.broken, "", "traffic")
        true(worker.count > 20 and worker.worst < BOUND, f"{worker.count} requests, the slowest took {worker.worst * 1000:.0f} ms")
    print(f"     {sum(worker.count for worker in workers)} requests, the slowest took "
          f"{max(worker.worst for worker in workers) * 1000:.0f} ms")


def long_ends(w):
    """An end in the middle of a question waits for nobody."""
    source = Source(w, slow)
    start(w, f"update id @dir@/hosts.map url {source.url}/x delay 1h timeout 60s")
    until(lambda: source.asked, what="the question")
    equal(shown(w)["next"], "now", "it is under way")
    began = time.monotonic()
    w.stop()
    true(time.monotonic() - began < 10, "the end is at once")


run([article, conditions, failures, retries, nobody_there, certificates, kinds, copies, reloads, reloads_meanwhile, files, jitter, in_a_chroot, large,
     long_ends], threads=2)
