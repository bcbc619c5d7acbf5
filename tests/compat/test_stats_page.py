#!/usr/bin/env python3
"""The statistics page: who gets it, in which form, what its form does to servers, what the log says of it.

What the page looks like is each program's own; the rest is what scripts and monitoring have come to rely on.
"""
import json
import re

from harness import add_scenario, main
from web import CONFIG, WebClient, basic, get, observe_lines, traffic, web
from wire import until

HTTP = CONFIG[CONFIG.index("defaults"):]
# Fields that both programs have; what else weir says of its page is its own.
FIELDS = ("cache-control", "content-length", "www-authenticate", "proxy-authenticate", "location", "refresh", "connection",
          "transfer-encoding", "x-after", "x-resp")


def fields_of(head):
    told = {}
    for line in head.split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            told.setdefault(name.strip().lower(), value.strip())
    return told


def ask(w, request, frontend="fe", source=None):
    """Status line, fields, body of one answer, and how the connection is then."""
    with WebClient(w.address(frontend), source=source) as client:
        client.send(request)
        head = client.reader.head().decode("latin-1")
        body = "" if request.startswith(b"HEAD") else whole(client.reader, head)
        return head.split("\r\n")[0], fields_of(head), body, client.reader.ending()


def whole(reader, head):
    """The body as text, however long."""
    data, _, wrong = reader.content(head.encode())
    return data.decode() + wrong


def observe(w, label, request, body=False, **more):
    status, told, text, ending = ask(w, request, **more)
    w.observe(f"{label}: status", status)
    w.observe(f"{label}: fields", "\n".join(f"{name}: {told[name]}" for name in FIELDS if name in told))
    w.observe(f"{label}: type", told.get("content-type", "none").split(";")[0])
    w.observe(f"{label}: end", ending)
    if body:
        w.observe(f"{label}: body", text)
    return text


def observe_logged(w, label, request, **more):
    """And the line that it leaves in the log."""
    before = len(w.log.all())
    text = observe(w, label, request, **more)
    until(lambda: len(traffic(w, before)) == 1, what="the log line")
    observe_lines(w, label, traffic(w, before))
    return text


def post(path, form, *fields):
    return get(path, "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(form)}", *fields,
               method="POST", body=form)


def csv(text):
    lines = text.strip("\n").split("\n")
    names = lines[0].lstrip("# ").split(",")
    return names, [dict(zip(names, line.split(","))) for line in lines[1:]]


def names_of(text):
    return " ".join(f"{row['pxname']}/{row['svname']}" for row in csv(text)[1])


PAGE = HTTP + """
frontend fe
    bind @fe@
    http-after-response set-header x-after yes
    http-response set-header x-resp yes
    default_backend be
backend be
    stats enable
    %s
    server s1 @s1@ weight 3
    server s2 @s1@ disabled
    server s3 @gone@ check inter 50ms fall 1 backup
"""


def page(w, lines, text=PAGE, servers=True):
    if servers:
        web(w, "s1")
        w.refusing("gone")
    w.start(text % lines)
    if servers:
        until(lambda: w.stat("be", "s3").get("status") == "DOWN", what="s3 to be down")
        w.log.all()


def forms(w):
    """Every form of the page by GET, HEAD and in HTTP/1.0; the log line of each."""
    page(w, "stats refresh 7s")
    for word in ("", ";csv", ";json", ";typed", ";norefresh", ";csv;norefresh", ";up;csv", ";no-maint;csv", ";csvx", "x;csv",
                 ";scope=be;csv", ";scope=nope;csv"):
        text = observe_logged(w, f"'{word}'", get("/haproxy?stats" + word))
        if "csv" in word:
            w.observe(f"'{word}': rows", names_of(text))
            w.observe(f"'{word}': columns", csv(text)[0][:-1], "subset")
        if word == ";json":
            w.observe("json", [item["field"]["name"] for item in json.loads(text)[0]], "subset")
            w.observe("json owners", str([(row[0]["objType"], row[0]["proxyId"], row[0]["id"]) for row in json.loads(text)]))
        if word == ";typed":
            w.observe("typed", [re.sub(r"^([FBS]\.\d+\.\d+)\.\d+\.(\w+)\..*", r"\1 \2", line) for line in text.split("\n")
                                if ".pxname." in line or ".svname." in line or ".status." in line], "subset")
    observe(w, "HEAD", get("/haproxy?stats", method="HEAD"))
    observe(w, "HTTP/1.0", get("/haproxy?stats;csv", version="1.0"))
    observe(w, "close", get("/haproxy?stats;csv", "Connection: close"))
    for method in ("PUT", "DELETE", "OPTIONS"):
        observe(w, method, get("/haproxy?stats;csv", method=method))
    for path in ("/haproxy", "/haproxy?stat", "/haproxy/?stats", "/x/haproxy?stats"):
        observe(w, path, get(path), body=True)
    text = observe(w, "absolute", get("http://x/haproxy?stats;csv"))
    w.observe("absolute rows", names_of(text))


