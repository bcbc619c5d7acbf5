#!/usr/bin/env python3
"""The converter debug: what it tells, in which words, and where."""
import re

from harness import main, scenario
from web import CONFIG, WebClient, get

BODY = """
ring named
    format raw
    size 20000
frontend fe
    bind @fe@
    http-request set-var(txn.a) str(abc),debug
    http-request set-var(txn.a) int(-5),debug(x),add(1),debug(y,buf0)
    http-request set-var(txn.a) src,ipmask(8),debug(address)
    http-request set-var(txn.a) req.hdr(x-a),hex,debug(hex)
    http-request set-var(txn.a) req.hdr(x-a),base64,b64dec,debug(bytes)
    http-request set-var(txn.a) always_true,debug(bool)
    http-request set-var(txn.a) method,debug(meth)
    http-request set-var(txn.a) req.hdr(x-none),debug(absent)
    http-request set-var(txn.a) path,debug(named,named)
    http-request set-var(txn.a) path,length,debug(,named)
    http-request return status 200 content-type text/plain lf-string "%[path,debug(kept),upper]"
"""


@scenario
def what_is_told(w):
    w.start(BODY, prologue=CONFIG)
    with WebClient(w.address("fe")) as client:
        client.send(get("/a/b", "X-A: a <b>\tc"))
        w.observe("passed through", client.answer("GET").partition("\r\n\r\n")[2])
    for ring in ("buf0", "named"):
        lines = w.cli(f"show events {ring}").strip().splitlines()
        w.observe(ring, [re.sub(r"^<0>\S+ ", "", line) for line in lines])


@scenario
def refused_sinks(w):
    for arguments in ("a,nowhere", "a,fe"):
        code, text = w.check(f"frontend fe\n    mode http\n    bind @fe@\n    http-request set-var(txn.a) src,debug({arguments})\n")
        w.observe(arguments, code)
        w.observe(f"{arguments} is named", arguments.split(",")[1] in text)


if __name__ == "__main__":
    main()
