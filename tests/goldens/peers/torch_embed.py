#!/usr/bin/env python3
"""Times the image tower of an exported model in plain PyTorch, on the weights of the export.

Needs a folder of `deno task export` and two raw files in it: `peer.pixels`, uint8 [pictures, size,
size, 3], and `peer.embeddings`, float32 [pictures, embed], what the library makes of them. First the
embeddings are compared: a peer that computes something else is not worth a measurement. Then, for
every line of stdin, a batch size, one line of stdout: {"seconds": mean of one pass}. Pixels go in
as bytes and unit vectors come out, as in the library. `deno task bench --only ort.fast.over.torch
--peers` runs it. PyTorch 1.13 (Debian 12) and newer.
"""

import argparse
import json
import os
import sys
import time

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--model", required=True, help="folder of the exported model")
parser.add_argument("--threads", type=int, default=1)
args = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(args.threads)

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

torch.set_num_threads(args.threads)
LEAST_COSINE = 0.99999
LEAST_SECONDS = 0.2


def read_safetensors(path: str) -> dict:
    """float32 tensors by name."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "F32":
            sys.exit(f"error: {path}: {name} is {entry['dtype']}; only F32 is read")
        start, end = entry["data_offsets"]
        values = np.frombuffer(data[start:end], np.float32).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.copy())
    return tensors


def attend_plain(q, k, v):
    return ((q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)).softmax(-1) @ v


class ImageTower:
    def __init__(self, folder: str):
        with open(f"{folder}/model.json") as file:
            card = json.load(file)
        self.w = read_safetensors(f"{folder}/weights.safetensors")
        self.spec, self.size = card["model"], card["imageSize"]
        image = self.spec["image"]
        if not image["classToken"] or image["preNorm"] or card["pooling"]["image"] != "mean":
            sys.exit("error: only towers with a class token and the mean of the patches are timed")
        self.patch, self.heads, self.layers = image["patch"], image["heads"], image["layers"]
        self.eps = self.spec["layerNormEps"]
        self.gelu = "tanh" if self.spec["gelu"] == "tanh" else "none"
        self.mean, self.std = (torch.tensor(card["preprocessing"][k]) for k in ("mean", "std"))
        self.attend = getattr(F, "scaled_dot_product_attention", attend_plain)  # there from 2.0
        self.patches = self.w["visual.conv1.weight"].flatten(1)
        self.projection = self.w["visual.proj"].T.contiguous()

    def norm(self, x, name: str):
        return F.layer_norm(x, x.shape[-1:], self.w[f"{name}.weight"], self.w[f"{name}.bias"],
                            self.eps)

    def linear(self, x, name: str):
        return F.linear(x, self.w[f"{name}.weight"], self.w[f"{name}.bias"])

    def block(self, x, p: str):
        batch, tokens, width = x.shape
        qkv = F.linear(self.norm(x, f"{p}.ln_1"), self.w[f"{p}.attn.in_proj_weight"],
                       self.w[f"{p}.attn.in_proj_bias"])
        q, k, v = qkv.view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = self.attend(q, k, v).transpose(1, 2).reshape(batch, tokens, width)
        x = x + self.linear(mixed, f"{p}.attn.out_proj")
        hidden = F.gelu(self.linear(self.norm(x, f"{p}.ln_2"), f"{p}.mlp.c_fc"),
                        approximate=self.gelu)
        return x + self.linear(hidden, f"{p}.mlp.c_proj")

    def __call__(self, pixels):
        """uint8 [batch, size, size, 3] -> unit vectors [batch, embed]."""
        batch, patch, grid = pixels.shape[0], self.patch, self.size // self.patch
        x = (pixels.float() / 255 - self.mean) / self.std
        # Channel by channel, as the convolution's weights are.
        x = x.view(batch, grid, patch, grid, patch, 3).permute(0, 1, 3, 5, 2, 4)
        x = F.linear(x.reshape(batch, grid * grid, -1), self.patches)
        first = self.w["visual.class_embedding"].expand(batch, 1, -1)
        x = torch.cat([first, x], dim=1) + self.w["visual.positional_embedding"]
        for layer in range(self.layers):
            x = self.block(x, f"visual.transformer.resblocks.{layer}")
        pooled = self.norm(x[:, 1:].mean(1), "visual.ln_post")
        return F.normalize(F.linear(pooled, self.projection), dim=-1)


def mean_seconds(call) -> float:
    """Of one call, over as many as take a fifth of a second; the library is timed so too."""
    start, calls = time.perf_counter(), 0
    while True:
        call()
        calls += 1
        elapsed = time.perf_counter() - start
        if elapsed >= LEAST_SECONDS:
            return elapsed / calls


@torch.inference_mode()
def main() -> None:
    tower = ImageTower(args.model)
    raw = np.fromfile(f"{args.model}/peer.pixels", np.uint8)
    pixels = torch.from_numpy(raw).view(-1, tower.size, tower.size, 3)
    expected = torch.from_numpy(np.fromfile(f"{args.model}/peer.embeddings", np.float32))
    expected = expected.view(len(pixels), -1).double()
    cosine = F.cosine_similarity(tower(pixels).double(), expected).min().item()
    if not cosine >= LEAST_COSINE:
        sys.exit(f"error: the least cosine of the embeddings is {cosine}; allowed: {LEAST_COSINE}")
    for _ in range(2):
        tower(pixels)
    attention = "plain" if tower.attend is attend_plain else "fused"
    name = f"torch {torch.__version__} ({attention} attention, {torch.get_num_threads()} threads)"
    print(json.dumps({"framework": name, "cosine": cosine}), flush=True)
    for line in sys.stdin:
        some = pixels[: int(line)].clone()
        print(json.dumps({"seconds": mean_seconds(lambda: tower(some))}), flush=True)


if __name__ == "__main__":
    main()
