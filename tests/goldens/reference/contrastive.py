"""Symmetric InfoNCE, whole and in the shares of ranks."""

import jax
import jax.numpy as jnp
import numpy as np

from .case import Case


def share(image, text, logit_scale, offset, local):
    """One rank's share of the mean loss, and the log-sum-exps of its rows."""
    total = image.shape[0]
    logits = jnp.exp(logit_scale[0]) * image @ text.T
    rows = np.arange(offset, offset + local)
    lse_image = jax.scipy.special.logsumexp(logits[rows], axis=1)
    lse_text = jax.scipy.special.logsumexp(logits.T[rows], axis=1)
    own = logits[rows, rows]
    loss = ((lse_image - own).sum() + (lse_text - own).sum()) / (2 * total)
    return loss[None], (lse_image, lse_text, logits)


def hits(logits, offset, local):
    """Rows whose own partner scores strictly highest, for images and for texts."""
    found = []
    for side in (logits, logits.T):
        side = np.array(side)
        own = np.diag(side).copy()
        np.fill_diagonal(side, -np.inf)
        best = side.max(1) if side.shape[0] > 1 else np.full(1, -np.inf)
        found.append(int((own > best)[offset:offset + local].sum()))
    return found


def logit_depth(image, text, scale):
    """A dot product's rounding is a share of the product of the norms; the scale multiplies it, and
    the exponential turns it into a relative error of everything after it."""
    norms = [np.linalg.norm(side, axis=1).max() for side in (image, text)]
    return image.shape[1] + int(np.ceil((scale * norms[0] * norms[1]) ** 2))


def rank_cases():
    """The shares of several ranks, and their sums, which are the whole."""
    for total, width, cuts in ((100, 32, (40, 60)), (130, 20, (1, 64, 65)), (12, 16, (4, 4, 4))):
        c = Case(f"contrastive shares {cuts} of {total} width {width}")
        bound = (3 / width) ** 0.5
        arguments = [
            c.floats("image", [total, width], -bound, bound),
            c.floats("text", [total, width], -bound, bound),
            c.values("logit_scale", [np.log(1 / 0.07)]),
        ]
        depth = logit_depth(*arguments[:2], 1 / 0.07) + total

        def shares(offset, local):
            def loss(*a):
                return share(*a, offset, local)[0]

            value, pull = jax.vjp(loss, *map(jnp.asarray, arguments))
            return [value, *pull(jnp.ones(1))]

        outs = ["loss", "dimage", "dtext", "dlogit_scale"]
        offset = 0
        for rank, local in enumerate(cuts):
            dims = [local, total, width, offset]
            features = ["image", "text", "logit_scale"]
            lse = [f"lse_image{rank}", f"lse_text{rank}"]
            loss, *gradients = [f"{out}{rank}" for out in outs]
            c.op("CONTRASTIVE", dims, [*features, loss, *lse, f"hits{rank}"])
            c.op("CONTRASTIVE_BACKWARD", dims, [*features, *lse, *gradients], scalars=[1])
            for out, value in zip((loss, *gradients), shares(offset, local)):
                c.expect(out, value, depth)
            c.tensors |= {name: {"n": local} for name in lse}
            c.tensors[f"hits{rank}"] = {"n": 2}
            for out, whole in zip(outs, shares(0, total)):
                if rank == 0:
                    c.op("COPY", [np.size(whole)], [f"{out}{rank}", out])
                else:
                    c.op("ADD", [np.size(whole)] * 2, [out, f"{out}{rank}", out])
                c.expect(out, whole, depth)
            offset += local
        yield c


def cases():
    shapes = [  # local, total, width, offset, scale
        (1, 1, 8, 0, 1 / 0.07),
        (6, 6, 20, 0, 1 / 0.07),
        (17, 17, 65, 0, 1.0),
        (65, 65, 48, 0, 1 / 0.07),
        (130, 130, 64, 0, 100.0),
        (600, 600, 24, 0, 1 / 0.07),  # more columns than one block of logits
    ]
    yield from rank_cases()
    for local, total, width, offset, scale in shapes:
        c = Case(f"contrastive {total} width {width} scale {scale:.3g}")
        bound = (3 / width) ** 0.5  # rows of about unit length
        image = c.floats("image", [total, width], -bound, bound)
        text = c.floats("text", [total, width], -bound, bound)
        logit_scale = c.values("logit_scale", [np.log(scale)])
        (loss, (lse_image, lse_text, logits)), pull = (
            lambda f: (f(image, text, logit_scale), jax.vjp(
                lambda *a: f(*a)[0], *map(jnp.asarray, (image, text, logit_scale)))[1])
        )(lambda *a: share(*map(jnp.asarray, a), offset, local))
        weight = 0.5
        dimage, dtext, dscale = pull(jnp.full([1], weight))
        dims = [local, total, width, offset]
        features = ["image", "text", "logit_scale"]
        lse = ["lse_image", "lse_text"]
        c.op("CONTRASTIVE", dims, [*features, "loss", *lse, "hits"])
        c.op("CONTRASTIVE_BACKWARD", dims, [*features, *lse, "dimage", "dtext", "dlogit_scale"],
             scalars=[weight])
        old = c.values("dscale2", [0.25])
        c.op("CONTRASTIVE_BACKWARD", dims, [*features, *lse, "dimage2", "dtext2", "dscale2"],
             scalars=[weight], flags=["ACCUMULATE"])
        depth = logit_depth(image, text, scale)
        own = scale * weight / total  # weight of a row's partner in its gradient, before it cancels
        c.expect("loss", loss, depth, terms=lse_image)
        for name, gradient, partner in (("dimage", dimage, text), ("dtext", dtext, image)):
            c.expect(name, gradient, depth + total, terms=own * partner)
            c.expect(f"{name}2", gradient, depth + total, terms=own * partner)
        c.expect("dlogit_scale", dscale, depth + total, terms=weight * jnp.diag(logits))
        c.expect("dscale2", old + dscale, depth + total, terms=weight * jnp.diag(logits))
        c.expect("lse_image", lse_image, depth)
        c.expect("lse_text", lse_text, depth)
        c.expect("hits", hits(logits, offset, local))
        if total > 1 and scale < 50:
            c.values("dloss", [weight])
            c.differentiable({"loss": "dloss"},
                             {"image": "dimage", "text": "dtext", "logit_scale": "dlogit_scale"})
        yield c
