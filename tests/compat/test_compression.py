#!/usr/bin/env python3
"""HTTP compression: the same answers through both programs, decompressed and compared, and what becomes of their heads.

The compressed bytes themselves differ from library to library. What is compared is which answers are compressed with
what, every field of every head, the body as a client reads it, what the server was asked, the counters, the log.
"""
import hashlib
import random
import re
import zlib

from harness import add_scenario, main
from web import CONFIG, WebClient, chunks, farm, get, response, web

TEXT = "All work and no play makes a dull proxy.\n" * 60
HTML = "Content-Type: text/html"


def decoded(head, body):
    """The body as a browser has it, and in which shape it came."""
    coding = re.search(rb"(?im)^content-encoding: *(\S+)", head)
    name = coding.group(1) if coding else b""
    try:
        if name == b"gzip":
            engine = zlib.decompressobj(31)
        elif name == b"deflate":
            wrapped = len(body) > 1 and body[0] & 15 == 8 and (body[0] * 256 + body[1]) % 31 == 0
            name = b"zlib" if wrapped else b"raw"
            engine = zlib.decompressobj(15 if wrapped else -15)
        else:
            return "plain", body
        whole = engine.decompress(body) + engine.flush()
        return name.decode() + ("" if engine.eof and not engine.unused_data else " BROKEN"), whole
    except zlib.error as error:
        return f"{name.decode()} {error}", body


class Asker:
    """One client; each question is one connection, so that no answer's end depends on another's."""

    def __init__(self, w):
        self.w = w

    def ask(self, request, method="GET"):
        client = WebClient(self.w.address("fe"))
        self.w.clients.append(client)
        client.send(request)
        head = client.reader.head()
        bare = method == "HEAD" or re.match(rb"HTTP/1\.1 (204|304)", head)
        body, trailers, wrong = (b"", b"", "") if bare else client.reader.content(head)
        client.close()
        shape, text = decoded(head, body)
        return shape, head, text, trailers.decode("latin-1") + wrong

    def observe(self, label, request, method="GET"):
        shape, head, text, trailers = self.ask(request, method)
        digest = hashlib.sha1(text).hexdigest()[:8]
        self.w.observe(label, f"{shape} {len(text)} {digest}\n{head.decode('latin-1')}{trailers}")


def start(w, frontend="", backend="compression algo gzip deflate", more=""):
    return farm(w, {}, f"    {frontend}", f"    {backend}", more_global=more), Asker(w)


def accept(value):
    return get("/", *([] if value is None else [f"Accept-Encoding: {value}"]))


# -- what the client takes -------------------------------------------------------------------------------------------

ACCEPTED = [None, "", "gzip", "GZIP", "x-gzip", "identity", "br", "br, gzip", "deflate", "gzip, deflate", "deflate, gzip",
            "gzip;q=0", "gzip;q=0.0", "gzip;q=0.001", "gzip;q=0.5, deflate;q=1", "deflate;q=0.5,gzip;q=0.5",
            "gzip;q=0.8,deflate;q=0.9", "*", "*;q=0", "gzip;q=0, *", "*;q=0.5, gzip;q=0", "gzip;q=abc", "gzip;q=",
            "gzip;foo=bar", "identity, *;q=0", "identity;q=1, gzip;q=0.5", "gzip;q=1.5", "gzip;q=0.1234", ",gzip,"]


def accepted(algos, values):
    def run(w):
        server, asker = start(w, backend=f"compression algo {algos}")
        server.script = {"/": response("200 OK", HTML, body=TEXT)}
        for value in values:
            asker.observe(f"accepts {value!r}", accept(value))
        asker.observe("accepts twice", get("/", "Accept-Encoding: deflate", "Accept-Encoding: gzip;q=0.5"))
    return run


add_scenario("compression_accept_gzip_deflate", accepted("gzip deflate", ACCEPTED))
add_scenario("compression_accept_deflate_gzip", accepted("deflate gzip", ["*", "gzip", "deflate", "gzip, deflate"]))
add_scenario("compression_accept_raw_deflate", accepted("raw-deflate", ["deflate", "gzip", "*"]))
add_scenario("compression_accept_two_deflates", accepted("deflate raw-deflate", ["deflate", "*"]))
add_scenario("compression_accept_two_deflates_turned", accepted("raw-deflate deflate", ["deflate", "*"]))
add_scenario("compression_identity", accepted("identity", [None, "gzip", "*", "identity;q=0"]))
add_scenario("compression_identity_last_resort", accepted("identity gzip", [None, "gzip", "br", "deflate"]))


# -- which answers ---------------------------------------------------------------------------------------------------

