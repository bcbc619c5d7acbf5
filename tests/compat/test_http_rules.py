#!/usr/bin/env python3
"""Rules of HTTP mode: http-request, http-response, http-after-response, redirects, answers of our own, pages, routing."""
from harness import add_scenario, main, scenario
from web import CONFIG, OK, Reader, WebClient, farm, get, response, row as add_row, talk, web

A = get("/a?x=1")
RICH = response("200 OK", "X-Test: A", "Server: y", "Set-Cookie: a=1; path=/", "Set-Cookie: b=2", "Cache-Control: no-cache, max-age=3",
                "Location: http://old/p?q", body="hi")
FULL = get("/dir/a?x=1&y=2", "X-A: one, two", "X-A: three", "Cookie: u=1; v=2", "User-Agent: T/1", "X-B: b")


def row(name, steps, *script, **more):
    add_row(add_scenario, "http_" + name, steps, *script, **more)


# -- actions on heads: each one alone, on a rich request and a rich answer ---------------------------------------------

REQUEST_ACTIONS = {
    "add": 'add-header X-A "%[src,ipmask(8)] %HM"',
    "add new": "add-header X-New %[req.hdr(x-b)]",
    "set": "set-header X-A new",
    "set new": "set-header X-New %[path]",
    "set host": "set-header Host other",
    "set nothing": "set-header X-A %[req.hdr(nope)]",
    "set connection": "set-header Connection close",
    "del length": "del-header Content-Length",
    "set length": "set-header Content-Length 2",
    "set coding": "set-header Transfer-Encoding gzip",
    "del": "del-header X-A",
    "del nothing": "del-header X-Nope",
    "del beg": "del-header x- -m beg",
    "del end": "del-header -a -m end",
    "del sub": "del-header ser- -m sub",
    "del reg": "del-header ^x-[ab]$ -m reg",
    "del str": "del-header X-a -m str",
    "replace": "replace-header Cookie u=([^;]*);(.*) u=\\1;ip=%ci;\\2",
    "replace all": "replace-header X-A ^t(.*) T\\1",
    "replace sub": "replace-header User-Agent T t",
    "replace whole": "replace-header User-Agent ^T(.*)$ [\\1]",
    "value": "replace-value X-A ^t(.*)$ [\\1]",
    "value all": "replace-value X-A o 0",
    "path": "replace-path (.*) /app\\1",
    "path part": "replace-path /dir /d2",
    "path none": "replace-path ^/nope /d2",
    "pathq": "replace-pathq ([^?]*)(\\?(.*))? /q\\1?\\3&z",
    "uri": "replace-uri ^/dir/(.*) /new/\\1",
    "set-path": "set-path /p/%[path]",
    "set-path odd": "set-path no-slash",
    "set-pathq": "set-pathq /p?new=1",
    "set-query": "set-query %[query,regsub(x,z,g)]",
    "set-uri": "set-uri http://h/p?q=%[req.hdr(x-b)]",
    "set-uri path": "set-uri /other",
    "set-method": "set-method PUT",
    "set-method lower": "set-method get",
    "normalize": None,
    "strict": "strict-mode off",
    "var": "set-var(txn.a) path",
    "var-fmt": 'set-var-fmt(txn.a) "%HM %[path]"',
    "capture": "capture req.hdr(x-b) len 5",
    "log level": "set-log-level notice",
    "silent": "set-log-level silent",
    "tos": "set-tos 32",
    "mark": "set-nice 5",
    "src": "set-src req.hdr(x-b),ipmask(8)",
    "src of a field": "set-src str(192.0.2.9)",
    "dst": "set-dst str(192.0.2.8)",
    "dst-port": "set-dst-port int(99)",
    "early-hint": 'early-hint Link "</s.css>; rel=preload"',
    "no retry": "disable-l7-retry",
    "timeout": "set-timeout server 3s",
    "tunnel": "set-timeout tunnel 3s",
    "allow": "allow",
    "wait": "wait-for-body time 1s",
    "deny": "deny",
    "deny 429": "deny deny_status 429",
    "deny 418": "deny status 418",
    "deny header": 'deny status 403 content-type text/plain string "no" hdr x-a "%[src]" hdr x-b b',
    "tarpit": "tarpit",
    "tarpit 429": "tarpit deny_status 429",
    "reject": "reject",
    "auth": "auth",
    "auth realm": "auth realm My\\ Place",
    "return": "return",
    "return 204": "return status 204",
    "return 404": "return status 404",
    "return 302": "return status 302 hdr location /x",
    "return string": 'return status 200 content-type text/plain string "hello"',
    "return lf": 'return status 200 content-type text/html lf-string "%[path] %HM"',
    "return fields": "return status 200 hdr x-a a hdr X-B %[req.hdr(x-b)] hdr Set-Cookie c=1",
    "return default": "return status 503 default-errorfiles",
    "return default 200": "return status 200 default-errorfiles",
    "redirect": "redirect location http://e/%[path] code 303",
    "redirect prefix": "redirect prefix http://e",
    "redirect scheme": "redirect scheme https",
}
for _name, _action in REQUEST_ACTIONS.items():
    if _action:
        _label = _name.replace(" ", "_")
        for _where in ("frontend", "backend"):
            if (_action.startswith("capture") and _where == "backend") or (_action.startswith("set-timeout") and _where == "frontend"):
                continue
            row(f"request_{_label}_{_where}", [FULL, A], **{_where: "    timeout tarpit 200ms\n    http-request " + _action
                + " if { path /dir/a }\n    http-request set-header X-After %[var(txn.a)] if { path /dir/a }"})
