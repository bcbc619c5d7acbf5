#!/usr/bin/env python3
"""The RDP farm test; farm.sh brings the environment. Three farms, each with the balancer in front of two xrdp:

  sticky   no connection broker: a stick table remembers which server a user's mstshash went to
  broker   the connection broker's msts routing token decides; users without one are spread by leastconn
  killed   one server dies in the middle: its users are redispatched to the other, checks notice, the farm goes on

Each fact is proved three times where it can be: the balancer's log line, its stick table or counters, and xrdp's own log.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import time

from real import CONNECTED, HERE, Xrdp, User, screenshot

sys.path.insert(0, os.path.join(HERE, "..", "compat"))
from harness import World  # noqa: E402
from wire import rdp_request, routing_token, until  # noqa: E402

BALANCER = os.environ["BALANCER"]
SLOW = 30  # seconds; a bound, not a wait: a full RDP connection takes about one

# The article's farm. Its TLS connect check is shown on TLS listeners elsewhere: xrdp rejects a bare TLS hello, RDP comes first.
FARM = """
frontend ft_rdp
    mode tcp
    bind @fe@ name rdp
    timeout client 1h
    log global
    option tcplog
    tcp-request inspect-delay 2s
    tcp-request content accept if RDP_COOKIE
    default_backend bk_rdp

backend bk_rdp
    mode tcp
    balance leastconn
    %(decides)s
    timeout server 1h
    timeout connect 4s
    log global
    option tcplog
    option redispatch
    %(check)s
    default-server inter 3s fastinter 500ms downinter 1s rise 2 fall 3
    server srv01 @srv01@ weight 10 check
    server srv02 @srv02@ weight 10 check
"""
STICKY = """stick-table type string len 32 size 10k expire 8h peers aloha
    stick on rdp_cookie(mstshash)"""
PEERS = """
peers aloha
    peer aloha1 @aloha1@
    peer aloha2 @aloha2@
"""
BROKER = "persist rdp-cookie"


def is_reference():
    """HAProxy itself has no RDP check: the farm runs there with the plain connect check."""
    said = subprocess.run([BALANCER, "-v"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout
    return said.startswith(b"HAProxy version") and b"weir" not in said.lower()


class Farm:
    def __init__(self, work, decides, name):
        self.work = work
        self.world = World(BALANCER, threads=1)
        self.servers = {}
        self.users = []
        try:
            for server, host in (("srv01", "127.0.0.11"), ("srv02", "127.0.0.12")):
                self.servers[server] = Xrdp(work, f"{name}-{server}", host)
                self.world._name(server, (host, self.servers[server].port))
            check = "" if is_reference() else "option rdp-check"
            self.world.start((PEERS if "peers" in decides else "") + FARM % {"decides": decides, "check": check},
                             arguments=("-L", "aloha1"))
            until(lambda: all(self.world.stat("bk_rdp", server)["status"] in ("UP",) for server in self.servers),
                  seconds=SLOW, what="both servers to be up")
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def connect(self, name):
        """A user comes; gives the server where the RDP session became active, by xrdp's own log."""
        before = {server: xrdp.sessions() for server, xrdp in self.servers.items()}
        user = User(self.work, name, self.world.address("fe"))
        self.users.append(user)
        def where():
            if not user.alive():
                with open(user.out_path, encoding="utf-8", errors="replace") as out:
                    raise RuntimeError(f"xfreerdp of {name} ended with {user.process.returncode}: {out.read()[-1500:]}")
            return next((server for server, xrdp in self.servers.items() if xrdp.sessions() > before[server]), None)
        user.server = until(where, seconds=SLOW, what=f"an active RDP session for {name}")
        return user

    def leave(self, user):
        user.leave()
        line = self.world.log.next("ft_rdp bk_rdp/", seconds=SLOW)
        server = re.search(r"bk_rdp/(\w+)", line).group(1)
        equal(server, user.server, f"the log's server for {user.name}")
        return line

    def close(self):
        for user in self.users:
            user.leave()
        try:
            self.world.close()
        finally:
            for xrdp in self.servers.values():
                xrdp.kill()


passed = 0


def equal(have, want, what):
    global passed
    if have != want:
        raise AssertionError(f"{what}: want {want!r}, have {have!r}")
    passed += 1


def true(fact, what):
    equal(bool(fact), True, what)


def table(world):
    """user -> server id, from `show table`."""
    return {m.group(1): int(m.group(2)) for m in re.finditer(r"key=(\S+) use=\d+ exp=\d+ .*?server_id=(\d+)",
                                                            world.cli("show table bk_rdp"))}


def number(server):
    return int(server[-1])


