"""Attention of short sequences."""

import jax
import jax.numpy as jnp
import numpy as np

from .case import Case

SHAPES = (  # batch, tokens, heads, head
    (2, 1, 1, 8),
    (3, 4, 2, 16),
    (2, 5, 3, 20),
    (2, 17, 6, 32),
    (1, 37, 4, 64),
    (2, 50, 5, 20),
    (2, 65, 3, 64),
    (1, 197, 2, 32),
    (2, 9, 3, 7),
    (33, 8, 1, 8),
)


def attention(qkv, scale, causal):
    """qkv [batch, tokens, 3, heads, head] -> y [batch, tokens, heads * head], lse."""
    q, k, v = (qkv[:, :, i] for i in range(3))
    scores = jnp.einsum("bihd,bjhd->bhij", q, k) * scale
    if causal:
        tokens = qkv.shape[1]
        scores = jnp.where(np.tril(np.ones((tokens, tokens), bool)), scores, -jnp.inf)
    lse = jax.scipy.special.logsumexp(scores, axis=-1)
    y = jnp.einsum("bhij,bjhd->bihd", jnp.exp(scores - lse[..., None]), v)
    return y.reshape(*y.shape[:2], -1), lse


def cases():
    for batch, tokens, heads, head in SHAPES:
        for causal in (False, True):
            c = Case(f"attention {batch}x{tokens} {heads}x{head}{' causal' if causal else ''}")
            dims = [batch, tokens, heads, head]
            # The op takes its scale as float32.
            scale = float(np.float32(head**-0.5))
            qkv = c.floats("qkv", [batch, tokens, 3, heads, head], -2, 2)
            dy = c.floats("dy", [batch, tokens, heads * head])
            (y, lse), pull = jax.vjp(lambda qkv: attention(qkv, scale, causal), jnp.asarray(qkv))
            dqkv = pull((jnp.asarray(dy), jnp.zeros_like(lse)))[0]
            flags = ["CAUSAL"] if causal else []
            c.op("ATTENTION", dims, ["qkv", "y", "lse"], flags=flags, scalars=[scale])
            c.op("ATTENTION_BACKWARD", dims, ["qkv", "y", "lse", "dy", "dqkv"], flags=flags,
                 scalars=[scale])
            c.expect("y", y, tokens + head)
            c.expect("lse", lse, tokens + head)
            c.expect("dqkv", dqkv, 2 * (tokens + head))
            c.differentiable({"y": "dy"}, {"qkv": "dqkv"})
            yield c
