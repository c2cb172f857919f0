#!/usr/bin/env python3
"""Makes resize.json: what Pillow's Image.resize gives for small pictures made from a formula.

    python3 -m venv venv && venv/bin/pip install pillow==12.3.0 numpy==2.4.6
    venv/bin/python tests/data/goldens/make_resize_goldens.py

Pillow 13 runs the columns first for tall pictures, which changes pixels by a few levels; the
versions before it, with which CLIP models were trained and evaluated, always run the rows first.
A change of the golden file needs a reason in its commit.
"""

import base64
import json
import platform
import random
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def picture(kind: str, width: int, height: int, channels: int, seed: int) -> np.ndarray:
    """uint8 [height, width, channels]; resize_test.ts has the same formula."""
    values = []
    state = seed
    for i in range(width * height * channels):
        state = (state * 1664525 + 1013904223) % 2**32
        noise = state >> 24
        if kind == "noise":
            values.append(noise)
        elif kind == "blocks":  # overshoot of the cubic must be clipped
            values.append(255 if noise >= 128 else 0)
        else:  # ramp
            values.append(i * 7 % 256)
    return np.array(values, np.uint8).reshape(height, width, channels)


def case(kind, size, channels, out, filter_name, crop=None, seed=1) -> dict:
    width, height = size
    pixels = picture(kind, width, height, channels, seed)
    image = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)
    left, top, crop_width, crop_height = np.array(crop or [0, 0, width, height], np.float32)
    # The library adds in float32.
    box = (left, top, np.float32(left + crop_width), np.float32(top + crop_height))
    small = image.resize(out, FILTERS[filter_name], box=tuple(float(x) for x in box))
    return {
        "kind": kind, "seed": seed, "size": size, "channels": channels, "filter": filter_name,
        "crop": [float(x) for x in (left, top, crop_width, crop_height)], "out": out,
        "pixels": base64.b64encode(np.asarray(small).tobytes()).decode(),
    }


def cases():
    for filter_name in FILTERS:
        for channels in (1, 3):
            yield case("noise", (64, 64), channels, (32, 32), filter_name)
            yield case("blocks", (64, 64), channels, (24, 24), filter_name, seed=2)
            yield case("noise", (64, 64), channels, (32, 32), filter_name,
                       (3.7, 0.21, 51.3, 58.9), seed=3)
            yield case("noise", (16, 16), channels, (40, 40), filter_name, seed=4)
            yield case("blocks", (48, 48), channels, (16, 16), filter_name,
                       (10.5, 3.25, 37.5, 44.75), seed=5)
            yield case("ramp", (33, 21), channels, (17, 29), filter_name, seed=6)
            yield case("noise", (37, 50), channels, (37, 11), filter_name, seed=7)
            yield case("noise", (50, 37), channels, (11, 37), filter_name, seed=8)
            yield case("noise", (90, 70), channels, (7, 5), filter_name, seed=9)
            yield case("noise", (9, 7), channels, (9, 7), filter_name, (0, 0, 4.5, 7), seed=10)
            yield case("blocks", (1, 5), channels, (3, 1), filter_name, seed=11)
    rng = random.Random(12)
    for seed in range(20, 44):
        width, height = rng.randint(2, 40), rng.randint(2, 40)
        crop_width, crop_height = width * rng.uniform(0.3, 0.95), height * rng.uniform(0.3, 0.95)
        crop = (rng.uniform(0, 0.99) * (width - crop_width),
                rng.uniform(0, 0.99) * (height - crop_height), crop_width, crop_height)
        yield case(rng.choice(["noise", "blocks"]), (width, height), rng.choice([1, 3]),
                   (rng.randint(1, 20), rng.randint(1, 20)), rng.choice(list(FILTERS)), crop, seed)


def main() -> None:
    path = Path(__file__).with_name("resize.json")
    head = {
        "made": "tests/data/goldens/make_resize_goldens.py",
        "versions": {"python": platform.python_version(), "pillow": PIL.__version__,
                     "numpy": np.__version__},
    }
    lines = [json.dumps(record, separators=(",", ":")) for record in cases()]
    text = json.dumps(head)[:-1] + ', "cases": [\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text)
    print(f"{len(lines)} cases, {len(text)} bytes")


if __name__ == "__main__":
    main()