ANSWERS = {
    "statuses": [response(f"{status} x", HTML, body=TEXT) for status in (200, 201, 202, 203, 205, 206, 226, 301, 400, 404, 500)]
    + [b"HTTP/1.1 204 x\r\nContent-Type: text/html\r\n\r\n", b"HTTP/1.1 304 x\r\nContent-Type: text/html\r\n\r\n"],
    "types": [response("200 OK", *([f"Content-Type: {kind}"] if kind is not None else []), body=TEXT) for kind in
              (None, "", "text/html; charset=utf-8", "text/HTML", "TEXT/plain", "text/htmlx", "text/htm", "text/css", "multipart/x",
               "Multipart/mixed", "image/png", "text")]
    + [response("200 OK", "Content-Type: text/css", HTML, body=TEXT), response("200 OK", HTML, "Content-Type: multipart/x", body=TEXT)],
    "versions": [response("200 OK", HTML, body=TEXT, version="1.0"), response("200 OK", HTML, body=TEXT)],
    "bodies": [response("200 OK", HTML), response("200 OK", HTML, body="x"), response("200 OK", HTML, body="xy" * 5),
               response("200 OK", HTML, "Transfer-Encoding: chunked", length=False) + chunks(TEXT, "x", TEXT).encode(),
               response("200 OK", HTML, "Transfer-Encoding: chunked", length=False) + chunks().encode(),
               response("200 OK", HTML, "Transfer-Encoding: chunked", length=False) + chunks(TEXT, trailers="X-Sum: 1\r\n").encode()],
    "cache_control": [response("200 OK", HTML, f"Cache-Control: {value}", body=TEXT) for value in
                      ("no-transform", "NO-TRANSFORM", "private, no-transform", "no-transformx", "max-age=0", "public")]
    + [response("200 OK", HTML, "Cache-Control: public", "Cache-Control: no-transform", body=TEXT)],
    "etags": [response("200 OK", HTML, f"ETag: {value}", body=TEXT) for value in
              ('"abc"', 'W/"abc"', "abc", '"abc', '""', 'w/"abc"', '"a"b"', "", "W/abc")]
    + [response("200 OK", HTML, 'ETag: "a"', 'ETag: "b"', body=TEXT)],
    "encoded": [response("200 OK", HTML, f"Content-Encoding: {value}", body=TEXT) for value in ("gzip", "identity", "x")],
    "vary": [response("200 OK", HTML, f"Vary: {value}", body=TEXT) for value in
             ("Cookie", "Accept-Encoding", "accept-encoding, cookie", "*")],
    "other_fields": [response("200 OK", HTML, "Content-MD5: abc", "Accept-Ranges: bytes", "Digest: x", "Content-Language: en",
                              "Content-Range: bytes 0-5/10", "X-Odd:", body=TEXT)],
}


def answers(rows, backend):
    def run(w):
        server, asker = start(w, backend=backend)
        server.script = {f"/{at}": row for at, row in enumerate(rows)}
        for at in range(len(rows)):
            asker.observe(f"answer {at}", get(f"/{at}", "Accept-Encoding: gzip"))
            asker.observe(f"plain {at}", get(f"/{at}"))
    return run


for _name, _rows in ANSWERS.items():
    add_scenario(f"compression_{_name}", answers(_rows, "compression algo gzip\n    compression type text/html text/plain"))
add_scenario("compression_any_type", answers(ANSWERS["types"], "compression algo gzip"))


def until_close(w):
    server, asker = start(w)
    server.script = {"/": [response("200 OK", HTML, body=TEXT, length=False), "close"]}
    asker.observe("no length", accept("gzip"))


add_scenario("compression_until_close", until_close)


# -- which requests --------------------------------------------------------------------------------------------------

AGENTS = ["Mozilla/4.0", "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)", "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)",
          "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1)", "Mozilla/4.0 (compatible; MSIE 8.0)",
          "Mozilla/4.0 (compatible; MSIE 5.5)", "Mozilla/5.0", "x Mozilla/4.0", "Mozilla/4", "mozilla/4.0",
          "Mozilla/4.0 (compatible; MSIE 10.0)"]


