#!/usr/bin/env python3
"""Makes rotate.json: what Pillow's Image.rotate gives for small pictures made from a formula.

    python3 -m venv venv && venv/bin/pip install pillow==12.3.0
    venv/bin/python tests/data/goldens/make_rotate_goldens.py

A change of the golden file needs a reason in its commit.
"""

import base64
import json
from pathlib import Path

import PIL
from PIL import Image


def case(size, channels, degrees, seed):
    width, height = size
    state, values = seed, []
    for _ in range(width * height * channels):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(state >> 24)
    image = Image.frombytes("L" if channels == 1 else "RGB", size, bytes(values))
    white = 255 if channels == 1 else (255, 255, 255)
    turned = image.rotate(degrees, Image.Resampling.BILINEAR, fillcolor=white)
    return {"size": size, "channels": channels, "degrees": degrees, "seed": seed,
            "pixels": base64.b64encode(turned.tobytes()).decode()}


CASES = [case((12, 12), 1, 15, 1), case((12, 12), 1, -15, 2), case((13, 13), 1, 30, 3),
         case((12, 12), 3, -30, 4), case((12, 12), 1, 90, 5), case((12, 12), 3, -90, 6),
         case((11, 11), 1, 123.4, 7), case((12, 8), 1, 15, 8)]
OUT = Path(__file__).with_name("rotate.json")
OUT.write_text(json.dumps({"pillow": PIL.__version__, "cases": CASES}, indent=1) + "\n")
