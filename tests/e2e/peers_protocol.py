#!/usr/bin/env python3
"""Weir's peers protocol byte by byte: the other peer is this script.

Shown: who is refused and how; heartbeats and silence; two dials that cross; lessons, acknowledgements, and where a new link
goes on; texts told once; write-to, recv-only and shards; a reload that keeps the link and tells nothing twice; nonsense that
ends a link and nothing else; a peer that does not read.
"""
import contextlib
import os
import re
import socket
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "compat"))
from peering import (BEAT, CONFIRMED, FINISHED, PARTIAL, SYNC, WEIR, Checks, FakePeer, Farm, Relay, definition,  # noqa: E402
                     fake_farm, message, number, read_number, sanitized)
from wire import until  # noqa: E402

check = Checks()

TABLE = """
backend users
    stick-table type ip size 10k expire 60s store server_id,gpc0,conn_cur{more} peers farm
"""
USERS = TABLE.format(more="")


def ip(text):
    return socket.inet_aton(text)


def entry(ident, key, *values):
    return message(128, struct.pack(">I", ident) + ip(key) + b"".join(number(value) for value in values))


def update_of(said):
    """The number and the key of an entry of an address table, told with a number or behind `before`."""
    kind, payload = said[1], said[2]
    numbered, timed = kind in (128, 133), kind in (133, 134)
    at = 4 * (numbered + timed)
    ident = struct.unpack(">I", payload[:4])[0] if numbered else None
    return ident, socket.inet_ntoa(payload[at:at + 4])


def keys(messages):
    return [update_of(said)[1] for said in messages if said[0] == "entry"]


@contextlib.contextmanager
def linked(body=USERS, learned=True, **options):
    """A node in touch with the script, which has nothing to teach."""
    farm, fake = fake_farm(body, WEIR, **options)
    with farm:
        farm["w"].start()
        fake.be_dialled()
        fake.expect("sync")
        if learned:
            fake.send(FINISHED)
            fake.expect("confirmed")
        yield farm["w"], fake
        fake.close()


def who_is_refused():
    farm, fake = fake_farm(USERS, WEIR)
    with farm:
        farm["w"].start()
        for hello, status in [
                (b"HAProxyS 2.1\nw\nf 1 0\n", "200"), (b"HAProxyS 2.0\nw\nf 1 0\n", "200"),
                (b"HAProxyS 2.1\r\nw\r\nf 1 0\r\n", "200"), (b"HAProxyS 2.2\nw\nf 1 0\n", "502"),
                (b"HAProxyS 3.0\nw\nf 1 0\n", "502"), (b"HAProxyS 2\nw\nf 1 0\n", "502"),
                (b"GET / HTTP/1.0\r\n\r\n", "501"), (b"HAProxyS 2.1\nw\nf\n", "501"),
                (b"HAProxyS 2.1\nx\nf 1 0\n", "503"), (b"HAProxyS 2.1\nw\nnobody 1 0\n", "504")]:
            check.equal(fake.dial(hello), status, f"{hello!r} is answered {status}")
        fake.close()
        with socket.create_connection(farm["w"].peer) as slow:
            slow.sendall(b"HAProxyS")
            slow.settimeout(7)
            began = time.monotonic()
            check.equal(slow.recv(10), b"", "an unfinished hello is given up")
            check(4 < time.monotonic() - began < 7, "after five seconds")


def strangers_who_say_nothing():
    farm, fake = fake_farm(USERS, WEIR)
    with farm:
        farm["w"].start()
        silent = []
        for _ in range(3):
            silent += [socket.create_connection(farm["w"].peer) for _ in range(60)]
            check.equal(fake.dial(), "200", f"beside {len(silent)} who say nothing a peer is let in")
        silent[0].settimeout(2)
        check.equal(silent[0].recv(1), b"", "the first of them are sent away")
        for each in silent:
            each.close()


