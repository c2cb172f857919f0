#!/usr/bin/env python3
"""Makes meta_packed.mat and meta_plain.mat: files of the form of ImageNet's meta.mat, as MATLAB's own
format is written by SciPy, with made-up classes and fewer fields.

    python3 -m venv venv && venv/bin/pip install scipy==1.17.1 numpy==2.4.6
    venv/bin/python tests/data/goldens/make_meta_goldens.py

The ids of the real file are not in the order of WordNet ids, and inner nodes come behind the classes; so here.
A change of the golden files needs a reason in its commit.
"""

from pathlib import Path

import numpy as np
from scipy.io import savemat

CLASSES = 1000


def wnid(index: int) -> str:
    """That of ilsvrc_list_test.ts."""
    return f"n{1440764 + 3 * index:08d}"


def synsets(count: int) -> np.ndarray:
    kind = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("num_children", "O"), ("children", "O")]
    rows = np.empty((count + 5, 1), dtype=kind)
    for i in range(count + 5):
        inner = i >= count
        # A permutation: id k is class 7 k + 3.
        name = f"n0000000{i - count}" if inner else wnid((7 * (i + 1) + 3) % count)
        children = np.arange(1, 4, dtype=np.uint16) if inner else np.zeros((0, 0))
        rows[i, 0] = (float(i + 1), name, "made up, of no kind" if i % 3 else "x", len(children), children)
    return rows


def main() -> None:
    folder = Path(__file__).parent
    stamp = b"MATLAB 5.0 MAT-file, made for tests".ljust(116)
    for name, count, packed in (("packed", CLASSES, True), ("plain", 2, False)):
        path = folder / f"meta_{name}.mat"
        savemat(path, {"other": np.arange(3), "synsets": synsets(count)}, do_compression=packed)
        # The day of making would change the golden.
        path.write_bytes(stamp + path.read_bytes()[116:])
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
