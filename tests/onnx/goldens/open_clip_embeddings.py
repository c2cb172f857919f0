#!/usr/bin/env python3
"""Embeds pixels and token ids with open_clip itself, in double precision. The model comes of an exported folder as its
users take it: by open_clip.create_model, which reads the configuration and the weights.

Prints {"image": [...], "text": [...]}. The folder also holds `pixels` (uint8 [batch, size, size, 3])
and `ids` (int32 [batch, tokens]); the batch is the second argument.
"""

import json
import sys

import numpy as np
import open_clip
import torch


def main(folder: str, batch: int) -> None:
    with open(f"{folder}/open_clip_config.json") as file:
        config = json.load(file)
    model = open_clip.create_model(f"local-dir:{folder}", require_pretrained=True).double().eval()
    preprocess = config["preprocess_cfg"]
    mean, std = (torch.tensor(preprocess[key], dtype=torch.float64) for key in ("mean", "std"))
    size = config["model_cfg"]["vision_cfg"]["image_size"]
    raw = np.fromfile(f"{folder}/pixels", np.uint8).reshape(batch, size, size, 3)
    pixels = (torch.from_numpy(raw).double() / 255 - mean) / std
    ids = torch.from_numpy(np.fromfile(f"{folder}/ids", np.int32).reshape(batch, -1)).long()
    with torch.no_grad():
        image = model.encode_image(pixels.permute(0, 3, 1, 2), normalize=True)
        text = model.encode_text(ids, normalize=True)
    print(json.dumps({"image": image.flatten().tolist(), "text": text.flatten().tolist()}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
