import { OpKind, Pool } from "../../native/op_kinds.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/**
 * How a sequence becomes one vector; the names say exactly which tokens count.
 * - `cls`: the first token
 * - `mean`: all tokens, class token included (PyTorch flavour's GAP)
 * - `mean-patches`: all tokens but the first (JAX flavour's GAP)
 * - `last`: the last position, padding or not (JAX text tower)
 * - `eot`: the first position of the largest token id (CLIP text tower)
 */
export type Pooling = "cls" | "mean" | "mean-patches" | "last" | "eot";

const KINDS: Readonly<Record<Pooling, number>> = {
  cls: Pool.CLS,
  mean: Pool.MEAN,
  "mean-patches": Pool.MEAN_PATCHES,
  last: Pool.LAST,
  eot: Pool.ARGMAX,
};

/** [batch, tokens, width] → [batch, width]; `eot` needs the token ids, i32 [batch, tokens]. */
export function pool(tape: Tape, x: Tensor, pooling: Pooling, ids?: Tensor): Tensor {
  const [batch, tokens, width] = x.shape;
  if (pooling === "eot" && !ids) throw new TypeError("pool: eot needs the token ids");
  const index = pooling === "eot" ? ids! : null;
  const dims = [batch, tokens, width, KINDS[pooling]];
  const y = tape.create([batch, width], { requiresGradient: x.requiresGradient });
  tape.emit(OpKind.POOL, { dims }, [x, index], [y]);
  tape.node(y, (gradient) => {
    const dx = tape.create(x.shape);
    tape.emit(OpKind.POOL_BACKWARD, { dims }, [gradient.tensor(), index], [dx]);
    tape.addGradient(x, dx);
  });
  return y;
}
