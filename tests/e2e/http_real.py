#!/usr/bin/env python3
"""HTTP mode between real programs: curl, wrk, h2load and a websocket in front, nginx and a small echo behind. Thousands
of clients that are kept, and slow ones, which cost nobody but themselves. Runs on $WEIR.
"""
import base64
import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "compat")]
from cases import run, true  # noqa: E402
from nginx import Nginx, curl  # noqa: E402
from web import CONFIG, OK, WebClient, get, web  # noqa: E402
from wire import until  # noqa: E402

MEGA = 1 << 20


def start(w, frontend="", backend="", server=""):
    w.start(f"frontend fe\n    bind @fe@ backlog 4096\n{frontend}\n    default_backend be\nbackend be\n{backend}\n    server s1 @nginx@ {server}\n",
            "maxconn 6000", prologue=CONFIG)


def url(w, path):
    return "http://%s:%d%s" % (*w.address("fe"), path)


def noise(size, seed=b"weir"):
    return b"".join(hashlib.sha256(seed + str(n).encode()).digest() for n in range(size // 32))


def downloads(w):
    """Some sizes, one connection; whole, in ranges, by HTTP/1.0, and only the head."""
    nginx = Nginx(w)
    start(w)
    big = noise(8 * MEGA)
    for name, data in (("empty", b""), ("one", b"1"), ("big", big)):
        nginx.file(name, data)
    for size in (16383, 16384, 16385, 65536):
        nginx.file(f"s{size}", big[:size])
        true(curl(url(w, f"/s{size}")) == big[:size], f"{size} bytes")
    true(curl(url(w, "/empty")) == b"" and curl(url(w, "/one")) == b"1", "small files")
    true(curl(url(w, "/big")) == big, "8 MB")
    true(curl("--http1.0", url(w, "/big")) == big, "8 MB by HTTP/1.0")
    true(curl("-r", "1000-1999", url(w, "/big")) == big[1000:2000], "a range")
    true(b"content-length: 8388608" in curl("-I", url(w, "/big")), "HEAD")
    twice = curl(url(w, "/one"), url(w, "/big"), url(w, "/one"))
    true(twice == b"1" + big + b"1", "three on one connection")
    reused = subprocess.run(["curl", "-sSv", "-o", "/dev/null", "-o", "/dev/null", url(w, "/one"), url(w, "/one")], capture_output=True,
                            timeout=60, check=False).stderr
    true(b"Re-using existing connection" in reused, "the connection is kept")
    true(curl("-w", "%{http_code}", "-o", "/dev/null", url(w, "/nothing")) == b"404", "404")


def uploads(w):
    """With a length, in chunks, with 100-continue; what nginx kept is what was sent."""
    nginx = Nginx(w)
    os.makedirs(os.path.join(nginx.dir, "files", "put"))
    os.chmod(os.path.join(nginx.dir, "files", "put"), 0o777)
    start(w)
    data = noise(5 * MEGA)
    for name, more in (("length", ()), ("chunked", ("-H", "Transfer-Encoding: chunked")), ("expect", ("-H", "Expect: 100-continue")),
                       ("at-once", ("-H", "Expect:"))):
        code = curl("-T", "-", *more, "-w", "%{http_code}", "-o", "/dev/null", url(w, f"/put/{name}"), data=data) if name == "chunked" else curl(
            "--data-binary", "@-", "-X", "PUT", *more, "-w", "%{http_code}", "-o", "/dev/null", url(w, f"/put/{name}"), data=data)
        true(code == b"201", f"{name}: {code}")
        with open(os.path.join(nginx.dir, "files", "put", name), "rb") as kept:
            true(kept.read() == data, f"{name}: what nginx kept")
        true(curl(url(w, f"/put/{name}")) == data, f"{name}: back again")


def load(w):
    """A second of wrk and of h2load: no error, and the counters agree."""
    Nginx(w)
    start(w)
    out = subprocess.run(["wrk", "-t1", "-c64", "-d1s", url(w, "/small")], capture_output=True, timeout=60, check=False).stdout.decode()
    true("Non-2xx" not in out and "Socket errors" not in out, out)
    true(int(re.search(r"(\d+) requests in", out).group(1)) > 100, out)
    out = subprocess.run(["h2load", "--h1", "-n2000", "-c20", url(w, "/small")], capture_output=True, timeout=60, check=False).stdout.decode()
    true("2000 succeeded, 0 failed, 0 errored, 0 timeout" in out, out)
    w.idle("fe")
    row = w.stat("fe", "FRONTEND")  # wrk opens one connection more, and says nothing on it
    true(row["hrsp_5xx"] == "0" and int(row["hrsp_4xx"]) <= 1 and int(row["hrsp_2xx"]) >= 2100, str(row))


def websocket(w):
    """A handshake and frames in both directions through a tunnel that outlives `timeout client`."""
    def behaviour(server, conn):
        head = b""
        while b"\r\n\r\n" not in head:
            head += conn.recv(65536)
        key = re.search(rb"sec-websocket-key: (\S+)", head).group(1)
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        conn.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        while True:
            piece = conn.recv(65536)
            if not piece:
                return
            conn.sendall(piece)
    w.server("nginx", behaviour)
    start(w, "    timeout client 300ms", "    timeout tunnel 5s")
    with WebClient(w.address("fe")) as client:
        client.send(get("/chat", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="))
        answer = client.answer()
        true(answer.startswith("HTTP/1.1 101") and "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer, answer)
        frame = b"\x81\xfe" + (4000).to_bytes(2, "big") + b"mask" + noise(4000)
        for _ in range(20):
            client.send(frame)
            true(client.reader.exactly(len(frame)) == frame, "a frame")
        time.sleep(0.5)  # longer than `timeout client`
        client.send(frame)
        true(client.reader.exactly(len(frame)) == frame, "a frame after the pause")
        client.finish()
        true(client.reader.ending(5) == "end", "the end")


def many_kept(w):
    """2,000 clients stay connected; each asks again and again, over few connections to the server."""
    count = 2000
    Nginx(w)
    start(w, "    timeout http-keep-alive 60s")
    clients = [WebClient(w.address("fe"), 20.0) for _ in range(count)]
    for turn in range(3):
        for client in clients:
            client.send(get("/small"))
        for client in clients:
            answer = client.answer()
            true(answer.startswith("HTTP/1.1 200") and answer.endswith("small\n"), f"turn {turn}: {answer[:200]}")
    true(w.stat("fe", "FRONTEND")["scur"] == str(count), "all are connected")
    row = w.stat("be", "s1")
    true(int(row["connect"]) < 2 * count and int(row["reuse"]) > count, f"connections: {row['connect']} opened, {row['reuse']} used again")
    for client in clients:
        client.close()
    w.idle("fe")


def slow_senders(w):
    """Heads and bodies a byte at a time: each is let go when timeout http-request is over, and others are served meanwhile."""
    server = web(w, "nginx", OK)
    start(w, "    timeout http-request 800ms\n    option http-buffer-request\n    maxconn 400")
    slow = [WebClient(w.address("fe"), 10.0) for _ in range(200)]
    head = get("/slow", "X-Long: " + "a" * 200)
    body = get("/slow", "Content-Length: 5000", method="POST")
    stop = threading.Event()
    began = time.monotonic()

    def drip():
        for client in slow[100:]:
            client.sock.sendall(body)
        at = 0
        while not stop.wait(0.02):
            for n, client in enumerate(slow):
                try:
                    client.sock.send(head[at:at + 1] if n < 100 else b"b")
                except OSError:
                    pass
            at = min(at + 1, 150)
    thread = threading.Thread(target=drip)
    thread.start()
    try:
        served = 0
        while time.monotonic() - began < 0.6:
            with WebClient(w.address("fe")) as client:
                client.send(get("/quick"))
                true(client.answer().startswith("HTTP/1.1 200"), "others are served")
                served += 1
        true(served > 20, f"{served} served while the slow ones sent")
        for client in slow:
            answer = client.answer()
            true(answer.startswith("HTTP/1.1 408"), f"a slow one: {answer[:100]}")
        true(time.monotonic() - began < 6, f"all let go after {time.monotonic() - began:.1f} s")
    finally:
        stop.set()
        thread.join()
    true(not any("/slow" in message for record in server.seen for message in record["messages"]), "no slow one reached the server")
    for client in slow:
        client.close()
    w.idle("fe")


def reload_under_keep_alive(w):
    """Clients keep their connections over reloads in place; each next request is served by the new rules."""
    Nginx(w)
    start(w, "    http-response set-header x-rules 0")
    clients = [WebClient(w.address("fe"), 10.0) for _ in range(50)]
    for turn in range(4):
        for client in clients:
            client.send(get("/small"))
            answer = client.answer()
            true(f"x-rules: {turn}\r\n" in answer, f"turn {turn}: {answer[:200]}")
        with open(w.config, encoding="utf-8") as text:
            changed = text.read().replace(f"x-rules {turn}", f"x-rules {turn + 1}")
        with open(w.config, "w", encoding="utf-8") as out:
            out.write(changed)
        answer = w.cli("reload")
        true("rror" not in answer, answer)
    true(int(w.stat("fe", "FRONTEND")["conn_tot"]) == 50, "no connection was lost")
    for client in clients:
        client.close()


if __name__ == "__main__":
    run([downloads, uploads, load, websocket, many_kept, slow_senders, reload_under_keep_alive], 2)