row("request_length_removed", [get("/a", "Content-Length: 3", method="POST", body="abc"), A],
    frontend="    http-request del-header Content-Length")
row("request_early_hint_twice", [A], frontend='    http-request early-hint Link "a"\n    http-request early-hint X-B "b %[path]"')
row("request_early_hint_10", [get(version="1.0")], frontend='    http-request early-hint Link "a"')
row("request_silent_drop", [(A, 1), "end"], frontend="    http-request silent-drop")
row("request_rules_in_order", [FULL], frontend="""
    http-request set-header X-1 %[path]
    http-request set-path /changed
    http-request set-header X-2 %[path]
    http-request add-header X-3 %[query] if { path /changed }
    http-request add-header X-3 %[req.hdr_cnt(x-3)]
    http-request del-header X-1 unless { path /dir/a }
    http-request allow if { req.hdr(x-2) /changed }
    http-request deny""", backend="    http-request set-header X-4 %[path]%[url]%[base]")
row("request_set_src_forwardfor", [A], frontend="    http-request set-src str(192.0.2.9)\n    option forwardfor")

RESPONSE_ACTIONS = {
    "add": 'add-header X-Test "%[status] B"',
    "set": "set-header X-Test new",
    "set new": "set-header X-New %[res.hdr(server)]",
    "set-cookie": "add-header Set-Cookie c=3",
    "del": "del-header Set-Cookie",
    "del beg": "del-header x -m beg",
    "del length": "del-header Content-Length",
    "set length": "set-header Content-Length 1",
    "set coding": "set-header Transfer-Encoding chunked",
    "set connection": "set-header Connection close",
    "replace": "replace-header Set-Cookie ^(.*);(.*)$ \\1;secure;\\2",
    "value": "replace-value Cache-Control ^max-age=(.*)$ max-age=1\\1",
    "status": "set-status 503",
    "status reason": 'set-status 503 reason "Slow Down"',
    "status odd": "set-status 299",
    "var": "set-var(txn.a) status",
    "strict": "strict-mode on",
    "capture": None,
    "silent": "set-log-level silent",
    "allow": "allow",
    "deny": "deny",
    "deny 429": "deny deny_status 429",
    "return": 'return status 404 string abc content-type a/b',
    "return page": "return status 404 default-errorfiles",
    "redirect": "redirect location /q",
    "redirect code": "redirect location http://e/%[status] code 307",
    "timeout": None,
    "wait": "wait-for-body time 1s",
}
for _name, _action in RESPONSE_ACTIONS.items():
    if _action:
        _label = _name.replace(" ", "_")
        for _where in ("frontend", "backend"):
            row(f"response_{_label}_{_where}", [FULL, A], RICH, **{_where: "    http-response " + _action
                + " if { status 200 }\n    http-response set-header X-After %[var(txn.a)] if { res.hdr(server) y }"})
        if _action.split()[0] in ("add-header", "set-header", "del-header", "replace-header", "replace-value", "set-status", "set-var",
                                  "strict-mode", "allow"):
            row(f"after_{_label}", {"server": [A], "deny": [get("/deny")], "return": [get("/return")],
                                    "redirect": [get("/redirect")], "bad": [b"BAD\r\n\r\n"]}, RICH, frontend=f"""
    http-request deny if {{ path /deny }}
    http-request return status 200 content-type text/plain string "x" if {{ path /return }}
    http-request redirect location /z if {{ path /redirect }}
    http-after-response {_action}
    http-after-response set-header X-After %[var(txn.a)]""")
