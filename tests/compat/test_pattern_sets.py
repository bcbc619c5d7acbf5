#!/usr/bin/env python3
"""Large sets of substrings and of regular expressions, in ACLs and maps, beside the reference: what matches, and which
entry of a map is found, before and after the lists change."""

from harness import main, scenario
from web import CONFIG, WebClient, get

COUNT = 60
LISTS = {
    "parts": "".join(f"part{i}x\n" for i in range(COUNT)) + "Ab\nbC\n",
    "expressions": "".join(f"^/e{i}/[a-z]+$\n" for i in range(COUNT)) + "^/(?=a)[ab]+$\n(?i)^/loose\n\\.\\./\n",
    "part_map": "".join(f"m{i}x v{i}\n" for i in range(COUNT)) + "m last\nx1 never\n",
    "expression_map": "".join(f"^/r{i}/(.*)$ v{i}\n" for i in range(COUNT)) + "^/r[0-9]+/ rest\n^/r1/ never\n",
    "group_map": "".join(f"^/r{i}/(.*)$ {i}:\\1\n" for i in range(COUNT)),
}

BODY = """
frontend fe
    bind @fe@
    acl parts path_sub -f @dir@/parts
    acl parts_any_case path_sub -i -f @dir@/parts
    acl expressions path_reg -f @dir@/expressions
    acl expressions_any_case path_reg -i -f @dir@/expressions
    http-request set-header x-1 1 if parts
    http-request set-header x-2 2 if parts_any_case
    http-request set-header x-3 3 if expressions
    http-request set-header x-4 4 if expressions_any_case
    http-request set-header x-5 %[path,map_sub(@dir@/part_map,none)]
    http-request set-header x-6 %[path,map_reg(@dir@/expression_map,none)]
    http-request set-header x-7 %[path,map_regm(@dir@/group_map,none)]
    http-request return status 200 content-type text/plain lf-string "%[req.hdr(x-1)]%[req.hdr(x-2)]%[req.hdr(x-3)]%[req.hdr(x-4)] %[req.hdr(x-5)] %[req.hdr(x-6)] %[req.hdr(x-7)]"
"""

PATHS = ["/", "/part7x", "/PART7X", "/part7", "/a-part59x-part0x", "/xAb", "/abc", "/e3/abc", "/e3/ABC", "/E3/abc", "/e60/abc", "/a/b",
         "/aa", "/ab", "/LOOSE/x", "/../x", "/m7x", "/m59x..m3x", "/m99x1", "/x1", "/r5/tail/x", "/r5", "/r77/x", "/r1/", "/r1",
         "/new/part", "/" + "long/" * 800 + "part12x", "/" + "m" * 3000]
CHANGES = ["add acl @parts@ new", "add acl @expressions@ ^/new", "add map @part_map@ new/ added", "add map @expression_map@ ^/n found",
           "add map @group_map@ ^/(n).* last", "del acl @parts@ part7x", "del acl @expressions@ ^/e3/[a-z]+$", "del map @part_map@ m7x",
           "del map @expression_map@ ^/r5/(.*)$", "del map @group_map@ ^/r1/(.*)$"]


def ask_all(w, when):
    with WebClient(w.address("fe")) as client:
        for path in PATHS:
            client.send(get(path))
            w.observe(f"{when}: {path[:40]}", client.answer("GET").partition("\r\n\r\n")[2])


@scenario
def large_sets(w):
    for name, content in LISTS.items():
        w.file(name, content)
    w.start(BODY, prologue=CONFIG)
    ask_all(w, "as read")
    for change in CHANGES:
        w.observe(change, w.cli(w.expand(change)))
        ask_all(w, change)


if __name__ == "__main__":
    main()