def sticky(work, picture):
    names = ["alice", "bob", "carol", "dave"]
    with Farm(work, STICKY, "sticky") as farm:
        users = [farm.connect(name) for name in names]
        home = {user.name: user.server for user in users}
        equal(sorted(home.values()), ["srv01", "srv01", "srv02", "srv02"], "four users spread over two servers")
        equal(table(farm.world), {name: number(server) for name, server in home.items()}, "the stick table")
        for server in farm.servers:
            equal(farm.world.stat("bk_rdp", server)["scur"], "2", f"sessions counted on {server}")
        if picture:
            time.sleep(2)  # for the eye only: lets the login screens be drawn
            screenshot(os.path.join(picture, "sticky"))

        for user in users:
            line = farm.leave(user)
            true(re.search(r" bk_rdp/\w+ \d+/\d+/\d+ \d+ (CD|--) ", line), f"a plain end in {line!r}")

        # Back again in the other order, so that counting alone would send them elsewhere; and each twice.
        for name in ["dave", "alice", "bob", "carol", "alice", "dave"]:
            connections = farm.servers[home[name]].count(CONNECTED)
            again = farm.connect(name)
            equal(again.server, home[name], f"{name} comes back to the same server")
            true(farm.servers[home[name]].count(CONNECTED) > connections, f"xrdp's log of {name}'s connection")
            farm.leave(again)
        equal(table(farm.world), {name: number(server) for name, server in home.items()}, "the stick table at the end")


def token_session(farm, token):
    """The first packet of a broker's client: a routing token in place of the user's name. xrdp answers with a confirm."""
    with socket.create_connection(farm.world.address("fe"), timeout=10) as sock:
        sock.sendall(rdp_request(token=token))
        answer = sock.recv(1024)
    line = farm.world.log.next("ft_rdp bk_rdp/", seconds=SLOW)
    return answer, re.search(r"bk_rdp/(\w+)", line).group(1)


def broker(work, _):
    with Farm(work, BROKER, "broker") as farm:
        tokens = {server: routing_token(xrdp.host, xrdp.port) for server, xrdp in farm.servers.items()}
        for want in ["srv02", "srv02", "srv01", "srv02", "srv01", "srv01", "srv01"]:
            before = farm.servers[want].count(CONNECTED)
            answer, server = token_session(farm, tokens[want])
            equal(server, want, "the token decides")
            true(answer[:2] == b"\x03\x00" and answer[5:6] == b"\xd0", "xrdp's X.224 connection confirm")
            until(lambda: farm.servers[want].count(CONNECTED) > before, what="xrdp's log of the connection")
        # Tokens that name nobody of the farm, or nothing at all: the balance algorithm decides.
        for token in (routing_token("127.9.9.9", 3389), b"rubbish", b"1.2"):
            true(token_session(farm, token)[1] in farm.servers, "a token without a server is balanced")
        # Real users carry no token: spread evenly.
        users = [farm.connect(name) for name in ("erin", "frank")]
        equal(sorted(user.server for user in users), ["srv01", "srv02"], "users without token are spread")
        for user in users:
            farm.leave(user)


def killed(work, _):
    with Farm(work, STICKY, "killed") as farm:
        users = [farm.connect(name) for name in ("gina", "hugo", "ines", "jack")]
        victim = users[0].server
        other = "srv02" if victim == "srv01" else "srv01"
        theirs = [user for user in users if user.server == victim]
        spared = [user for user in users if user.server == other]
        equal([len(theirs), len(spared)], [2, 2], "two users on each server")
        farm.servers[victim].kill()
        for user in theirs:
            user.process.wait(SLOW)
        for _ in theirs:
            line = farm.world.log.next(f"ft_rdp bk_rdp/{victim}", seconds=SLOW)
            true(re.search(r" (SD|--|CD) ", line), f"a lost session in {line!r}")
        true(all(user.alive() for user in spared), "the others' sessions live on")

        # At once, before three checks failed, or after: the user is let in on the other server either way.
        back = farm.connect(theirs[0].name)
        equal(back.server, other, "redispatched to the server that lives")
        farm.world.log.next(f"Server bk_rdp/{victim} is DOWN", seconds=SLOW)
        second = farm.connect(theirs[1].name)
        equal(second.server, other, "a user of a server known to be down")
        equal(table(farm.world)[theirs[0].name], number(other), "the stick table follows")
        true(all(user.alive() for user in spared), "the others' sessions still live")

        # The server returns: users who moved stay where their session is now.
        farm.servers[victim].start()
        farm.world.log.next(f"Server bk_rdp/{victim} is UP", seconds=SLOW)
        back.leave()
        equal(farm.connect(theirs[0].name).server, other, "moved users stay after the return")
        equal(farm.connect("newcomer").server, victim, "newcomers use the server that came back")


def main():
    work = sys.argv[1]
    picture = None
    if "--screenshot" in sys.argv:
        picture = sys.argv[sys.argv.index("--screenshot") + 1]
        if not (shutil.which("import") or shutil.which("xwd")):
            raise SystemExit("--screenshot wants `import` (package imagemagick) or `xwd` (package x11-apps)")
        os.makedirs(picture, exist_ok=True)
    failed = 0
    for test in (sticky, broker, killed):
        started = time.monotonic()
        try:
            test(work, picture)
            print(f"ok   {test.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
        except Exception as error:
            failed += 1
            print(f"FAIL {test.__name__}: {type(error).__name__}: {error}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
