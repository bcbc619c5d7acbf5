#!/usr/bin/env python3
"""FastCGI to real applications: Debian's php-fpm behind $WEIR, on a Unix socket and on a port; and a scripted application
that breaks the protocol in ways that the reference does not survive.
"""
import hashlib
import http.client
import json
import os
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
import php  # noqa: E402
from cases import equal, run, true  # noqa: E402
from fcgi import HELLO, STDOUT, app_farm, end, err, out, record  # noqa: E402
from web import CONFIG, WebClient, chunks, get  # noqa: E402
from wire import until  # noqa: E402

MEGA = 1 << 20


def start(w, frontend="", backend="", server="", app="", place="@phpsock@", children=4):
    made = php.Php(w, children)
    w.start(f"""
frontend fe
    bind @fe@
{frontend}
    default_backend be
backend be
    use-fcgi-app php
{backend}
    server s1 {place} proto fcgi {server}
fcgi-app php
    docroot @www@
    index index.php
    path-info ^(/.+\\.php)(/.*)?$
    log-stderr global
{app}
""", prologue=CONFIG)
    return made


class Asker:
    """One client's connection."""

    def __init__(self, w):
        self.connection = http.client.HTTPConnection(*w.address("fe"), timeout=30)

    def __call__(self, path, method="GET", body=None, **fields):
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        chunked = body is not None and not isinstance(body, bytes)
        self.connection.request(method, path, body=body, headers=fields, encode_chunked=chunked)
        answer = self.connection.getresponse()
        answer.text = answer.read()
        return answer


