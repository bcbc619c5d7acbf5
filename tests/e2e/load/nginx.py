"""nginx as the server behind, curl as the client in front."""
import os
import socket
import subprocess

from cases import true
from wire import free_port, until


class Nginx:
    """Files of some sizes, uploads kept under their names; on an address of its own, stopped by its pid."""

    def __init__(self, w):
        self.dir = os.path.join(w.dir, "nginx")
        for part in ("files", "temp"):
            os.makedirs(os.path.join(self.dir, part))
        os.chmod(w.dir, 0o755)
        os.chmod(os.path.join(self.dir, "files"), 0o777)
        self.address = (w.host, free_port(w.host))
        w._name("nginx", self.address)
        config = os.path.join(self.dir, "nginx.conf")
        with open(config, "w", encoding="utf-8") as out:
            out.write(f"""daemon off; pid {self.dir}/pid; error_log {self.dir}/error.log; worker_processes 1;
user root;
events {{ worker_connections 8192; }}
http {{
    access_log off; client_body_temp_path {self.dir}/temp; client_max_body_size 64m; keepalive_requests 100000;
    server {{
        listen {self.address[0]}:{self.address[1]} backlog=4096;
        root {self.dir}/files;
        location /put/ {{ dav_methods PUT; }}
        location = /small {{ default_type text/plain; return 200 "small\\n"; }}
    }}
}}
""")
        self.process = subprocess.Popen(["nginx", "-c", config, "-p", self.dir], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        w.closing.append(self)
        until(self._answers, what="nginx")

    def _answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(self.address) == 0

    def file(self, name, data):
        with open(os.path.join(self.dir, "files", name), "wb") as out:
            out.write(data)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def curl(*arguments, data=None):
    done = subprocess.run(["curl", "-sS", "--max-time", "60", *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=90, check=False)
    true(done.returncode == 0, f"curl {' '.join(arguments[:3])}: {done.returncode} {done.stderr.decode()}")
    return done.stdout
