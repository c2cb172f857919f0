"""Ops between a fork and its join: the numbers are those of the list in order."""

from .case import Case


def cases():
    for n in (1, 70, 40_000):
        c = Case(f"sides {n}")
        x = c.floats("x", [n])
        c.op("FORK", [], [])
        c.op("COPY", [n], ["x", "one"])
        c.op("SCALE", [n], ["x", None, "other"], flags=["SIDE"], scalars=[0.5])
        c.op("ADD", [n, n], ["one", "x", "two"])
        c.op("JOIN", [], [])
        c.op("ADD", [n, n], ["two", "other", "y"])
        c.expect("one", x)
        c.expect("other", x / 2)
        c.expect("two", 2 * x)
        c.expect("y", 2.5 * x, 2)
        yield c
