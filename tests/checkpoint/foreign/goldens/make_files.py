#!/usr/bin/env python3
"""Writes the small weight files of this folder with PyTorch and numpy themselves.

    apt-get install python3-torch python3-numpy
    /usr/bin/python3 tests/checkpoint/foreign/goldens/make_files.py
"""

import pathlib
from collections import OrderedDict

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent


def main() -> None:
    torch.manual_seed(1)
    layer = torch.nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]]))
        layer.bias.copy_(torch.tensor([-1.0, 0.25]))
    optimizer = torch.optim.AdamW(layer.parameters(), lr=1e-3)
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    state = OrderedDict((f"module.{name}", value) for name, value in layer.state_dict().items())
    state["module.weight"] = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]])
    state["module.half"] = torch.tensor([1.5, -2.0]).half()
    state["module.bfloat16"] = torch.tensor([1.0, -2.5]).bfloat16()
    state["module.double"] = torch.tensor(0.1, dtype=torch.float64)
    state["module.transposed"] = torch.arange(6.0).reshape(2, 3).T
    state["module.slice"] = torch.arange(10.0)[4:7]
    state["module.parameter"] = torch.nn.Parameter(torch.tensor([7.0]))
    state["module.steps"] = torch.tensor([3])
    torch.save(
        {"epoch": 6, "name": "run", "state_dict": state, "optimizer": optimizer.state_dict()},
        HERE / "training_dict.bin",
    )
    torch.save(layer.state_dict(), HERE / "state_dict.bin")
    arrays = {
        "params/a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "params/b": np.asfortranarray(np.arange(6, dtype=np.float16).reshape(2, 3)),
        "params/t": np.asarray([2.5], np.float32),
        "opt/count": np.asarray(3, np.int32),
    }
    np.savez(HERE / "stored.npz", **arrays)
    np.savez_compressed(HERE / "packed.npz", **arrays)


if __name__ == "__main__":
    main()
