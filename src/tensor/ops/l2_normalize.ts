import { Flag, OpKind } from "../../native/op_kinds.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { rowsOf } from "./shapes.ts";

/**
 * Divides every row by its Euclidean norm.
 *
 * @param options.eps 1e-8 in the JAX flavour, 1e-12 in the PyTorch flavour.
 * @param options.rule `add`: norm + eps (JAX flavour); `max`: max(norm, eps) (PyTorch flavour).
 */
export function l2Normalize(
  tape: Tape,
  x: Tensor,
  options: { eps: number; rule: "add" | "max" },
): Tensor {
  const dims = rowsOf("l2Normalize", x);
  const op = {
    dims,
    scalars: [options.eps],
    flags: options.rule === "add" ? Flag.NORM_ADD_EPS : 0,
  };
  const y = tape.create(x.shape, { requiresGradient: x.requiresGradient });
  const norm = tape.create([dims[0]]);
  tape.emit(OpKind.L2_NORMALIZE, op, [x], [y, norm]);
  tape.node(y, (gradient) => {
    const dx = tape.create(x.shape);
    tape.emit(OpKind.L2_NORMALIZE_BACKWARD, op, [gradient.tensor(), y, norm], [dx]);
    tape.addGradient(x, dx);
  });
  return y;
}
