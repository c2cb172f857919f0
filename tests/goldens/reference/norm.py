"""Layer normalisation and L2 normalisation."""

import jax
import jax.numpy as jnp

from .case import Case


def layer_norm(x, gamma, beta, eps):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + eps) * gamma + beta


def l2_normalize(x, eps, add):
    norm = jnp.sqrt((x * x).sum(-1, keepdims=True))
    return x / (norm + eps if add else jnp.maximum(norm, eps))


def layer_norm_cases():
    shapes = ((1, 1), (1, 7), (4, 48), (5, 65), (17, 100), (37, 192), (50, 48), (197, 65), (900, 24))
    for (rows, width), offset in [(s, 0) for s in shapes] + [((65, 64), 3)]:
        eps = 1e-5 if rows % 2 else 1e-6
        c = Case(f"layer_norm {rows}x{width} offset {offset}")
        x = c.floats("x", [rows, width], offset - 1, offset + 1)
        gamma, beta = c.floats("gamma", [width], 0.5, 1.5), c.floats("beta", [width])
        dy, acc = c.floats("dy", [rows, width]), c.floats("acc", [rows, width])
        dgamma2, dbeta2 = c.floats("dgamma2", [width]), c.floats("dbeta2", [width])
        y, pull = jax.vjp(lambda *a: layer_norm(*a, eps), *map(jnp.asarray, (x, gamma, beta)))
        dx, dgamma, dbeta = pull(jnp.asarray(dy))
        forward = ["x", "gamma", "beta", "y", "mean", "rstd"]
        saved = ["dy", "x", "gamma", "mean", "rstd"]
        c.op("LAYER_NORM", [rows, width], forward, scalars=[eps])
        c.op("LAYER_NORM_BACKWARD", [rows, width], [*saved, None, "dx", "dgamma", "dbeta"])
        c.op("LAYER_NORM_BACKWARD", [rows, width], [*saved, "acc", "acc", "dgamma2", "dbeta2"],
             flags=["ACCUMULATE"])
        depth = 2 * width + 4 + (16 if offset else 0)  # subtracting the mean costs offset / spread
        c.expect("y", y, depth)
        c.expect("mean", x.mean(-1), width)
        c.expect("rstd", 1 / jnp.sqrt(x.var(-1) + eps), depth)
        c.expect("dbeta", dbeta, rows)
        c.expect("dbeta2", dbeta2 + dbeta, rows)
        terms = dy * gamma / jnp.sqrt(x.var(-1, keepdims=True) + eps)
        c.expect("dx", dx, 2 * depth, terms=terms)
        c.expect("acc", acc + dx, 2 * depth, terms=terms)
        c.expect("dgamma", dgamma, rows + depth, terms=dy)
        c.expect("dgamma2", dgamma2 + dgamma, rows + depth, terms=dy)
        if width > 1:
            c.differentiable({"y": "dy"}, {"x": "dx", "gamma": "dgamma", "beta": "dbeta"})
        yield c


