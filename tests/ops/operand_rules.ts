import type { OpKind } from "../../src/native/op_kinds.ts";
import type { GoldenOp } from "../goldens/golden_case.ts";

/** Operands that `clipa.h` marks with "?", by op; every other operand is required. */
const OPTIONAL: Partial<Record<keyof typeof OpKind, readonly number[]>> = {
  SCALE: [1],
  UNARY_BACKWARD: [2],
  SOFTMAX_BACKWARD: [2],
  LINEAR: [2, 3, 5],
  LINEAR_BACKWARD_INPUT: [2, 3],
  LINEAR_BACKWARD_WEIGHT: [3],
  LAYER_NORM_BACKWARD: [5],
  RESIDUAL_LAYER_NORM: [2],
  RESIDUAL_LAYER_NORM_BACKWARD: [4, 5, 6, 10, 11],
  EMBEDDING: [2],
  EMBEDDING_BACKWARD: [3],
  PATCHIFY: [2],
  ASSEMBLE_TOKENS: [1, 2, 3],
  ASSEMBLE_TOKENS_BACKWARD: [1, 3, 4],
  POOL: [1],
  POOL_BACKWARD: [1],
  GRADIENT_NORM: [2],
  ADAMW: [5],
};

/** Indices of the operands without which the op cannot run. */
export function requiredOperands(op: GoldenOp): number[] {
  const optional = new Set(OPTIONAL[op.kind]);
  // With an activation the value before it is needed; argmax pooling needs the ids.
  if (op.flags?.some((flag) => flag.startsWith("GELU"))) {
    if (op.kind === "LINEAR") optional.delete(5);
    if (op.kind === "LINEAR_BACKWARD_INPUT") optional.delete(2);
  }
  if (op.kind === "RESIDUAL_LAYER_NORM_BACKWARD" && op.operands[6] !== null) {
    for (const i of [5, 6, 10, 11]) optional.delete(i); // all of them, or none
  }
  if (op.kind.startsWith("POOL") && op.dims[3] === 4) optional.delete(1);
  return op.operands.map((_, i) => i).filter((i) => !optional.has(i));
}
