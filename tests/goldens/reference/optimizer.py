"""Gradient norm, AdamW over several steps with clipping and skipped steps, average, clamp."""

import numpy as np

from .case import Case

SLOTS = 16
LEARNING_RATE, BETA1, BETA2, EPSILON, BC1, BC2, CLIP = range(7)
SCALE_MIN, SCALE_MAX, AVERAGE_DECAY, NORM, FACTOR, SKIP, LOSS_LIMIT, NORM_LIMIT = range(7, 15)


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


def judged(gradient, block, loss):
    """What the gradient norm writes when it knows the loss and its limits."""
    out = norm_and_factor(gradient, block)
    if not out[SKIP]:
        if not np.isfinite(loss):
            out[SKIP] = 2
        elif out[LOSS_LIMIT] > 0 and loss > out[LOSS_LIMIT]:
            out[SKIP] = 3
        elif out[NORM_LIMIT] > 0 and out[NORM] > out[NORM_LIMIT]:
            out[SKIP] = 4
    return out


def stable_adamw(p, g, m, v, block, weight_decay, most):
    """StableAdamW (Wortsman et al. 2023, algorithm 2), with the debiased betas of the paper; `most` is
    1 there. Returns the sum behind the root mean square too."""
    def debiased(beta, correction):  # beta^t = 1 - correction
        return beta * (1 - (1 - correction) / beta) / correction
    g = g * block[FACTOR]
    beta1, beta2 = debiased(block[BETA1], block[BC1]), debiased(block[BETA2], block[BC2])
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    squares = g * g / np.maximum(v, block[EPSILON] ** 2)
    rate = block[LEARNING_RATE] / max(1.0, np.sqrt(squares.mean()) / most)
    step = m / (np.sqrt(v) + block[EPSILON])
    return p - rate * weight_decay * p - rate * step, m, v, squares.sum()


def verdict_cases():
    # Loss, its limit, the limit of the norm (a share of the norm itself), what comes of it.
    for name, loss, loss_limit, norm_share in (
        ("no limits", 3.5, 0, 0), ("below", 3.5, 3.75, 1.25), ("loss spike", 3.5, 3.25, 1.25),
        ("norm spike", 3.5, 3.75, 0.75), ("nan loss", np.nan, 0, 0), ("inf loss", np.inf, 0, 0),
        ("-inf loss", -np.inf, 3.75, 0),
    ):
        c = Case(f"verdict {name}")
        g = c.floats("gradient", [65])
        block = step_block(1, 0.5)
        block[LOSS_LIMIT], block[NORM_LIMIT] = loss_limit, norm_share * np.sqrt((g * g).sum())
        out = judged(g, c.values("step", block), loss)
        c.values("loss", [0.0])
        c.patch("loss", 0, loss)
        c.op("GRADIENT_NORM", [65], ["gradient", "step", "loss"])
        c.expect("step", out, 16, each=True)
        yield c


def clipped_cases():
    for n in (1, 65, 20_001):
        c = Case(f"clipped update {n}")
        weight_decay, most = float(np.float32(0.2)), 1.0
        p = c.floats("parameter", [n])
        m, v = np.zeros(n), np.zeros(n)
        c.floats("m", [n], 0, 0)
        c.floats("v", [n], 0, 0)
        for update in range(1, 5):
            # The gradient jumps in the third step: the second moment lags, and the step is shortened.
            high = 8.0 if update == 3 else 1.0
            g = c.floats(f"gradient{update}", [n], -high, high)
            block = c.values(f"step{update}", step_block(update, 0.0))
            out = norm_and_factor(g, block)
            p, m, v, excess = stable_adamw(p, g, m, v, out, weight_decay, most)
            assert n < 10_000 or (update == 3) == (excess > 1.5 * n), (update, excess / n)
            c.expect(f"excess{update}", [excess], 16)
            c.op("GRADIENT_NORM", [n], [f"gradient{update}", f"step{update}"])
            c.op("UPDATE_EXCESS", [n],
                 [f"gradient{update}", "v", f"step{update}", f"excess{update}"])
            c.op("ADAMW", [n],
                 ["parameter", f"gradient{update}", "m", "v", f"step{update}", f"excess{update}"],
                 scalars=[weight_decay, 1, 1 / (n * most**2)])
        c.expect("parameter", p, 32)
        # The debiased betas keep m and v free of bias; ADAMW corrects them when it uses them.
        last = step_block(4, 0.0).astype(np.float64)
        c.expect("m", m * last[BC1], 32)
        c.expect("v", v * last[BC2], 32)
        yield c


def cases():
    yield from verdict_cases()
    yield from clipped_cases()
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
