#!/usr/bin/env python3
"""The article's health check on listeners that speak TLS: `option tcp-check` with `tcp-check connect port N ssl`.

RDP servers speak TLS only after an RDP hello, so the article's check cannot work on a plain xrdp (see the farm test); here
it is shown on true TLS listeners: a server is up when the handshake succeeds, and down when the port is closed, when
it answers in clear, and when it accepts and hangs, though in the last two cases a plain connect check would be content.
Runs on $WEIR (or $HAPROXY, to compare).
"""
import os
import shutil
import ssl
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "compat"))
from harness import World, until  # noqa: E402
from wire import Server, greet, greet_and_close, hang  # noqa: E402

BALANCER = os.environ.get("WEIR") or os.environ.get("HAPROXY") or "/usr/sbin/haproxy"
passed = 0


def equal(have, want, what):
    global passed
    if have != want:
        raise AssertionError(f"{what}: want {want!r}, have {have!r}")
    passed += 1


def tls_listener(world):
    """A behaviour: a TLS handshake, nothing more."""
    certificate = os.path.join(world.dir, "cert.pem")
    key = os.path.join(world.dir, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=srv.test",
                    "-keyout", key, "-out", certificate], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def behaviour(server, conn):
        try:
            with context.wrap_socket(conn, server_side=True) as wrapped:
                server.received += wrapped.version().encode()
                wrapped.recv(100)
        except ssl.SSLError:
            pass
    return behaviour


def unverified(world):
    """HAProxy refuses a check over TLS without a word on verification; weir warns, and checks unverified."""
    said = subprocess.run([world.program, "-v"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout
    return " verify none" if said.startswith(b"HAProxy version") and b"weir" not in said.lower() else ""


def statuses(world):
    return {name: world.stat("bk_rdp", name).get("status", "").split(" ")[0] for name in ("srv01", "srv02", "srv03", "srv04")}


def article(world):
    speaks_tls = tls_listener(world)
    # The service port and the checked port differ, as in `tcp-check connect port 3389 ssl`: all servers check "port N".
    good = world.server("check", speaks_tls)
    world.servers("srv01", "srv02")
    # The four servers live on addresses of their own and share the checked port's number.
    port = good.address[1]
    checks = {"srv01": good}
    for name, host, behaviour in (("srv02", "127.0.0.112", speaks_tls), ("srv03", "127.0.0.113", greet_and_close),
                                  ("srv04", "127.0.0.114", hang)):
        checks[name] = Server(name, host, behaviour, port)
        world.closing.append(checks[name])
    world.start(f"""
frontend ft_rdp
    bind @fe@
    default_backend bk_rdp
backend bk_rdp
    balance roundrobin
    timeout check 500ms
    option tcp-check
    tcp-check connect port {port} ssl
    default-server inter 200ms rise 2 fall 3{unverified(world)}
    server srv01 {good.address[0]}:{world.address("srv01")[1]} weight 10 check
    server srv02 127.0.0.112:{port} weight 10 check
    server srv03 127.0.0.113:{port} weight 10 check
    server srv04 127.0.0.114:{port} weight 10 check
""")
    until(lambda: statuses(world) == {"srv01": "UP", "srv02": "UP", "srv03": "DOWN", "srv04": "DOWN"},
          what="the two TLS listeners up, the others down")
    until(lambda: b"TLS" in good.received and b"TLS" in checks["srv02"].received, what="finished handshakes")
    equal(statuses(world), {"srv01": "UP", "srv02": "UP", "srv03": "DOWN", "srv04": "DOWN"}, "states")
    equal(world.ask("fe"), "srv01", "traffic goes in clear to the service port")

    # The port closes: down after three failures; it opens again: up after two successes.
    good.unlisten()
    world.log.next("Server bk_rdp/srv01 is DOWN")
    equal(statuses(world)["srv01"], "DOWN", "closed port")
    good.listen()
    world.log.next("Server bk_rdp/srv01 is UP")
    equal(statuses(world)["srv01"], "UP", "port open again")

    # It now answers in clear: a wrong record, so down.
    good.behaviour = greet
    world.log.next("Server bk_rdp/srv01 is DOWN")
    # It accepts and hangs: still down, and the check gives up after `timeout check`.
    good.behaviour = hang
    good.accepted = 0
    until(lambda: good.accepted >= 2, what="further checks of the hanging server")
    equal(statuses(world)["srv01"], "DOWN", "hanging server")
    good.behaviour = speaks_tls
    world.log.next("Server bk_rdp/srv01 is UP")
    equal(statuses(world)["srv01"], "UP", "TLS again")


def main():
    if not shutil.which("openssl"):
        raise SystemExit("openssl is missing")
    failed = 0
    for test in (article,):
        for threads in (1, 2):
            world = World(BALANCER, threads)
            try:
                test(world)
                print(f"ok   {test.__name__}, nbthread {threads}")
            except Exception as error:
                failed += 1
                print(f"FAIL {test.__name__}, nbthread {threads}: {type(error).__name__}: {error}\n  log: "
                      + "\n  ".join(world.log.all()[-6:]))
            finally:
                world.close()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
