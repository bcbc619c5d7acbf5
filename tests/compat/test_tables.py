#!/usr/bin/env python3
"""Counters of stick tables: what connections that are tracked count and when, every fetch, action and command on it."""
import re
import time

from harness import add_scenario, main, scenario
from wire import until

BOTH = (1, 2)

# All that an entry of 2.6 can hold but the server's name and the arrays.
ALL = ("server_id,gpt0,gpc0,gpc0_rate(10s),gpc1,gpc1_rate(10s),conn_cnt,conn_rate(10s),conn_cur,sess_cnt,sess_rate(10s),"
       "http_req_cnt,http_req_rate(10s),http_err_cnt,http_err_rate(10s),http_fail_cnt,http_fail_rate(10s),"
       "bytes_in_cnt,bytes_in_rate(10s),bytes_out_cnt,bytes_out_rate(10s)")

# backends whose only purpose is their table
TABLES = f"""
backend t
    stick-table type ip size 100 expire 1m store {ALL}
backend other
    stick-table type ip size 100 expire 1m store {ALL}
backend words
    stick-table type string len 20 size 100 expire 1m store {ALL}
backend numbers
    stick-table type integer size 100 expire 1m store {ALL}
backend plain
    stick-table type ip size 100 expire 1m
backend arrays
    stick-table type ip size 100 expire 1m store gpt(2),gpc(3),gpc_rate(3,10s)
"""


def shown(w, command):
    """The answer of `show table`, its entries sorted: their order is not promised."""
    lines = w.cli(command).strip("\n").split("\n")
    lines = [re.sub(r"^0x[0-9a-f]+", "PTR", line) for line in lines]
    return "\n".join([line for line in lines if not line.startswith("PTR")]
                     + sorted(line for line in lines if line.startswith("PTR")))


def farm(w, rules, tables=TABLES, log="", backend=""):
    w.servers("s1")
    w.start(f"""
frontend fe
    bind @fe@
{log and '    log-format "X ' + log + '"'}
{rules}
    default_backend be
{tables}
backend be
{backend}
    server s1 @s1@
""")


def visit(w, source=None, data=b""):
    """One connection that says something and leaves."""
    with w.client("fe", source) as client:
        name = client.line()
        if data:
            client.send(data)
            client.exactly(len(data))
        client.finish()
        client.rest()
    return name


def ask(w, source):
    """The server's name, or that there was none: how one is turned away is not the matter here."""
    try:
        with w.client("fe", source) as client:
            return client.line().decode().strip().replace("<reset>", "") or "turned away"
    except ConnectionResetError:
        return "turned away"


def logged(w):
    return re.sub(r"^.*?: X ", "", w.log.next(": X ")).strip()


# -- what is counted, and when -------------------------------------------------------------------------------------------

def _rule_set(where):
    def run(w):
        farm(w, f"    tcp-request {where} track-sc0 src table t")
        with w.client("fe", "127.0.0.5") as first, w.client("fe", "127.0.0.5") as second:
            first.line()
            second.line()
            w.observe("two are open", shown(w, "show table t"))
            second.send(b"x" * 1000)
            second.exactly(1000)
            second.finish()
            second.rest()
            until(lambda: "use=1" in w.cli("show table t"), what="one to leave")
            w.observe("one has left", shown(w, "show table t"))
        w.idle("fe")
        visit(w, "127.0.0.6", b"hello")
        w.idle("fe")
        w.observe("none is open", shown(w, "show table t"))
    return run


for _where in ("connection", "session", "content"):
    add_scenario(f"counted_from_{_where}_rules_on", _rule_set(_where), threads=BOTH)


@scenario
def counted_from_backend_rules_on(w):
    w.servers("s1")
    w.start(f"""
frontend fe
    bind @fe@
    tcp-request connection track-sc0 src table t
    default_backend be
{TABLES}
backend be
    stick-table type ip size 10 expire 1m store conn_cnt,conn_cur,bytes_in_cnt,bytes_out_cnt
    tcp-request content track-sc1 src
    server s1 @s1@
""")
    visit(w, "127.0.0.5", b"hello")
    w.idle("fe")
    w.observe("frontend's", shown(w, "show table t"))
    w.observe("backend's", shown(w, "show table be"))