def refused_by_the_other_side():
    farm, fake = fake_farm(USERS, WEIR)
    with farm:
        farm["w"].start()
        for status in (b"502\n", b"503\n", b"300\n", b"rubbish that is no status at all\n"):
            hello = fake.be_dialled(status)
            check.equal(hello[:2], ["HAProxyS 2.1", "f"], "weir says its version and whom it wants")
            check(re.fullmatch(r"w \d+ 0", hello[2]) is not None, "weir says who it is")
        check("last_status=" in farm["w"].cli("show peers"), "show peers goes on")
        fake.be_dialled()
        fake.expect("sync")
        check(True, "weir dials again until it is let in, and asks though it is late")


def heartbeats_and_silence():
    with linked() as (w, fake):
        began = time.monotonic()
        fake.expect("heartbeat")
        check(2.5 < time.monotonic() - began < 4, "a heartbeat after three seconds of nothing")
        for _ in range(3):
            fake.send(BEAT)
            time.sleep(2)
        fake.expect("heartbeat")
        check(True, "heartbeats keep the link")
        began = time.monotonic()
        try:
            while True:
                fake.next(8)
        except (EOFError, ConnectionResetError):
            check(2.5 < time.monotonic() - began < 6, "five seconds of silence end it")
        began = time.monotonic()
        fake.be_dialled()
        check(time.monotonic() - began < 2.6, "and weir dials again soon")
        check("no_hbt=1" in w.cli("show peers"), "show peers counts it")


def dials_that_cross():
    with linked() as (w, fake):
        later = FakePeer("f", w)
        check.equal(later.dial(), "200", "a second link of the same peer is taken")
        try:
            while True:
                fake.next(3)
        except (EOFError, ConnectionResetError):
            check(True, "the first one ends")
        w.cli("set table users key 10.0.0.1 data.gpc0 1")
        check.equal(keys(later.collect(0.5)), ["10.0.0.1"], "the later one hears of changes")
        # Both at once: weir dials while its own dial is answered late.
        later.close()
        fake.listener.settimeout(5)
        early, _ = fake.listener.accept()
        check.equal(later.dial(), "200", "weir takes a dial while its own waits for an answer")
        early.sendall(b"200\n")
        early.settimeout(2)
        with contextlib.suppress(EOFError, ConnectionResetError, socket.timeout):
            later.collect(1)
        until(lambda: w.peers()["f"]["touch"] == "active", 5, "one link")
        early.close()
        until(lambda: w.peers()["f"]["touch"] == "inactive" or True)
        later.close()
        fake.be_dialled()
        w.cli("set table users key 10.0.0.2 data.gpc0 1")
        check("10.0.0.2" in keys(fake.collect(1)), "after that, one link carries on")


def lessons():
    farm, fake = fake_farm(USERS, WEIR)
    with farm:
        w = farm["w"].start()
        fake.be_dialled()
        fake.expect("sync")
        w.cli("set table users key 10.0.0.1 data.gpc0 1")
        check.equal(keys(fake.collect(0.7)), [], "before it learned, weir tells nothing")
        fake.send(definition(9, "users", 4, 4, [0, 2, 6]), entry(5, "10.0.0.8", 1, 42, 7), entry(6, "10.0.0.9", 2, 43, 7))
        check.equal(fake.expect("ack"), ("ack", 9, 6), "what was taught is acknowledged")
        fake.send(SYNC)
        said = fake.collect(0.5)
        check.equal(sorted(keys(said)), ["10.0.0.1", "10.0.0.8", "10.0.0.9"], "a lesson holds what was learned too")
        check(("partial",) in said, "whoever still learns says that it does not know all")
        fake.send(CONFIRMED, PARTIAL)
        said = fake.collect(0.5)
        check(("confirmed",) in said, "a partial lesson is confirmed")
        check.equal(keys(said), [], "the lesson was told: it is not repeated")
        check.equal(w.value("users", "10.0.0.8", "gpc0"), "42", "values are learned")
        check.equal(w.value("users", "10.0.0.8", "conn_cur"), "0", "but open connections are one's own")
        fake.send(SYNC)
        check(("finished",) in fake.collect(0.5), "with nobody else to ask weir now knows all")
        fake.send(CONFIRMED)
        w.cli("set table users key 10.0.0.9 data.gpc0 44")
        check.equal(keys(fake.collect(0.3)), ["10.0.0.9"], "a change of what was learned is told")
        fake.send(message(200, b"of a later version"), bytes([77, 3]), message(131, number(9)),
                  entry(7, "10.0.0.7", 1, 50, 0))
        check.equal(fake.expect("ack"), ("ack", 9, 7), "unknown messages are skipped, a table is switched to by its number")
        fake.send(definition(3, "strangers", 4, 4, [0, 19]), entry(1, "10.0.0.1", 1, 0))
        fake.send(definition(9, "users", 5, 16, [0]), message(128, struct.pack(">I", 8) + b"x" * 16 + number(1)))
        fake.send(SYNC)
        check(("finished",) in fake.collect(0.5), "tables that are not here, or have other keys, do no harm")


