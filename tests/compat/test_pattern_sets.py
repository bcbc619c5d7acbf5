#!/usr/bin/env python3
"""Large sets of substrings, regular expressions, directories, domains and suffixes, in ACLs and maps, beside the reference: what matches, and which
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


def ask_all(w, when, paths=PATHS):
    with WebClient(w.address("fe")) as client:
        for path in paths:
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


PIECE_LISTS = {
    "dirs": "".join(f"d{i}\n" for i in range(COUNT)) + "/two/steps/\nCase\n/a//b/\nthree/of/them\n",
    "doms": "".join(f"n{i}\n" for i in range(COUNT)) + ".example.com.\nwww.Case\na?b\nx:y/z\n",
    "ends": "".join(f".e{i}\n" for i in range(COUNT)) + "tail\nlongtail\n.E\n",
    "dir_map": "".join(f"d{i} v{i}\n" for i in range(COUNT)) + "/d3/d4/ both\nlast/d5 late\n",
    "dom_map": "".join(f"n{i}.example v{i}\n" for i in range(COUNT)) + "example any\nn1 short\n",
    "end_map": "".join(f".e{i} v{i}\n" for i in range(COUNT)) + "1 one\n.long.e2 never\n",
}
PIECE_BODY = """
frontend fe
    bind @fe@
    acl dirs path_dir -f @dir@/dirs
    acl dirs_any_case path_dir -i -f @dir@/dirs
    acl doms url_dom -f @dir@/doms
    acl doms_any_case url_dom -i -f @dir@/doms
    acl ends path_end -f @dir@/ends
    acl ends_any_case path_end -i -f @dir@/ends
    http-request set-header x-1 1 if dirs
    http-request set-header x-2 2 if dirs_any_case
    http-request set-header x-3 3 if doms
    http-request set-header x-4 4 if doms_any_case
    http-request set-header x-5 5 if ends
    http-request set-header x-6 6 if ends_any_case
    http-request set-header x-7 %[path,map_dir(@dir@/dir_map,none)]
    http-request set-header x-8 %[url,map_dom(@dir@/dom_map,none)]
    http-request set-header x-9 %[path,map_end(@dir@/end_map,none)]
    http-request return status 200 content-type text/plain lf-string "%[req.hdr(x-1)]%[req.hdr(x-2)]%[req.hdr(x-3)]%[req.hdr(x-4)]%[req.hdr(x-5)]%[req.hdr(x-6)] %[req.hdr(x-7)] %[req.hdr(x-8)] %[req.hdr(x-9)]"
"""
PIECE_PATHS = ["/", "//", "/d7", "/d7/", "/x/d7/y", "/xd7", "/d7x", "/D7", "/d7/d8", "/two/steps", "/two/steps/", "/x/two/steps/y", "/two", "/two//steps",
               "/case", "/Case", "/a//b", "/a/b", "/three/of/them", "/three/of", "/x/three/of/them/x", "/d3/d4", "/d4/d3", "/last/d5", "/d5/last/d5",
               "/n7", "/n7.x", "/x.n7", "/n7:80", "/n7?x", "/x?n7", "/N7", "/www.example.com", "/example.com", "/example", "/www.case", "/www.Case/x",
               "/a?b", "/a?b?c", "/x:y/z", "/x:y/zz", "/n1.example", "/n1.example.com", "/n1", "/.n1.", "/n2.example/n1",
               "/f.e7", "/f.E7", "/.e7x", "/tail", "/longtail", "/verylongtail", "/f.e", "/f.E", "/long.e2", "/x1", "/e1", "/.e1", "/.e11",
               "/" + "d/" * 1500 + "d9", "/" + "/" * 3000, "/" + "n." * 1500 + "n9"]
PIECE_CHANGES = ["add acl @dirs@ new/dir", "add acl @doms@ new.dom", "add acl @ends@ fresh", "add map @dir_map@ new/dir added", "add map @dom_map@ new.dom added",
                 "add map @end_map@ fresh added", "del acl @dirs@ d7", "del acl @doms@ n7", "del acl @ends@ .e7", "del map @dir_map@ d3", "del map @dom_map@ example",
                 "del map @end_map@ 1", "clear acl @dirs@", "clear map @end_map@"]


@scenario
def large_sets_of_pieces(w):
    for name, content in PIECE_LISTS.items():
        w.file(name, content)
    w.start(PIECE_BODY, prologue=CONFIG)
    ask_all(w, "as read", PIECE_PATHS)
    for change in PIECE_CHANGES:
        w.observe(change, w.cli(w.expand(change)))
        ask_all(w, change, [*PIECE_PATHS, "/new/dir", "/x/new/dir/x", "/new.dom", "/a.new.dom/b", "/fresh", "/refresh"])


if __name__ == "__main__":
    main()
