#!/usr/bin/env python3
"""Checks the model files of a folder with the official ONNX checker: strict types, full shape
inference, and that inference finds the declared shape of the output by itself."""

import sys
from pathlib import Path

import onnx
from onnx import checker, shape_inference


def dims(value: onnx.ValueInfoProto) -> list:
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def main(folder: str) -> None:
    for path in sorted(Path(folder).glob("*.onnx")):
        checker.check_model(str(path), full_check=True)
        model = onnx.load(str(path), load_external_data=False)
        declared = [dims(output) for output in model.graph.output]
        for output in model.graph.output:
            output.type.tensor_type.ClearField("shape")
        inferred = shape_inference.infer_shapes(model, check_type=True, strict_mode=True,
                                                data_prop=True)
        found = [dims(output) for output in inferred.graph.output]
        for want, have in zip(declared, found):
            fits = len(want) == len(have) and all(
                w == h or not isinstance(w, int) for w, h in zip(want, have))
            if not fits:
                sys.exit(f"{path.name}: declared {want}, inferred {have}")
        unknown = [node.domain for node in model.graph.node if node.domain]
        if unknown:
            sys.exit(f"{path.name}: operators of {set(unknown)}")
        print(path.name, onnx.__version__, found)


if __name__ == "__main__":
    main(sys.argv[1])
