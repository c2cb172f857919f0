#!/usr/bin/env python3
"""Makes the golden files of tests/ops and tests/model: forward and backward of every op, and two
whole small models, by an implementation that shares nothing with ours.

JAX on the CPU in double precision; inputs are float32 numbers hashed from their names (see
reference/hashed.py), so only outputs are stored.

    python3 -m venv venv && venv/bin/pip install "jax[cpu]==0.10.2" numpy==2.4.6
    venv/bin/python tests/goldens/make_goldens.py

The committed files were made with Python 3.11.7 and the versions above; each file's header names
those it was made with. A change of a golden needs a reason in its commit.
"""

import json
import platform
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

import numpy as np  # noqa: E402

from reference import (  # noqa: E402
    attention, contrastive, elementwise, linear, model, norm, optimizer, sides, sigmoid_loss,
    tokens,
)

FAMILIES = {
    "elementwise": elementwise.cases,
    "linear": linear.cases,
    "layer_norm": norm.layer_norm_cases,
    "residual_layer_norm": norm.residual_norm_cases,
    "l2_normalize": norm.l2_cases,
    "attention": attention.cases,
    "embedding": tokens.embedding_cases,
    "patchify": tokens.patchify_cases,
    "assemble": tokens.assemble_cases,
    "pool": tokens.pool_cases,
    "contrastive": contrastive.cases,
    "sigmoid_loss": sigmoid_loss.cases,
    "optimizer": optimizer.cases,
    "sides": sides.cases,
}


def header(family: str) -> dict:
    return {
        "made": f"tests/goldens/make_goldens.py: {family}, float64",
        "versions": {"python": platform.python_version(), "jax": jax.__version__,
                     "numpy": np.__version__},
    }


def main() -> None:
    here = Path(__file__).parent
    for family, cases in FAMILIES.items():
        lines = [json.dumps(case.record(), separators=(",", ":")) for case in cases()]
        head = json.dumps(header(family))[:-1]
        text = f'{head}, "cases": [\n' + ",\n".join(lines) + "\n]}\n"
        (here / "ops" / f"{family}.json").write_text(text)
        print(f"{family}: {len(lines)} cases, {len(text)} bytes")
    for flavour in model.FLAVOURS:
        record = header(f"model {flavour}") | model.golden(flavour)
        parameters = record.pop("parameters")
        lines = [f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}"
                 for k, v in parameters.items()]
        text = json.dumps(record)[:-1] + ', "parameters": {\n' + ",\n".join(lines) + "\n}}\n"
        (here / "models" / f"{flavour}.json").write_text(text)
        print(f"model {flavour}: loss {record['loss']}, {len(text)} bytes")


if __name__ == "__main__":
    main()
