#!/usr/bin/env python3
"""`get var` and `set var`: variables of the process on the runtime socket."""
from harness import add_scenario, main

CONFIG = """
frontend fe
    mode http
    bind @fe@
    http-request return status 200 content-type text/plain lf-string "%[var(proc.a)] %[var(proc.z)] %[fc_http_major]"
"""
VARIABLES = """    set-var proc.a str(hello)
    set-var proc.n int(-5)
    set-var proc.b bool(true)
    set-var proc.i ipv4(10.0.0.7)
"""
READ = ["get var proc.a", "get var proc.n", "get var proc.b", "get var proc.i", "get var proc.zz", "get var txn.a", "get var", "get var a",
        "set var proc.z int(7)", "get var proc.z"]
SET = ["int(7)", "expr int(8)", "fmt a%[int(8)]b", "str(x\\ y)", "ipv6(::1)", "bin(0102),hex", "bin(6162)", "var(proc.n),add(1)", "int(0),bool"]
WRONG = ["set var proc.z", "set var txn.z int(1)"]


def variables(w):
    w.start(CONFIG, more_global=VARIABLES)
    for command in READ:
        w.observe(command, w.cli(command))
    for value in SET:
        w.observe(f"set {value}", w.cli(f"experimental-mode on; set var proc.z {value}; get var proc.z"))
        answer = w.exchange("fe", b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        w.observe(f"seen {value}", answer.rsplit(b"\r\n", 1)[-1].decode("latin-1"))
    for command in WRONG:
        w.observe(command, w.cli(f"experimental-mode on; {command}"))


add_scenario("process_variables", variables)

if __name__ == "__main__":
    main()