def _rejected(where, action):
    def run(w):
        farm(w, f"    tcp-request connection track-sc0 src table t\n    {action}")
        with w.client("fe", "127.0.0.5") as client:
            client.rest()
        w.idle("fe")
        w.observe("show table", shown(w, "show table t"))
    add_scenario(f"counted_of_one_rejected_by_{where}_rules", run)


_rejected("connection", "tcp-request connection reject")
_rejected("session", "tcp-request session reject")
_rejected("content", "tcp-request content reject")


@scenario
def bytes_of_one_rejected_for_its_contents(w):
    farm(w, "    tcp-request connection track-sc0 src table t\n    tcp-request inspect-delay 3s\n"
            "    tcp-request content reject if { req.len ge 50 }")
    with w.client("fe", "127.0.0.5") as client:
        client.send(b"x" * 50)
        client.rest()
    w.idle("fe")
    w.observe("show table", shown(w, "show table t"))


@scenario
def bytes_that_no_server_took(w):
    w.refusing("gone")
    w.start(f"""
frontend fe
    bind @fe@
    tcp-request connection track-sc0 src table t
    tcp-request inspect-delay 3s
    tcp-request content accept if {{ req.len ge 50 }}
    default_backend be
{TABLES}
backend be
    retries 0
    server gone @gone@
""")
    with w.client("fe", "127.0.0.5") as client:
        client.send(b"x" * 50)
        client.rest()
    w.idle("fe")
    w.observe("show table", shown(w, "show table t"))


@scenario
def the_first_key_stays(w):
    farm(w, "    tcp-request connection track-sc0 src table t\n    tcp-request connection track-sc0 dst table t\n"
            "    tcp-request content track-sc0 dst table t\n    tcp-request connection track-sc1 src,ipmask(24) table t\n"
            "    tcp-request connection track-sc2 src table other")
    visit(w, "127.0.0.5")
    w.idle("fe")
    w.observe("t", shown(w, "show table t"))
    w.observe("other", shown(w, "show table other"))


@scenario
def one_entry_under_two_counters(w):
    farm(w, "    tcp-request connection track-sc0 src table t\n    tcp-request connection track-sc1 src table t",
         log="%[sc0_conn_cnt] %[sc1_conn_cnt] %[sc0_conn_cur] %[sc1_trackers] %[sc0_sess_cnt]")
    visit(w, "127.0.0.5", b"hello")
    w.observe("line", logged(w))
    w.idle("fe")
    w.observe("t", shown(w, "show table t"))


@scenario
def keys_of_all_types(w):
    farm(w, "    tcp-request connection track-sc0 src table words\n    tcp-request connection track-sc1 src table numbers\n"
            "    tcp-request connection track-sc2 src table sixes",
         tables=TABLES + "backend sixes\n    stick-table type ipv6 size 10 expire 1m store conn_cnt\n")
    visit(w, "127.0.0.5")
    w.idle("fe")
    for name in ("words", "numbers", "sixes"):
        w.observe(name, shown(w, f"show table {name}"))


@scenario
def keys_that_do_not_fit(w):
    farm(w, """    tcp-request inspect-delay 2s
    tcp-request content track-sc0 req.payload(0,10) table short
    tcp-request content track-sc1 req.payload(0,3) table blocks
    tcp-request content track-sc2 req.payload(0,10),lower table t""", log="%[sc0_tracked] %[sc1_tracked] %[sc2_tracked]",
         tables=TABLES + "backend short\n    stick-table type string len 5 size 10 expire 1m store conn_cnt\n"
                         "backend blocks\n    stick-table type binary len 6 size 10 expire 1m store conn_cnt\n")
    for data in (b"abcdefghij", b"abcdeXXXXX"):
        with w.client("fe") as client:
            client.send(data)
            client.line()
        w.observe("line", logged(w))
    w.idle("fe")
    for name in ("short", "blocks", "t"):
        w.observe(name, shown(w, f"show table {name}"))


