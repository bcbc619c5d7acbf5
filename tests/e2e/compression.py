#!/usr/bin/env python3
"""Compression between real programs: curl in front, nginx behind, each algorithm; many downloads at once, clients that stop reading and
clients that leave; what it may cost; requests. Runs on $WEIR.
"""
import concurrent.futures
import hashlib
import os
import re
import sys
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import equal, keeps_what_was_freed, reload, resident_kb, run, true  # noqa: E402
from nginx import Nginx, curl  # noqa: E402
from web import CONFIG, OK, Reader, WebClient, chunks, get, response, web  # noqa: E402
from wire import Server, until  # noqa: E402

MEGA = 1 << 20
TOKENS = {"gzip": "gzip", "deflate": "deflate", "raw-deflate": "deflate", "br": "br", "zstd": "zstd"}


def prose(size):
    """Text that compresses like text."""
    words = [hashlib.sha256(str(n).encode()).hexdigest()[: 3 + n % 7] for n in range(700)]
    out, state = [], 1
    while len(out) * 5 < size:
        state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        out.append(words[(state >> 33) % 700])
    return " ".join(out).encode()[:size].ljust(size)


def start(w, backend="compression algo gzip", more="", frontend="", server="@nginx@"):
    w.start(f"frontend fe\n    bind @fe@ backlog 4096\n    {frontend}\n    default_backend be\nbackend be\n    {backend}\n    server s1 {server}\n",
            f"maxconn 3000\n{more}", prologue=CONFIG)


def url(w, path):
    return "http://%s:%d%s" % (*w.address("fe"), path)


def info(w, name):
    return int(re.search(rf"^{name}: (\d+)", w.cli("show info"), re.M).group(1))


def encoders(w):
    """(lent, kept)"""
    row = re.search(r"Pool encoder .*, (\d+) used \(~(\d+) by", w.cli("show pools"))
    return int(row.group(1)), int(row.group(2))


def every_algorithm(w):
    """curl asks for each as a browser would, and reads what nginx has: small, big, and what does not compress."""
    nginx = Nginx(w)
    files = {"empty": b"", "one": b"1", "text": prose(3 * MEGA), "noise": os.urandom(MEGA)}
    for size in (16383, 16384, 16385, 65536):
        files[f"s{size}"] = files["text"][:size]
    for name, data in files.items():
        nginx.file(name, data)
    start(w, "use-server s1 if TRUE")
    with open(w.config, encoding="utf-8") as text:
        base = text.read()
    for name, token in TOKENS.items():
        for level in (1, 6):
            with open(w.config, "w", encoding="utf-8") as out:
                out.write(base.replace("use-server s1 if TRUE", f"compression algo {name}").replace("maxconn 3000", f"maxconn 3000\ntune.comp.maxlevel {level}"))
            reload(w)
            for path, data in files.items():
                got = curl("-D", "-", "--raw", "-o", "/dev/null", "-H", f"Accept-Encoding: {token}", url(w, f"/{path}")).decode().lower()
                true((f"content-encoding: {token}" in got) == (data != b""), f"{name} {path}: {got}")
                if name != "raw-deflate":
                    true(curl("--compressed", url(w, f"/{path}")) == data, f"{name} {path} level {level}")
            size = int(curl("-w", "%{size_download}", "-o", "/dev/null", "-H", f"Accept-Encoding: {token}", url(w, "/text")))
            true(size < len(files["text"]) * 0.7, f"{name} level {level} makes {size} of {len(files['text'])}")
    raw = curl("--raw", "-H", "Accept-Encoding: deflate", "--ignore-content-length", "--http1.0", url(w, "/text"))
    true(raw == files["text"], "HTTP/1.0 gets it plain")
    equal(encoders(w)[0], 0, "encoders that somebody still has")


def raw_deflate(w):
    web(w, "s1", {"/": response("200 OK", body="hello " * 9000)})
    start(w, "compression algo raw-deflate", server="@s1@")
    client = WebClient(w.address("fe"))
    client.send(get("/", "Accept-Encoding: deflate"))
    equal(zlib.decompress(client.reader.content(client.reader.head())[0], -15), b"hello " * 9000, "raw deflate")
    client.close()