row("response_order", [A], RICH, frontend="    http-response add-header X-O front\n    http-after-response add-header X-O after-front",
    backend="    http-response add-header X-O back\n    http-after-response add-header X-O after-back")
row("after_order_own", [A], backend="    http-request return status 200\n    http-after-response add-header X-O back",
    frontend="    http-after-response add-header X-O front")
row("after_of_502", [A, "end"], ["close"], frontend="    http-after-response set-header X-O %[status]\n    retries 0",
    backend="    retries 0")
row("response_rules_on_errors", {n: [get(f"/{n}")] for n in (404, 500)}, {"/404": response("404 No"), "/500": response("500 No")},
    backend="    http-response set-header X-E yes if { status ge 500 }")
row("response_deny_closes_the_server", [A, A], RICH, backend="    http-response deny if { res.hdr(x-test) A }")
row("tcp_response_in_http", [A, A], RICH, backend="    tcp-response content reject if { status 200 }")
row("tcp_response_accept", [A, A], RICH, backend="    tcp-response content accept\n    tcp-response content reject")
row("tcp_request_content_in_http", {"accept": [A], "reject": [get("/no")], "close": [A]}, frontend="""
    tcp-request inspect-delay 1s
    tcp-request content reject if { path /no }
    tcp-request content set-var(txn.p) path
    tcp-request content accept if HTTP
    http-request set-header X-P %[var(txn.p)]""")
row("tcp_request_content_backend", {"accept": [A], "reject": [get("/no")]}, backend="""
    tcp-request inspect-delay 1s
    tcp-request content reject if { path /no }
    tcp-request content set-var(txn.p) method""", frontend="    log-format %HM,%ST,%ts,%[var(txn.p)]")
row("tcp_request_connection", [A, A], frontend="    tcp-request connection set-var(sess.n) src,ipmask(8)\n"
    "    tcp-request session set-var(sess.m) src,ipmask(16)\n    http-request set-header X-N %[var(sess.n)]-%[var(sess.m)]")

# -- redirects ---------------------------------------------------------------------------------------------------------

REDIRECTS = {
    "location": "location http://e/x",
    "location code": "location /x code 301",
    "codes 303": "location /x code 303",
    "codes 307": "location /x code 307",
    "codes 308": "location /x code 308",
    "location format": 'location "http://%[req.hdr(host)]/%[path,regsub(a,b,g)]?%[query]"',
    "prefix": "prefix http://e",
    "prefix slash": "prefix /",
    "prefix drop": "prefix http://e drop-query",
    "prefix append": "prefix http://e append-slash",
    "prefix both": "prefix http://e drop-query append-slash",
    "prefix code": "prefix http://e/p code 301",
    "prefix cookie": "prefix http://e set-cookie A=1",
    "prefix cookie alone": "prefix http://e set-cookie A",
    "prefix clear": "prefix http://e clear-cookie U",
    "prefix clear equal": "prefix http://e clear-cookie U=",
    "scheme": "scheme https",
    "scheme code": "scheme https code 301",
    "scheme drop": "scheme https drop-query append-slash",
    "scheme format": "scheme %[req.hdr(x-scheme)]",
}
_targets = {"plain": get("/a?x=1"), "slash": get("/d/?x=1"), "no query": get("/d"), "root": get("/"), "empty query": get("/d?"),
            "post": get("/a", "Content-Length: 3", method="POST", body="abc"), "head": get("/a", method="HEAD"),
            "1.0": b"GET /a HTTP/1.0\r\n\r\n", "absolute": get("http://x/a?b"), "scheme": get("/a", "X-Scheme: ws")}
for _name, _redirect in REDIRECTS.items():
    for _word, _form in (("", "redirect"), ("rule_", "http-request redirect")):
        row(f"redirect_{_word}{_name.replace(' ', '_')}", {label: [data, A] if data[:4] != b"HEAD" else [data] for label, data in _targets.items()},
            frontend=f"    {_form} {_redirect}")
row("redirect_if", {"yes": [A], "no": [get("/b"), A]}, frontend="    redirect location /x if { path /a }\n"
    "    redirect location /y unless { path /b }")
row("redirect_after_rules", [A], frontend="    redirect location /x\n    http-request deny")
row("redirect_backend", [A, get("/b")], backend="    redirect prefix http://b if { path /a }")

# -- pages -------------------------------------------------------------------------------------------------------------

