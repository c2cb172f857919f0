import { Flag, OpKind } from "../../native/op_kinds.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { anyGradient, expectShape } from "./shapes.ts";

/**
 * Token embedding with an optional position table: y[b,t] = table[ids[b,t]] + position[t].
 *
 * @param ids i32 [batch, tokens]
 * @param table [vocabulary, width]
 * @param position [tokens, width]
 * @returns [batch, tokens, width]
 */
export function embedding(tape: Tape, ids: Tensor, table: Tensor, position?: Tensor): Tensor {
  const [batch, tokens] = ids.shape;
  const [vocabulary, width] = table.shape;
  if (ids.dtype !== "i32") throw new TypeError(`embedding: ids hold ${ids.dtype}, expected i32`);
  expectShape("embedding", "ids", ids, [batch, tokens]);
  if (position) expectShape("embedding", "position", position, [tokens, width]);
  const dims = [batch, tokens, width, vocabulary];
  const y = tape.create([batch, tokens, width], { requiresGradient: anyGradient(table, position) });
  tape.emit(OpKind.EMBEDDING, { dims }, [ids, table, position ?? null], [y]);
  tape.node(y, (gradient) => {
    const dtable = tape.gradientTarget(table);
    const dposition = position?.requiresGradient ? tape.gradientTarget(position) : null;
    tape.emit(
      OpKind.EMBEDDING_BACKWARD,
      { dims, flags: dtable.accumulate ? Flag.ACCUMULATE : 0 },
      [ids, gradient.tensor()],
      [dtable.tensor, dposition?.tensor ?? null],
    );
    if (!table.gradient) tape.addGradient(table, dtable.tensor);
    if (position && dposition && !position.gradient) {
      tape.addGradient(position, dposition.tensor);
    }
  });
  return y;
}