@scenario
def a_key_that_is_waited_for(w):
    farm(w, "    tcp-request inspect-delay 600ms\n    tcp-request content track-sc0 req.payload(0,4) table words\n"
            "    tcp-request content track-sc1 req.payload(0,40) table words",
         log="%[sc0_tracked] %[sc1_tracked] %[sc0_conn_cnt]")
    with w.client("fe") as client:
        time.sleep(0.1)
        w.observe("before it spoke", shown(w, "show table words"))
        client.send(b"abcdefgh")
        client.line()
        w.observe("while it is served", shown(w, "show table words"))
    w.observe("line", logged(w))


@scenario
def a_key_that_never_comes(w):
    farm(w, "    tcp-request content track-sc0 req.rdp_cookie(mstshash) table words", log="%[sc0_tracked] %[sc0_conn_cnt]")
    visit(w)
    w.observe("line", logged(w))
    w.observe("words", shown(w, "show table words"))


def _full(nopurge):
    def run(w):
        farm(w, "    tcp-request connection track-sc0 src table small", log="%[sc_tracked(0)] %[sc0_conn_cur] %[sc_trackers(0)]",
             tables=f"backend small\n    stick-table type ip size 2 expire 1m {nopurge} store conn_cnt,conn_cur\n")
        clients = []
        for n in (5, 6, 7, 8):
            clients.append(w.client("fe", f"127.0.0.{n}"))
            clients[-1].line()
        w.observe("four came", shown(w, "show table small"))
        for client in clients:
            client.close()
            w.observe("line", logged(w))
        w.idle("fe")
        w.observe("all have left", shown(w, "show table small"))
    return run


add_scenario("tracked_entries_stay_in_a_full_table", _full(""))
add_scenario("tracked_entries_stay_in_a_full_table_with_nopurge", _full("nopurge"))


def _expiry(name, store):
    def run(w):
        farm(w, "    tcp-request connection track-sc0 src table brief",
             tables=f"backend brief\n    stick-table type ip size 10 expire 700ms {store}\n")
        with w.client("fe", "127.0.0.5") as client:
            client.line()
            time.sleep(1.0)
            w.observe("held beyond its time", shown(w, "show table brief"))
        w.idle("fe")
        w.observe("after the connection", shown(w, "show table brief"))
        until(lambda: "used:0" in w.cli("show table brief"), seconds=4, what="the entry to expire")
    add_scenario(f"expiry_of_what_is_tracked_{name}", run)


_expiry("open", "store conn_cur")
_expiry("count", "store conn_cnt")
_expiry("bytes", "store bytes_out_cnt")
_expiry("nothing", "")


@scenario
def what_the_socket_does_to_tracked_entries(w):
    farm(w, "    tcp-request connection track-sc0 src table t\n    tcp-request connection track-sc1 src,ipmask(24) table t")
    with w.client("fe", "127.0.0.5") as client:
        client.line()
        for command in ("clear table t", "clear table t key 127.0.0.5", "clear table t data.conn_cur gt 0",
                        "set table t key 127.0.0.5 data.conn_cur 0", "set table t key 127.0.0.0 data.conn_cur 9"):
            w.observe(command, w.cli(command))
        w.observe("meanwhile", shown(w, "show table t"))
    w.idle("fe")
    w.observe("show table", shown(w, "show table t"))
    w.observe("clear one", w.cli("clear table t key 127.0.0.5"))
    w.observe("clear the rest", w.cli("clear table t data.conn_cur eq 8"))
    w.observe("cleared", shown(w, "show table t"))


@scenario
def rates_fall(w):
    farm(w, "    tcp-request connection track-sc0 src table quick",
         tables="backend quick\n    stick-table type ip size 10 expire 1m store conn_rate(1s),gpc0_rate(1s),conn_cnt\n")
    for _ in range(7):
        visit(w, "127.0.0.5")
    w.cli("set table quick key 127.0.0.5 data.gpc0_rate 100")
    w.idle("fe")
    w.observe("at once", shown(w, "show table quick"))
    time.sleep(2.2)
    w.observe("two periods later", shown(w, "show table quick"))