STATUSES = (200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 421, 422, 425, 429, 500, 501, 502, 503, 504)
row("pages_denied", {s: [get(f"/{s}"), A] for s in STATUSES}, frontend="".join(
    f"    http-request deny deny_status {s} if {{ path /{s} }}\n" for s in STATUSES))
row("pages_head", {s: [get(f"/{s}", method="HEAD")] for s in (400, 403, 503)}, frontend="".join(
    f"    http-request deny deny_status {s} if {{ path /{s} }}\n" for s in (400, 403, 503)))
row("reasons", [get(f"/{s}") for s in range(200, 600)], frontend="".join(
    f"    http-request return status {s} if {{ path /{s} }}\n" for s in range(200, 600)))

PAGE = "HTTP/1.1 503 Mine\r\nCache-Control: no-cache\r\nContent-Type: text/plain\r\nX-Page: yes\r\n\r\nmy page\n"
NO_LENGTH = "HTTP/1.0 403 Mine\r\nConnection: close\r\nContent-Length: 4\r\n\r\nmine"


def pages(name, front="", back="", sections="", steps=None, prologue=CONFIG):
    def run(w):
        for file, text in (("503.http", PAGE), ("403.http", NO_LENGTH), ("body.txt", "body %[path]\n"), ("empty.http", "")):
            with open(f"{w.dir}/{file}", "w", encoding="latin-1", newline="") as out:
                out.write(text)
        refusing = w.refusing("s1")
        w.start(f"""{sections}
frontend fe
    bind @fe@
    http-request deny deny_status 403 if {{ path /403 }}
    http-request deny deny_status 500 if {{ path /500 }}
{front}
    default_backend be
backend be
    retries 0
{back}
    server s1 {w.places['s1']}
""", prologue=prologue)
        for label, part in (steps or {"403": [get("/403"), get("/403")], "500": [get("/500")], "503": [A, "end"], "400": [b"BAD\r\n\r\n", "end"],
                                      "10": [get("/403", version="1.0"), "end"], "head": [get("/403", method="HEAD")]}).items():
            talk(w, label, part, [])
        del refusing
    add_scenario("http_pages_" + name, run)


FILE = "errorfile 503 @dir@/503.http\n    errorfile 403 @dir@/403.http"
pages("files_front", f"    {FILE}")
pages("files_back", back=f"    {FILE}")
pages("files_both", "    errorfile 503 @dir@/403.http", f"    {FILE}")
pages("empty_file", "    errorfile 403 @dir@/empty.http\n    errorfile 400 @dir@/empty.http\n    errorfile 503 @dir@/empty.http")
pages("dev_null", "    errorfile 400 /dev/null\n    errorfile 403 /dev/null")
pages("defaults", prologue=CONFIG + f"    {FILE}\n")
pages("defaults_overridden", "    errorfile 403 @dir@/503.http", prologue=CONFIG + f"    {FILE}\n")
pages("errorloc", "    errorloc 403 http://e/403\n    errorloc302 500 /500\n    errorloc303 503 /503\n    errorloc 400 /bad")
pages("errorloc_back", back="    errorloc 503 http://e/503\n    errorloc303 403 /never")
SECTION = "http-errors mine\n    errorfile 503 @dir@/503.http\n    errorfile 403 @dir@/403.http\nhttp-errors other\n    errorfile 403 @dir@/503.http\n"
pages("section", "    errorfiles mine", sections=SECTION)
pages("section_some", "    errorfiles mine 503\n    errorfiles other 403", sections=SECTION)
pages("section_then_file", "    errorfiles mine\n    errorfile 403 @dir@/503.http", sections=SECTION)
pages("file_then_section", "    errorfile 403 @dir@/503.http\n    errorfiles mine", sections=SECTION)
pages("http_error", '    http-error status 403 content-type text/plain string "http-error 403"\n'
      '    http-error status 503 content-type text/html lf-string "%[path] %HM" hdr x-e %[src]\n'
      '    http-error status 400 content-type text/plain file @dir@/body.txt\n'
      '    http-error status 500 errorfile @dir@/503.http')
pages("http_error_lf_file", "    http-error status 503 content-type text/plain lf-file @dir@/body.txt\n"
      "    http-error status 403 default-errorfiles\n    http-error status 500 errorfiles mine", sections=SECTION.replace(
          "errorfile 403 @dir@/403.http\nhttp-errors", "errorfile 500 @dir@/403.http\nhttp-errors"))