def socket_and_page(w):
    """The rows of the page are those of the socket."""
    page(w, "stats show-legends")
    text = ask(w, get("/haproxy?stats;csv"))[2]
    changing = re.compile(r"scur|smax|stot|bin|bout|rate|hrsp|req|conn|lastchg|downtime|lastsess|h1_|used|time|duration|lbtot|"
                          "check_status|sess|reqb|resb|chk")
    for row, other in zip(csv(text)[1], csv(w.cli("show stat"))[1]):
        for name, value in other.items():
            if not changing.search(name) and row.get(name) != value:
                w.observe(f"{row['pxname']}/{row['svname']} {name}", f"page {row.get(name)!r}, socket {value!r}")
    w.observe("rows", names_of(text) == names_of(w.cli("show stat")))


def kept(w):
    """The connection goes on after the page, and after a posted form; pipelined requests have their turn."""
    page(w, "stats admin if TRUE")
    with WebClient(w.address("fe")) as client:
        for request in (get("/haproxy?stats"), get("/a"), get("/haproxy?stats", method="HEAD"),
                        post("/haproxy?stats", "s=s2&action=ready&b=be"), get("/b")):
            client.send(request)
            head = client.reader.head().decode()
            w.observe("kept", head.split("\r\n")[0])
            if not request.startswith(b"HEAD"):
                whole(client.reader, head)
        client.send(get("/haproxy?stats;csv") + get("/a") + get("/haproxy?stats;json"))
        for _ in range(3):
            head = client.reader.head().decode()
            w.observe("piped", head.split("\r\n")[0] + str(len(whole(client.reader, head)) > 1))
        w.observe("open", client.reader.ending())


def who(w):
    """stats auth, realm: who gets the page, and what the others are told and the log says."""
    page(w, "stats realm My\\ Realm\n    stats auth ada:love\\ lace\n    stats auth bob:b:c")
    ada = basic("ada:love lace")
    for label, field in {"nobody": "X: y", "ada": ada, "bob": basic("bob:b:c"), "wrong": basic("ada:b:c"),
                         "longer": basic("ada:love lacelove lace"), "empty": basic(":"), "no colon": basic("ada"),
                         "bearer": ada.replace("Basic", "Bearer"), "small": ada.replace("Basic", "basic")}.items():
        observe_logged(w, label, get("/haproxy?stats;csv", field))
    observe(w, "as a proxy", get("http://x/haproxy?stats;csv", ada.replace("Auth", "Proxy-Auth")))
    observe(w, "as a proxy, nobody", get("http://x/haproxy?stats;csv"))
    observe(w, "post", post("/haproxy?stats", "s=s1&action=maint&b=be"))


def rules(w):
    """stats http-request, between http-request and redirect."""
    page(w, """stats http-request deny if { src 127.0.0.3 }
    stats http-request allow if { hdr(x-let) me }
    stats http-request auth realm Other unless { http_auth(staff) }
    http-request deny if { path_end /deny }
    http-request return status 200 content-type text/plain string before if { hdr(x-return) 1 }
    redirect location /elsewhere if { url_sub stats }""", PAGE + "userlist staff\n    user ada insecure-password lace\n")
    for label, request in {"nobody": get("/haproxy?stats;csv"), "let": get("/haproxy?stats;csv", "X-Let: me"),
                           "ada": get("/haproxy?stats;csv", basic("ada:lace")),
                           "return": get("/haproxy?stats;csv", "X-Return: 1"),
                           "redirected": get("/other?stats")}.items():
        observe_logged(w, label, request)
    observe_logged(w, "denied", get("/haproxy?stats;csv"), source="127.0.0.3")
    w.observe("dreq", w.stat("fe", "FRONTEND")["dreq"] + " " + w.stat("be")["dreq"])


