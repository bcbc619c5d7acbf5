#!/usr/bin/env python3
"""The configuration language: what `-c` accepts and refuses, quoting, variables, conditions, defaults.

A row is a name and a file. Only the exit code is compared for refused files: weir's messages are better, and tested elsewhere.
Where a file's meaning can be seen (a maxconn, an address, a name) it is started, and what the runtime socket shows is compared.
"""
import os
import subprocess

from harness import add_scenario, main, scenario

DEFAULTS = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 5s
    timeout server 5s
"""


def defaults(text):
    return DEFAULTS + text


FE = "frontend fe\n    bind 127.0.0.1:3389\n"
GOOD = {
    "minimal listen": defaults("listen l\n    bind 127.0.0.1:3389\n    server s 127.0.0.1:1\n"),
    "article with broker": """
frontend ft_rdp
  mode tcp
  bind 127.0.0.1:3389 name rdp
  timeout client 1h
  log global
  option tcplog
  tcp-request inspect-delay 2s
  tcp-request content accept if RDP_COOKIE
  default_backend bk_rdp

backend bk_rdp
  mode tcp
  balance leastconn
  persist rdp-cookie
  timeout server 1h
  timeout connect 4s
  log global
  option tcplog
  option tcp-check
  tcp-check connect port 3389
  default-server inter 3s rise 2 fall 3
  server srv01 127.0.0.11:3389 weight 10 check
  server srv02 127.0.0.12:3389 weight 10 check
""",
    "article without broker": """
peers aloha
  peer aloha1 127.0.0.1:1024
  peer aloha2 127.0.0.2:1024

frontend ft_rdp
  mode tcp
  bind 127.0.0.1:3389 name rdp
  timeout client 1h
  tcp-request inspect-delay 2s
  tcp-request content accept if RDP_COOKIE
  default_backend bk_rdp

backend bk_rdp
  mode tcp
  balance leastconn
  timeout server 1h
  timeout connect 4s
  stick-table type string len 32 size 10k expire 8h peers aloha
  stick on rdp_cookie(mstshash)
  default-server inter 3s rise 2 fall 3
  server srv01 127.0.0.11:3389 weight 10 check