def a_late_lesson():
    farm, fake = fake_farm(USERS, WEIR)
    with farm:
        w = farm["w"].start()
        w.cli("set table users key 10.0.0.1 data.gpc0 100")
        until(lambda: "flags=0x33 " in w.cli("show peers"), 8, "the end of waiting for a teacher")
        fake.dial()
        fake.expect("sync")
        taught = message(133, struct.pack(">II", 1, 5000) + ip("10.0.0.1") + number(1) + number(3) + number(0))
        fake.send(definition(1, "users", 4, 4, [0, 2, 6]), taught, taught.replace(ip("10.0.0.1"), ip("10.0.0.2")),
                  FINISHED, taught.replace(ip("10.0.0.1"), ip("10.0.0.3")))
        until(lambda: w.used("users") == 3, what="three entries")
        check.equal(w.value("users", "10.0.0.1", "gpc0"), "100", "a late lesson takes nothing from what is here")
        check.equal(w.value("users", "10.0.0.2", "gpc0"), "3", "and adds what is not")
        check("10.0.0.1" in keys(fake.collect(0.5)), "the other side hears of what changed meanwhile")


def who_teaches_and_who_only_says_so():
    farm = Farm(USERS, {name: WEIR for name in "wfg"})
    with farm:
        w = farm["w"]
        f, g = FakePeer("f", w), FakePeer("g", w)
        farm.closing += [f, g]
        w.start()
        f.dial()
        f.expect("sync")
        g.dial()
        g.send(FINISHED)
        g.expect("confirmed")
        g.send(SYNC)
        check(("partial",) in g.collect(0.5), "an answer that nobody asked for ends no lesson")
        w.cli("set table users key 10.0.0.1 data.gpc0 1")
        asked = False
        began = time.monotonic()
        while not asked and time.monotonic() - began < 9:
            f.send(BEAT)
            g.send(BEAT)
            asked = ("sync",) in g.collect(1)
        check(asked, "a teacher that sends heartbeats only is given up: the next one is asked")
        g.send(definition(1, "users", 4, 4, [0, 2, 6]), entry(1, "10.0.0.2", 1, 5, 0), FINISHED)
        g.expect("confirmed")
        check("10.0.0.1" in keys(f.collect(0.5)), "and then both hear of what changed")


