#!/usr/bin/env python3
"""Makes a random model with open_clip itself, its weights in the forms in which they are shared, and
what open_clip computes with them.

    /usr/bin/python3 -m venv --system-site-packages venv      # Debian's python3-torch, python3-torchvision
    venv/bin/pip install --no-deps open_clip_torch==3.3.0 timm==1.0.15 ftfy regex safetensors \
        "huggingface_hub<0.30" tqdm wcwidth filelock fsspec pyyaml packaging requests typing_extensions
    venv/bin/python tests/checkpoint/foreign/goldens/open_clip_model.py OUT NAME [DEPTH]

NAME is one of open_clip's configurations (ViT-L-14-CLIPA, ...) or of SMALL, which are committed here: "small"
(made with open_clip 2.32.0) also as small.bin, "small-quick" with what OpenAI's weights need, "small-scale" with
LayerScale and the layer norm before the mean. Full widths; DEPTH cuts both towers. Embeddings in double precision.
"""

import json
import pathlib
import sys

import numpy as np
import open_clip
import torch
from open_clip.model import CLIP
from safetensors.torch import save_file

BATCH = 2
SMALL = {"small": {
    "embed_dim": 20,
    "vision_cfg": {"image_size": 28, "layers": 2, "width": 24, "head_width": 8, "mlp_ratio": 1.5,
                   "patch_size": 14, "no_ln_pre": True, "pool_type": "avg",
                   "final_ln_after_pool": True},
    "text_cfg": {"context_length": 8, "vocab_size": 300, "width": 16, "heads": 2, "layers": 2,
                 "mlp_ratio": 2.0, "pool_type": "last", "no_causal_mask": True},
}}
TOWER = {"image_size": 28, "layers": 2, "width": 24, "head_width": 8, "patch_size": 7}
TEXT = {"context_length": 8, "vocab_size": 300, "width": 16, "heads": 2, "layers": 2}
SMALL["small-quick"] = {"embed_dim": 20, "quick_gelu": True, "vision_cfg": TOWER, "text_cfg": TEXT}
SMALL["small-scale"] = {
    "embed_dim": 20,
    "vision_cfg": {**TOWER, "ls_init_value": 0.01, "pool_type": "avg"},
    "text_cfg": {**TEXT, "ls_init_value": 0.02},
}


def randomise(model) -> None:
    """Initial weights are too even for a test: biases of zero, norms of one."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=generator)
            if value.ndim == 1:
                base = 1.0 if name.endswith("weight") else 0.0
                value.copy_(base + 0.1 * noise)
            elif value.ndim >= 2:
                value.copy_(noise * (0.02 if "embedding" in name else value[0].numel() ** -0.5))


def main(out: str, name: str, depth: int) -> None:
    folder = pathlib.Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    config = SMALL[name] if name in SMALL else open_clip.get_model_config(name)
    if depth:
        config["vision_cfg"]["layers"] = config["text_cfg"]["layers"] = depth
    kept = {key: value for key, value in config["text_cfg"].items()
            if key not in ("hf_tokenizer_name", "tokenizer_kwargs")}
    quick = config.get("quick_gelu", False)
    model = CLIP(config["embed_dim"], config["vision_cfg"], kept, quick_gelu=quick).eval()
    randomise(model)
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    save_file(state, folder / f"{name}.safetensors", {"format": "pt"})
    if name == "small":  # as the first paper's training code saves it
        prefixed = {f"module.{key}": value for key, value in state.items()}
        torch.save({"epoch": 6, "name": "run", "state_dict": prefixed}, folder / f"{name}.bin")
    size, tokens = config["vision_cfg"]["image_size"], config["text_cfg"]["context_length"]
    mean, std = (torch.tensor(v, dtype=torch.float64)
                 for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    # The same numbers as in the tests: a multiplicative hash of the index.
    index = np.arange(BATCH * size * size * 3, dtype=np.uint32) + 1
    raw = ((index * np.uint32(2654435761)) >> 24).astype(np.uint8).reshape(BATCH, size, size, 3)
    ids = (np.arange(BATCH * tokens) * 37 + 5) % 257
    pixels = (torch.from_numpy(raw).double() / 255 - mean) / std
    model = model.double()
    with torch.no_grad():
        image = model.encode_image(pixels.permute(0, 3, 1, 2), normalize=True)
        text = model.encode_text(torch.from_numpy(ids.reshape(BATCH, -1)), normalize=True)
    record = {
        "made": f"open_clip_model.py {name}: open_clip {open_clip.__version__}, float64",
        "config": {"model_cfg": config,
                   "preprocess_cfg": {"mean": [0.485, 0.456, 0.406], "interpolation": "bilinear"}},
        "parameters": sum(value.numel() for value in model.parameters()),
        "batch": BATCH,
        "image": [float(f"{v:.9g}") for v in image.flatten().tolist()],
        "text": [float(f"{v:.9g}") for v in text.flatten().tolist()],
    }
    (folder / f"{name}.json").write_text(json.dumps(record) + "\n")
    print(name, record["parameters"])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0)