PLACES = HTTP + """
frontend fe
    bind @fe@
    stats uri /front
    stats scope .
    stats scope be
    default_backend be
listen two
    bind @two@
    stats uri /two
    stats scope .
    stats admin if TRUE
    server s1 @s1@
""" + HTTP + """
    stats uri /inherited
    stats scope .
frontend three
    bind @three@
    default_backend be
listen four
    bind @four@
    stats hide-version
    server s1 @s1@
backend be
    server s1 @s1@
"""


def places(w):
    """Frontends, listen sections, backends, and what defaults say; the counters of each."""
    web(w, "s1")
    w.start(PLACES)
    for frontend, path in (("fe", "/front"), ("fe", "/inherited"), ("two", "/two"), ("three", "/inherited"), ("four", "/inherited"),
                           ("four", "/haproxy?stats")):
        before = len(w.log.all())
        status, _, text, _ = ask(w, get(path + ";csv"), frontend)
        w.observe(f"{frontend}{path}", status)
        if "svname" in text:
            w.observe(f"{frontend}{path} rows", names_of(text))
        until(lambda: len(traffic(w, before)) == 1, what="the log line")
        observe_lines(w, f"{frontend}{path}", traffic(w, before))
    for frontend in ("fe", "two", "three"):
        row = w.stat(frontend, "FRONTEND")
        w.observe(f"{frontend} counters", " ".join(row[name] for name in ("stot", "req_tot", "hrsp_2xx", "intercepted", "ereq", "dreq")))
    status, told, _, _ = ask(w, post("/two", "s=s1&action=maint&b=be"), "two")
    w.observe("out of scope", status + w.stat("be", "s1")["status"])
    w.observe("out of scope is refused", str("DONE" not in told["location"]))
    status, told, _, _ = ask(w, post("/two", "s=s1&action=maint&b=two"), "two")
    w.observe("in scope", status + told["location"] + w.stat("two", "s1")["status"])


FORMS = ["", "b=be", "s=s1&b=be", "action=maint&b=be", "x=y&b=be&action=ready", "s=s1&action=bogus&b=be", "s=s1&action=&b=be", "s=nope&action=maint&b=be",
         "s=s1&s=nope&action=maint&b=be", "s=s1&action=maint&b=nope", "s=s1&action=maint&b=fe", "s=s1&action=ready&b=%233", "s=s1&action=maint&b=%23x",
         "s=s1&s=s2&s=s3&action=drain&b=be", "s=s1&s=s2&s=s3&action=drain&b=be", "s=s1&s=s2&s=s3&action=ready&b=be", "s=%731&action=m%61int&b=b%65",
         "action=ready&b=be&s=s1"]
STATES = ["maint", "maint", "ready", "ready", "drain", "drain", "ready", "stop", "start", "start", "disable", "disable", "enable", "enable",
          "hdown", "hrunn", "hnolb", "hrunn", "dhlth", "ehlth", "dagent", "eagent", "arunn", "adown", "shutdown"]


def state(w, *servers):
    return " ".join(w.stat("be", name)["status"] for name in servers)


def changes(w):
    """What a form does: the answer, where it leads, how the servers are then."""
    page(w, "stats admin if TRUE")
    for form in FORMS:
        status, told, text, ending = ask(w, post("/haproxy?stats", form))
        w.observe(f"{form}: answer", f"{status} {told.get('location')} {told.get('content-length')} {text!r} {ending}")
        w.observe(f"{form}: servers", state(w, "s1", "s2"))
    for number, word in enumerate(STATES):
        told = ask(w, post("/haproxy?stats", f"s=s1&action={word}&b=be"))[1]
        w.observe(f"{number} {word}", f"{told.get('location')} {state(w, 's1')}")
    observe(w, "too long", post("/haproxy?stats", "s=s1&action=maint&b=be&x=" + "y" * 17000))
    w.observe("after the long one", state(w, "s1"))
    observe(w, "norefresh", post("/haproxy?stats;csv;norefresh", "s=s1&action=ready&b=be"))
    for word in ("DONE", "NONE", "PART", "ERRP", "EXCD", "DENY", "UNKN", "nonsense"):
        observe(w, f"result {word}", get(f"/haproxy?stats;st={word}"))
    chunked = post("/haproxy?stats", "").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked") + \
        b"5\r\ns=s1&\r\n10\r\naction=drain&b=b\r\n1\r\ne\r\n0\r\n\r\n"
    observe(w, "chunked", chunked)
    w.observe("after chunks", state(w, "s1"))


