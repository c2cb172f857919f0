import { Flag, OpKind } from "../../native/op_kinds.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { expectShape } from "./shapes.ts";

/**
 * Multi-head self-attention of short sequences, after the projection to queries, keys and values.
 *
 * @param qkv [batch, tokens, 3 * width]: query, key, value, each split into heads.
 * @param options.causal Token i sees tokens 0..i only (text tower of the PyTorch flavour).
 * @returns [batch, tokens, width], before the output projection. No score matrix is kept.
 */
export function attention(
  tape: Tape,
  qkv: Tensor,
  options: { heads: number; causal?: boolean },
): Tensor {
  const { heads, causal = false } = options;
  const [batch, tokens, three] = qkv.shape;
  const width = three / 3;
  expectShape("attention", "qkv", qkv, [batch, tokens, 3 * width]);
  const head = width / heads;
  if (!Number.isInteger(head)) {
    throw new TypeError(`attention: width ${width} is not a multiple of ${heads} heads`);
  }
  const op = {
    dims: [batch, tokens, heads, head],
    scalars: [1 / Math.sqrt(head)],
    flags: causal ? Flag.CAUSAL : 0,
  };
  const y = tape.create([batch, tokens, width], { requiresGradient: qkv.requiresGradient });
  const lse = tape.create([batch, heads, tokens]);
  tape.emit(OpKind.ATTENTION, op, [qkv], [y, lse]);
  tape.node(y, (gradient) => {
    const dqkv = tape.create(qkv.shape);
    tape.emit(OpKind.ATTENTION_BACKWARD, op, [qkv, y, lse, gradient.tensor()], [dqkv]);
    tape.addGradient(qkv, dqkv);
  });
  return y;
}