class Keeper(Server):
    """Keeps each request as (head, body's bytes) and answers it; the first `deaf` ones end with their connection instead."""

    def __init__(self, w, deaf=0):
        self.got = []
        self.deaf = deaf
        super().__init__("s1", w.host, Keeper.serve)
        w._name("s1", self.address)
        w.closing.append(self)

    def serve(self, conn):
        reader = Reader(conn, 8.0)
        while head := reader.head():
            self.got.append((head, reader.content(head, answer=False)[0]))
            if len(self.got) <= self.deaf:
                return
            conn.sendall(OK)


def list_order(w):
    """With br or zstd in the list it is an order; with the old ones alone the client's is."""
    nginx = Nginx(w)
    nginx.file("text", prose(5000))
    start(w, "compression algo zstd br gzip")
    browser = "gzip, deflate, br, zstd"
    for accept, token in ((browser, "zstd"), ("gzip, br", "br"), ("gzip, br;q=0.5", "gzip"), ("zstd;q=0, *", "br"), ("gzip", "gzip")):
        head = curl("-D", "-", "-o", "/dev/null", "-H", f"Accept-Encoding: {accept}", url(w, "/text")).decode()
        true(f"content-encoding: {token}\r\n" in head, f"{accept}: {head}")


def many_at_once(w):
    """200 downloads at the same time, each whole; a small answer does not wait behind them."""
    nginx = Nginx(w)
    text = prose(2 * MEGA)
    nginx.file("text", text)
    start(w, "compression algo gzip br zstd deflate")
    want = hashlib.sha256(text).hexdigest()

    def one(n):
        coding = ("gzip", "br", "zstd", "deflate")[n % 4]
        return hashlib.sha256(curl("--compressed", "-H", f"Accept-Encoding: {coding}", url(w, "/text"))).hexdigest() == want
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        running = [pool.submit(one, n) for n in range(200)]
        until(lambda: encoders(w)[0] > 20, 20, "downloads on their way")
        began = time.monotonic()
        true(curl(url(w, "/small")) == b"small\n", "a small answer meanwhile")
        waited = time.monotonic() - began
        true(all(future.result() for future in running), "every download is whole")
    true(waited < 5, f"the small answer came after {waited:.2f} s")
    equal(encoders(w)[0], 0, "encoders lent")
    true(encoders(w)[1] <= 32, "some are kept, not all")
    row = w.stat("be")
    equal((row["comp_in"], row["comp_rsp"], row["comp_byp"]), (str(200 * 2 * MEGA), "200", "0"), "counters")
    true(int(row["resbin"]) > 200 * 2 * MEGA > int(row["bout"]), "what was received, what was sent")


def stopped_and_gone(w):
    """Clients that read nothing hold an encoder and no more than two buffers; those that leave hold nothing."""
    nginx = Nginx(w)
    nginx.file("noise", os.urandom(16 * MEGA))
    nginx.file("text", prose(16 * MEGA))
    start(w)
    true(curl("--compressed", url(w, "/text")) == prose(16 * MEGA), "one before")
    before = resident_kb(w.process.pid)
    clients = []
    for n in range(100):
        client = WebClient(w.address("fe"), rcvbuf=4096)
        client.send(get(f"/{('noise', 'text')[n % 2]}", "Accept-Encoding: gzip"))
        clients.append(client)
    until(lambda: encoders(w)[0] == 100, 20, "100 answers on their way")
    time.sleep(0.5)
    each = (resident_kb(w.process.pid) - before) / 100
    true(each < 420 or keeps_what_was_freed(w), f"{each:.0f} kB each")
    for client in clients[:50]:
        client.reset()
    for client in clients[50:]:
        client.close()
    until(lambda: encoders(w)[0] == 0, 20, "all encoders given back")
    w.idle("fe")
    true(encoders(w)[1] <= 32, "kept ones are bounded")
    true(info(w, "ZlibMemUsage") <= 32 * 300_000, "their memory is not counted any more")
    true(curl("--compressed", url(w, "/text")) == prose(16 * MEGA), "one afterwards")


