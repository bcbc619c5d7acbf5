"""Small farms that several tables share."""
from wire import greet


def simple(w, behaviour=greet, frontend="", backend="", server=""):
    made = w.server("s1", behaviour)
    w.start(f"""
frontend fe
    bind @fe@
    default_backend be
{frontend}
backend be
{backend}
    server s1 @s1@ {server}
""")
    return made