def piece(size):
    one = b"".join(hashlib.sha1(str(i).encode()).digest() for i in range(4096))
    return (one * (size // len(one) + 1))[:size]


def seen_by_a_script(w, place):
    made = start(w, place=place)
    ask = Asker(w)
    seen = json.loads(ask("/server.php/some/info?a=b&c=%20", X_Foo="bar", Cookie="k=v", Host="site.example").text)
    wanted = {"SCRIPT_NAME": "/server.php", "SCRIPT_FILENAME": made.root + "/server.php", "PATH_INFO": "/some/info",
              "PATH_TRANSLATED": made.root + "/some/info", "DOCUMENT_ROOT": made.root, "QUERY_STRING": "a=b&c=%20",
              "REQUEST_URI": "/server.php/some/info?a=b&c=%20", "REQUEST_METHOD": "GET", "HTTP_X_FOO": "bar",
              "HTTP_COOKIE": "k=v", "HTTP_HOST": "site.example", "SERVER_NAME": "site.example",
              "SERVER_PORT": str(w.address("fe")[1]), "REMOTE_ADDR": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.1",
              "GATEWAY_INTERFACE": "CGI/1.1", "CONTENT_LENGTH": "0"}
    for name, value in wanted.items():
        equal(seen.get(name), value, name)
    seen = json.loads(ask("/server.php", Proxy="http://evil.example", Authorization="Basic dTpw").text)
    true("HTTP_PROXY" not in seen and "HTTP_AUTHORIZATION" not in seen, "Proxy and Authorization stay out")
    equal((seen.get("AUTH_TYPE"), seen.get("REMOTE_USER")), ("Basic", "u"), "who asks")
    equal(ask("/sub/").text, b"index of /sub/index.php", "the index of a folder")


def seen_over_a_socket(w):
    """What a script sees of a request."""
    seen_by_a_script(w, "@phpsock@")


def seen_over_a_port(w):
    """The same over TCP."""
    seen_by_a_script(w, "@php@")


def bodies(w):
    """POST bodies of some sizes arrive whole, told by length or in chunks that fit a buffer."""
    start(w)
    ask = Asker(w)
    for size in (0, 1, 7, 8, 1000, 16_000, 65_535, 65_536, 70_000, MEGA, 5 * MEGA + 3):
        data = piece(size)
        answer = ask("/body.php", "POST", data)
        equal(answer.text.decode(), f"{size} {hashlib.sha1(data).hexdigest()}", f"a body of {size}")
        equal(answer.headers["X-Told"], str(size), "its length is told")
    data = piece(9000)
    answer = ask("/body.php", "POST", iter([data[:1000], data[1000:]]), Transfer_Encoding="chunked")
    equal(answer.text.decode(), f"9000 {hashlib.sha1(data).hexdigest()}", "a body in chunks")
    equal(answer.headers["X-Told"], "9000", "its length is told all the same")
    equal(ask("/body.php", "POST", iter([piece(50_000)]), Transfer_Encoding="chunked").status, 400,
          "chunks that no buffer holds")


def answers(w):
    """Big answers arrive intact, with a length and without; statuses, redirections, cookies, errors."""
    start(w)
    ask = Asker(w)
    for size in (1, 1000, 16_384, 100_000, 5 * MEGA):
        for length in ("", "&length=1"):
            answer = ask(f"/big.php?size={size}{length}")
            true(answer.text == piece(size), f"{size}{length}: {len(answer.text)} bytes")
    equal([ask(f"/status.php?code={code}").status for code in (200, 201, 404, 500, 503)], [200, 201, 404, 500, 503], "statuses")
    equal((ask("/status.php?code=204").status, ask("/status.php?code=304").status), (204, 304), "without a body")
    answer = ask("/where.php")
    equal((answer.status, answer.headers["Location"]), (302, "/elsewhere.php"), "a redirection")
    equal(ask("/cookies.php", Cookie="a=b").headers.get_all("Set-Cookie"), ["one=1", "two=2"], "cookies")
    equal(ask("/none.php").status, 404, "no such script")
    answer = ask("/big.php?size=1000", "HEAD")
    equal((answer.status, answer.text), (200, b""), "a head alone")
    equal(ask("/server.php").status, 200, "and the connection goes on")
    for code in (0, 1, 255):
        equal(ask(f"/exit.php?code={code}").text, b"leaving", f"a script that exits with {code}")
    equal(ask("/fatal.php").status, 500, "a script that dies")


def stderr(w):
    """What a script writes to STDERR is logged, a line at a time, under the application's name."""
    start(w)
    answer = Asker(w)("/stderr.php")
    equal(answer.text, b"said", "the answer")
    lines = []
    until(lambda: lines.append(w.log.next()) or any("stderr.php" in line for line in lines), what="the log")
    said = [line for line in lines if " php[" in line]
    true(any("first" in line for line in said) and any("second" in line for line in said), f"both lines: {lines}")
    true(all(line.startswith("<131>") for line in said), "as errors")


def kept(w):
    """Connections to the application are kept, shared by clients, and closed without keep-conn."""
    start(w, backend="    http-reuse always")
    ask = Asker(w)
    for _ in range(500):
        equal(ask("/exit.php?code=0").status, 200, "one of many")
    stat = w.stat("be", "s1")
    true(int(stat["connect"]) <= 3 and int(stat["reuse"]) >= 497, f"connections are used again: {stat['connect']} {stat['reuse']}")


def not_kept(w):
    """Without keep-conn each request has a connection, which the application closes."""
    start(w, app="    no option keep-conn")
    ask = Asker(w)
    for _ in range(20):
        equal(ask("/big.php?size=3000").text, piece(3000), "one of some")
    stat = w.stat("be", "s1")
    equal((stat["connect"], stat["reuse"]), ("20", "0"), "a connection each")


def many(w):
    """Clients at once, more than the pool has workers: maxconn queues them."""
    start(w, server="maxconn 4", backend="    http-reuse always")
    failed = []

    def client():
        ask = Asker(w)
        for turn in range(25):
            data = piece(turn * 997)
            answer = ask("/body.php", "POST", data)
            if answer.text.decode() != f"{len(data)} {hashlib.sha1(data).hexdigest()}":
                failed.append(answer.text)
    threads = [threading.Thread(target=client) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(failed, [], "what came back wrong")
    equal(w.stat("be", "s1")["smax"], "4", "never more than the pool's workers")


def killed(w):
    """php-fpm dies in the middle of answers and of waiting; clients are told, and served again once it is back."""
    made = start(w, backend="    retries 0")
    begun, waiting = WebClient(w.address("fe"), 10.0), WebClient(w.address("fe"), 10.0)
    kept_one = Asker(w)
    equal(kept_one("/server.php").status, 200, "before")
    begun.send(get("/big.php?size=900000000"))
    true(begun.reader.fill(), "an answer has begun")
    waiting.send(get("/sleep.php?time=20&x=" + "y" * 10))
    until(lambda: int(w.stat("be", "s1")["scur"]) == 2, what="two requests at work")
    made.kill()
    waiting_got = waiting.answer()
    true("502" in waiting_got or "<end>" in waiting_got or "xxx" in waiting_got, f"the one that waited: {waiting_got[:200]}")
    until(lambda: not begun.reader.fill(5.0), what="the end of the answer")
    equal(begun.reader.over in ("end", "reset"), True, "a cut answer ends its connection")
    equal(kept_one("/server.php").status, 503, "nobody there")
    made.start()
    equal(Asker(w)("/server.php").status, 200, "it is back")
    equal(kept_one("/server.php").status, 200, "on the old connection too")


def restarted(w):
    """Requests go on over restarts of php-fpm: connections that rested and died are replaced without a word."""
    made = start(w, backend="    http-reuse always\n    retries 5\n    retry-on conn-failure empty-response")
    ask = Asker(w)
    for _ in range(3):
        for _ in range(10):
            equal(ask("/server.php").status, 200, "between restarts")
        made.kill()
        made.start()
    equal(ask("/server.php").status, 200, "after the last one")


def client_leaves(w):
    """A client that leaves in the middle frees the server's place, and the worker of a script that has more to say."""
    start(w, server="maxconn 1", children=1)
    leaver = WebClient(w.address("fe"))
    leaver.send(get("/big.php?size=2000000000"))
    true(leaver.reader.fill(), "an answer has begun")
    leaver.close()
    equal(Asker(w)("/server.php").status, 200, "the next one is served")


def checks(w):
    """httpchk asks the application itself."""
    made = start(w, backend="    option httpchk GET /status.php?code=200", server="check inter 100ms rise 1 fall 1")
    until(lambda: w.stat("be", "s1")["check_status"] == "L7OK", what="the check to pass")
    equal(w.stat("be", "s1")["check_code"], "200", "with the status")
    made.kill()
    until(lambda: w.stat("be", "s1")["status"].startswith("DOWN"), what="the server to be down")
    made.start()
    until(lambda: w.stat("be", "s1")["status"] == "UP", what="the server to be up again")


def reload_app(w):
    """A changed fcgi-app section is a changed backend: the next request is told by it."""
    start(w)
    ask = Asker(w)
    true("NEW" not in json.loads(ask("/server.php").text), "before")
    with open(w.config, encoding="utf-8") as text:
        changed = text.read().replace("    log-stderr global", "    set-param NEW %[fcgi.index]")
    with open(w.config, "w", encoding="utf-8") as file:
        file.write(changed)
    true("rror" not in w.cli("reload"), "the reload is taken")
    equal(json.loads(ask("/server.php").text).get("NEW"), "index.php", "after")


CT = "Content-Type: text/plain\r\n"
# What is said, then the status and the two letters that the log has.
BROKEN = {
    "head cut by END_REQUEST": (out("X: y\r\n") + end(), 502, "PH"),
    "output of request 0": (out(CT + "\r\nhello", request=0) + end(), 502, "PH"),
    "a type nobody knows": (record(99, b"abc") + HELLO, 502, "PH"),
    "parameters from the application": (record(4, b"abc") + HELLO, 502, "PH"),
    "END_REQUEST too short": (out(CT) + record(3, b"\0\0\0"), 502, "PH"),
    "END_REQUEST too long": (record(3, b"\0" * 12), 502, "PH"),
    "HTTP instead": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 502, "PH"),
    "a record cut": ([out(CT)[:12], "close"], 502, "SH"),
    "nothing": (["close"], 502, "SH"),
    "a reset": (["reset"], 502, "SH"),
    "a record cut by a reset": ([out(CT)[:12], "reset"], 502, "SH"),
    "a head cut by a reset": ([out(CT), "reset"], 502, "SH"),
    "an endless head": (out("X: " + "y" * 100_000), 502, "PH"),
    "STDERR without end": ([err("z" * 65_535) * 20, "close"], 502, "SH"),
    "cut in its body": ([record(STDOUT, (CT + "\r\nhello").encode()), "close"], 200, "SD"),
    "broken in its body": ([out(CT + "\r\nhello"), 0.2, record(99, b"x"), 0.2], 200, "PD"),
    "ends without END_REQUEST, whole": ([out("Content-Length: 5\r\n\r\nhello"), "close"], 200, "--"),
    "words behind the end": (HELLO + out("more"), 200, "--"),
}


def broken(w):
    """Applications that break the protocol: the client is told, the next request is served."""
    names = list(BROKEN)

    def script(params):
        said = BROKEN[names[int(params["QUERY_STRING"])]][0] if params["QUERY_STRING"].isdigit() else HELLO
        return [said] if isinstance(said, bytes) else said
    app_farm(w, script, backend="    retries 0", app="    docroot /srv\n    log-stderr global")
    for number, name in enumerate(names):
        _, status, letters = BROKEN[name]
        client = WebClient(w.address("fe"), 5.0)
        client.send(get(f"/a.php?{number}"))
        got = client.answer()
        true(got.startswith(f"HTTP/1.1 {status} "), f"{name}: {got[:100]}")
        client.close()
        line = w.log.next(f"a.php?{number} ")
        true(f" {status} " in line and f" {letters}-- " in line, f"{name}: {line}")
        client = WebClient(w.address("fe"), 5.0)
        client.send(get("/a.php?fine"))
        true(client.answer().endswith("hello"), f"after {name}")
        client.close()


def slow_chunks(w):
    """A body in chunks that arrive one by one is waited for; its length is told."""
    start(w)
    client = WebClient(w.address("fe"), 5.0)
    client.send(get("/body.php", "Transfer-Encoding: chunked", method="POST"))
    for one in (b"3\r\nabc\r\n", b"4\r\ndefg\r\n", chunks().encode()):
        client.send(one)
    got = client.answer()
    true("x-told: 7\r\n" in got and "7 " + hashlib.sha1(b"abcdefg").hexdigest() in got, got)


if __name__ == "__main__":
    if php.find() is None:
        sys.exit("php-fpm is missing (scripts/setup installs it)")
    run([seen_over_a_socket, seen_over_a_port, bodies, answers, stderr, kept, not_kept, many, killed, restarted, client_leaves, checks, reload_app,
         broken, slow_chunks], 2)