def reads_late(w):
    """Hardly a send fits its socket: each answer is whole all the same, has one end, and the connection goes on."""
    noise = os.urandom(150_000).decode("latin-1")
    web(w, "s1", {"/noise": response(body=noise), "/text": response(body=prose(200_000).decode()), "/chunks": response("200 OK", "Transfer-Encoding: chunked", length=False)
                  + chunks(noise, "x", noise, trailers="X-T: 1\r\n").encode("latin-1")})
    start(w, "compression algo gzip br", "tune.sndbuf.client 4608", server="@s1@",
          frontend="filter comp-res\n    filter bwlim-out wide default-limit 1g default-period 1s\n    http-request set-bandwidth-limit wide if { path /chunks }")
    wanted = {"/noise": noise.encode("latin-1"), "/text": prose(200_000), "/chunks": (noise + "x" + noise).encode("latin-1")}
    for coding in ("gzip", "none"):
        client = WebClient(w.address("fe"), rcvbuf=4096)
        for path in list(wanted) * 3:
            client.send(get(path, f"Accept-Encoding: {coding}"))
            time.sleep(0.1)
            head = client.reader.head()
            body = client.reader.content(head)[0]
            true((b"content-encoding" in head) == (coding == "gzip"), head)
            equal(hashlib.sha256(zlib.decompress(body, 31) if coding == "gzip" else body).hexdigest(), hashlib.sha256(wanted[path]).hexdigest(), path)
        equal(client.reader.ending(), "open", "nothing follows")
        client.close()


def cut_short(w):
    """A server that dies: nobody takes the answer for a whole one."""
    web(w, "s1", {"/": [response("200 OK", "Content-Length: 100000", body="x" * 5000, length=False), 0.2, "reset"]})
    start(w, "compression algo gzip br", server="@s1@")
    for coding in ("gzip", "br"):
        client = WebClient(w.address("fe"))
        client.send(get("/", f"Accept-Encoding: {coding}"))
        got = client.reader.rest()
        true(f"content-encoding: {coding}\r\n".encode() in got, f"the answer began: {got[:200]}")
        true(b"\r\n0\r\n" not in got and client.reader.over, "no last chunk, and the end")
        client.close()
    until(lambda: encoders(w)[0] == 0, 5, "encoders given back")


def no_memory(w):
    """With the memory gone, answers pass as they are; when it comes back they are compressed again."""
    nginx = Nginx(w)
    nginx.file("noise", os.urandom(16 * MEGA))
    nginx.file("text", prose(100_000))
    start(w, more="maxzlibmem 1")
    equal(info(w, "MaxZlibMemUsage"), MEGA, "the limit")
    clients = []
    coded = 0
    for _ in range(10):
        client = WebClient(w.address("fe"), rcvbuf=4096)
        client.send(get("/noise", "Accept-Encoding: gzip"))
        coded += b"content-encoding" in client.reader.head()
        clients.append(client)
    equal(coded, 3, "of ten, as many as fit in a megabyte")
    true(info(w, "ZlibMemUsage") <= MEGA, "counted")
    true(b"content-encoding" not in curl("-i", "-H", "Accept-Encoding: gzip", url(w, "/text")), "the next is plain")
    for client in clients:
        client.close()
    until(lambda: encoders(w)[0] == 0, 10, "all given back")
    true(b"content-encoding: gzip" in curl("-i", "-H", "Accept-Encoding: gzip", url(w, "/text")), "and compressed again")


def large_limits(w):
    """A limit beyond 32 bits is shown as the most that its column holds: 0 would say that there is none."""
    Nginx(w)
    start(w, more="maxzlibmem 4096")
    equal(info(w, "MaxZlibMemUsage"), 0xffffffff, "four gigabytes")
    w.cli("set rate-limit http-compression global 8388608")
    equal(info(w, "CompressBpsRateLim"), 0xffffffff, "eight gigabytes a second")


def busy(w):
    """maxcomprate: while more goes through than it may, effort goes down and new answers are plain; the answer stays whole."""
    nginx = Nginx(w)
    text = prose(8 * MEGA)
    nginx.file("text", text)
    start(w, more="maxcomprate 1000\ntune.comp.maxlevel 6")
    true(curl("--compressed", url(w, "/text")) == text, "whole, with levels that fall")
    plain = curl("-i", "-H", "Accept-Encoding: gzip", url(w, "/text"))
    true(b"content-encoding" not in plain[:500], "the next one is plain")
    true(info(w, "CompressBpsIn") > MEGA, "the rate")
    until(lambda: info(w, "CompressBpsIn") == 0, 5, "a quiet second")
    true(b"content-encoding: gzip" in curl("-i", "-H", "Accept-Encoding: gzip", url(w, "/text"))[:500], "compressed again")


