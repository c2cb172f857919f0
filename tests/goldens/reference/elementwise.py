"""Element-wise ops, column sums and softmax."""

import jax
import jax.numpy as jnp
import numpy as np

from .case import Case

ACTIVATIONS = {
    "GELU_ERF": lambda x: jax.nn.gelu(x, approximate=False),
    "GELU_TANH": lambda x: jax.nn.gelu(x, approximate=True),
    "GELU_QUICK": lambda x: x * jax.nn.sigmoid(1.702 * x),
    "RELU": jax.nn.relu,
    "SIGMOID": jax.nn.sigmoid,
    "TANH": jnp.tanh,
}


def cases():
    for n in (1, 7, 40_000):
        c = Case(f"fill {n}")
        c.op("FILL", [n], ["y"], scalars=[-1.25])
        c.expect("y", np.full(n, -1.25))
        yield c
        c = Case(f"copy {n}")
        x = c.floats("x", [n])
        c.op("COPY", [n], ["x", "y"])
        c.expect("y", x)
        yield c

    for n, m in ((1, 1), (35, 7), (48 * 17, 48), (65 * 100, 65 * 100), (20_000, 1), (33_000, 100)):
        for kind, combine in (("ADD", np.add), ("MUL", np.multiply)):
            c = Case(f"{kind.lower()} {n} {m}")
            a, b = c.floats("a", [n // m, m]), c.floats("b", [m])
            c.op(kind, [n, m], ["a", "b", "y"])
            c.expect("y", combine(a, b))
            yield c

    for n in (1, 65, 20_001):
        c = Case(f"scale {n}")
        x, acc = c.floats("x", [n]), c.floats("acc", [n])
        c.op("SCALE", [n], ["x", None, "plain"], scalars=[-0.375])
        c.op("SCALE", [n], ["x", "acc", "sum"], scalars=[-0.375])
        c.op("SCALE", [n], ["x", "acc", "acc"], scalars=[0.5])  # in place
        c.expect("plain", -0.375 * x)
        c.expect("sum", -0.375 * x + acc)
        c.expect("acc", 0.5 * x + acc)
        yield c

    for name, act in ACTIVATIONS.items():
        for n in (1, 7, 65, 20_001):
            c = Case(f"unary {name} {n}")
            x, dy = c.floats("x", [n], -6, 6), c.floats("dy", [n])
            acc = c.floats("acc", [n])
            y, pull = jax.vjp(act, jnp.asarray(x))
            dx = pull(jnp.asarray(dy))[0]
            c.op("UNARY", [n], ["x", "y"], flags=[name])
            c.op("UNARY_BACKWARD", [n], ["x", "dy", None, "dx"], flags=[name])
            c.op("UNARY_BACKWARD", [n], ["x", "dy", "acc", "acc"], flags=[name])
            c.expect("y", y, 4)
            c.expect("dx", dx, 8)
            c.expect("acc", acc + dx, 8)
            if name != "RELU":  # no derivative at 0, which a finite difference may straddle
                c.differentiable({"y": "dy"}, {"x": "dx"})
            yield c

    for rows, width in ((1, 1), (1, 48), (5, 7), (17, 65), (197, 100), (30_000, 1), (9000, 20)):
        c = Case(f"column_sum {rows}x{width}")
        x, acc = c.floats("x", [rows, width]), c.floats("acc", [width])
        c.op("COLUMN_SUM", [rows, width], ["x", "y"])
        c.op("COLUMN_SUM", [rows, width], ["x", "acc"], flags=["ACCUMULATE"])
        c.expect("y", x.sum(0), rows)
        c.expect("acc", acc + x.sum(0), rows)
        yield c

    shapes = ((1, 1), (4, 4), (5, 17), (37, 50), (65, 197), (7, 65), (3, 1000))
    for (rows, width), spread in [(s, 4) for s in shapes] + [((9, 37), 80)]:
        c = Case(f"softmax {rows}x{width} spread {spread}")
        x = c.floats("x", [rows, width], -spread, spread)
        dy, acc = c.floats("dy", [rows, width]), c.floats("acc", [rows, width])
        y, pull = jax.vjp(lambda x: jax.nn.softmax(x, axis=-1), jnp.asarray(x))
        dx = pull(jnp.asarray(dy))[0]
        c.op("SOFTMAX", [rows, width], ["x", "y"])
        c.op("SOFTMAX_BACKWARD", [rows, width], ["y", "dy", None, "dx"])
        c.op("SOFTMAX_BACKWARD", [rows, width], ["y", "dy", "acc", "acc"])
        c.expect("y", y, width + 4)
        c.expect("dx", dx, 2 * width + 4, terms=y * dy)
        c.expect("acc", acc + dx, 2 * width + 4)
        if spread < 10:
            c.differentiable({"y": "dy"}, {"x": "dx"})
        yield c
