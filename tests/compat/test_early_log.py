#!/usr/bin/env python3
"""When a line is logged: as soon as nothing in its format is open, else at the session's end. Manual 8.2, option logasap."""
import threading

from harness import GLOBAL, main, scenario
from wire import hang, until

PLAIN = GLOBAL.replace("    option tcplog\n", "")
LOOK = "tcp-request inspect-delay 5s\n    tcp-request content accept if { req.len gt 1 }"


class Gate:
    """A server that says a line when it may, and leaves when it may."""

    def __init__(self, w, name="s1"):
        self.speak, self.leave = threading.Event(), threading.Event()
        w.server(name, self._behave)

    def _behave(self, server, conn):
        self.speak.wait(10)
        conn.sendall(b"hello\n")
        self.leave.wait(10)


def start(w, form, frontend="", backend="retries 0", server="s1 @s1@", prologue=GLOBAL):
    line = f'log-format "N {form}"' if form else ""
    w.start(f"frontend fe\n    bind @fe@\n    {line}\n    {frontend}\n    default_backend be\nbackend be\n    {backend}\n"
            f"    server {server}\n", prologue=prologue)


def lines(w):
    return sum(": N " in line or "Connect from" in line for line in w.log.all())


def in_backend(w, count=1):
    until(lambda: w.stat("be").get("scur") == str(count), what="the session in the backend")


def on_server(w):
    until(lambda: w.stat("be", "s1").get("stot") == "1", what="the session on its server")


def whole_life(w):
    """Lines after: accepted, served, answered, ended."""
    gate = Gate(w)
    start(w, w.form, LOOK)
    client = w.client("fe")
    until(lambda: w.stat("fe", "FRONTEND").get("scur") == "1", what="the session")
    seen = [lines(w)]
    client.send(b"xx")
    on_server(w)
    if w.early:
        w.log.next(": N ")
    seen.append(lines(w))
    gate.speak.set()
    client.line()
    seen.append(lines(w))
    gate.leave.set()
    client.rest()
    client.close()
    w.idle("fe")
    until(lambda: lines(w), what="the line")
    seen.append(lines(w))
    w.observe("lines", seen)


ITEMS = ("%B %U %ts %Tw %Tc %Tt %Td %Th %Tu %ac %fc %bc %sc %rc %sq %bq %ID "
         "const %ci %cp %f %ft %fi %fp %b %s %si %sp %bi %bp %t %T %Tl %Ts %ms %lc %pid %rt %H %ST").split()
LATE = ITEMS[:ITEMS.index("const")]


def _moment(item):
    def run(w):
        w.form, w.early = item, item not in LATE
        whole_life(w)
    return run


for _at, _item in enumerate(ITEMS):
    _run = _moment(_item)
    _run.__name__ = f"moment_of_{_at}_{_item.strip('%')}"
    scenario(_run)


FETCHES = ("avg_queue(be) be_conn(be) be_id be_name srv_name srv_id src dst fc_rtt var(sess.a) bc_src bc_err fc_err unique-id "
           "srv_conn(be/s1) srv_is_up(be/s1) srv_weight(be/s1) last_rule_line prio_class uuid rand date nbsrv(be) table_cnt(t) "
           "src_conn_cnt(t) sc0_conn_cnt capture.req.hdr(0) capture.res.hdr(0) so_id stopping thread").split()


@scenario
def fetches_never_wait(w):
    """One frontend for each: all lines are there while all sessions last."""
    w.server("s1", hang)
    w.start("backend t\n    stick-table type ip size 1k store conn_cnt\nbackend be\n    server s1 @s1@\n" + "\n".join(
        f"frontend f{at}_\n    bind @f{at}_@\n    declare capture request len 5\n    declare capture response len 5\n"
        f"    log-format \"N{at} %[{name}]\"\n    tcp-request content track-sc0 src table t\n    default_backend be"
        for at, name in enumerate(FETCHES)))
    clients = [w.client(f"f{at}_") for at in range(len(FETCHES))]
    for at, name in enumerate(FETCHES):
        w.log.next(f": N{at} ")
        w.log.taken = 0
        w.observe(name, True)
    for client in clients:
        client.close()


def ends(w):
    with w.client("fe") as client:
        client.rest()
    w.idle("fe")


for _form, _word in (("%s", "early"), ("%s %ts", "late"), ("%B", "bytes")):
    for _log, _option in (("", ""), ("_logasap", "option logasap")):
        def _refused(w, form=_form, option=_option):
            w.refusing("s1")
            start(w, form, option)
            ends(w)
            w.observe_log("log", ": N ")
            w.observe("lines", lines(w))
        _refused.__name__ = f"refused_{_word}{_log}"
        scenario(_refused)

        def _nobody(w, form=_form, option=_option):
            start(w, form, option, server="s1 127.0.0.1:1 disabled")
            ends(w)
            w.observe_log("log", ": N ")
            w.observe("lines", lines(w))
        _nobody.__name__ = f"nobody_{_word}{_log}"
        scenario(_nobody)

        def _rejected(w, form=_form, option=_option):
            w.server("s1")
            start(w, form, option + "\n    tcp-request content reject if { src 127.0.0.5 }")
            with w.client("fe", source="127.0.0.5") as client:
                client.rest()
            w.observe_log("log", ": N ")
            w.observe("lines", lines(w))
        _rejected.__name__ = f"rejected_{_word}{_log}"
        scenario(_rejected)


