"""What the peers' scripts share: their arguments, their inputs and the way they are timed.

A peer runs the step that `deno task bench --peers` runs: two pre-norm transformer towers, JAX
flavour (fixed sine-cosine positions, class token, mean of the patches, tanh GELU, bidirectional text
pooled at its last position), symmetric InfoNCE, gradient clipping by the global norm, AdamW.
"""

import argparse
import json
import os
import statistics
import sys
import time

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
LEARNING_RATE, BETA1, BETA2, EPSILON, WEIGHT_DECAY, CLIP_NORM = 1e-4, 0.9, 0.95, 1e-8, 0.2, 1.0


def arguments(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    numbers = {
        "--width": 192, "--layers": 4, "--heads": 6, "--image-tokens": 17, "--text-tokens": 8,
        "--text-width": 0, "--text-layers": 0, "--text-heads": 0, "--vocabulary": 8192,
        "--patch": 8, "--embed": 0, "--batch": 256, "--threads": 1, "--repeats": 7,
    }
    for name, default in numbers.items():
        parser.add_argument(name, type=int, default=default, help=f"default {default}")
    parser.add_argument("--serve", action="store_true",
                        help="time one step for every line of stdin instead of --repeats steps, so "
                        "that two programs can be timed in turn")
    parser.add_argument("--bfloat16", action="store_true",
                        help="torch only: automatic mixed precision")
    parser.add_argument("--compile", action="store_true", help="torch only: torch.compile the loss")
    args = parser.parse_args()
    # 0 stands for: as in the image tower.
    args.text_width = args.text_width or args.width
    args.text_layers = args.text_layers or args.layers
    args.text_heads = args.text_heads or args.heads * args.text_width // args.width
    args.embed = args.embed or args.width
    grid = round((args.image_tokens - 1) ** 0.5)
    if grid * grid + 1 != args.image_tokens:
        parser.error(f"--image-tokens is {args.image_tokens}; allowed: a square plus the class token")
    args.grid = grid
    args.size = grid * args.patch
    # Threads beyond those of the pool (a framework has several) shall not help either.
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))[: args.threads]
        os.sched_setaffinity(0, cores)
    return args


def inputs(args: argparse.Namespace):
    """Pixels, uint8 [batch, size, size, 3], and ids, int32 [batch, text tokens]."""
    import numpy as np

    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (args.batch, args.size, args.size, 3), dtype=np.uint8)
    ids = random.integers(0, args.vocabulary, (args.batch, args.text_tokens), dtype=np.int32)
    return pixels, ids


def sin_cos_2d(grid: int, width: int):
    """float32 [grid * grid + 1, width]; a row of zeros for the class token."""
    import numpy as np

    omega = 10000.0 ** -np.linspace(0, 1, width // 4)
    y, x = np.meshgrid(np.arange(grid), np.arange(grid), indexing="ij")
    parts = [f(np.outer(axis.ravel(), omega)) for axis in (x, y) for f in (np.sin, np.cos)]
    table = np.concatenate([np.zeros((1, width)), np.concatenate(parts, axis=1)])
    return table.astype(np.float32)


def report(args: argparse.Namespace, framework: str, step) -> None:
    """Times step(), which runs one training step to its end and returns the loss."""

    def seconds() -> float:
        start = time.perf_counter()
        loss = step()
        elapsed = time.perf_counter() - start
        if not loss < 100:
            sys.exit(f"error: the loss is {loss}; the peer's step does not train")
        return elapsed

    for _ in range(3):  # compiles, touches memory, fills caches
        seconds()
    if args.serve:
        print(json.dumps({"framework": framework}), flush=True)
        for _ in sys.stdin:
            print(json.dumps({"seconds": seconds()}), flush=True)
        return
    samples = [seconds() for _ in range(args.repeats)]
    print(json.dumps({"framework": framework, "threads": args.threads,
                      "seconds": statistics.median(samples), "samples": samples}))
