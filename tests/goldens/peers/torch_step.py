#!/usr/bin/env python3
"""Times a whole CLIP training step of PyTorch on the CPU: forward, backward, AdamW.

    python3 -m venv venv && venv/bin/pip install torch numpy
    venv/bin/python tests/goldens/peers/torch_step.py --width 192 --batch 256 --threads 2

Runs with PyTorch 1.13 (Debian 12) and newer; what a version lacks is replaced by what its users write.

Prints one JSON object: {"seconds": median, ...}. With --compile the loss goes through torch.compile.
"""

import os

import timing

args = timing.arguments(__doc__)
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(args.threads)

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(args.threads)
torch.manual_seed(0)


if hasattr(F, "scaled_dot_product_attention"):
    attend = F.scaled_dot_product_attention
else:  # before 2.0

    def attend(q, k, v):
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
        return scores.softmax(-1) @ v


def clip_gradients(parameters):
    try:
        nn.utils.clip_grad_norm_(parameters, timing.CLIP_NORM, foreach=True)
    except TypeError:  # before 2.0
        nn.utils.clip_grad_norm_(parameters, timing.CLIP_NORM)


def make_optimizer(groups):
    options = dict(lr=timing.LEARNING_RATE, eps=timing.EPSILON, betas=(timing.BETA1, timing.BETA2))
    try:
        return torch.optim.AdamW(groups, fused=True, **options)
    except (TypeError, RuntimeError):  # no fused update on the CPU before 2.4
        return torch.optim.AdamW(groups, foreach=True, **options)


class Block(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.ln1, self.ln2 = nn.LayerNorm(width, 1e-6), nn.LayerNorm(width, 1e-6)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc, self.proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, tokens, width = x.shape
        qkv = self.qkv(self.ln1(x)).view(batch, tokens, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        y = attend(q, k, v)
        x = x + self.out(y.transpose(1, 2).reshape(batch, tokens, width))
        return x + self.proj(F.gelu(self.fc(self.ln2(x)), approximate="tanh"))


class Clip(nn.Module):
    def __init__(self):
        super().__init__()
        width, text, patch = args.width, args.text_width, args.patch
        self.patch = nn.Linear(3 * patch * patch, width, bias=False)
        self.cls = nn.Parameter(torch.zeros(width))
        self.image_blocks = nn.ModuleList(Block(width, args.heads) for _ in range(args.layers))
        self.image_norm = nn.LayerNorm(width, 1e-6)
        self.image_proj = nn.Linear(width, args.embed, bias=False)
        self.tokens = nn.Embedding(args.vocabulary, text)
        self.positions = nn.Parameter(0.01 * torch.randn(args.text_tokens, text))
        self.text_blocks = nn.ModuleList(Block(text, args.text_heads) for _ in range(args.text_layers))
        self.text_norm = nn.LayerNorm(text, 1e-6)
        self.text_proj = nn.Linear(text, args.embed, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(1 / 0.07).log())
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.register_buffer("table", torch.from_numpy(timing.sin_cos_2d(args.grid, width)))
        self.register_buffer("mean", torch.tensor(timing.MEAN))
        self.register_buffer("std", torch.tensor(timing.STD))

    def forward(self, pixels, ids):
        """The loss of a batch."""
        x = (pixels.float() / 255 - self.mean) / self.std
        batch, grid, patch = x.shape[0], args.grid, args.patch
        x = x.view(batch, grid, patch, grid, patch, 3).permute(0, 1, 3, 2, 4, 5)
        x = self.patch(x.reshape(batch, grid * grid, -1))
        x = torch.cat([self.cls.expand(batch, 1, -1), x], dim=1) + self.table
        for block in self.image_blocks:
            x = block(x)
        image = F.normalize(self.image_proj(self.image_norm(x[:, 1:].mean(1))), dim=-1)
        t = self.tokens(ids) + self.positions
        for block in self.text_blocks:
            t = block(t)
        text = F.normalize(self.text_proj(self.text_norm(t[:, -1])), dim=-1)
        logits = self.logit_scale.exp() * image @ text.T
        own = torch.arange(batch)
        return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


def main() -> None:
    model = Clip()
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim == 2], "weight_decay": timing.WEIGHT_DECAY},
        {"params": [p for p in parameters if p.ndim != 2], "weight_decay": 0.0},
    ]
    optimizer = make_optimizer(groups)
    pixels, ids = (torch.from_numpy(a) for a in timing.inputs(args))
    ids = ids.long()
    loss_of = torch.compile(model) if args.compile else model

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.bfloat16):
            loss = loss_of(pixels, ids)
        loss.backward()
        clip_gradients(parameters)
        optimizer.step()
        return loss.item()

    compiled = " compiled" if args.compile else ""
    rounded = " bfloat16" if args.bfloat16 else ""
    timing.report(args, f"torch {torch.__version__}{compiled}{rounded}", step)


if __name__ == "__main__":
    main()
