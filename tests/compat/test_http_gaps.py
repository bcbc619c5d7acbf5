#!/usr/bin/env python3
"""option http-use-proxy-header, and servers whose clients are sent elsewhere (redir)."""
from harness import add_scenario, main
from web import OK, basic, get, response, row as add_row

PROXY = "    option http-use-proxy-header\n"
ABSOLUTE = "http://x/a"


def row(name, steps, script=OK, **more):
    add_row(add_scenario, name, steps, script, **more)


WISHES = {"none": (), "close": ("Proxy-Connection: close",), "keep": ("Proxy-Connection: keep-alive",), "plain_close": ("Connection: close",),
          "keep_against_close": ("Connection: close", "Proxy-Connection: keep-alive"),
          "close_against_keep": ("Connection: keep-alive", "Proxy-Connection: close"), "odd": ("Proxy-Connection: , x,",)}
for _form, _target in (("absolute", ABSOLUTE), ("path", "/a")):
    for _version in ("1.1", "1.0"):
        for _name, _fields in WISHES.items():
            row(f"proxy_header_{_form}_{_version}_{_name}", [get(_target, *_fields, version=_version)], frontend=PROXY)
            row(f"no_proxy_header_{_form}_{_version}_{_name}", [get(_target, *_fields, version=_version)])
for _name, _script in (("close", response("200 OK", "Proxy-Connection: close", body="hi")),
                       ("keep", response("200 OK", "Connection: close", "Proxy-Connection: keep-alive", body="hi"))):
    row(f"proxy_header_of_the_server_{_name}", [get(ABSOLUTE), get(ABSOLUTE)], _script, frontend=PROXY)
    row(f"no_proxy_header_of_the_server_{_name}", [get(ABSOLUTE), get(ABSOLUTE)], _script)
USERS = "userlist u\n    user ada insecure-password s3\n"
AUTH = "    http-request auth unless { http_auth(u) }\n    http-request set-header x-user %[http_auth_user]\n"
PAIR = basic("ada:s3")
for _option, _frontend in (("with", PROXY), ("without", "")):
    for _form, _target in (("absolute", ABSOLUTE), ("path", "/a"), ("star", "*")):
        _method = "OPTIONS" if _target == "*" else "GET"
        row(f"proxy_auth_{_option}_{_form}", {"nobody": [get(_target, method=_method)], "server": [get(_target, PAIR, method=_method)],
                                             "proxy": [get(_target, "Proxy-" + PAIR, method=_method)]},
            frontend=_frontend + AUTH, sections=USERS)
row("proxy_header_in_defaults", [get(ABSOLUTE, "Proxy-Connection: close")], frontend="    no option http-use-proxy-header\n")

REDIR = "redir http://img.x"
for _name, _request in {"get": get("/a?b=1"), "head": get("/a", method="HEAD"), "post": get("/a", method="POST"), "absolute": get("http://x/abc?d"),
                        "bare": get("http://x"), "options": get("*", method="OPTIONS"), "put": get("/a", "Content-Length: 2", method="PUT", body="ab"),
                        "body": get("/a", "Content-Length: 2", body="ab"), "old": get("/a", version="1.0")}.items():
    row("redir_" + _name, [_request], server=REDIR)
row("redir_disabled", [get("/a")], server=REDIR + " disabled")
row("redir_cookie", {"none": [get("/a")], "known": [get("/a", "Cookie: S=c")]}, server=REDIR + " cookie c", backend="    cookie S insert indirect\n")
row("redir_rules", [get("/a")], server=REDIR, frontend="    http-after-response set-header x-after 1\n    http-response set-header x-response 1\n"
    "    http-request set-path /other\n")

if __name__ == "__main__":
    main()
