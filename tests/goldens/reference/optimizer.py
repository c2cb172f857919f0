"""Gradient norm, AdamW over several steps with clipping and a skipped step, average, clamp."""

import numpy as np

from .case import Case

SLOTS = 16
LEARNING_RATE, BETA1, BETA2, EPSILON, BC1, BC2, CLIP = range(7)
SCALE_MIN, SCALE_MAX, AVERAGE_DECAY, NORM, FACTOR, SKIP = range(7, 13)


def step_block(update, clip, rate=1e-2, beta1=0.9, beta2=0.95, eps=1e-8, decay=0.875):
    block = np.zeros(SLOTS, dtype=np.float32)
    block[[LEARNING_RATE, BETA1, BETA2, EPSILON]] = rate, beta1, beta2, eps
    block[[BC1, BC2]] = 1 - beta1**update, 1 - beta2**update
    block[[CLIP, SCALE_MIN, SCALE_MAX, AVERAGE_DECAY]] = clip, 0, np.log(100), decay
    return block


def norm_and_factor(gradient, block):
    """The three slots that the gradient norm writes."""
    norm = np.sqrt((gradient * gradient).sum())
    out = block.astype(np.float64).copy()
    finite = np.isfinite(norm)
    clip = out[CLIP]
    out[NORM] = norm
    out[FACTOR] = clip / norm if finite and clip > 0 and norm > clip else 1
    out[SKIP] = 0 if finite else 1
    return out


def adamw(p, g, m, v, block, weight_decay, rate_factor):
    """Loshchilov & Hutter 2019, algorithm 2, decay times the learning rate (as in PyTorch)."""
    if block[SKIP]:
        return p, m, v
    g = g * block[FACTOR]
    m = block[BETA1] * m + (1 - block[BETA1]) * g
    v = block[BETA2] * v + (1 - block[BETA2]) * g * g
    rate = block[LEARNING_RATE] * rate_factor
    mean, root = m / block[BC1], np.sqrt(v / block[BC2])
    return p - rate * (mean / (root + block[EPSILON]) + weight_decay * p), m, v


def cases():
    for n in (1, 7, 65, 40_001):
        for clip in (0.0, 0.5):
            c = Case(f"adamw {n} clip {clip}")
            weight_decay, rate_factor = float(np.float32(0.2)), 0.5
            p = c.floats("parameter", [n])
            m, v = np.zeros(n), np.zeros(n)
            c.floats("m", [n], 0, 0)
            c.floats("v", [n], 0, 0)
            for update in range(1, 5):
                step, gradient = f"step{update}", f"gradient{update}"
                block = c.values(step, step_block(update, clip))
                g = c.floats(gradient, [n])
                if update == 3:  # a bad gradient in between changes nothing
                    g[n // 2] = np.nan
                    c.patch(gradient, n // 2, np.nan)
                out = norm_and_factor(g, block)
                if not out[SKIP]:
                    c.expect(step, out, 16, each=True)
                p, m, v = adamw(p, g, m, v, out, weight_decay, rate_factor)
                c.op("GRADIENT_NORM", [n], [gradient, step])
                c.op("ADAMW", [n], ["parameter", gradient, "m", "v", step],
                     scalars=[weight_decay, rate_factor])
            c.expect("parameter", p, 16)
            c.expect("m", m, 16)
            c.expect("v", v, 16)
            yield c

    for n in (1, 65, 20_001):
        c = Case(f"average {n}")
        x, y = c.floats("x", [n]), c.floats("y", [n])
        c.floats("kept", [n])
        block = c.values("step", step_block(1, 0))
        skipping = step_block(1, 0)
        skipping[SKIP] = 1
        c.values("skipping", skipping)
        c.op("AVERAGE", [n], ["x", "step", "y"])
        c.op("AVERAGE", [n], ["x", "skipping", "kept"])
        c.expect("y", y + (1 - block[AVERAGE_DECAY]) * (x - y), 2)
        c.expect("kept", Case(f"average {n}").floats("kept", [n]))
        yield c

        c = Case(f"clamp {n}")
        x = c.floats("x", [n], -10, 10)
        block = c.values("step", step_block(1, 0))
        c.op("CLAMP", [n], ["x", "step"])
        c.expect("x", np.clip(x, block[SCALE_MIN], block[SCALE_MAX]))
        yield c
