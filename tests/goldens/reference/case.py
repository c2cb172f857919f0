"""A golden case: named tensors, the op calls over them in the order of clipa.h, expected outputs."""

import numpy as np

from . import hashed

ALL_VALUES_UP_TO = 160
SAMPLES = 48
PROBES = 2


def number(value: float):
    """JSON has no NaN or infinity; nine digits tell all float32 numbers apart."""
    value = float(value)
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return float(f"{value:.9g}")


def expectation(name: str, value, depth: int, each: bool = False, terms=None) -> dict:
    """What is kept of an expected tensor: its values, or samples of them and random projections.

    depth: the longest chain of dependent roundings behind an element; the tolerance grows with
    its root. each: the tolerance is relative to every element, not to the tensor's root mean square.
    terms: what an element is the difference of, where that may cancel: rounding is as large as they.
    """
    flat = np.asarray(value, dtype=np.float64).reshape(-1)
    kept = {"depth": int(depth)} | ({"each": True} if each else {})
    if terms is not None:
        kept["terms"] = number(np.sqrt(np.mean(np.square(terms))))
    if flat.size <= ALL_VALUES_UP_TO:
        return kept | {"values": [number(v) for v in flat]}
    at = hashed.positions(name, SAMPLES, flat.size)
    probes = [number(flat @ hashed.signs(name, p, flat.size)) for p in range(PROBES)]
    return kept | {
        "squares": number(flat @ flat),
        "sum": number(flat.sum()),
        "probes": probes,
        "samples": [number(v) for v in flat[at]],
    }


class Case:
    """Collects one case. Inputs come back as float64 or int64 arrays of the hashed numbers."""

    def __init__(self, name: str):
        self.name = name
        self.tensors: dict[str, dict] = {}
        self.ops: list[dict] = []
        self.gradients: dict | None = None

    def _stream(self, tensor: str) -> str:
        return f"{self.name}/{tensor}"

    def floats(self, tensor: str, shape, low=-1.0, high=1.0):
        n = int(np.prod(shape))
        self.tensors[tensor] = {"n": n, "floats": [low, high]}
        return hashed.floats(self._stream(tensor), n, low, high).astype(np.float64).reshape(shape)

    def integers(self, tensor: str, shape, low: int, high: int):
        n = int(np.prod(shape))
        self.tensors[tensor] = {"n": n, "integers": [low, high]}
        return hashed.integers(self._stream(tensor), n, low, high).reshape(shape)

    def bytes(self, tensor: str, shape):
        n = int(np.prod(shape))
        self.tensors[tensor] = {"n": n, "bytes": True}
        return hashed.integers(self._stream(tensor), n, 0, 256).reshape(shape)

    def kept(self, tensor: str, batch: int, kept: int, patches: int):
        self.tensors[tensor] = {"n": batch * kept, "kept": [batch, kept, patches]}
        return hashed.kept_patches(self._stream(tensor), batch, kept, patches)

    def values(self, tensor: str, values):
        """Literal values, rounded to float32."""
        rounded = np.asarray(values, dtype=np.float32)
        self.tensors[tensor] = {"n": rounded.size, "literal": [number(v) for v in rounded.ravel()]}
        return rounded.astype(np.float64)

    def patch(self, tensor: str, index: int, value: float):
        """Sets one element of a float input to a special value."""
        self.tensors[tensor].setdefault("set", []).append([index, number(value)])

    def op(self, kind: str, dims, operands, flags=(), scalars=()):
        record = {"kind": kind, "dims": [int(d) for d in dims], "operands": list(operands)}
        if flags:
            record["flags"] = list(flags)
        if scalars:
            record["scalars"] = [number(s) for s in scalars]
        self.ops.append(record)

    def expect(self, tensor: str, value, depth: int = 1, **how):
        value = np.asarray(value)
        entry = self.tensors.setdefault(tensor, {"n": value.size})
        assert entry["n"] == value.size, (self.name, tensor, entry["n"], value.size)
        entry["want"] = expectation(self._stream(tensor), value, depth, **how)

    def differentiable(self, outputs: dict, inputs: dict):
        """Pairs output -> its incoming gradient, input -> its computed gradient, for the
        finite-difference test."""
        self.gradients = {"outputs": outputs, "inputs": inputs}

    def record(self) -> dict:
        record = {"name": self.name, "tensors": self.tensors, "ops": self.ops}
        if self.gradients:
            record["gradients"] = self.gradients
        return record
