"""The sigmoid loss of SigLIP, whole and in the shares of ranks."""

import jax
import jax.numpy as jnp
import numpy as np

from .case import Case
from .contrastive import hits, logit_depth


def logits_of(image, text, scale, bias):
    return jnp.exp(scale[0]) * image @ text.T + bias[0]


def share(image, text, scale, bias, offset, local):
    """One rank's share: all pairs of its image rows (Zhai et al. 2023, algorithm 1)."""
    total = image.shape[0]
    labels = 2 * jnp.eye(total) - 1
    losses = -jax.nn.log_sigmoid(labels * logits_of(image, text, scale, bias))
    return (losses[offset:offset + local].sum() / total)[None]


SHAPES = [  # local, total, width, offset, scale, bias
    (1, 1, 8, 0, 10.0, -10.0),
    (6, 6, 20, 0, 10.0, -10.0),
    (17, 17, 65, 0, 1.0, 0.0),
    (65, 65, 48, 0, 10.0, 3.0),
    (130, 130, 64, 0, 60.0, -10.0),
    (600, 600, 24, 0, 10.0, -10.0),  # more columns than one block of logits
    (40, 100, 32, 60, 10.0, -5.0),  # shares of ranks: the end, the middle, one row
    (63, 130, 20, 1, 10.0, -5.0),
    (1, 12, 16, 4, 10.0, -10.0),
]


def cases():
    for local, total, width, offset, scale, bias in SHAPES:
        c = Case(f"sigmoid loss {local} of {total} at {offset} width {width} scale {scale:.3g} bias {bias:.3g}")
        bound = (3 / width) ** 0.5  # rows of about unit length
        inputs = [
            c.floats("image", [total, width], -bound, bound),
            c.floats("text", [total, width], -bound, bound),
            c.values("logit_scale", [np.log(scale)]),
            c.values("logit_bias", [bias]),
        ]
        weight = 0.5
        value, pull = jax.vjp(lambda *a: share(*a, offset, local), *map(jnp.asarray, inputs))
        dimage, dtext, dscale, dbias = pull(jnp.full([1], weight))
        dims = [local, total, width, offset]
        names = ["image", "text", "logit_scale", "logit_bias"]
        outs = ["dimage", "dtext", "dlogit_scale", "dlogit_bias"]
        c.op("SIGMOID_LOSS", dims, [*names, "loss", "hits"])
        c.op("SIGMOID_LOSS_BACKWARD", dims, [*names, *outs], scalars=[weight])
        old = [c.values("dscale2", [0.25]), c.values("dbias2", [-0.5])]
        c.op("SIGMOID_LOSS_BACKWARD", dims, [*names, "dimage2", "dtext2", "dscale2", "dbias2"],
             scalars=[weight], flags=["ACCUMULATE"])
        image, text = inputs[:2]
        logits = np.asarray(logits_of(*inputs))
        depth = logit_depth(image, text, scale) + int(abs(bias))
        rows = np.arange(offset, offset + local)
        # A row's partner weighs 1 / total in its gradient, before it cancels.
        own = scale * weight / total
        c.expect("loss", value, depth, terms=np.logaddexp(0, logits[rows]).sum(1))
        for name, gradient, partner in (("dimage", dimage, text), ("dtext", dtext, image)):
            c.expect(name, gradient, depth + total, terms=own * partner)
            c.expect(f"{name}2", gradient, depth + total, terms=own * partner)
        spread = weight * np.abs(logits - bias).mean() * local / total
        c.expect("dlogit_scale", dscale, depth + total, terms=spread)
        c.expect("dscale2", old[0] + dscale, depth + total, terms=spread)
        c.expect("dlogit_bias", dbias, depth + total, terms=weight * local / total)
        c.expect("dbias2", old[1] + dbias, depth + total, terms=weight * local / total)
        c.expect("hits", hits(logits, offset, local))
        if total > 1 and scale < 50 and local == total:
            c.values("dloss", [weight])
            c.differentiable({"loss": "dloss"}, dict(zip(names, outs)))
        yield c
