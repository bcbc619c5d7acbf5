#!/usr/bin/env python3
"""The log line's outside: formats, facilities, levels, lengths, sampling, targets."""
import os
import re

from harness import main, scenario
from wire import LogSocket, until

GLOBAL = """
global
    stats socket @sock@ mode 600 level admin
    %s
defaults
    mode tcp
    timeout connect 1s
    timeout client 5s
    timeout server 5s
    log global
    option tcplog
frontend fe
    bind @fe@
    default_backend be
backend be
    server s1 @s1@
"""


def shape(line):
    """What changes from run to run is named by its form; the form itself is compared."""
    line = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d", "ISO-MICROSECONDS", line)
    line = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", "ISO", line)
    line = re.sub(r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\.\d{3}", "DATE", line)
    line = re.sub(r"\w{3} [ \d]\d \d\d:\d\d:\d\d", "TIME", line)
    line = re.sub(r"(lb\[)\d+(\])", r"\1PID\2", line)
    line = re.sub(r"\blb \d+ ", "lb PID ", line)
    line = re.sub(r" \d+/\d+/\d+ (\d+ --) ", r" T/T/T \1 ", line)
    return line


def logged(w, options, more="log-tag lb"):
    w.server("s1")
    w.start("", prologue=GLOBAL % (more + "\n    log @log@ " + options))
    w.ask("fe")
    return w.log.next(" be/s1 ", 5)


def _format(name):
    def run(w):
        w.observe("line", shape(logged(w, f"format {name} local3")))
    return run


def rfc3164(w):
    w.observe("line", shape(logged(w, "format rfc3164 local3")))


def plain(w):
    w.observe("line", shape(logged(w, "local3")))


def rfc5424(w):
    w.observe("line", shape(logged(w, "format rfc5424 local3")))


def rfc5424_structured(w):
    w.server("s1")
    w.start("", prologue=(GLOBAL % "log-tag lb\n    log @log@ format rfc5424 local3").replace(
        "    bind @fe@", "    bind @fe@\n    log-format-sd [weir@0\\ server=\\\"%s\\\"\\ bytes=\\\"%B\\\"]"))
    w.ask("fe")
    w.observe("line", shape(w.log.next(" be/s1 ", 5)))


for _format_name in ("short", "raw", "timed", "iso", "priority", "local"):
    globals()[_format_name] = _format(_format_name)
for _name in ("plain", "rfc3164", "rfc5424", "rfc5424_structured", "short", "raw", "timed", "iso", "priority", "local"):
    globals()[_name].__name__ = f"format_{_name}"
    scenario(globals()[_name])


def _lines(w, options, frontends):
    """Two log targets, of which one takes structured data; a server that answers and one that refuses."""
    w.server("s1")
    w.refusing("s2")
    w.start("", prologue=(GLOBAL % ("log-tag lb\n    log @log@ format rfc5424 local3\n    log @log@ format raw local4"))
            .split("frontend")[0] + options + frontends)


ERRORS = """
frontend good
    bind @good@
    default_backend be
frontend bad
    bind @bad@
    default_backend be2
backend be
    server s1 @s1@
backend be2
    retries 0
    server s2 @s2@
"""


@scenario
def error_log_format(w):
    _lines(w, '    option tcplog\n    error-log-format "ERROR %b/%s %ts"\n    log-format-sd "%{+Q,+E}o [x@1 s=%s b=%b]"\n',
           ERRORS)
    for name in ("good", "bad"):
        try:
            w.ask(name)
        except OSError:
            pass
        w.observe(f"{name} structured", shape(w.log.next("", 5)))
        w.observe(f"{name} raw", shape(w.log.next("", 5)))


@scenario
def spaces(w):
    """Where blanks stand at the edges, and around %o, which writes nothing."""
    w.server("s1")
    formats = ("%{+Q}o %b x", "  x  %b", "%b  ", "a %{-Q}o b", "%o  %o %b", "a  %b %o ", "%{+Q}o%b",
               "a %o%b")
    w.start("".join(f'frontend g{chr(97 + at)}\n    bind @g{chr(97 + at)}@\n    log-format "{text}|"\n    default_backend be\n'
                    for at, text in enumerate(formats)), prologue=(GLOBAL % "log-tag lb\n    log @log@ format raw local3"))
    for at, text in enumerate(formats):
        w.ask(f"g{chr(97 + at)}")
        w.observe(text, w.log.next("", 5))


@scenario
def structured_plain_line(w):
    _lines(w, '    log-format-sd "[x@1 p=%fp]"\n', ERRORS)
    w.ask("good")
    w.observe("structured", re.sub(r":\d+ ", ":PORT ", shape(w.log.next("", 5))))
    w.observe("raw", re.sub(r":\d+ ", ":PORT ", shape(w.log.next("", 5))))


@scenario
def with_host_name(w):
    w.observe("line", shape(logged(w, "local0", "log-tag lb\n    log-send-hostname balancer-1")))


@scenario
def with_own_host_name(w):
    line = shape(logged(w, "local0", "log-tag lb\n    log-send-hostname"))
    w.observe("line", line.replace(f" {os.uname().nodename} ", " NODE "))


@scenario
def with_default_tag(w):
    w.observe("tag", re.sub(r"\[\d+\].*", "[PID]", logged(w, "local0", "maxconn 100").split(" ")[3]).strip())


FACILITIES = ("kern user mail daemon auth syslog lpr news uucp cron auth2 ftp ntp audit alert cron2 local0 local1 local2 local3 "
              "local4 local5 local6 local7").split()


@scenario
def facilities(w):
    w.server("s1")
    lines = "\n    ".join(f"log @log@ len 4096 format local {facility}" for facility in FACILITIES)
    w.start("", prologue=GLOBAL % ("log-tag lb\n    " + lines))
    w.ask("fe")
    until(lambda: sum(" be/s1 " in line for line in w.log.all()) == len(FACILITIES), what="a line for each facility")
    w.observe("priorities", sorted(int(re.match(r"<(\d+)>", line).group(1)) for line in w.log.all() if " be/s1 " in line))


LEVELS = "emerg alert crit err warning notice info debug".split()


@scenario
def maximum_level(w):
    w.server("s1")
    targets = {level: LogSocket(w.host) for level in LEVELS}
    w.closing.extend(targets.values())
    lines = "\n    ".join(f"log {t.address[0]}:{t.address[1]} format raw local0 {level}" for level, t in targets.items())
    w.start("", prologue=GLOBAL % ("log-tag lb\n    log @log@ format raw local0\n    " + lines))
    w.ask("fe")
    w.log.next("fe be/s1 ")
    w.cli("disable server be/s1")
    w.log.next("no server available")
    w.cli("enable server be/s1")
    w.log.next("is UP")
    w.ask("fe")
    w.log.next("fe be/s1 ")
    until(lambda: len(targets["debug"].all()) == len(w.log.all()), what="all lines at debug")
    for level, target in targets.items():
        w.observe(f"up to {level}", [re.sub(r"\d+/\d+/\d+ (\d+) --", r"T \1 --", re.sub(r"\[.*?\]", "[DATE]", w.normal(line)))
                                     for line in target.all()])


@scenario
def minimum_level(w):
    w.server("s1")
    target = LogSocket(w.host)
    w.closing.append(target)
    w.start("", prologue=GLOBAL % ("log-tag lb\n    log @log@ format short local0\n"
                                   f"    log {target.address[0]}:{target.address[1]} format short local0 info warning"))
    w.ask("fe")
    w.log.next("fe be/s1 ")
    w.cli("disable server be/s1")
    w.log.next("no server available")
    until(lambda: len(target.all()) == len(w.log.all()), what="the raised lines")
    w.observe("priorities", [line.split(">")[0] for line in target.all()[:4]])


def _length(length):
    def run(w):
        w.server("s1")
        w.start("", prologue=GLOBAL % f"log-tag lb\n    log @log@ len {length} format short local0")
        w.ask("fe")
        until(lambda: any("127.0.0.1" in line for line in w.log.all()), what="the line")
        line = next(line for line in w.log.all() if "127.0.0.1" in line)
        w.observe("length at most", len(line.rstrip("\n")) <= length)
        w.observe("starts", line[:14])
    return run


for _bound in (80, 120, 1024):
    _run = _length(_bound)
    _run.__name__ = f"length_{_bound}"
    scenario(_run)


@scenario
def sampling(w):
    w.server("s1")
    w.start("", prologue=GLOBAL % "log-tag lb\n    log @log@ format raw sample 1:3 local0")
    for _ in range(9):
        w.ask("fe")
    until(lambda: int(w.stat("be").get("stot") or 0) == 9 and w.stat("fe", "FRONTEND").get("scur") == "0", what="nine sessions")
    until(lambda: sum(" be/s1 " in line for line in w.log.all()) >= 3, what="a third of the lines")
    w.observe("lines", sum(" be/s1 " in line for line in w.log.all()))


@scenario
def sampling_ranges(w):
    w.server("s1")
    targets = [LogSocket(w.host), LogSocket(w.host)]
    w.closing.extend(targets)
    one, two = ("%s:%d" % target.address for target in targets)
    w.start("", prologue=GLOBAL % (f"log-tag lb\n    log {one} format raw sample 2-3,8-11:11 local0\n"
                                   f"    log {two} format raw sample 1:2 local0\n    log @log@ format raw local0"))
    for number in range(22):
        with w.client("fe") as client:
            client.line()
            client.send(b"x" * (number + 1)).exactly(number + 1)
        w.log.next(" be/s1 ")
    until(lambda: len([line for line in targets[0].all() if " be/s1 " in line]) == 12, what="the sampled lines")
    for name, target in zip(("ranges", "every second"), targets):
        # the byte count tells which of the sessions this line is of
        w.observe(name, [re.search(r" (\d+) (?:--|CD) ", line).group(1) for line in target.all() if " be/s1 " in line])


@scenario
def unix_socket(w):
    w.server("s1")
    target = LogSocket(path=os.path.join(w.dir, "log"))
    w.closing.append(target)
    w.start("", prologue=GLOBAL % "log-tag lb\n    log @dir@/log local0")
    w.ask("fe")
    w.observe("line", shape(target.next(" be/s1 ")))


@scenario
def standard_output(w):
    w.server("s1")
    w.start("", prologue=GLOBAL % "log-tag lb\n    log stdout format raw local0")
    w.ask("fe")
    def lines():
        with open(os.path.join(w.dir, "stderr"), encoding="utf-8", errors="replace") as text:
            return [line for line in text if " be/s1 " in line]
    until(lines, what="the line on standard output")
    w.observe("line", shape(lines()[0]))


@scenario
def own_targets_of_a_frontend(w):
    w.server("s1")
    own = LogSocket(w.host)
    w.closing.append(own)
    w.start("", prologue=(GLOBAL % "log-tag lb\n    log @log@ local0").replace(
        "    bind @fe@", f"    bind @fe@\n    no log\n    log {own.address[0]}:{own.address[1]} local5\n    log-tag mine"))
    w.ask("fe")
    w.observe("line", re.sub(r"mine\[\d+\]", "mine[PID]", shape(own.next(" be/s1 "))))
    w.observe("not the global one", any(" be/s1 " in line for line in w.log.all()))


FIELDS = ["%ci", "%b", "%s", "%f", "%ft", "%B", "%U", "%ts", "%ac/%fc/%bc/%sc/%rc", "%sq/%bq", "%bi", "%si", "%fi", "%H %%",
          "%[src]", "%[dst_port]", "%{+Q}b", "%{+E}b", "%{+X}ac", "%lc"]


@scenario
def own_format(w):
    w.server("s1")
    words = "|".join(FIELDS).replace(" ", "\\ ")
    w.start("", prologue=(GLOBAL % "log-tag lb\n    log @log@ format raw local0").replace(
        "    bind @fe@", f"    bind @fe@\n    log-format be/s1\\ {words}".replace("be/s1\\ ", "X|")))
    with w.client("fe") as client:
        client.line()
        client.send(b"12345").exactly(5)
    line = w.log.next("X|").strip().replace(os.uname().nodename, "NODE")
    for field, value in zip(FIELDS, line.split("|")[1:]):
        w.observe(field, value)


if __name__ == "__main__":
    main()