def where_a_new_link_goes_on():
    with linked() as (w, fake):
        for i in range(1, 6):
            w.cli(f"set table users key 10.0.0.{i} data.gpc0 1")
        said = fake.collect(0.5)
        check.equal(keys(said), [f"10.0.0.{i}" for i in range(1, 6)], "five changes in their order")
        table = next(one[1] for one in said if one[0] == "define")
        idents, last = [], 0
        for one in said:
            if one[0] == "entry":
                ident = update_of(one)[0]
                last = last + 1 if ident is None else ident
                idents.append(last)
        check(idents == sorted(set(idents)), "with growing numbers")
        fake.send(message(132, number(table) + struct.pack(">I", idents[2])))
        fake.send(message(132, number(table) + struct.pack(">I", 0x7FFFFFFF)))  # never told: ignored
        time.sleep(0.2)
        fake.close()
        fake.be_dialled()
        check.equal(keys(fake.collect(0.6)), ["10.0.0.4", "10.0.0.5"], "a new link goes on behind the acknowledged one")
        w.fill("users", ["10.0.0.6"] * 500)
        said = fake.collect(0.5)
        check(len(keys(said)) < 50 and set(keys(said)) == {"10.0.0.6"}, f"500 changes of one entry are {len(keys(said))} news")


def reloads():
    with linked() as (w, fake):
        w.cli(*(f"set table users key 10.0.0.{i} data.gpc0 {i}" for i in range(1, 9)))
        check.equal(len(keys(fake.collect(0.5))), 8, "eight entries are told")  # and none is acknowledged
        place = re.search(r"appctx:(\S+)", w.cli("show peers")).group(1)
        said = []
        w.reload()
        said += fake.collect(0.5)
        w.more_body = "backend another\n    server s 127.0.0.1:1\n"
        w.reload()
        said += fake.collect(0.5)
        w.farm.body = TABLE.format(more=",gpt0").replace("10k", "20k")
        w.reload()
        said += fake.collect(0.5)
        check.equal([one for one in said if one[0] in ("entry", "sync")], [],
                    "reloads tell nothing twice, even of a table that grew and has another column")
        check(place in w.cli("show peers"), "and keep the link")
        check("gpt0" in w.cli("show table users"), "the table has its new column")
        w.cli("set table users key 10.0.0.3 data.gpc0 33")
        said = fake.collect(0.5)
        check(said and said[0][0] == "define" and keys(said) == ["10.0.0.3"], "the next change is told, of the table as it is")
        w.farm.body += "backend more\n    stick-table type ip size 1k store gpc0 peers farm\n"
        w.reload()
        said = fake.collect(0.5)
        check(("sync",) in said and not keys(said), "a new table is asked for")
        fake.send(definition(4, "more", 4, 4, [2]), entry(1, "10.0.0.1", 77), FINISHED)
        fake.expect("confirmed")
        check.equal(w.value("more", "10.0.0.1", "gpc0"), "77", "and learned")


def knows(token):
    """The field by which weir says what it has learned of a table."""
    return b"weik" + number(token)


def what_was_taught_is_not_taught_again():
    two = USERS + "backend more\n    stick-table type ip size 1k expire 60s store gpc0 peers farm\n"
    with linked(two) as (w, fake):
        w.cli(*(f"set table users key 10.0.0.{i} data.gpc0 1" for i in range(1, 6)), "set table more key 10.0.1.1 data.gpc0 1")
        check.equal(len(keys(fake.collect(0.5))), 6, "six changes")

        def lesson(users, more, confirm=CONFIRMED):
            for ident, name, columns, token in ((1, "users", [0, 2, 6], users), (2, "more", [2], more)):
                fake.send(definition(ident, name, 4, 4, columns, rest=knows(token) if token else b""))
            fake.send(SYNC)
            said = fake.collect(0.5)
            check(("finished",) in said, "a lesson")
            fake.send(confirm)
            return sorted(keys(said))
        users, more = [f"10.0.0.{i}" for i in range(1, 6)], ["10.0.1.1"]
        check.equal(lesson(0, 0), users + more, "who does not say what it knows is taught all")
        check.equal(lesson(0, 0), users + more, "each time that it asks")
        check.equal(lesson(7, 8), users + more, "who says it for the first time is taught all")
        check.equal(lesson(7, 8), [], "and then nothing twice")
        check.equal(lesson(7, 9), more, "but a table that knows nothing any more")
        check.equal(lesson(6, 9, BEAT), users, "or another one")
        check.equal(lesson(6, 9), users, "until it confirms the lesson")
        w.cli("set table users key 10.0.0.9 data.gpc0 1")
        check.equal(keys(fake.collect(0.3)), ["10.0.0.9"], "changes are told as ever")
        check.equal(lesson(6, 9), [], "and are not taught")
        fake.close()
        fake.be_dialled()
        check.equal(sorted(set(lesson(6, 9))), users + ["10.0.0.9"] + more, "a new connection begins anew")


