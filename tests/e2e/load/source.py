"""An HTTP or HTTPS server that updates ask: says what it is told to, and remembers what it was asked.

`answer` is what each request gets: a Content (with an ETag and conditions as a web server has them), a status number, or a
function of the request's handler for everything else.
"""
import http.server
import os
import ssl
import subprocess
import threading


class Content:
    """What a web server has: a body and its tag; 304 for who has it."""

    def __init__(self, body, etag=None, modified=None, headers=()):
        self.body = body.encode() if isinstance(body, str) else body
        self.etag = etag
        self.modified = modified
        self.headers = headers

    def __call__(self, request):
        known = ((self.etag and request.headers.get("If-None-Match") == self.etag)
                 or (self.modified and not self.etag and request.headers.get("If-Modified-Since") == self.modified))
        request.send_response(304 if known else 200)
        if self.etag:
            request.send_header("ETag", self.etag)
        if self.modified:
            request.send_header("Last-Modified", self.modified)
        for name, value in self.headers:
            request.send_header(name, value)
        if not known:
            request.send_header("Content-Length", str(len(self.body)))
        request.end_headers()
        if not known:
            request.wfile.write(self.body)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def do_GET(self):  # noqa: N802 (the library's name)
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        answer = self.server.answer
        try:
            if isinstance(answer, int):
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                answer(self)
        except OSError:
            pass  # who asked is gone
        self.close_connection = True

    def log_message(self, *arguments):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a handshake that failed is the other side's to tell


class Source:
    def __init__(self, world, answer, host=None, certificate=None, port=0):
        host = host or world.host
        self.server = _Server((host, port), _Handler)
        self.server.answer = answer
        self.server.asked = []
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.url = f"{'https' if certificate else 'http'}://{host}:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()
        world.closing.append(self)

    @property
    def asked(self):
        return self.server.asked

    def say(self, answer):
        self.server.answer = answer

    def stop(self):
        if self.thread.is_alive():
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()


class Authority:
    """A CA of one run, made with openssl, and the certificates it gives."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = os.path.join(folder, "ca.pem")
        self.key = os.path.join(folder, "ca.key")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", "/CN=test authority", "-keyout", self.key, "-out", self.ca)

    def _openssl(self, *words):
        subprocess.run(["openssl", *words], check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def certificate(self, name, alternative):
        """For "DNS:a.example" or "IP:127.0.0.1": the files of certificate and key."""
        path = os.path.join(self.folder, name)
        with open(path + ".ext", "w", encoding="ascii") as extensions:
            extensions.write(f"subjectAltName={alternative}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                      "-keyout", path + ".key", "-out", path + ".csr")
        self._openssl("x509", "-req", "-in", path + ".csr", "-CA", self.ca, "-CAkey", self.key, "-CAcreateserial", "-days", "2",
                      "-extfile", path + ".ext", "-out", path + ".pem")
        return path + ".pem", path + ".key"