_forms = {
    "file": "return status 200 content-type text/plain file @dir@/body.txt",
    "lf-file": "return status 200 content-type text/plain lf-file @dir@/body.txt",
    "errorfile": "return status 403 errorfile @dir@/403.http",
    "errorfile-other": "return status 200 errorfile @dir@/503.http",
    "errorfiles": "return status 403 errorfiles mine",
    "errorfiles-missing": "return status 404 errorfiles mine",
    "default": "return status 403 default-errorfiles",
    "default-hdr": "return status 403 default-errorfiles hdr x-a b",
    "deny-file": "deny status 429 content-type text/plain file @dir@/body.txt",
    "deny-errorfile": "deny status 403 errorfile @dir@/503.http",
    "deny-errorfiles": "deny status 503 errorfiles mine",
    "deny-hdr": "deny status 403 hdr x-a b",
    "tarpit-string": "tarpit status 429 content-type a/b lf-string %[path]",
}
pages("forms_of_return", "    errorfiles other\n    timeout tarpit 100ms\n" + "".join(
    f"    http-request {form} if {{ path /{label} }}\n" for label, form in _forms.items()),
      sections=SECTION, steps={label: [get(f"/{label}"), get(f"/{label}")] for label in _forms})

# -- monitor -------------------------------------------------------------------------------------------------------------

row("monitor", {"yes": [get("/mon"), A], "query": [get("/mon?x")], "head": [get("/mon", method="HEAD")], "post": [
    get("/mon", "Content-Length: 1", method="POST", body="x")], "10": [get("/mon", version="1.0"), "end"], "absolute": [
        get("http://x/mon")]}, frontend="    monitor-uri /mon\n    http-request deny if { path /mon }")
row("monitor_fail", {"yes": [get("/mon"), get("/mon")]}, frontend="    monitor-uri /mon\n    monitor fail if { nbsrv(be) lt 2 }")
row("monitor_fail_not", {"yes": [get("/mon"), get("/mon")]}, frontend="    monitor-uri /mon\n    monitor fail if { nbsrv(be) lt 1 }")
row("monitor_page", [get("/mon"), get("/mon")], frontend="    monitor-uri /mon\n    errorfile 200 /dev/null")

# -- addresses, ids, names in fields -------------------------------------------------------------------------------------

FORWARDED = get("/a", "X-Forwarded-For: 1.2.3.4", "X-Client: 9", "X-Original-To: 5.6.7.8")
for _name, _front, _back in (
        ("forwardfor", "option forwardfor", ""), ("forwardfor_back", "", "option forwardfor"),
        ("forwardfor_header", "option forwardfor header X-Client", ""), ("forwardfor_if_none", "option forwardfor if-none", ""),
        ("forwardfor_header_if_none", "option forwardfor header X-Client if-none", ""),
        ("forwardfor_except", "option forwardfor except 127.0.0.0/8", ""), ("forwardfor_except_other", "option forwardfor except 10.0.0.0/8", ""),
        ("forwardfor_both", "option forwardfor header X-Front", "option forwardfor header X-Back"),
        ("forwardfor_both_2", "option forwardfor", "option forwardfor if-none"),
        ("forwardfor_both_3", "option forwardfor if-none", "option forwardfor"),
        ("forwardfor_both_4", "option forwardfor except 127.0.0.0/8", "option forwardfor"),
        ("originalto", "option originalto", ""), ("originalto_header", "option originalto header X-Dst", ""),
        ("originalto_except", "option originalto except 127.0.0.0/8", ""), ("originalto_back", "", "option originalto"),
        ("both_options", "option forwardfor\n    option originalto", ""),
        ("send_name", "", "http-send-name-header X-Target"), ("send_name_twice", "", "http-send-name-header X-Client"),
        ("unique_id", "unique-id-format abc-%HM-%[path]\n    unique-id-header X-U\n    log-format %ID", ""),
        ("unique_id_present", "unique-id-format abc\n    unique-id-header X-Client", ""),
        ("unique_id_rule", "unique-id-format abc%{+X}o%ci\n    http-request set-header X-V %[unique-id]", "")):
    row(f"fields_{_name}", {"plain": [A, A], "there": [FORWARDED]}, frontend="    " + _front, backend="    " + _back)

# -- conditions, routing -------------------------------------------------------------------------------------------------