def requests(w):
    server, asker = start(w)
    server.script = {"/": response("200 OK", HTML, body=TEXT)}
    for agent in AGENTS:
        asker.observe(f"agent {agent}", get("/", "Accept-Encoding: gzip", f"User-Agent: {agent}"))
    asker.observe("HEAD", get("/", "Accept-Encoding: gzip", method="HEAD"), "HEAD")
    asker.observe("1.0", get("/", "Accept-Encoding: gzip", version="1.0"))
    asker.observe("1.0 kept", get("/", "Accept-Encoding: gzip", "Connection: keep-alive", version="1.0"))
    asker.observe("POST", get("/", "Accept-Encoding: gzip", "Content-Length: 3", method="POST", body="abc"))
    asker.observe("range", get("/", "Accept-Encoding: gzip", "Range: bytes=0-5"))
    asker.observe("TE", get("/", "TE: gzip", "Connection: te"))


add_scenario("compression_requests", requests)


# -- whose words, which rules, what is counted -----------------------------------------------------------------------

def places(frontend, backend, values=("gzip, deflate", "gzip", "deflate")):
    def run(w):
        server, asker = start(w, frontend, backend)
        server.script = {"/": response("200 OK", HTML, body=TEXT), "/css": response("200 OK", "Content-Type: text/css", body=TEXT)}
        for value in values:
            server.forget()
            asker.observe(f"html {value}", accept(value))
            w.observe(f"asked {value}", str([heard[:-1] for heard in server.heard()]))
        asker.observe("css", get("/css", "Accept-Encoding: gzip"))
        w.idle("fe")
        for proxy, side in (("fe", "FRONTEND"), ("be", "BACKEND"), ("be", "s1")):
            row = w.stat(proxy, side)
            w.observe(f"{proxy} {side}", str([row[name] for name in ("comp_in", "comp_byp", "comp_rsp")]))
            out, taken = row["comp_out"], row["comp_in"]
            w.observe(f"{proxy} {side} out", "none" if not out else "less" if int(out) < int(taken) else "same")
    return run


G, D = "compression algo gzip", "compression algo deflate"
PLACES = {
    "backend": ("", G), "frontend": (G, ""), "both": (D, G), "frontend_only_type": ("compression type text/css", G),
    "backend_only_type": (G, "compression type text/css"), "types_of_both": (f"{G}\n    compression type text/css", f"{G}\n    compression type text/html"),
    "offload": ("", f"{G}\n    compression offload"), "offload_frontend": (f"{G}\n    compression offload", ""),
    "offload_identity": ("", "compression algo gzip identity\n    compression offload"), "offload_without_algo": ("", "compression offload"), "identity": ("", "compression algo identity"), "filter_line": ("", f"filter compression\n    {G}"),
    "filter_without_algo": ("", "filter compression"), "lines_add_up": ("", f"{G}\n    {D}"),
}
for _name, _sides in PLACES.items():
    add_scenario(f"compression_place_{_name}", places(*_sides))


def defaults(w):
    server = web(w, "s1", {"/": response("200 OK", HTML, body=TEXT)})
    w.start("""
frontend fe
    bind @fe@
    default_backend be
backend be
    compression algo deflate
    server s1 @s1@
""", prologue=CONFIG + "    compression algo gzip\n    compression type text/html\n")
    for value in ("gzip", "deflate", "gzip;q=0.5, deflate"):
        Asker(w).observe(value, accept(value))
    server.script = {"/": response("200 OK", "Content-Type: text/css", body=TEXT)}
    Asker(w).observe("css", accept("gzip"))


add_scenario("compression_defaults", defaults)

RULES = {
    "seen_by_rules": ("", f"{G}\n    http-response set-header X-R %[res.hdr(content-encoding)]-%[res.comp]-%[res.comp_algo]-%[res.hdr(content-length)]\n"
                      "    http-after-response set-header X-A %[res.hdr(content-encoding)]-%[res.comp]-%[res.comp_algo]"),
    "raw_name": ("", "compression algo raw-deflate\n    http-response set-header X-R %[res.comp_algo]"),
    "identity_name": ("", "compression algo identity\n    http-response set-header X-R %[res.comp]%[res.comp_algo]"),
    "type_set_too_late": ("", f"{G}\n    compression type text/x\n    http-response set-header Content-Type text/x"),
    "type_gone_too_late": ("", f"{G}\n    compression type text/html\n    http-response set-header Content-Type text/x"),
    "accept_removed_before": ("http-request del-header accept-encoding", G),
    "accept_removed": ("", f"{G}\n    http-request del-header accept-encoding"),
    "accept_set": ("", f"{G}\n    http-request set-header accept-encoding gzip"),
    "our_own_answer": (f"{G}\n    http-request return status 200 content-type text/html string '{'abc ' * 99}'", ""),
    "our_own_page": (f"{G}\n    http-request deny deny_status 200", ""),
    "denied_answer": ("", f"{G}\n    http-response deny"),
}
for _name, _sides in RULES.items():
    add_scenario(f"compression_rules_{_name}", places(*_sides, values=("gzip", "deflate", "br")))


