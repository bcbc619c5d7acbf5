"""Real servers in TCP mode: two of each kind behind the balancer, a true client, a death and a return.

For each farm: both servers are seen UP by the protocol check of the manual's example, clients are served; one server is
killed and marked DOWN, clients are served by the other; it is started again and seen UP. Prints what was measured, ends
with 0 when all farms that could run did as they should.
"""
import contextlib
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "compat"))
import wire  # noqa: E402

WORK = sys.argv[1]
WANTED = sys.argv[2:]
BALANCER = os.environ["BALANCER"]
HOST = "127.0.0.1"
LONG = 60.0  # a database on a busy machine takes its time to start
PATH = os.environ["PATH"] + ":/usr/sbin:/usr/libexec:" + ":".join(
    sorted((os.path.join("/usr/lib/postgresql", v, "bin") for v in (os.listdir("/usr/lib/postgresql")
            if os.path.isdir("/usr/lib/postgresql") else [])), reverse=True))


def program(name):
    return shutil.which(name, path=PATH)


def until(condition, what, seconds=LONG):
    return wire.until(condition, seconds, what)


_taken = []


def free_port():
    """A port that was free a moment ago; kept from being given twice."""
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = probe.getsockname()[1]
        if port not in _taken:
            _taken.append(port)
            return port


def answers(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def run(*command, check=True, timeout=LONG, **more):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout, check=False, **more)
    text = done.stdout.decode(errors="replace")
    if check and done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {text[-1500:]}")
    return text


class Server:
    """One server of a farm: a private directory, a port, a process that can die and come back."""
    needs = ()
    name = ""
    settings = ""
    algorithm = "roundrobin"
    options = "check inter 300ms rise 2 fall 2"

    def __init__(self, number):
        self.number = number
        self.port = free_port()
        self.home = os.path.join(WORK, f"{self.name}{number}")
        os.makedirs(self.home, mode=0o755)
        self.output = os.path.join(WORK, f"{self.name}{number}.out")
        self.process = None
        self.prepare()
        self.start()

    def owned_by(self, user):
        """These refuse to run as root: their files and their process belong to this user then."""
        if os.geteuid() != 0:
            return {}
        entry = pwd.getpwnam(user)
        for folder, _, files in os.walk(self.home):
            os.chown(folder, entry.pw_uid, entry.pw_gid)
            for file in files:
                os.chown(os.path.join(folder, file), entry.pw_uid, entry.pw_gid)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def prepare(self):
        pass

    def command(self):
        raise NotImplementedError

    def identity(self):
        return {}

    def start(self):
        with open(self.output, "ab") as out:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            cwd=self.home, start_new_session=True, env={**os.environ, "PATH": PATH},
                                            **self.identity())
        until(self.ready, f"{self.name} {self.number} to answer")

    def ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} {self.number} ended with {self.process.returncode}")
        return answers(self.port)

    def kill(self):
        """Like a power failure: the whole group of processes that we started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()


class Mail(Server):
    name = "mail"
    needs = ("exim4",)
    settings = "    option smtpchk EHLO farm.test\n"
    user = "Debian-exim"

    def identity(self):
        return self.owned_by(self.user)

    def prepare(self):
        os.makedirs(os.path.join(self.home, "log"))
        self.configuration = os.path.join(self.home, "exim.conf")
        with open(self.configuration, "w", encoding="utf-8") as out:
            out.write(f"""primary_hostname = mail{self.number}.farm.test
spool_directory = {self.home}
log_file_path = {self.home}/log/%slog
pid_file_path = {self.home}/pid
local_interfaces = <; [{HOST}]:{self.port}
daemon_smtp_ports = {self.port}
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = acl_rcpt
queue_only = true
begin acl
acl_rcpt:
  accept
begin routers
nowhere:
  driver = redirect
  data = :blackhole:
""")

    def command(self):
        return [program("exim4"), "-C", self.configuration, "-bdf", "-oX", f"<; [{HOST}]:{self.port}"]

    @staticmethod
    def ask(port):
        with smtplib.SMTP(HOST, port, timeout=10) as client:
            code, words = client.ehlo("client.test")
            assert code == 250, (code, words)
            client.sendmail("a@client.test", ["b@farm.test"], "Subject: x\r\n\r\nhello\r\n")
            return words.decode().split()[0].split(".")[0]


class MySql(Server):
    name = "mysql"
    needs = ("mariadbd", "mariadb-install-db", "mariadb")
    settings = "    option mysql-check user haproxy_check post-41\n"
    algorithm = "leastconn"
    user = "mysql"

    def identity(self):
        return self.owned_by(self.user)

    def prepare(self):
        data = os.path.join(self.home, "data")
        run(program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
            "--skip-test-db", *(["--user=mysql"] if os.geteuid() == 0 else []))
        with open(os.path.join(self.home, "init.sql"), "w", encoding="utf-8") as out:
            out.write("CREATE USER IF NOT EXISTS 'haproxy_check'@'%';\n"
                      "CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY 'app';\nGRANT ALL ON *.* TO 'app'@'%';\n")

    def command(self):
        return [program("mariadbd"), "--no-defaults", f"--datadir={self.home}/data", f"--port={self.port}",
                f"--bind-address={HOST}", f"--socket={self.home}/sock", f"--pid-file={self.home}/pid",
                f"--init-file={self.home}/init.sql", f"--server-id={self.number}", "--innodb-buffer-pool-size=16M",
                "--innodb-log-file-size=8M", "--skip-name-resolve"]

    @staticmethod
    def ask(port):
        return "mysql" + run(program("mariadb"), "--no-defaults", "-h", HOST, "-P", port, "--protocol=tcp", "-uapp",
                             "-papp", "-BNe", "SELECT @@server_id").strip()


class PgSql(Server):
    name = "pgsql"
    needs = ("initdb", "postgres", "psql")
    settings = "    option pgsql-check user check\n"
    algorithm = "leastconn"
    user = "postgres"

    def identity(self):
        return self.owned_by(self.user)

    def prepare(self):
        data = os.path.join(self.home, "data")
        run(program("initdb"), "-D", data, "-U", "app", "--auth=trust", "--no-sync", cwd=self.home,
            **self.identity())

    def command(self):
        # The name of the application tells the servers apart.
        return [program("postgres"), "-D", os.path.join(self.home, "data"), "-p", str(self.port), "-h", HOST, "-k",
                self.home, "-c", "fsync=off", "-c", f"cluster_name=pgsql{self.number}", "-c", "shared_buffers=8MB"]

    def start(self):
        super().start()
        if self.made:
            return
        until(lambda: run(program("psql"), *self.place(self.port), "-Atc", "SELECT 7", check=False).strip() == "7", "PostgreSQL to take queries")
        run(program("psql"), *self.place(self.port), "-c", 'CREATE ROLE "check" LOGIN')
        self.made = True

    made = False

    @staticmethod
    def place(port):
        return ["-h", HOST, "-p", port, "-U", "app", "-d", "postgres"]

    @staticmethod
    def ask(port):
        return run(program("psql"), "-h", HOST, "-p", port, "-U", "app", "-d", "postgres", "-Atc", "SHOW cluster_name").strip()


class Ldap(Server):
    name = "ldap"
    needs = ("slapd", "ldapsearch")
    settings = "    option ldap-check\n"

    def prepare(self):
        os.makedirs(os.path.join(self.home, "db"))
        self.configuration = os.path.join(self.home, "slapd.conf")
        with open(self.configuration, "w", encoding="utf-8") as out:
            out.write(f"""include /etc/ldap/schema/core.schema
pidfile {self.home}/pid
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "dc=ldap{self.number},dc=test"
rootdn "cn=admin,dc=ldap{self.number},dc=test"
rootpw secret
directory {self.home}/db
maxsize 10485760
""")

    def command(self):
        return [program("slapd"), "-d", "0", "-f", self.configuration, "-h", f"ldap://{HOST}:{self.port}/"]

    @staticmethod
    def ask(port):
        text = run(program("ldapsearch"), "-x", "-LLL", "-H", f"ldap://{HOST}:{port}", "-s", "base", "-b", "", "namingContexts")
        return text.split("dc=")[1].split(",")[0]


class Redis(Server):
    name = "redis"
    needs = ("redis-server", "redis-cli")
    settings = "    option redis-check\n"

    def command(self):
        return [program("redis-server"), "--port", str(self.port), "--bind", HOST, "--save", "", "--appendonly", "no",
                "--dir", self.home]

    def start(self):
        super().start()
        run(program("redis-cli"), "-h", HOST, "-p", self.port, "set", "me", f"redis{self.number}")

    @staticmethod
    def ask(port):
        return run(program("redis-cli"), "-h", HOST, "-p", port, "get", "me").strip()


class Balancer:
    def __init__(self, farms):
        self.sock = os.path.join(WORK, "sock")
        self.ports = {}
        text = f"""global
    stats socket {self.sock} mode 600 level admin
    nbthread 2

defaults
    mode tcp
    option log-health-checks
    timeout connect 3s
    timeout client 30s
    timeout server 30s
    timeout check 2s
    retries 2
    option redispatch