""",
    "comment and blank lines": defaults("# a comment\n\n   # another\n" + FE + "    # inside\n    maxconn 5 # behind\n"),
    "words in double quotes": defaults('frontend "fe"\n    bind "127.0.0.1:3389"\n'),
    "words in single quotes": defaults("frontend 'fe'\n    bind '127.0.0.1:3389'\n"),
    "quotes inside a word": defaults('frontend f"e"\n    bind 127.0.0."1":3389\n'),
    "escaped space": defaults(FE + "    log-tag a\\ b\n"),
    "escaped hash": defaults(FE + "    log-tag a\\#b\n"),
    "hash in quotes": defaults(FE + '    log-tag "a#b"\n'),
    "hex escape": defaults(FE + "    log-tag a\\x62c\n"),
    "tabs and spaces": defaults("frontend\tfe\n\tbind  \t 127.0.0.1:3389\n"),
    "variable": defaults('frontend fe\n    bind "$LB_ADDRESS:3389"\n'),
    "braced variable": defaults('frontend fe\n    bind "${LB_ADDRESS}:3389"\n'),
    "variable with default": defaults('frontend fe\n    bind "${LB_NOT_SET-127.0.0.1}:3389"\n'),
    "unset variable is empty": defaults(FE + '    log-tag "a${LB_NOT_SET}b"\n'),
    "word list": defaults('frontend fe\n    bind 127.0.0.1:3389\n    acl a src "${LB_LIST[*]}"\n    use_backend b if a\nbackend b\n'),
    "variable in single quotes is text": defaults(FE + "    log-tag '$LB_ADDRESS'\n"),
    "setenv and use": 'global\n    setenv LB_HERE 127.0.0.1\n' + defaults('frontend fe\n    bind "${LB_HERE}:3389"\n'),
    "presetenv": 'global\n    presetenv LB_ADDRESS 300.0.0.1\n' + defaults('frontend fe\n    bind "${LB_ADDRESS}:3389"\n'),
    "unsetenv": 'global\n    setenv LB_X y\n    unsetenv LB_X\n' + defaults(FE + '    log-tag "a${LB_X}"\n'),
    "named defaults": "defaults one\n    mode tcp\n    timeout client 5s\nfrontend fe from one\n    bind 127.0.0.1:3389\n",
    "defaults from defaults": "defaults one\n    mode tcp\n    timeout client 5s\ndefaults two from one\n    maxconn 5\n"
                              "frontend fe from two\n    bind 127.0.0.1:3389\n",
    "two defaults": "defaults\n    mode tcp\n    timeout client 5s\n" + FE + "defaults\n    mode tcp\nfrontend f2\n    bind 127.0.0.1:2\n",
    "no option": defaults("    option redispatch\nbackend b\n    no option redispatch\n    server s 127.0.0.1:1\n"),
    "default option": defaults("    option redispatch\nbackend b\n    default option redispatch\n    server s 127.0.0.1:1\n"),
    "times": defaults("    timeout connect 3000\n    timeout client 1h\n    timeout server 90s\n    timeout queue 1500ms\n"
                      "    timeout tunnel 2d\n    timeout check 5m\n    timeout client-fin 1000000us\n"),
    "sizes": defaults("backend b\n    stick-table type ip size 1m expire 1d\nbackend c\n    stick-table type ip size 10k expire 1h\n"),
    "port range": defaults("frontend fe\n    bind 127.0.0.1:3000-3005\n"),
    "two addresses": defaults("frontend fe\n    bind 127.0.0.1:3389,127.0.0.2:3389\n"),
    "ipv6": defaults("frontend fe\n    bind [::1]:3389\n    bind ipv6@::1:3390\n    bind :::3391 v6only\n"),
    "unix and abstract": defaults("frontend fe\n    bind unix@/tmp/lb-not-made.sock mode 600\n    bind abns@lb-test-name\n"),
    "star address": defaults("frontend fe\n    bind *:3389\n    bind :3390\n"),
    "bind options": defaults("frontend fe\n    bind 127.0.0.1:3389 name a id 7 maxconn 10 backlog 20 nice 5 defer-accept tfo mss 1400\n"),
    "server options": defaults("backend b\n    server s 127.0.0.1:1 id 5 weight 3 maxconn 4 minconn 2 maxqueue 9 backup check inter 1s "
                               "fastinter 1s downinter 2s rise 1 fall 2 port 5 addr 127.0.0.2 on-marked-down shutdown-sessions "
                               "on-error mark-down disabled\n"),
    "server port offsets": defaults("backend b\n    server s 127.0.0.1:+10\n"),
    "server without port": defaults("backend b\n    server s 127.0.0.1\n"),
    "source": defaults("backend b\n    source 127.0.0.1\n    server s 127.0.0.1:1 source 127.0.0.2:0\n"),
    "if true": ".if 1\n" + defaults(FE) + ".endif\n",
    "if false hides errors": defaults(FE) + ".if 0\nnonsense here\n.endif\n",
    "if else": ".if streq(a,b)\nnonsense\n.else\n" + defaults(FE) + ".endif\n",
    "elif": ".if streq(a,b)\nnonsense\n.elif strneq(a,b)\n" + defaults(FE) + ".else\nnonsense\n.endif\n",
    "nested if": ".if 1\n.if 0\nnonsense\n.else\n" + defaults(FE) + ".endif\n.endif\n",
    "defined": '.if defined(LB_ADDRESS)\n' + defaults(FE) + ".else\nnonsense\n.endif\n",
    "not defined": '.if !defined(LB_NOT_SET)\n' + defaults(FE) + ".else\nnonsense\n.endif\n",
    "and or": '.if 1 && !0 || 0\n' + defaults(FE) + ".else\nnonsense\n.endif\n",
    "grouped": '.if (0 || 1) && !(0 && 1)\n' + defaults(FE) + ".else\nnonsense\n.endif\n",
    "feature": '.if feature(THREAD)\n' + defaults(FE) + ".else\nnonsense\n.endif\n",
    "no such feature": '.if feature(NOTHING_LIKE_IT)\nnonsense\n.else\n' + defaults(FE) + ".endif\n",
    "version at least": '.if version_atleast(2.4)\n' + defaults(FE) + ".else\nnonsense\n.endif\n",
    "version before": '.if version_before(2.4)\nnonsense\n.else\n' + defaults(FE) + ".endif\n",
    "string compare of a variable": '.if streq("$LB_ADDRESS",127.0.0.1)\n' + defaults(FE) + ".else\nnonsense\n.endif\n",
    "notice and warning": ".notice \"hello\"\n.warning \"careful\"\n.diag \"look\"\n" + defaults(FE),
    "acl names with digits": defaults(FE + "    acl a-1_b.c:d src 127.0.0.1\n    tcp-request connection reject if a-1_b.c:d\n"),
    "acl from two rows": defaults(FE + "    acl a src 127.0.0.1\n    acl a src 127.0.0.2\n    tcp-request connection reject if a\n"),
    "unless": defaults(FE + "    tcp-request connection reject unless { src 127.0.0.0/8 }\n"),
    "userlist": "userlist u\n    group g users a\n    user a insecure-password b\n" + defaults(FE),
    "disabled frontend": defaults(FE + "    disabled\n"),
    "empty backend": defaults("backend b\n"),
    "backend id": defaults("backend b\n    id 77\n    server s 127.0.0.1:1\n"),
    "log lines": "global\n    log 127.0.0.1:514 len 2000 format rfc5424 local0 info\n    log /dev/log local1 notice\n    log stdout format raw "
                 "daemon\n" + defaults("    log global\n" + FE),
    "ring": "ring r\n    format rfc5424\n    maxlen 1200\n    size 32764\n" + "global\n    log ring@r local0\n" + defaults(FE),
    "stats socket": "global\n    stats socket /tmp/lb-not-made.sock mode 660 level operator\n    stats timeout 30s\n" + defaults(FE),
    "global numbers": "global\n    maxconn 100\n    nbthread 2\n    hard-stop-after 5s\n    grace 1s\n    tune.bufsize 16384\n" + defaults(FE),
    "global nbthread one": "global\n    nbthread 1\n" + defaults(FE),
    "description": defaults(FE + "    description words of explanation\n"),
    "fullconn": defaults("backend b\n    fullconn 100\n    server s 127.0.0.1:1 minconn 1 maxconn 10\n"),
    "retries": defaults("backend b\n    retries 5\n    option redispatch 2\n    server s 127.0.0.1:1\n"),
    "empty file with defaults": DEFAULTS,
}

BAD = {
    "unknown section": "nonsense here\n",
    "unknown keyword": defaults(FE + "    bnid 127.0.0.1:1\n"),
    "keyword before a section": "    maxconn 5\n",
    "bind without address": defaults("frontend fe\n    bind name rdp\n"),
    "bind with nothing": defaults("frontend fe\n    bind\n"),
    "bind without port": defaults("frontend fe\n    bind 127.0.0.1\n"),
    "bind port too large": defaults("frontend fe\n    bind 127.0.0.1:70000\n"),
    "bind range backwards": defaults("frontend fe\n    bind 127.0.0.1:3005-3000\n"),
    "bind option unknown": defaults("frontend fe\n    bind 127.0.0.1:1 colour red\n"),
    "server without address": defaults("backend b\n    server srv01 weight 10\n"),
    "server with nothing": defaults("backend b\n    server\n"),
    "server with a name only": defaults("backend b\n    server s\n"),
    "server option unknown": defaults("backend b\n    server s 127.0.0.1:1 colour red\n"),
    "server weight not a number": defaults("backend b\n    server s 127.0.0.1:1 weight x\n"),
    "server weight too large": defaults("backend b\n    server s 127.0.0.1:1 weight 300\n"),
    "server twice": defaults("backend b\n    server s 127.0.0.1:1\n    server s 127.0.0.1:2\n"),
    "server id twice": defaults("backend b\n    server s 127.0.0.1:1 id 3\n    server t 127.0.0.1:2 id 3\n"),
    "server in a frontend": defaults(FE + "    server s 127.0.0.1:1\n"),
    "bind in a backend": defaults("backend b\n    bind 127.0.0.1:1\n"),
    "backend twice": defaults("backend b\nbackend b\n"),
    "frontend twice": defaults(FE + FE),
    "section without name": defaults("backend\n"),
    "default_backend unknown": defaults(FE + "    default_backend nowhere\n"),
    "use_backend unknown": defaults(FE + "    use_backend nowhere if TRUE\n"),
    "acl unknown": defaults(FE + "    tcp-request connection reject if nosuchacl\n"),
    "fetch unknown": defaults(FE + "    acl a nosuchfetch 1\n"),
    "acl without pattern": defaults(FE + "    acl a\n"),
    "acl bad network": defaults(FE + "    acl a src 1.2.3.4/40\n"),
    "acl bad number": defaults(FE + "    acl a dst_port xyz\n"),
    "condition without word": defaults(FE + "    tcp-request connection reject if\n"),
    "condition brace open": defaults(FE + "    tcp-request connection reject if { src 127.0.0.1\n"),
    "content rule at connection": defaults(FE + "    tcp-request connection reject if { req.len gt 1 }\n    tcp-request nonsense\n"),
    "tcp-request action unknown": defaults(FE + "    tcp-request content dance\n"),
    "time unit unknown": defaults("    timeout client 5parsecs\n"),
    "time missing": defaults("    timeout client\n"),
    "timeout unknown": defaults("    timeout lunch 5s\n"),
    "time negative": defaults("    timeout client -5s\n"),
    "balance unknown": defaults("backend b\n    balance nicely\n"),
    "mode unknown": "defaults\n    mode ftp\n",
    "option unknown": defaults("    option nonsense\n"),
    "stick-table type unknown": defaults("backend b\n    stick-table type colour size 1k\n"),
    "stick-table without size": defaults("backend b\n    stick-table type ip\n"),
    "stick-table size wrong": defaults("backend b\n    stick-table type ip size lots\n"),
    "stick on without table": defaults("backend b\n    stick on src\n    server s 127.0.0.1:1\n"),
    "stick on unknown table": defaults("backend b\n    stick on src table nowhere\n    server s 127.0.0.1:1\n"),
    "stick-table unknown peers": defaults("backend b\n    stick-table type ip size 1k peers nobody\n    stick on src\n    server s 127.0.0.1:1\n"),
    "quote left open": defaults('frontend "fe\n    bind 127.0.0.1:1\n'),
    "single quote left open": defaults("frontend 'fe\n    bind 127.0.0.1:1\n"),
    "brace of variable left open": defaults('frontend fe\n    bind "${LB_ADDRESS:1"\n'),
    "hex escape wrong": defaults(FE + "    log-tag a\\xZZ\n"),
    "if without endif": ".if 1\n" + DEFAULTS,
    "endif alone": DEFAULTS + ".endif\n",
    "else alone": DEFAULTS + ".else\n",
    "two elses": ".if 1\n.else\n.else\n.endif\n",
    "elif after else": ".if 1\n.else\n.elif 1\n.endif\n",
    "if unknown predicate": ".if moon_is_full()\n.endif\n",
    "if without condition": ".if\n.endif\n",
    "if missing parenthesis": ".if streq(a,b\n.endif\n",
    "alert directive": DEFAULTS + ".alert \"stop\"\n",
    "defaults unknown": "frontend fe from nowhere\n    bind 127.0.0.1:1\n",
    "log without facility": "global\n    log 127.0.0.1:514\n",
    "log facility unknown": "global\n    log 127.0.0.1:514 kitchen\n",
    "log level unknown": "global\n    log 127.0.0.1:514 local0 loud\n",
    "log format unknown": "global\n    log 127.0.0.1:514 format pretty local0\n",
    "log ring unknown": "global\n    log ring@nowhere local0\n" + DEFAULTS,
    "maxconn not a number": "global\n    maxconn lots\n",
    "nbthread zero": "global\n    nbthread 0\n",
    "nbthread too large": "global\n    nbthread 100000\n",
    "stats level unknown": "global\n    stats socket /tmp/lb-not-made.sock level king\n",
    "peer without address": "peers p\n    peer a\n" + defaults("backend b\n    stick-table type ip size 1k peers p\n"),
    "tracked server unknown": defaults("backend b\n    server s 127.0.0.1:1 track nowhere/s\n"),
    "traffic over tls unverified": defaults("backend b\n    server s 127.0.0.1:1 ssl\n"),
    "text behind a complete line": defaults("backend b\n    balance roundrobin extra words\n"),
    "id not a number": defaults("backend b\n    id x\n"),
    "same id twice": defaults("backend b\n    id 5\nbackend c\n    id 5\n"),
}
ENVIRONMENT = {"LB_ADDRESS": "127.0.0.1", "LB_LIST": "127.0.0.1 127.0.0.2"}


# A file without any listener ends with a code of its own, which would hide what the row is about.
LISTENER = "frontend lb_any\n    mode tcp\n    timeout client 5s\n    bind 127.0.0.1:9999\n"
for _name, _text in GOOD.items():
    if "    bind" not in _text and "  bind" not in _text or "    disabled\n" in _text:
        GOOD[_name] = _text + LISTENER


def exit_codes(rows):
    def run(w):
        os.environ.update(ENVIRONMENT)
        for name, text in rows:
            code, _ = w.check(text)
            w.observe(name, code)
    return run


def chunks(rows, size=12):
    items = list(rows.items())
    return [items[at:at + size] for at in range(0, len(items), size)]


for kind, table in (("accepted", GOOD), ("refused", BAD)):
    for number, chunk in enumerate(chunks(table)):
        add_scenario(f"{kind}_{number}", exit_codes(chunk))


@scenario
def stock_file_of_debian(w):
    with open("/etc/haproxy/haproxy.cfg", encoding="utf-8") as stock:
        w.observe("exit code", w.check(stock.read())[0])


@scenario
def several_files_and_folders(w):
    os.mkdir(w.dir + "/conf.d")
    w.write(DEFAULTS, "conf.d/10-defaults.cfg")
    w.write("frontend fe\n    bind 127.0.0.1:1\n    default_backend b\n", "conf.d/20-fe.cfg")
    w.write("nonsense\n", "conf.d/ignored.txt")
    w.write("backend b\n    server s 127.0.0.1:1\n", "more.cfg")
    run = lambda *args: subprocess.run([w.program, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=w.dir,
                                       stderr=subprocess.STDOUT, timeout=20, check=False).returncode
    w.observe("folder and file", run("-c", "-f", "conf.d", "-f", "more.cfg"))
    w.observe("folder alone", run("-c", "-f", "conf.d"))
    w.observe("files behind --", run("-c", "--", "conf.d", "more.cfg"))
    w.observe("missing file", run("-c", "-f", "nothere.cfg"))
    w.observe("missing argument", run("-c", "-f"))
    w.observe("folder changed first", run("-C", w.dir + "/conf.d", "-c", "-f", "10-defaults.cfg", "-f", "20-fe.cfg",
                                             "-f", "../more.cfg"))
    w.observe("no listener at all", run("-c", "-f", "conf.d/10-defaults.cfg") != 1)


CONDITIONS = ["true", "0", "1", "!1", "!!0", "streq(a,a)", "streq(a,b)", "strneq(a,b)", "defined(PATH)", "defined(LB_NOPE)",
              "version_atleast(2.0)", "version_atleast(99.0)", "version_before(99.0)", "feature(EPOLL)", "feature(NOPE)",
              "1 && 0", "1 || 0", "0 || 0", "(0 || 1) && 1", "!(1 && 0)", "nonsense()", "(1", "", "strstr(PATH,nothing)", "streq(\"$LB_ADDRESS\",127.0.0.1)"]


@scenario
def conditions_on_the_command_line(w):
    os.environ.update(ENVIRONMENT)
    for condition in CONDITIONS:
        done = subprocess.run([w.program, "-cc", condition], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=20, check=False)
        w.observe(condition, done.returncode)


@scenario
def what_arrives(w):
    """Quoting, inheritance and numbers, seen from the runtime socket of the started program."""
    w.servers("s1")
    w.start("""