def residual_norm_cases():
    shapes = ((1, 2), (3, 7), (4, 48), (5, 65), (37, 192), (50, 48), (197, 65), (300, 24))
    for rows, width in shapes:
        for scaled in (False, True):
            eps = 1e-5 if rows % 2 else 1e-6
            c = Case(f"residual_layer_norm {rows}x{width}{' scaled' if scaled else ''}")
            x, branch = c.floats("x", [rows, width]), c.floats("branch", [rows, width])
            gamma, beta = c.floats("gamma", [width], 0.5, 1.5), c.floats("beta", [width])
            dy, acc = c.floats("dy", [rows, width]), c.floats("acc", [rows, width])
            factor = c.floats("factor", [width], 0.1, 1) if scaled else jnp.ones(width)

            def both(x, branch, gamma, beta, factor):
                total = x + branch * factor
                return total, layer_norm(total, gamma, beta, eps)

            inputs = [jnp.asarray(v) for v in (x, branch, gamma, beta, factor)]
            (total, y), pull = jax.vjp(both, *inputs)
            dims, name = [rows, width], "factor" if scaled else None
            c.op("RESIDUAL_LAYER_NORM", dims,
                 ["x", "branch", name, "gamma", "beta", "sum", "y", "stats"], scalars=[eps])
            depth = 2 * width + 6
            mean, deviation = total.mean(-1), jnp.sqrt(total.var(-1) + eps)
            c.expect("sum", total, 2)
            c.expect("y", y, depth)
            c.expect("stats", jnp.concatenate([mean, 1 / deviation]), depth)
            terms = dy * gamma / deviation[:, None]
            # Alone, and added to what reaches the sum from elsewhere and to what is there.
            for suffix, upstream in (("", jnp.zeros_like(acc)), ("2", jnp.asarray(acc))):
                dx, dbranch, dgamma, dbeta, dfactor = pull((upstream, jnp.asarray(dy)))
                there = [0, 0, 0]
                if suffix:
                    names = ["dgamma2", "dbeta2"] + (["dfactor2"] if scaled else [])
                    there = [c.floats(n, [width]) for n in names] + [0]
                last = [f"dbranch{suffix}", f"dfactor{suffix}"] if scaled else [None, None]
                dsum = "acc" if suffix else "dx"
                c.op("RESIDUAL_LAYER_NORM_BACKWARD", dims,
                     ["dy", "sum", "gamma", "stats", "acc" if suffix else None,
                      "branch" if scaled else None, name, dsum, f"dgamma{suffix}",
                      f"dbeta{suffix}", *last], flags=["ACCUMULATE"] if suffix else [])
                c.expect(dsum, dx, 2 * depth, terms=terms)
                c.expect(f"dgamma{suffix}", there[0] + dgamma, rows + depth, terms=dy)
                c.expect(f"dbeta{suffix}", there[1] + dbeta, rows)
                if scaled:
                    c.expect(last[0], dbranch, 2 * depth, terms=terms)
                    c.expect(last[1], there[2] + dfactor, rows + 2 * depth, terms=terms)
            gradients = {"x": "dx", "gamma": "dgamma", "beta": "dbeta"}
            if scaled:
                gradients |= {"branch": "dbranch", "factor": "dfactor"}
            if width > 2:  # of two values the norm is always 1 and -1
                c.differentiable({"y": "dy"}, gradients)
            yield c


def l2_cases():
    for rows, width in ((1, 1), (4, 7), (5, 48), (17, 65), (37, 100), (300, 192)):
        # The eps of the flavours, and one that decides: half the rows lie below it.
        for eps, add in ((1e-8, True), (1e-12, False), (0.577 * width**0.5, True),
                         (0.577 * width**0.5, False)):
            c = Case(f"l2_normalize {rows}x{width} {'add' if add else 'max'} {eps:.3g}")
            x, dy = c.floats("x", [rows, width]), c.floats("dy", [rows, width])
            y, pull = jax.vjp(lambda x: l2_normalize(x, eps, add), jnp.asarray(x))
            flags = ["NORM_ADD_EPS"] if add else []
            c.op("L2_NORMALIZE", [rows, width], ["x", "y", "norm"], flags=flags, scalars=[eps])
            c.op("L2_NORMALIZE_BACKWARD", [rows, width], ["dy", "y", "norm", "dx"], flags=flags,
                 scalars=[eps])
            norm = jnp.sqrt((x * x).sum(-1, keepdims=True))
            c.expect("y", y, width + 4)
            c.expect("norm", norm, width)
            terms = dy / (norm + eps if add else jnp.maximum(norm, eps))
            c.expect("dx", pull(jnp.asarray(dy))[0], 2 * width + 4, terms=terms)
            if width > 1 and (add or eps < 1e-3):  # the maximum has a kink
                c.differentiable({"y": "dy"}, {"x": "dx"})
            yield c
