import type { BlockType } from "./residual_block.ts";

/**
 * A block type whose activations are computed again in the backward pass: of each block only the input
 * is kept.
 *
 * ```ts
 * import { residualBlock } from "./residual_block.ts";
 *
 * recomputed(residualBlock); // the same parameters, the same numbers
 * ```
 */
export function recomputed(block: BlockType): BlockType {
  return {
    parameters: (prefix, spec, init) => block.parameters(prefix, spec, init),
    forward: (tape, get, prefix, x, spec) =>
      tape.recompute(() => block.forward(tape, get, prefix, x, spec)),
  };
}