@scenario
def continuous_statistics(w):
    farm(w, "    option contstats\n    tcp-request connection track-sc0 src table t")
    with w.client("fe", "127.0.0.5") as client:
        client.line()
        for _ in range(4):
            client.send(b"x" * 100)
            client.exactly(100)
            time.sleep(1.6)
        w.observe("counted while it runs", re.search(r"bytes_in_cnt=[1-9]", w.cli("show table t")) is not None)
    w.idle("fe")
    w.observe("at its end", re.findall(r"bytes_in_cnt=\d+|bytes_out_cnt=\d+", w.cli("show table t")))


# -- what rules do with it -----------------------------------------------------------------------------------------------

@scenario(threads=BOTH)
def too_many_at_a_time(w):
    farm(w, "    tcp-request connection track-sc0 src table t\n    tcp-request connection reject if { sc0_conn_cur gt 2 }")
    clients = [w.client("fe", "127.0.0.5") for _ in range(2)]
    w.observe("two", [client.line() for client in clients])
    w.observe("the third", ask(w, "127.0.0.5"))
    w.observe("of another", ask(w, "127.0.0.6"))
    clients[0].close()
    until(lambda: re.search(r"127\.0\.0\.5 .*conn_cur=1 ", w.cli("show table t")), what="one to leave")
    w.observe("once there is room", ask(w, "127.0.0.5"))


@scenario
def too_many_in_a_time(w):
    farm(w, "    tcp-request connection reject if { src_conn_rate(t) ge 3 }\n"
            "    tcp-request connection track-sc0 src table t")
    w.observe("five", [ask(w, "127.0.0.5") for _ in range(5)])
    w.observe("another", ask(w, "127.0.0.6"))


@scenario
def abusers_are_remembered(w):
    farm(w, "    tcp-request connection track-sc0 src table t\n    acl abuse sc0_conn_rate gt 2\n"
            "    acl kill sc0_inc_gpc0 gt 0\n    acl save sc0_clr_gpc0 ge 0\n"
            "    tcp-request connection accept if { src 127.0.0.6 } !abuse save\n"
            "    tcp-request connection reject if abuse kill\n"
            "    tcp-request connection reject if { sc0_get_gpc0 gt 0 }")
    for source in ("127.0.0.5", "127.0.0.6"):
        w.observe(source, [ask(w, source) for _ in range(4)])
    w.idle("fe")
    w.observe("show table", shown(w, "show table t"))


@scenario
def old_counting_of_sources(w):
    farm(w, "    tcp-request content reject if { src_updt_conn_cnt(t) gt 2 }")
    w.observe("four", [ask(w, "127.0.0.5") for _ in range(4)])
    w.idle("fe")
    w.observe("show table", shown(w, "show table t"))


@scenario
def actions_on_arrays(w):
    farm(w, """    tcp-request inspect-delay 2s
    tcp-request connection track-sc0 src table arrays
    tcp-request connection sc-inc-gpc0(0)
    tcp-request session sc-inc-gpc1(0)
    tcp-request content accept if { req.len lt 1 }
    tcp-request content sc-inc-gpc(1,0)
    tcp-request content sc-inc-gpc(2,0)
    tcp-request content sc-inc-gpc(9,0)
    tcp-request content sc-inc-gpc(1,1)
    tcp-request content sc-set-gpt0(0) 9
    tcp-request content sc-set-gpt(1,0) req.len,add(10)
    tcp-request content sc-set-gpt(1,1) 19
    tcp-request content sc-set-gpt(7,0) 19""",
         log="%[sc_get_gpc(0,0)] %[sc_get_gpc(1,0)] %[sc_get_gpc(2,0)] %[sc_get_gpt(0,0)] %[sc_get_gpt(1,0)] "
             "%[sc_gpc_rate(1,0)] %[sc0_get_gpc0] %[sc0_get_gpc1] %[sc0_get_gpt0] %[sc0_gpc1_rate] %[sc_inc_gpc(1,0)] "
             "%[sc_clr_gpc(1,0)] %[sc_get_gpc(1,0)] %[sc_get_gpc(1,1)] %[sc_get_gpc(1,0,other)] %[sc_inc_gpc(0,0,other)] "
             "%[src_get_gpc(2,arrays)] %[src_get_gpt(1,arrays)] %[src_inc_gpc(2,arrays)] %[src_clr_gpc(2,arrays)] "
             "%[src_gpc_rate(2,arrays)] %[src,table_gpc(0,arrays)] %[src,table_gpt(1,arrays)] "
             "%[src,table_gpc_rate(2,arrays)] %[src,table_gpc1(arrays)] %[src,table_gpt0(arrays)]")
    visit(w, "127.0.0.5", b"hello")
    w.observe("line", logged(w))
    visit(w, "127.0.0.5", b"hello")
    w.observe("line again", logged(w))
    w.idle("fe")
    w.observe("show table", shown(w, "show table arrays"))


