#!/usr/bin/env python3
"""Writes small.npz: the weights of small.safetensors as CLIPA's JAX code names and shapes them, by
numpy's own reshapes. Flax: Dense kernels [in, out], attention [width, heads, head] and back, convolution
[height, width, in, out] (flax.linen; big_vision's flat names).

    venv/bin/python tests/checkpoint/foreign/goldens/jax_layout.py
"""

import pathlib

import numpy as np
from safetensors.numpy import load_file

HERE = pathlib.Path(__file__).parent


def block(w: dict, name: str, heads: int) -> dict:
    width = w[f"{name}.ln_1.weight"].size
    head = width // heads
    out = {}
    for i, norm in enumerate(("ln_1", "ln_2")):
        out[f"LayerNorm_{i}/scale"] = w[f"{name}.{norm}.weight"]
        out[f"LayerNorm_{i}/bias"] = w[f"{name}.{norm}.bias"]
    attention = "MultiHeadDotProductAttention_0"
    for i, part in enumerate(("query", "key", "value")):
        rows = slice(i * width, (i + 1) * width)
        kernel = w[f"{name}.attn.in_proj_weight"][rows].T
        out[f"{attention}/{part}/kernel"] = kernel.reshape(width, heads, head)
        out[f"{attention}/{part}/bias"] = w[f"{name}.attn.in_proj_bias"][rows].reshape(heads, head)
    out[f"{attention}/out/kernel"] = w[f"{name}.attn.out_proj.weight"].T.reshape(heads, head, width)
    out[f"{attention}/out/bias"] = w[f"{name}.attn.out_proj.bias"]
    for dense, layer in (("Dense_0", "c_fc"), ("Dense_1", "c_proj")):
        out[f"MlpBlock_0/{dense}/kernel"] = w[f"{name}.mlp.{layer}.weight"].T
        out[f"MlpBlock_0/{dense}/bias"] = w[f"{name}.mlp.{layer}.bias"]
    return out


def main() -> None:
    w = load_file(HERE / "small.safetensors")
    flat = {
        "img/cls": w["visual.class_embedding"].reshape(1, 1, -1),
        "img/embedding/kernel": w["visual.conv1.weight"].transpose(2, 3, 1, 0),
        "img/pos_embedding": w["visual.positional_embedding"][None],
        "img/encoder_norm/scale": w["visual.ln_post.weight"],
        "img/encoder_norm/bias": w["visual.ln_post.bias"],
        "img/head/kernel": w["visual.proj"],
        "txt/Embed_0/embedding": w["token_embedding.weight"],
        "txt/pos_embedding": w["positional_embedding"][None],
        "txt/encoder_norm/scale": w["ln_final.weight"],
        "txt/encoder_norm/bias": w["ln_final.bias"],
        "txt/head/kernel": w["text_projection"],
        "t": w["logit_scale"].reshape(1),
    }
    for root, name, heads in (("img/Transformer", "visual.transformer", 3),
                              ("txt/Encoder_0", "transformer", 2)):
        for i in range(2):
            for key, value in block(w, f"{name}.resblocks.{i}", heads).items():
                flat[f"{root}/encoderblock_{i}/{key}"] = value
    arrays = {f"params/{key}": value for key, value in flat.items()}
    np.savez(HERE / "small.npz", **arrays, **{"opt/count": np.asarray(7, np.int32)})


if __name__ == "__main__":
    main()