"""
        for name, servers in farms.items():
            kind = servers[0]
            self.ports[name] = free_port()
            text += f"\nlisten {name}\n    bind {HOST}:{self.ports[name]}\n    balance {kind.algorithm}\n{kind.settings}"
            text += f"    default-server {kind.options}\n"
            for server in servers:
                text += f"    server {name}{server.number} {HOST}:{server.port}\n"
            # The second one alone, as a spare of the first.
            self.ports[name + "_spare"] = free_port()
            text += (f"\nlisten {name}_spare\n    bind {HOST}:{self.ports[name + '_spare']}\n"
                     f"    server first {HOST}:{servers[0].port} track {name}/{name}1\n"
                     f"    server spare {HOST}:{servers[1].port} track {name}/{name}2 backup\n")
        path = os.path.join(WORK, "farms.cfg")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        self.output = open(os.path.join(WORK, "balancer.out"), "ab")
        self.process = subprocess.Popen([BALANCER, "-f", path, "-db"], stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=self.output)
        until(lambda: self.process.poll() is not None or os.path.exists(self.sock), "the balancer's socket")
        if self.process.poll() is not None:
            raise RuntimeError(f"{BALANCER} ended with {self.process.returncode}")

    def row(self, proxy, server):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(self.sock)
            sock.sendall(b"show stat\n")
            text = b""
            while piece := sock.recv(65536):
                text += piece
        lines = text.decode().strip().split("\n")
        header = lines[0].lstrip("# ").split(",")
        for line in lines[1:]:
            row = dict(zip(header, line.split(",")))
            if row["pxname"] == proxy and row["svname"] == server:
                return row
        return {}

    def wait(self, proxy, server, status):
        began = time.monotonic()
        until(lambda: self.row(proxy, server).get("status", "").split(" ")[0] == status
              and not (status == "UP" and self.row(proxy, server)["check_status"].strip("* ") == "INI"),
              f"{proxy}/{server} {status}, now {self.row(proxy, server).get('status')} "
              f"{self.row(proxy, server).get('check_status')} {self.row(proxy, server).get('last_chk')}", 30)
        return time.monotonic() - began

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()


def drill(balancer, name, servers):
    kind = type(servers[0])
    port = balancer.ports[name]
    spare = balancer.ports[name + "_spare"]
    names = [f"{name}1", f"{name}2"]
    for server in names:
        balancer.wait(name, server, "UP")
    row = balancer.row(name, names[0])
    print(f"{name}: both UP, {row['check_status'].strip('* ')} in {row['check_duration']} ms")
    served = sorted({kind.ask(port) for _ in range(6)})
    print(f"{name}: clients are served by {', '.join(served)}")
    assert served == names or kind.algorithm == "leastconn", served
    assert kind.ask(spare) == names[0]

    servers[0].kill()
    down = balancer.wait(name, names[0], "DOWN")
    assert balancer.row(name + "_spare", "first")["status"] == "DOWN"
    served = sorted({kind.ask(port) for _ in range(6)})
    print(f"{name}: {names[0]} killed, DOWN after {down:.1f} s ({balancer.row(name, names[0])['check_status']}); "
          f"clients are served by {', '.join(served)}")
    assert served == names[1:], served
    assert kind.ask(spare) == names[1]

    servers[0].start()
    up = balancer.wait(name, names[0], "UP")
    until(lambda: kind.ask(spare) == names[0], "the first server behind the spare one's address", 10)
    print(f"{name}: {names[0]} started again, UP after {up:.1f} s; it serves again")


KINDS = [Mail, MySql, PgSql, Ldap, Redis]


def main():
    farms, failures = {}, []
    with contextlib.ExitStack() as stop:
        for kind in KINDS:
            if WANTED and kind.name not in WANTED:
                continue
            missing = [need for need in kind.needs if not program(need)]
            if missing:
                print(f"{kind.name}: left out, {', '.join(missing)} missing")
                continue
            servers = []
            try:
                for number in (1, 2):
                    servers.append(kind(number))
                    stop.callback(servers[-1].stop)
            except (RuntimeError, TimeoutError, OSError) as error:
                print(f"{kind.name}: cannot start here: {error}")
                failures.append(kind.name)
                continue
            farms[kind.name] = servers
        if not farms:
            return 77 if not failures else 1
        balancer = Balancer(farms)
        stop.callback(balancer.stop)
        for name, servers in farms.items():
            try:
                drill(balancer, name, servers)
            except (AssertionError, RuntimeError, TimeoutError, OSError, smtplib.SMTPException,
                    subprocess.TimeoutExpired) as error:
                print(f"{name}: FAILED: {type(error).__name__}: {error}")
                failures.append(name)
    print(f"{len(farms) - len(set(failures) & set(farms))} of {len(farms)} farms passed" + (f", failed: {failures}" if failures else ""))
    return 1 if failures else 0


sys.exit(main())
