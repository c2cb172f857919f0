#!/usr/bin/env python3
"""Times a whole jitted CLIP training step of JAX on the CPU: forward, backward, AdamW.

    python3 -m venv venv && venv/bin/pip install "jax[cpu]" numpy
    venv/bin/python tests/goldens/peers/jax_step.py --width 192 --batch 256 --threads 2

Prints one JSON object: {"seconds": median, ...}.
"""

import functools
import os

import timing

args = timing.arguments(__doc__)
os.environ["XLA_FLAGS"] = (
    f"--xla_cpu_multi_thread_eigen={'true' if args.threads > 1 else 'false'} "
    f"intra_op_parallelism_threads={args.threads}"
)
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402


def initial(args) -> dict:
    random = np.random.default_rng(0)

    def normal(*shape, std):
        return jnp.asarray(random.normal(0, std, shape).astype(np.float32))

    def norm(width):
        return {"scale": jnp.ones(width), "bias": jnp.zeros(width)}

    def dense(fan_in, fan_out):
        return {"w": normal(fan_in, fan_out, std=fan_in**-0.5), "b": jnp.zeros(fan_out)}

    def block(w):
        return {"ln1": norm(w), "qkv": dense(w, 3 * w), "out": dense(w, w),
                "ln2": norm(w), "fc": dense(w, 4 * w), "proj": dense(4 * w, w)}

    w, t, columns = args.width, args.text_width, 3 * args.patch**2
    return {
        "patch": normal(columns, w, std=columns**-0.5),
        "cls": jnp.zeros(w),
        "image_blocks": [block(w) for _ in range(args.layers)],
        "image_norm": norm(w),
        "image_proj": normal(w, args.embed, std=w**-0.5),
        "tokens": normal(args.vocabulary, t, std=0.02),
        "positions": normal(args.text_tokens, t, std=0.01),
        "text_blocks": [block(t) for _ in range(args.text_layers)],
        "text_norm": norm(t),
        "text_proj": normal(t, args.embed, std=t**-0.5),
        "logit_scale": jnp.log(jnp.float32(1 / 0.07)),
    }


def layer_norm(p, x):
    mean = x.mean(-1, keepdims=True)
    variance = jnp.square(x - mean).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-6) * p["scale"] + p["bias"]


def dense(p, x):
    return x @ p["w"] + p["b"]


def attention(x, heads):
    batch, tokens, three = x.shape
    q, k, v = jnp.moveaxis(x.reshape(batch, tokens, 3, heads, three // 3 // heads), 2, 0)
    scores = jnp.einsum("bihd,bjhd->bhij", q, k) * q.shape[-1] ** -0.5
    y = jnp.einsum("bhij,bjhd->bihd", jax.nn.softmax(scores), v)
    return y.reshape(batch, tokens, three // 3)


def block(p, x, heads):
    x = x + dense(p["out"], attention(dense(p["qkv"], layer_norm(p["ln1"], x)), heads))
    return x + dense(p["proj"], jax.nn.gelu(dense(p["fc"], layer_norm(p["ln2"], x)), approximate=True))


def unit(x):
    return x / (jnp.linalg.norm(x, axis=-1, keepdims=True) + 1e-8)


def loss_of(p, pixels, ids, table):
    x = (pixels.astype(jnp.float32) / 255 - jnp.array(timing.MEAN)) / jnp.array(timing.STD)
    batch, size = x.shape[:2]
    grid, patch = size // args.patch, args.patch
    x = x.reshape(batch, grid, patch, grid, patch, 3).transpose(0, 1, 3, 2, 4, 5)
    x = x.reshape(batch, grid * grid, -1) @ p["patch"]
    cls = jnp.broadcast_to(p["cls"], (batch, 1, args.width))
    x = jnp.concatenate([cls, x], axis=1) + table
    for b in p["image_blocks"]:
        x = block(b, x, args.heads)
    image = unit(layer_norm(p["image_norm"], x[:, 1:].mean(1)) @ p["image_proj"])
    t = p["tokens"][ids] + p["positions"]
    for b in p["text_blocks"]:
        t = block(b, t, args.text_heads)
    text = unit(layer_norm(p["text_norm"], t[:, -1]) @ p["text_proj"])
    logits = jnp.exp(p["logit_scale"]) * image @ text.T
    own = jnp.diagonal(logits)
    rows = jax.nn.logsumexp(logits, axis=1) + jax.nn.logsumexp(logits, axis=0)
    return (rows / 2 - own).mean()


@functools.partial(jax.jit, donate_argnums=0)
def train_step(state, pixels, ids, table):
    p, m, v, count = state
    loss, gradient = jax.value_and_grad(loss_of)(p, pixels, ids, table)
    norm = jnp.sqrt(sum(jnp.vdot(g, g) for g in jax.tree.leaves(gradient)))
    clip = jnp.minimum(1.0, timing.CLIP_NORM / norm)
    count += 1
    c1, c2 = 1 - timing.BETA1**count, 1 - timing.BETA2**count
    m = jax.tree.map(lambda m, g: timing.BETA1 * m + (1 - timing.BETA1) * g * clip, m, gradient)
    v = jax.tree.map(lambda v, g: timing.BETA2 * v + (1 - timing.BETA2) * (g * clip) ** 2, v, gradient)

    def update(p, m, v):
        step = m / c1 / (jnp.sqrt(v / c2) + timing.EPSILON)
        decay = timing.WEIGHT_DECAY if p.ndim == 2 else 0.0
        return p - timing.LEARNING_RATE * (step + decay * p)

    return (jax.tree.map(update, p, m, v), m, v, count), loss


def main() -> None:
    p = initial(args)
    state = (p, jax.tree.map(jnp.zeros_like, p), jax.tree.map(jnp.zeros_like, p), jnp.float32(0))
    pixels, ids = (jnp.asarray(a) for a in timing.inputs(args))
    table = jnp.asarray(timing.sin_cos_2d(args.grid, args.width))

    def step() -> float:
        nonlocal state
        state, loss = train_step(state, pixels, ids, table)
        return float(jax.block_until_ready((state, loss))[1])

    timing.report(args, f"jax {jax.__version__}", step)


if __name__ == "__main__":
    main()