ROUTES = """
    acl is_a path_beg /a
    acl host_b hdr(host) -i B.example
    acl host_end hdr_end(host) -i .c.example
    use_backend %[req.hdr(x-be)] if { req.hdr(x-be) -m found }
    use_backend b2 if is_a host_b
    use_backend b3 if host_end
    use_backend b3 if { path_reg ^/r[0-9]+$ } or { url_param(to) 3 }
    use_backend b2 if { req.cook(to) 2 }
    use_backend b2 if { method POST } !is_a
    use_backend b2 if { query -m sub two }
    use_backend b3 if { hdr_cnt(x-n) ge 2 } { req.ver 1.0 }
    use_backend nope-%[req.hdr(x-q)] if { req.hdr(x-q) -m found }
"""


@scenario
def http_routes(w):
    servers = [web(w, name) for name in ("s1", "s2", "s3")]
    w.start(f"frontend fe\n    bind @fe@\n{ROUTES}    default_backend be\nbackend be\n    server s1 @s1@\n"
            "backend b2\n    server s2 @s2@\nbackend b3\n    server s3 @s3@\n", prologue=CONFIG)
    rows = {"default": get("/z"), "path and host": get("/a", "Host: b.EXAMPLE"), "path only": get("/a"), "host end": get("/", "Host: x.C.example"),
            "regex": get("/r12"), "param": get("/?a=1&to=3"), "cookie": get("/z", "Cookie: a=b; to=2"), "method": get("/z", "Content-Length: 0", method="POST"),
            "query": get("/z?onetwothree"), "count": get("/z", "X-N: 1, 2", "X-N: 3", version="1.0"), "dynamic": get("/", "X-Be: b3"),
            "dynamic unknown": get("/", "X-Be: b9"), "dynamic none": get("/", "X-Q: 1")}
    for label, data in rows.items():
        talk(w, label, [data], servers)
    talk(w, "one after the other", list(rows.values())[:6], servers)


FETCHES = """method path url query base hdr(x-a) req.hdr(x-a,2) req.hdr(x-a,-1) req.fhdr(x-a) req.fhdr(x-a,-1) req.hdr_cnt(x-a) req.fhdr_cnt(x-a)
req.cook(u) req.cook_cnt(u) req.cook_val(u) cook(v) req.ver req.hdr_names req.body req.body_len req.body_size
req.body_param(p) url_param(x) url_param(y) urlp_val(x) url_ip url_port hdr_ip(x-ip) req.hdr_val(x-n) pathq baseq capture.req.method capture.req.uri
capture.req.ver base32 base32+src,len url32 http_first_req http_auth_bearer unique-id req.len txn_status status fe_name be_name
dst_port,lt(0) src fc_http_major bc_http_major req.fhdr(host),lower,field(1,.) path,word(1,/) path,url_dec req.timer.hdr last_rule_file""".split()
_good = [one for one in FETCHES if one.split("(")[0].split(",")[0] not in (
    "http_auth_bearer", "txn_status", "req.timer.hdr", "last_rule_file", "req.hdr_names", "dst_port", "src", "bc_http_major", "base32+src", "capture.req.method",
    "capture.req.uri", "capture.req.ver", "http_first_req", "status", "fc_http_major", "be_name", "req.len")]


def fetches(w):
    """Each fetch alone in a field, so that one that is empty stands out."""
    server = farm(w, OK, "    option http-buffer-request\n" + "".join(
        f'    http-request set-header Y-{at} "[%[{one}]]"\n' for at, one in enumerate(_good)))
    requests = {
        "full": get("/dir/a.b?x=1&y=%20z&x=3", "X-A: one, two", "X-A: three", "Cookie: u=1; v=\"q\"; u=5", "X-Ip: 1.2.3.4", "X-N: 12"),
        "bare": b"GET / HTTP/1.0\r\n\r\n",
        "absolute": get("http://u@[::1]:81/p/q?z"),
        "absolute ip": get("http://1.2.3.4:81/p", "Host: 1.2.3.4:81"),
        "post": get("/a", "Content-Length: 11", "Content-Type: application/x-www-form-urlencoded", method="POST", body="p=1&q=2&x=5"),
        "chunked": get("/a", "Transfer-Encoding: chunked", method="POST", body="3\r\np=1\r\n2\r\n&q\r\n0\r\n\r\n"),
        "star": get("*", method="OPTIONS"),
        "odd": get("/%41//b/../c?=&&x&y=", "X-A:", "X-A: ,,a,", "Cookie: u; =x; u="),
    }
    for label, data in requests.items():
        talk(w, label, [data], [server])