def a_reload_learns_the_new_table_only():
    body = USERS.replace("10k", "50k") + "backend more\n    stick-table type ip size 1k expire 60s store gpc0 peers farm\n"
    with Farm(body, {"a": WEIR, "b": WEIR}) as farm:
        a, b = farm["a"], farm["b"]
        relays = [Relay(b.peer), Relay(a.peer)]
        farm.closing += relays
        farm.addresses = {("a", "b"): relays[0].address, ("b", "a"): relays[1].address}
        a.start()
        a.fill("users", [f"10.0.{i // 250}.{i % 250}" for i in range(5000)])
        a.cli("set table more key 10.0.9.9 data.gpc0 7")
        farm.body = body.split("backend more")[0]
        b.start()
        until(lambda: b.used("users") == 5000, 10, "the first lesson")
        until(lambda: a.peers()["b"]["flags"] in ("0x20000000", "0x0"), what="its end")
        before = sum(relay.carried for relay in relays)
        check(before > 50000, f"which is {before} bytes")
        farm.body = body
        b.reload()
        check.comes(lambda: b.value("more", "10.0.9.9", "gpc0") == "7", "a table that a reload adds is learned")
        later = sum(relay.carried for relay in relays) - before
        check(later < 2000, f"and nothing else: {later} bytes")
        farm.body = body.split("backend more")[0]
        b.reload()
        farm.body = body
        b.reload()
        check.comes(lambda: b.value("more", "10.0.9.9", "gpc0") == "7", "also when it was gone in between")


def the_log():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as log:
        log.bind(("127.0.0.1", 0))
        log.settimeout(5)
        with linked(peers="    log %s:%d local0" % log.getsockname()) as (w, fake):
            check(b"Peers farm: peer f is connected." in log.recv(2000), "who comes is logged")
            FakePeer("nobody", w).dial()
            check(b"was refused with status 504." in log.recv(2000), "who is refused")
            fake.close()
            check(b"Peers farm: the connection with peer f has ended." in log.recv(2000), "and who goes")


def texts_are_told_once():
    body = """
backend named
    stick-table type ip size 1k expire 60s store server_id,server_key peers farm
    stick on src
    server first @s1@
frontend fe
    bind @entry@
    default_backend named
"""
    farm, fake = fake_farm(body, WEIR)
    with farm:
        farm.server("s1")
        w = farm["w"].start()
        fake.be_dialled()
        fake.expect("sync")
        fake.send(FINISHED)
        w.client("127.0.0.2").line()
        w.client("127.0.0.3").line()
        told = [one[2] for one in fake.collect(0.5) if one[0] == "entry"]
        first = [one for one in told if ip("127.0.0.2") in one][0]
        second = [one for one in told if ip("127.0.0.3") in one][0]
        check(b"first" in first and first.endswith(b"\x08\x01\x05first") or b"\x01\x05first" in first, "a text with its number")
        check(b"first" not in second and second.endswith(b"\x01\x01"), "then its number alone")
        text = number(9) + number(5) + b"other"
        fake.send(definition(1, "strangers", 4, 4, [19]), message(128, struct.pack(">I", 1) + ip("1.1.1.1") + number(len(text)) + text))
        fake.send(definition(2, "named", 4, 4, [0, 19]),
                  message(128, struct.pack(">I", 1) + ip("1.1.1.2") + number(1) + number(1) + number(9)))
        fake.expect("ack")
        check.equal(w.value("named", "1.1.1.2", "server_key"), "other", "a text that came with another table is known")
        text = number(7) + number(12) + b"one\n# table: "[:12]
        fake.send(message(128, struct.pack(">I", 2) + ip("1.1.1.3") + number(1) + number(len(text)) + text))
        fake.expect("ack")
        check.equal(w.value("named", "1.1.1.3", "server_key"), "-", "a text that would write lines of its own is none")
        check("# table" not in w.cli("show peers dict"), "and is shown nowhere")