def limited(w):
    """The rate is reached with the first answer: the next ones pass as they are."""
    server, asker = start(w, backend=G, more="maxcomprate 1")
    server.script = {"/": response("200 OK", HTML, body=TEXT * 10)}
    for at in range(4):
        asker.observe(f"answer {at}", accept("gzip"))
    info = re.search(r"CompressBpsRateLim: \d+", w.cli("show info")).group(0)
    w.observe("limit", info)
    w.observe("set", w.cli("set rate-limit http-compression global 10"))
    w.observe("limit set", re.search(r"CompressBpsRateLim: \d+", w.cli("show info")).group(0))
    w.cli("set rate-limit http-compression global 0")
    asker.observe("unlimited", accept("gzip"))


add_scenario("compression_rate", limited)


# -- on the way ------------------------------------------------------------------------------------------------------

def streaming(w):
    """Each event is there before the next one is sent."""
    server, _ = start(w, backend=G)
    server.script = {"/": [response("200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked", length=False), b"5\r\nhello\r\n", 0.4,
                           b"6\r\n world\r\n", 0.4, b"0\r\n\r\n"]}
    client = WebClient(w.address("fe"))
    w.clients.append(client)
    client.send(accept("gzip"))
    head = client.reader.head()
    w.observe("head", head)
    engine, text, seen = zlib.decompressobj(31), b"", []
    while size := int(client.reader.line().strip() or b"0", 16):
        text += engine.decompress(client.reader.exactly(size))
        client.reader.exactly(2)
        seen.append(text)
    w.observe("began", bool(seen and seen[0].startswith(b"h")))
    w.observe("all", text + engine.flush())


add_scenario("compression_streaming", streaming)


def cut(w):
    """A server that ends too early: the client must not take it for a whole answer."""
    server, asker = start(w, backend=G)
    server.script = {"/length": [response("200 OK", HTML, "Content-Length: 9999", body=TEXT, length=False), "close"],
                     "/chunks": [response("200 OK", HTML, "Transfer-Encoding: chunked", length=False) + b"5\r\nhello\r\n", "close"]}
    for path in ("/length", "/chunks"):
        client = WebClient(w.address("fe"))
        w.clients.append(client)
        client.send(get(path, "Accept-Encoding: gzip"))
        wrong = client.reader.content(client.reader.head())[2]
        w.observe(f"{path} has an end", not wrong)
        w.observe(f"{path} then", client.reader.over or "open")


add_scenario("compression_cut", cut)


def kept(w):
    """Answers of all kinds follow each other on kept connections."""
    server, _ = start(w, backend=G)
    noise = random.Random(3).randbytes(20_000).decode("latin-1")
    bodies = [TEXT, "x", noise, "", TEXT * 40]
    server.script = {f"/{at}": response("200 OK", HTML, body=body) for at, body in enumerate(bodies)}
    client = WebClient(w.address("fe"))
    w.clients.append(client)
    for turn in range(3):
        for at, body in enumerate(bodies):
            taken = ["Accept-Encoding: gzip"] if turn != 1 else []
            client.send(get(f"/{at}", *taken))
            head = client.reader.head()
            shape, text = decoded(head, client.reader.content(head)[0])
            w.observe(f"{turn} {at}", f"{shape} {text == body.encode('latin-1')}\n{head.decode('latin-1')}")
    w.observe("server's connections", len(server.heard()))


add_scenario("compression_kept", kept, threads=(1, 2))


def interim(w):
    server, _ = start(w, backend=G)
    server.script = {"/": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + response("200 OK", HTML, body=TEXT)}
    client = WebClient(w.address("fe"))
    w.clients.append(client)
    client.send(accept("gzip"))
    w.observe("interim", client.reader.head())
    head = client.reader.head()
    w.observe("final", head)
    w.observe("text", decoded(head, client.reader.content(head)[0])[1])


add_scenario("compression_interim", interim)


def logged(w):
    server, asker = start(w, f"{G} identity\n    log-format 'comp=%[res.comp] algo=%[res.comp_algo] %ST TRAFFIC'", "")
    server.script = {"/": response("200 OK", HTML, body=TEXT), "/no": response("404 x", HTML, body=TEXT)}
    for path, value in (("/", "gzip"), ("/", "br"), ("/no", "gzip")):
        asker.ask(get(path, f"Accept-Encoding: {value}"))
        w.observe_log(f"{path} {value}", "TRAFFIC")


add_scenario("compression_log", logged)

if __name__ == "__main__":
    main()
