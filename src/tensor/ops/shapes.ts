import type { Tensor } from "../tensor.ts";
import { elementCount } from "../tensor.ts";

/** Throws a TypeError that names the op, the operand and both shapes unless they are equal. */
export function expectShape(op: string, name: string, tensor: Tensor, shape: readonly number[]) {
  if (
    tensor.shape.length !== shape.length || tensor.shape.some((size, i) => size !== shape[i])
  ) {
    throw new TypeError(`${op}: ${name} has shape [${tensor.shape}], expected [${shape}]`);
  }
}

/** The tensor seen as rows of its last dimension: [rows, width]. */
export function rowsOf(op: string, tensor: Tensor): [rows: number, width: number] {
  const { shape } = tensor;
  if (shape.length < 1) throw new TypeError(`${op}: a tensor without dimensions has no rows`);
  return [elementCount(shape.slice(0, -1)), shape[shape.length - 1]];
}

/** True when any of the tensors takes part in differentiation. */
export function anyGradient(...tensors: readonly (Tensor | null | undefined)[]): boolean {
  return tensors.some((tensor) => tensor?.requiresGradient ?? false);
}