defaults base
    mode tcp
    maxconn 17
    timeout connect 1s
    timeout client 5s
    timeout server 5s
defaults big from base
    maxconn "${LB_MAX-23}"
frontend one from base
    bind @fe1@
frontend two from big
    bind @fe2@
frontend 'th'"ree" from big
    bind @fe3@
    maxconn "${LB_MAX2}"
frontend four from big
    bind @fe4@
    maxconn "${LB_MAX3}"
frontend five from big
    bind @fe5@
    maxconn "${LB_MAX4}"
backend be from base
    server first @s1@ weight 5
    server "sec"ond @s1@ weight 6 disabled
    default-server weight 9 maxconn 3
    server third @s1@
    server fourth @s1@ weight 8
""", more_global='presetenv LB_MAX2 99\n    presetenv LB_MAX3 41\n    setenv LB_MAX4 "${LB_MAX3}1"\n'
            '    setenv LB_MAX5 x\n    unsetenv LB_MAX5', environment={"LB_MAX2": "31"})
    w.observe("variables", [line for line in w.cli("show env").split("\n") if line.startswith("LB_MAX")])
    for name in ("one", "two", "three", "four", "five"):
        w.observe(f"maxconn of {name}", w.stat(name, "FRONTEND").get("slim"))
    for name in ("first", "second", "third", "fourth"):
        row = w.stat("be", name)
        w.observe(f"server {name}", [row.get(key) for key in ("weight", "slim", "status", "sid")])


@scenario
def predefined_variables(w):
    w.start("frontend fe\n    bind @fe@\n    log-tag \"${HAPROXY_LOCALPEER}\"\n", arguments=("-L", "peer-name"))
    w.observe("local peer", w.cli("show env HAPROXY_LOCALPEER"))
    w.observe("files", w.cli("show env HAPROXY_CFGFILES").strip() != "")


if __name__ == "__main__":
    main()