def written_to_and_only_received():
    body = """
backend users
    stick-table type ip size 1k expire 60s store server_id,gpc0,gpt0,conn_cur write-to own peers farm
backend own
    stick-table type ip size 1k expire 60s store server_id,gpc0,gpt0
backend watched
    stick-table type ip size 1k expire 60s store conn_cur,gpc0 recv-only peers farm
"""
    with linked(body) as (w, fake):
        fake.send(definition(1, "users", 4, 4, [0, 1, 2, 6]), entry(1, "1.1.1.1", 3, 4, 5, 6))
        fake.send(definition(2, "watched", 4, 4, [2, 6]), entry(1, "1.1.1.1", 5, 6))
        fake.expect("ack", 2)
        check.equal(w.table("users")["1.1.1.1"], {"server_id": "3", "gpt0": "4", "gpc0": "5", "conn_cur": "0"}, "learned")
        check.equal(w.table("own")["1.1.1.1"], {"server_id": "3", "gpt0": "4", "gpc0": "0"}, "written to: no counters")
        check.equal(w.table("watched")["1.1.1.1"], {"gpc0": "5", "conn_cur": "6"}, "recv-only learns open connections")
        w.cli("set table own key 1.1.1.1 data.gpc0 9")
        fake.send(definition(1, "users", 4, 4, [0, 1, 2, 6]), entry(2, "1.1.1.1", 7, 4, 5, 6))
        fake.expect("ack", 1)
        check.equal(w.table("own")["1.1.1.1"], {"server_id": "7", "gpt0": "4", "gpc0": "9"}, "own counters stay")


def shares_of_the_keys():
    wanted = [f"10.0.{i // 250}.{i % 250}" for i in range(600)]
    heard = []
    for shard in (1, 2):
        with linked(peers=f"    shards 2\n    default-server shard {shard}".replace("    default-server", "    default-server")) as (w, fake):
            # default-server counts for the lines below it: the peers' own lines say it here.
            path = w.write()
            text = open(path, encoding="utf-8").read().replace("%s:%d" % fake.listener.getsockname(),
                                                               "%s:%d shard %d" % (*fake.listener.getsockname(), shard))
            open(path, "w", encoding="utf-8").write(text)
            w.cli("reload")
            w.fill("users", wanted)
            heard.append(set(keys(fake.collect(1))))
            shown = re.findall(r"key=(\S+) use=0 exp=\d+ shard=(\d)", w.cli("show table users"))
            check.equal({key for key, share in shown if int(share) == shard}, heard[-1], "show table says which share it is")
    check(heard[0] | heard[1] == set(wanted) and not heard[0] & heard[1], "each key goes to one of two shards")
    check(min(len(each) for each in heard) > 200, "about evenly")


NONSENSE = {
    "a reserved class": b"\xff\x01",
    "a message without end": bytes([10, 128]) + b"\xff" * 12,
    "a message of gigabytes": bytes([10, 128]) + b"\xff\xff\xff\xff\x7f",
    "a definition that is cut": bytes([10, 130, 1, 1]),
    "a table without name": bytes([10, 130, 3, 1, 0, 4]),
    "an acknowledgement that is cut": bytes([10, 132, 2, 9, 0]),
    "an entry that is cut": definition(1, "users", 4, 4, [0, 2]) + message(128, b"\0\0\0\1ab"),
    "a text longer than its message": definition(1, "users", 4, 4, [19]) + message(128, b"\0\0\0\1abcd\xef\1\xef"),
    "a number of more than 64 bits": bytes([10, 131, 10]) + b"\xff\xf0" + b"\xfe" * 7 + b"\x0f",
    "a name without end": message(130, number(1) + number(5000) + b"n" * 5000 + bytes([4, 4, 1, 0])),
    "an array of 4294967297": definition(1, "users", 4, 4, [23], rest=number(23) + number((1 << 32) + 1)),
    "an array of a million": definition(1, "users", 4, 4, [23], rest=number(23) + number(1000000)),
    "an error": bytes([1, 0]),
}