@scenario
def actions_on_single_counters(w):
    farm(w, """    tcp-request connection sc-inc-gpc0(0)
    tcp-request connection track-sc0 src table t
    tcp-request connection sc-inc-gpc0(0)
    tcp-request connection sc-inc-gpc1(0)
    tcp-request connection sc-inc-gpc(0,0)
    tcp-request connection sc-set-gpt(0,0) 5
    tcp-request session sc-inc-gpc0(0) if { src 127.0.0.5 }
    tcp-request content sc-inc-gpc0(0) if { src 127.0.0.6 }
    tcp-request content sc-set-gpt0(0) src_port,mul(0),add(4)
    tcp-request content sc-inc-gpc0(2)""")
    for source in ("127.0.0.5", "127.0.0.6"):
        visit(w, source)
    w.idle("fe")
    w.observe("show table", shown(w, "show table t"))


# -- every fetch ---------------------------------------------------------------------------------------------------------

NAMES = ("bytes_in_rate bytes_out_rate conn_cnt conn_cur conn_rate get_gpc0 get_gpc1 get_gpt0 gpc0_rate gpc1_rate "
         "http_err_cnt http_err_rate http_fail_cnt http_fail_rate http_req_cnt http_req_rate kbytes_in kbytes_out sess_cnt "
         "sess_rate").split()
CHANGING = "clr_gpc0 inc_gpc0 inc_gpc0 clr_gpc0 inc_gpc1 clr_gpc1 clr_gpc1".split()
KNOWN = ("data.gpc0 3 data.gpc1 4 data.gpt0 5 data.conn_cnt 6 data.conn_cur 7 data.conn_rate 8 data.bytes_in_cnt 40960 "
         "data.bytes_in_rate 11 data.gpc0_rate 13 data.http_req_cnt 4 data.http_fail_rate 9 data.sess_cnt 2")


def _fetches(name, pattern, known=(), extra=()):
    words = [word for word in (*NAMES, *CHANGING, *extra) if "(" not in pattern.format(word) or word]
    log = " ".join(f"{word}=%[{pattern.format(word)}]" for word in words)

    def run(w):
        farm(w, "    tcp-request connection track-sc0 src table t", log=log)
        for table in known:
            key = "2130706437" if table == "numbers" else "127.0.0.5"
            w.cli(f"set table {table} key {key} {KNOWN if table != 'plain' else ''}")
        visit(w, "127.0.0.5", b"hello" * 1000)
        w.observe("line", logged(w))
        w.idle("fe")
        for table in ("t", "other", "words", "numbers"):
            w.observe(table, shown(w, f"show table {table}"))
    add_scenario(f"fetches_{name}", run)