add_scenario("http_request_fetches", fetches)
RES_FETCHES = """status res.hdr(x-r) res.hdr(x-r,2) res.fhdr(x-r) res.fhdr(x-r,-1) res.hdr_cnt(x-r) res.fhdr_cnt(x-r) res.cook(a) res.cook_cnt res.cook_val(b)
res.ver res.hdr_val(x-n) res.hdr_ip(x-ip) shdr(server) scook(b) res.body res.body_len res.body_size""".split()


def response_fetches(w):
    server = farm(w, {"/full": response("201 Made", "X-R: 1, 2", "X-R: 3", "Set-Cookie: a=1; path=/", "Set-Cookie: b=22; x", "X-N: 7", "X-Ip: 1.2.3.4",
                                        "Server: y", body="hello"),
                      "/bare": b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                      "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
                  backend="    http-response wait-for-body time 1s\n" + "".join(
                      f'    http-response set-header Y-{at} "[%[{one}]]"\n' for at, one in enumerate(RES_FETCHES)))
    for path in ("/full", "/bare", "/chunked"):
        talk(w, path, [get(path)], [server])


add_scenario("http_response_fetches", response_fetches)

# -- variables ---------------------------------------------------------------------------------------------------------------

row("variables", [A, get("/b"), get("/c")], frontend="""
    http-request set-var(sess.n) int(1) if ! { var(sess.n) -m found }
    http-request set-var(sess.n) var(sess.n),add(1) if { var(sess.n) -m found }
    http-request set-var(txn.t) path if { path /a }
    http-request set-var(req.r) path if { path /a }
    http-request set-header X-Vars "%[var(sess.n)] %[var(txn.t)] %[var(req.r)] %[var(res.s)] %[var(proc.p)]"
    http-response set-var(res.s) status
    http-response set-header X-Vars "%[var(sess.n)] %[var(txn.t)] [%[var(req.r)]] %[var(res.s)] %[var(proc.p)]"
    http-request unset-var(sess.n) if { path /b }""", more_global="set-var proc.p int(7)")
row("capture_slots", [A, A], RICH, frontend="""
    declare capture request len 10
    declare capture response len 4
    http-request capture path id 0
    http-request capture req.hdr(host) len 5
    http-response capture res.hdr(server) id 0
    http-request set-header X-C %[capture.req.hdr(0)]
    http-response set-header X-C %[capture.res.hdr(0)]""")

# -- tables --------------------------------------------------------------------------------------------------------------------


@scenario
def http_tracking(w):
    """Rates of requests, errors and failures of what is tracked."""
    server = farm(w, {"/404": response("404 No"), "/500": response("500 No"), "/401": response("401 No")}, """
    stick-table type ip size 100 expire 1m store http_req_cnt,http_err_cnt,http_fail_cnt,http_req_rate(10s),http_err_rate(10s),http_fail_rate(10s),conn_cnt,conn_cur,sess_cnt,bytes_in_cnt,gpc0
    http-request track-sc0 src
    http-request deny deny_status 429 if { sc_http_req_rate(0) gt 6 }
    http-request sc-inc-gpc0(0) if { path /500 }
    http-request set-header X-C "%[sc_http_req_cnt(0)] %[sc_http_err_cnt(0)] %[sc0_http_fail_cnt] %[sc_conn_cur(0)] %[src_http_req_cnt] %[sc_gpc0_rate(0)]\"""")
    talk(w, "mixed", [get("/a"), get("/404"), get("/500"), get("/401"), get("/b")], [server])
    talk(w, "bad", [get("/a"), b"BAD\r\n\r\n", "end"], [server])
    talk(w, "over", [get("/a"), get("/a")], [server])
    w.observe("table", " ".join(word for word in w.cli("show table fe").split() if not word.startswith(("exp=", "0x", "PTR", "bytes", "shard"))))


@scenario
def http_tracking_by_content(w):
    server = farm(w, OK, """
    stick-table type string len 20 size 100 expire 1m store http_req_cnt,conn_cur
    tcp-request inspect-delay 1s
    tcp-request content track-sc0 req.hdr(x-key)
    http-request track-sc1 path table be
    http-request set-header X-C "%[sc0_http_req_cnt] %[sc1_http_req_cnt] %[sc0_conn_cur]\"""",
                  "    stick-table type string len 20 size 100 expire 1m store http_req_cnt")
    talk(w, "keys", [get("/a", "X-Key: k1"), get("/b", "X-Key: k2"), get("/a", "X-Key: k1"), get("/a")], [server])
    for table in ("fe", "be"):
        w.observe(table, " ".join(sorted(word for word in w.cli(f"show table {table}").split() if word.startswith(("key", "http", "conn", "use")))))


def sticking(name, stick, requests, script=OK):
    def run(w):
        servers = [web(w, f"s{n}", script) for n in (1, 2, 3)]
        w.start("frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    stick-table type string len 32 size 100 expire 1m\n    "
                + stick + "\n" + "".join(f"    server s{n} @s{n}@\n" for n in (1, 2, 3)), prologue=CONFIG)
        for label, data in enumerate(requests):
            talk(w, str(label), [data], servers)
    add_scenario("http_stick_" + name, run)


sticking("cookie", "stick on req.cook(sid)", [get("/", f"Cookie: sid={n}") for n in "ABCABC"])
sticking("header", "stick on req.hdr(x-id),lower", [get("/", f"X-Id: {n}") for n in "aAbBcA"])
sticking("param", "stick on url_param(id)", [get(f"/?id={n}") for n in "abcab"])
sticking("set_cookie", "stick match req.cook(sid)\n    stick store-response res.cook(sid)",
         [get("/"), get("/", "Cookie: sid=zz"), get("/"), get("/", "Cookie: sid=zz")], response("200 OK", "Set-Cookie: sid=zz; path=/"))

# -- defaults, listen, PROXY headers ---------------------------------------------------------------------------------------------


@scenario
def http_defaults_inherited(w):
    """Rules of a named defaults section come before the proxy's own."""
    web(w, "s1")
    w.start("""
defaults base
    mode http
    timeout connect 2s
    timeout client 6s
    timeout server 6s
    log global
    option httplog
    http-request add-header X-D defaults
    http-response add-header X-D defaults
    http-after-response add-header X-A defaults
    tcp-request inspect-delay 1s
    option forwardfor
    option http-server-close
    retries 0
    errorfile 403 /dev/null
defaults plain
    mode http
    timeout connect 2s
    timeout server 6s
frontend fe from base
    bind @fe@
    http-request add-header X-D fe
    default_backend be
backend be from plain
    http-request add-header X-D be
    http-response add-header X-D be
    server s1 @s1@
""", prologue=CONFIG)
    server = [made for made in w.closing if getattr(made, "name", "") == "s1"]
    talk(w, "1", [A, A], server)


@scenario
def http_listen(w):
    """A listen section: each set once."""
    server = web(w, "s1")
    w.start("""
listen fe
    bind @fe@
    http-request add-header X-O request
    http-response add-header X-O response
    http-after-response add-header X-O after
    redirect location /r if { path /r }
    option forwardfor
    tcp-request content set-var(txn.c) int(1)
    http-request add-header X-V %[var(txn.c)]
    server s1 @s1@
""", prologue=CONFIG)
    talk(w, "1", [A, get("/r"), A], [server])


def proxy_headers(what):
    def run(w):
        """A header towards the server: what comes behind it, connection by connection."""
        got = []

        def behave(server, conn):
            reader = Reader(conn, 4.0)
            start = reader.exactly(16)
            header = start + (reader.exactly(int.from_bytes(start[14:16], "big")) if start[:1] == b"\r" else reader.line())
            heads = []
            got.append((header[:5], heads))
            while head := reader.head():
                heads.append(head.decode("latin-1"))
                conn.sendall(OK)
        w.server("s1", behave)
        w.start(f"frontend fe\n    bind @fe@\n    default_backend be\nbackend be\n    server s1 @s1@ {what}\n", prologue=CONFIG)
        for label in ("1", "2"):
            talk(w, label, [A, A], [])
        w.observe("headers", str([header for header, _ in got]))
        w.observe("heads", str([head for _, heads in got for head in heads]))
    add_scenario("http_" + what, run)


proxy_headers("send-proxy")
proxy_headers("send-proxy-v2")


@scenario
def http_accept_proxy(w):
    server = farm(w, OK, "    option forwardfor\n    bind @pp@ accept-proxy\n    http-request set-header X-Dst %[dst]:%[dst_port]")
    header = b"PROXY TCP4 192.0.2.1 192.0.2.2 1000 2000\r\n"
    client = WebClient(w.address("pp"))
    w.clients.append(client)
    client.send(header + A)
    w.observe("answer", client.answer())
    client.send(A)
    w.observe("second", client.answer())
    client.close()
    w.observe("server", str(server.heard()))
    w.observe("log", w.log.next("192.0.2.1").split("lb[")[1].split("]: ")[1].split(" [")[0])


if __name__ == "__main__":
    main()