def processor(w):
    """maxcompcpuusage 0: a worker is always that busy."""
    nginx = Nginx(w)
    nginx.file("text", prose(10_000))
    start(w, more="maxcompcpuusage 0")
    true(b"content-encoding" not in curl("-i", "-H", "Accept-Encoding: gzip", url(w, "/text")), "plain")


def sizes(w):
    nginx = Nginx(w)
    nginx.file("s999", prose(999))
    nginx.file("s1000", prose(1000))
    start(w, "compression algo gzip\n    compression minsize-res 1000")
    for name, coded in (("s999", False), ("s1000", True)):
        true((b"content-encoding" in curl("-i", "-H", "Accept-Encoding: gzip", url(w, f"/{name}"))) == coded, name)


REQUESTS = """compression algo-req gzip
    compression type-req text/ application/json
    compression minsize-req 100"""


def request_compression(w, lines=REQUESTS + "\n    filter comp-req", coded=True):
    """The server gets what the client sent, compressed, in chunks; what must not be touched is not."""
    server = Keeper(w)
    start(w, lines, server="@s1@")
    text = prose(50_000)

    def ask(*fields, body=text.decode(), method="POST", version="1.1", length=True):
        client = WebClient(w.address("fe"))
        lengths = [f"Content-Length: {len(body)}"] if length else []
        client.send(get("/", *fields, *lengths, method=method, version=version, body=body))
        answer = client.answer()
        client.close()
        true(answer.startswith("HTTP/1.1 200"), answer)
        return server.got[-1]

    head, body = ask("Content-Type: text/plain")
    if not coded:
        return equal((b"content-encoding" in head, body), (False, text), "as it is")
    true(b"content-encoding: gzip\r\n" in head and b"transfer-encoding: chunked\r\n" in head and b"content-length" not in head, head)
    equal(zlib.decompress(body, 31), text, "what the server read")
    head, body = ask("Content-Type: application/json", "Transfer-Encoding: chunked", body=chunks("hello ", "world", trailers="X-T: 1\r\n"), length=False)
    equal((b"content-encoding: gzip" in head, zlib.decompress(body, 31)), (True, b"hello world"), "chunks")
    for fields in (["Content-Type: image/png"], [], ["Content-Type: text/plain", "Content-Encoding: br"], ["Content-Type: text/plain", "Cache-Control: no-transform"]):
        head, body = ask(*fields)
        equal((b"content-encoding: gzip" in head, body), (False, text), str(fields))
    head, body = ask("Content-Type: text/plain", body="x" * 99)
    equal((b"content-encoding" in head, body), (False, b"x" * 99), "too small")
    head, body = ask("Content-Type: text/plain", version="1.0")
    equal((b"content-encoding" in head, body), (False, text), "HTTP/1.0")
    row = w.stat("fe", "FRONTEND")
    true(int(row["reqbin"]) > int(row["reqbout"]) + 20_000, "received and sent")
    equal(row["comp_in"], "0", "answers only")


def request_direction(w):
    request_compression(w, REQUESTS + "\n    compression direction both")


def request_not_asked_for(w):
    request_compression(w, REQUESTS, coded=False)


def request_again(w):
    """A request that is sent a second time begins anew."""
    server = Keeper(w, deaf=1)
    start(w, "compression algo-req gzip\n    filter comp-req\n    retry-on empty-response", server="@s1@")
    client = WebClient(w.address("fe"))
    client.send(get("/", "Content-Length: 3000", method="POST", body="abc" * 1000))
    true(client.answer().startswith("HTTP/1.1 200"), "answered")
    client.close()
    equal([zlib.decompress(body, 31) for _, body in server.got], [b"abc" * 1000] * 2, "both times the same")


if __name__ == "__main__":
    run([every_algorithm, raw_deflate, list_order, many_at_once, stopped_and_gone, reads_late, cut_short, no_memory, large_limits, busy, processor, sizes, request_compression,
         request_direction, request_not_asked_for, request_again], 2)