_fetches("of_a_tracked_entry", "sc_{}(0)", extra=("tracked", "trackers"))
_fetches("of_the_first_counter", "sc0_{}", extra=("tracked", "trackers"))
_fetches("of_a_counter_that_tracks_nothing", "sc_{}(1)", extra=("tracked", "trackers"))
_fetches("of_the_second_counter", "sc1_{}", extra=("tracked", "trackers"))
_fetches("of_the_third_counter_in_another_table", "sc2_{}(other)", known=("other",), extra=("tracked", "trackers"))
_fetches("of_a_known_key_in_another_table", "sc_{}(0,other)", known=("other",), extra=("tracked", "trackers"))
_fetches("of_an_unknown_key_in_another_table", "sc0_{}(other)", extra=("tracked", "trackers"))
_fetches("in_a_table_of_other_keys", "sc0_{}(words)", known=("words",), extra=("tracked", "trackers"))
_fetches("in_a_table_that_stores_nothing", "sc0_{}(plain)", known=("plain",), extra=("tracked", "trackers"))
_fetches("of_a_key_unknown_where_nothing_is_stored", "sc0_{}(plain)", extra=("tracked", "trackers"))
_fetches("of_the_source", "src_{}(t)")
_fetches("of_a_known_source", "src_{}(other)", known=("other",))
_fetches("of_a_known_source_as_a_word", "src_{}(words)", known=("words",))
_fetches("of_a_known_source_as_a_number", "src_{}(numbers)", known=("numbers",))
_fetches("of_a_known_source_where_nothing_is_stored", "src_{}(plain)", known=("plain",))


@scenario
def fetches_make_the_source_known(w):
    farm(w, "", log="%[src_conn_cnt(other)] %[src_clr_gpc0(other)] %[src_inc_gpc1(other)] %[src_inc_gpc1(other)] "
                    "%[src_conn_cnt(other)] %[src_updt_conn_cnt(numbers)] %[src_updt_conn_cnt(plain)] %[table_cnt(other)] "
                    "%[table_avl(other)]")
    visit(w, "127.0.0.5")
    w.observe("line", logged(w))
    w.observe("other", shown(w, "show table other"))
    w.observe("numbers", shown(w, "show table numbers"))


def _converters(name, start, known, table):
    names = ("bytes_in_rate bytes_out_rate conn_cnt conn_cur conn_rate gpc0 gpc0_rate gpc1 gpc1_rate gpt0 http_err_cnt "
             "http_err_rate http_fail_cnt http_fail_rate http_req_cnt http_req_rate kbytes_in kbytes_out server_id sess_cnt "
             "sess_rate").split()
    log = " ".join(f"{word}=%[{start},table_{word}({table})]" for word in names) + f" %[{start},in_table({table})]"

    def run(w):
        farm(w, "", log=log)
        if known:
            w.cli(f"set table {table} key 127.0.0.5 {KNOWN if table != 'plain' else ''}")
        visit(w, "127.0.0.5")
        w.observe("line", logged(w))
    add_scenario(f"converters_{name}", run)


_converters("of_a_known_key", "src", True, "other")
_converters("of_an_unknown_key", "src", False, "other")
_converters("of_a_known_key_where_nothing_is_stored", "src", True, "plain")
_converters("of_an_unknown_key_where_nothing_is_stored", "src", False, "plain")
_converters("of_a_text", "str(127.0.0.5)", True, "words")
_converters("of_a_text_as_an_address", "str(127.0.0.5)", True, "other")


# -- commands ------------------------------------------------------------------------------------------------------------

@scenario
def filters(w):
    w.start("backend be\n    stick-table type integer size 100 expire 1m store gpc0,gpc1,conn_cur,bytes_in_cnt\n"
            "    server s1 127.0.0.1:1\n")
    for n in range(10):
        w.cli(f"set table be key {n} data.gpc0 {n} data.gpc1 {n % 3} data.conn_cur {n // 2} data.bytes_in_cnt {n * 10 ** 9}")
    for words in ("data.gpc0 eq 4", "data.gpc0 ne 4", "data.gpc0 gt 4 data.gpc1 eq 0", "data.gpc0 ge 2 data.gpc0 le 5",
                  "data.gpc0 lt 9 data.gpc1 ge 1 data.conn_cur gt 0 data.bytes_in_cnt lt 7000000000",
                  "data.bytes_in_cnt gt 4294967296", "data.gpc0 gt -1", "key 3"):
        w.observe(words, shown(w, f"show table be {words}"))
    for words in ("data.gpc0 gt 4 data.gpc1 eq 0", "data.bytes_in_cnt ge 8000000000", "key 0", "data.gpc1 eq 1"):
        w.observe(f"clear {words}", w.cli(f"clear table be {words}"))
        w.observe(f"after clear {words}", shown(w, "show table be"))


