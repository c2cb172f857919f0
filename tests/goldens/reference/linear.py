"""Linear layers with their epilogues, and both gradients."""

import jax
import jax.numpy as jnp

from .case import Case
from .elementwise import ACTIVATIONS

SHAPES = (  # m, n, k
    (1, 1, 1),
    (4, 7, 5),
    (5, 100, 7),
    (17, 48, 65),
    (37, 65, 48),
    (50, 100, 192),
    (65, 192, 100),
    (197, 64, 48),
    (1030, 20, 24),
    (2500, 24, 7),  # enough rows for the weight gradient to be summed in parts
)


def apply(x, w, b, residual, act, in_out):
    z = x @ (w if in_out else w.T)
    if b is not None:
        z = z + b
    y = act(z) if act else z
    return y + residual if residual is not None else y


def cases():
    variants = [
        # activation, bias, residual, in_out
        (None, True, True, False),
        (None, False, False, True),
        (None, True, False, True),
        ("GELU_ERF", True, False, False),
        ("GELU_TANH", True, True, False),
        ("GELU_TANH", False, False, True),
        ("GELU_QUICK", True, False, False),
    ]
    for i, (m, n, k) in enumerate(SHAPES):
        for j, (act, bias, residual, in_out) in enumerate(variants):
            if (i + j) % 2 and m != 37:
                continue
            words = [w for w, on in (("b", bias), ("residual", residual), ("in_out", in_out)) if on]
            c = Case(" ".join([f"linear {m}x{n}x{k}", act or "none", *words]))
            x = c.floats("x", [m, k])
            w = c.floats("w", [k, n] if in_out else [n, k])
            b = c.floats("b", [n]) if bias else None
            r = c.floats("residual", [m, n]) if residual else None
            flags = ([act] if act else []) + (["IN_OUT"] if in_out else [])
            f = ACTIVATIONS[act] if act else None
            y = apply(x, w, b, r, f, in_out)
            c.op(
                "LINEAR",
                [m, n, k],
                ["x", "w", "b" if bias else None, "residual" if residual else None, "y",
                 "pre" if act else None],
                flags=flags,
            )
            c.expect("y", y, k + 4)
            if act:
                c.expect("pre", apply(x, w, b, None, None, in_out), k)
            else:  # the op's own gradients: of a layer without activation dz is dy
                dz = c.floats("dz", [m, n])
                target = (lambda x, w, b: apply(x, w, b, r, None, in_out))
                if bias:
                    _, pull = jax.vjp(target, *map(jnp.asarray, (x, w, b)))
                    dx, dw, db = pull(jnp.asarray(dz))
                else:
                    _, pull = jax.vjp(lambda x, w: target(x, w, None), jnp.asarray(x), jnp.asarray(w))
                    (dx, dw), db = pull(jnp.asarray(dz)), None
                acc, dw2 = c.floats("acc", [m, k]), c.floats("dw2", w.shape)
                layout = ["IN_OUT"] if in_out else []
                c.op("LINEAR_BACKWARD_INPUT", [m, n, k], ["dz", "w", None, None, "dx"], flags=layout)
                c.op("LINEAR_BACKWARD_INPUT", [m, n, k], ["dz", "w", None, "acc", "sum"], flags=layout)
                c.op("LINEAR_BACKWARD_INPUT", [m, n, k], ["dz", "w", None, "acc", "acc"], flags=layout)
                c.expect("dx", dx, n)
                c.expect("sum", acc + dx, n)
                c.expect("acc", acc + dx, n)
                c.op("LINEAR_BACKWARD_WEIGHT", [m, n, k], ["dz", "x", "dw", "db" if bias else None],
                     flags=layout)
                c.expect("dw", dw, m)
                if bias:
                    db2 = c.floats("db2", [n])
                    c.expect("db", db, m)
                    c.expect("db2", db2 + db, m)
                c.op("LINEAR_BACKWARD_WEIGHT", [m, n, k],
                     ["dz", "x", "dw2", "db2" if bias else None], flags=[*layout, "ACCUMULATE"])
                c.expect("dw2", dw2 + dw, m)
                c.differentiable({"y": "dz"}, {"x": "dx", "w": "dw"} | ({"b": "db"} if bias else {}))
            yield c

    # Two layers as a transformer's perceptron runs them: the gradient passes the activation of the
    # first layer inside the input gradient of the second.
    for act in ("GELU_ERF", "GELU_TANH", "GELU_QUICK"):
        for m, width, hidden in ((4, 7, 20), (17, 48, 65), (197, 24, 96)):
            c = Case(f"perceptron {act} {m} {width} {hidden}")
            x = c.floats("x", [m, width])
            w1, b1 = c.floats("w1", [hidden, width], -0.5, 0.5), c.floats("b1", [hidden])
            w2, b2 = c.floats("w2", [width, hidden], -0.5, 0.5), c.floats("b2", [width])
            dy = c.floats("dy", [m, width])
            f = ACTIVATIONS[act]

            def network(x, w1, b1, w2, b2):
                return apply(apply(x, w1, b1, None, f, False), w2, b2, x, None, False)

            y, pull = jax.vjp(network, *map(jnp.asarray, (x, w1, b1, w2, b2)))
            dx, dw1, db1, dw2, db2 = pull(jnp.asarray(dy))
            up, down = [m, hidden, width], [m, width, hidden]
            c.op("LINEAR", up, ["x", "w1", "b1", None, "a", "pre"], flags=[act])
            c.op("LINEAR", down, ["a", "w2", "b2", "x", "y", None])
            c.op("LINEAR_BACKWARD_WEIGHT", down, ["dy", "a", "dw2", "db2"])
            c.op("LINEAR_BACKWARD_INPUT", down, ["dy", "w2", "pre", None, "dpre"], flags=[act])
            c.op("LINEAR_BACKWARD_WEIGHT", up, ["dpre", "x", "dw1", "db1"])
            c.op("LINEAR_BACKWARD_INPUT", up, ["dpre", "w1", None, "dy", "dx"])
            a, pre = apply(x, w1, b1, None, f, False), apply(x, w1, b1, None, None, False)
            _, back = jax.vjp(lambda z: apply(f(z), w2, b2, None, None, False), jnp.asarray(pre))
            c.expect("a", a, width + 4)
            c.expect("pre", pre, width)
            c.expect("y", y, width + hidden)
            c.expect("dpre", back(jnp.asarray(dy))[0], width + 8)
            c.expect("dx", dx, 2 * width + hidden)
            c.expect("dw1", dw1, m + width)
            c.expect("db1", db1, m + width)
            c.expect("dw2", dw2, m + width)
            c.expect("db2", db2, m)
            c.differentiable(
                {"y": "dy"}, {"x": "dx", "w1": "dw1", "b1": "db1", "w2": "dw2", "b2": "db2"}
            )
            yield c