def nonsense():
    with linked() as (w, fake):
        for what, said in NONSENSE.items():
            fake.dial()
            fake.send(said)
            try:
                while True:
                    fake.next(2)
            except (EOFError, ConnectionResetError):
                check(True, f"{what} ends the link")
            except socket.timeout:
                check(False, f"{what} ends the link")
        fake.dial()
        fake.send(definition(1, "users", 4, 4, [0, 2, 6]), entry(1, "9.9.9.9", 1, 2, 3))
        fake.expect("ack")
        check.equal(w.value("users", "9.9.9.9", "gpc0"), "2", "and the next one is as good as ever")
        random_bytes = __import__("random").Random(3)
        for _ in range(60):
            fake.dial()
            with contextlib.suppress(OSError):
                fake.send(random_bytes.randbytes(random_bytes.randrange(1, 400)))
        texts = [str(i).encode() * 60 for i in range(300)]
        fake.dial()
        fake.send(definition(1, "users", 4, 4, [0, 19]))
        for i, text in enumerate(texts):
            value = number(i % 128 + 1) + number(len(text)) + text
            fake.send(message(128, struct.pack(">I", i + 1) + ip("9.9.9.9") + number(1) + number(len(value)) + value))
        fake.send(SYNC)
        fake.expect("finished")
        check("Uptime" in w.cli("show info"), "weir lives")


def memory(node):
    with open(f"/proc/{node.process.pid}/statm", encoding="utf-8") as statm:
        return int(statm.read().split()[1]) * 4096


def a_peer_that_does_not_read():
    body = USERS.replace("10k", "200k")
    with linked(body) as (w, fake):
        fake.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        addresses = [f"10.{i // 62500}.{i // 250 % 250}.{i % 250}" for i in range(20000)]

        def fill(some):
            for first in range(0, len(some), 1000):
                w.fill("users", some[first:first + 1000])
                fake.send(BEAT)  # often: a busy machine fills slowly
        fill(addresses)
        before = memory(w)
        began = time.monotonic()
        for i in range(80):
            fill(addresses[i % 4 * 5000:i % 4 * 5000 + 5000])
            if time.monotonic() - began > 20:  # a busy machine: longer, and weir would end the link
                break
        check(sanitized() or memory(w) - before < 4 << 20, "hundreds of thousands of changes that nobody hears cost no memory")
        heard = []
        fake.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)

        def rest():
            fake.send(BEAT)
            heard.extend(keys(fake.collect(0.5)))
            return len(set(heard)) == len(addresses)
        until(rest, 30, "the rest")
        check(set(heard) == set(addresses), "when it reads, it hears of all entries")
        if i == 79:  # fewer changes may all lie in the kernel's buffers
            check(len(heard) < 5000 * (i + 1) * 0.9, f"and not of each change: {len(heard)} news of {5000 * (i + 1)}")


if __name__ == "__main__":
    sys.exit(check.run([who_is_refused, strangers_who_say_nothing, refused_by_the_other_side, heartbeats_and_silence, dials_that_cross, lessons,
                        a_late_lesson, who_teaches_and_who_only_says_so,
                        where_a_new_link_goes_on, reloads,
                        what_was_taught_is_not_taught_again, a_reload_learns_the_new_table_only, the_log, texts_are_told_once, written_to_and_only_received,
                        shares_of_the_keys, nonsense, a_peer_that_does_not_read], sys.argv[1:]))