@scenario
def wrong_filters(w):
    w.start("backend be\n    stick-table type integer size 100 expire 1m store gpc0,gpc1\n    server s1 127.0.0.1:1\n")
    w.cli("set table be key 1 data.gpc0 1")
    for words in ("data.gpc0 gt 4 data.gpc1", "data.gpc0 gt 4 data.gpc1 eq", "data.gpc0 gt 4 data.nothing eq 1",
                  "data.gpc0 gt 4 data.conn_cur eq 1", "data.gpc0 gt x", "data.gpc0 above 4"):
        w.observe(f"show {words}", w.cli(f"show table be {words}"))
        w.observe(f"clear {words}", w.cli(f"clear table be {words}"))
    w.observe("untouched", shown(w, "show table be"))


@scenario
def values_as_set(w):
    farm(w, "")
    for words in (KNOWN, "data.gpc0 4294967295", "data.conn_rate 0", "data.bytes_out_cnt 9999999999999",
                  "data.gpt0 7 data.gpc0 8 data.gpc0 9"):
        w.observe(f"set {words}", w.cli(f"set table t key 10.0.0.1 {words}"))
        w.observe(f"after {words}", shown(w, "show table t"))
    w.observe("an entry without values", w.cli("set table t key 10.0.0.2"))
    w.observe("it is there", shown(w, "show table t key 10.0.0.2"))


@scenario
def values_of_arrays(w):
    farm(w, "")
    w.observe("the first element", w.cli("set table arrays key 10.0.0.1 data.gpt 3 data.gpc 4 data.gpc_rate 5"))
    w.observe("show table", shown(w, "show table arrays"))
    w.observe("filtered", shown(w, "show table arrays data.gpc eq 4"))
    w.observe("filtered away", shown(w, "show table arrays data.gpc eq 5"))
    w.observe("its single name", w.cli("show table arrays data.gpc0 eq 4"))


# -- configurations ------------------------------------------------------------------------------------------------------

CHECKED = [
    "tcp-request connection track-sc0 src table t", "tcp-request connection track-sc3 src table t",
    "tcp-request connection track-sc0", "tcp-request connection track-sc0 src",
    "tcp-request connection track-sc0 src table nothere", "tcp-request connection track-sc0 str(a) table t",
    "tcp-request connection track-sc0 src table t junk", "tcp-request content sc-inc-gpc0(3)",
    "tcp-request content sc-inc-gpc0(x)", "tcp-request content sc-inc-gpc(0)", "tcp-request content sc-inc-gpc(1,2)",
    "tcp-request content sc-set-gpt0(0) abc", "tcp-request content sc-set-gpt0(0) 5 extra",
    "tcp-request content sc-set-gpt0(0) req.len if TRUE", "tcp-request content reject if { sc_conn_cnt(3) gt 1 }",
    "tcp-request content reject if { sc_conn_cnt(x) gt 1 }", "tcp-request content reject if { sc_conn_cnt gt 1 }",
    "tcp-request content reject if { sc0_conn_cnt(nothere) gt 1 }", "tcp-request content reject if { src_conn_cnt gt 1 }",
    "tcp-request content reject if { src_conn_cnt(t) gt 1 }", "tcp-request content reject if { src,table_conn_cnt gt 1 }",
    "tcp-request content reject if { sc0_http_req_rate gt 1 }", "tcp-request content track-sc-0 src table t",
    "tcp-request content track-sc0 src table fe",
]


@scenario
def rules_that_are_taken_or_refused(w):
    for rule in CHECKED:
        code, _ = w.check(f"""
defaults
    mode tcp
    timeout client 1s
    timeout server 1s
    timeout connect 1s
frontend fe
    bind @fe@
    {rule}
    default_backend be
{TABLES}
backend be
    server s1 127.0.0.1:9
""")
        w.observe(rule, code)


if __name__ == "__main__":
    main()