def admins(w):
    """Who may: conditions of stats admin, one of which must hold."""
    page(w, "stats admin if { src 127.0.0.9 }\n    stats admin unless { hdr(x-no) 1 }\n    stats admin if FALSE")
    for label, fields in {"may": (), "may not": ("X-No: 1",)}.items():
        before = len(w.log.all())
        observe(w, label, post("/haproxy?stats", "s=s1&action=maint&b=be", *fields))
        w.observe(f"{label}: state", state(w, "s1"))
        until(lambda: traffic(w, before), what="the log line")
        observe_lines(w, label, [line for line in traffic(w, before) if "POST" in line])
        w.cli("enable server be/s1")


def nobody_may(w):
    page(w, "stats hide-version")
    observe(w, "post", post("/haproxy?stats", "s=s1&action=maint&b=be"))
    w.observe("state", state(w, "s1"))


def sessions_end(w):
    """Kill sessions: those on the server, and nothing else."""
    server = web(w, "s1", [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", "hang"])
    w.refusing("gone")
    w.start(PAGE % "stats admin if TRUE")
    with WebClient(w.address("fe")) as client:
        client.send(get("/a"))
        client.reader.head()
        until(lambda: server.heard(), what="the request")
        told = ask(w, post("/haproxy?stats", "s=s1&action=shutdown&b=be"))[1]
        w.observe("location", told.get("location"))
        w.observe("ended", client.reader.ending(4.0).split("\n")[-1])


def versions(w):
    """What hides the version hides it in both; who shows it without a word differs."""
    page(w, "stats hide-version")
    w.observe("hidden", str(bool(re.search(r"version|2\.6\.|3\.5", ask(w, get("/haproxy?stats"))[2].split("<table", 1)[0].split("</style>")[1], re.I))))


def words(w):
    """Node and description, those of the line and those of the process; a description is text."""
    web(w, "s1")
    w.refusing("gone")
    more = "node lb7\n    description all <i>of</i> it"
    w.start(PAGE % "stats show-node\n    stats show-desc", more_global=more)
    text = ask(w, get("/haproxy?stats"))[2]
    w.observe("node", str("lb7" in text))
    w.stop()
    w.start(PAGE % "stats show-node east\n    stats show-desc the shop", more_global=more)
    text = ask(w, get("/haproxy?stats"))[2]
    w.observe("own words", str("lb7" in text) + str("east" in text) + str("the shop" in text) + str("of</i> it" in text))


CHECKED = ["stats admin", "stats auth", "stats realm", "stats refresh", "stats refresh x", "stats scope", "stats uri",
           "stats http-request", "stats http-request frob", "stats frob", "stats auth a:b\n    stats http-request allow",
           "stats http-request allow\n    stats realm x"]
GOOD = ["stats enable", "stats show-desc", "stats show-desc a b c", "stats show-node", "stats show-node x", "stats refresh 5", "stats refresh 1m",
        "stats show-legends", "stats show-modules", "stats hide-version", "stats realm a\\ b", "stats uri /;", "stats scope x\n    stats scope .",
        "stats http-request deny if TRUE\n    stats http-request auth realm x\n    stats http-request allow", "stats admin unless TRUE"]


def lines(w):
    for text in CHECKED:
        w.observe(text, str(w.check(f"{HTTP}\nlisten l\n    bind @fe@\n    {text}\n")[0] == 0))
    for text in GOOD:
        w.observe(text, str(w.check(f"{HTTP}\nlisten l\n    bind @fe@\n    {text}\n")[0] == 0))


for _name, _run in {"forms": forms, "kept": kept, "who": who, "rules": rules, "places": places, "changes": changes, "admins": admins,
                    "nobody_may": nobody_may, "sessions_end": sessions_end, "versions": versions, "words": words, "lines": lines,
                    "socket": socket_and_page}.items():
    add_scenario(f"stats_page_{_name}", _run)

if __name__ == "__main__":
    main()