def settled(w):
    """The session has ended, and what was said of it has left: lines leave at the end of a turn, another answer in a later one."""
    w.idle("fe")
    w.cli("show version")


def _while_it_lasts(w, form, frontend="", **options):
    """What is logged while the session lasts, and all there is in the end."""
    gate = Gate(w)
    start(w, form, frontend, **options)
    client = w.client("fe").send(b"abc")
    on_server(w)
    gate.speak.set()
    client.line()
    w.observe("meanwhile", lines(w))
    gate.leave.set()
    client.rest()
    client.close()
    settled(w)
    w.observe("lines", [line.split(": ", 1)[1] for line in w.log.all() if ": N " in line])


@scenario
def signs_of_what_grows(w):
    w.form = "%B %U %ts %rc %Tt|%Td|%Tu|%Tw|%Tc|%Th"
    Gate(w)
    start(w, w.form, "option logasap")
    w.client("fe")
    line = w.log.next(": N ").split(": ", 1)[1]
    w.observe("bytes", line.split("|")[0].rsplit(" ", 1)[0])
    w.observe("signs", ["+" if "+" in part else "" for part in line.replace("N ", "").rsplit(" ", 1)[1].split("|")])


@scenario
def signs_when_it_never_connected(w):
    w.refusing("s1")
    start(w, "%B %U %ts %rc %Tt|%Td|%Tu|%Tw|%Tc|%Th", "option logasap")
    ends(w)
    line = w.log.next(": N ").split(": ", 1)[1]
    w.observe("bytes", line.split("|")[0].rsplit(" ", 1)[0])
    w.observe("signs", ["+" if "+" in part else "" for part in line.rsplit(" ", 1)[1].split("|")])
    w.observe("values", [part.strip("+\n") for part in line.rsplit(" ", 1)[1].split("|")][4:])


@scenario
def dontlog_normal_of_one_that_ends_badly(w):
    gate = Gate(w)
    start(w, "%s", "option dontlog-normal\n    timeout client 300ms")
    client = w.client("fe").send(b"abc")
    on_server(w)
    gate.speak.set()
    client.rest()
    w.idle("fe")
    w.observe("lines", lines(w))


@scenario
def dontlognull_of_one_that_speaks_later(w):
    gate = Gate(w)
    start(w, "%s", "option dontlognull")
    client = w.client("fe")
    on_server(w)
    gate.speak.set()
    client.line()
    w.observe("before", lines(w))
    client.send(b"abc")
    gate.leave.set()
    client.rest()
    client.close()
    w.idle("fe")
    w.observe("after", lines(w))


LASTING = {
    "dontlog_normal": ("%s", "option dontlog-normal"),
    "dontlognull_of_one_that_spoke": ("%s", "option dontlognull\n    " + LOOK),
    "structured_data_waits": ("%s", 'log-format-sd "[a@1 b=\\"%B\\"]"'),
    "structured_data_does_not_wait": ("%s", 'log-format-sd "[a@1 b=\\"%s\\"]"'),
    "structured_data_alone": ("%B", 'log-format-sd "[a@1 b=\\"%s\\"]"'),
    "structured_data_logasap": ("%s", 'option logasap\n    log-format-sd "[a@1 b=\\"%B\\"]"'),
    "unique_id_that_waits": ("%s %ID", 'unique-id-format "%ci"'),
    "unique_id_by_fetch": ("%s %[unique-id]", 'unique-id-format "%ci-%B"'),
    "unique_id_unused": ("%s", 'unique-id-format "%ci-%B"'),
}


for _name, (_format, _frontend) in LASTING.items():
    def _lasting(w, form=_format, frontend=_frontend):
        _while_it_lasts(w, form, frontend)
    _lasting.__name__ = _name
    scenario(_lasting)


@scenario
def queued_first(w):
    gate = Gate(w)
    start(w, "%s", backend="timeout queue 5s", server="s1 @s1@ maxconn 1")
    first = w.client("fe")
    w.log.next(": N ")
    second = w.client("fe")
    until(lambda: w.stat("be").get("qcur") == "1", what="one in the queue")
    w.observe("meanwhile", lines(w))
    gate.speak.set()
    gate.leave.set()
    first.rest()
    first.close()
    second.line()
    w.log.next(": N ")
    second.close()
    w.idle("fe")
    w.observe("lines", lines(w))


@scenario
def after_a_redispatch(w):
    w.refusing("s0")
    Gate(w)
    start(w, "%s %[srv_name]", backend="balance roundrobin\n    option redispatch\n    retries 2", server="s0 @s0@\n    server s1 @s1@")
    w.client("fe")
    w.observe("line", w.log.next(": N "))


@scenario
def separate_errors_of_a_retried_one(w):
    w.refusing("s0")
    Gate(w)
    start(w, "%s", "option log-separate-errors", "balance roundrobin\n    option redispatch\n    retries 2",
          "s0 @s0@\n    server s1 @s1@")
    w.client("fe")
    w.observe("line", w.log.next(": N "))


if __name__ == "__main__":
    main()
