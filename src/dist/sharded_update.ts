import { DistOpKind } from "../native/dist_symbols.ts";
import { OpKind, StepSlot } from "../native/op_kinds.ts";
import type { ParameterStore } from "../tensor/parameter_store.ts";
import type { Tape } from "../tensor/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { floatsOf } from "./collectives.ts";

/**
 * One AdamW update of which every rank makes its share (ZeRO stage 1, Rajbhandari et al. 2020): it
 * keeps the moments of its own parts of the parameters, updates those, and gathers the others' weights.
 * Follows {@linkcode finishGradientSums}, which has left the own parts of the gradients.
 *
 * Every number is computed as without shares, but the norm of the gradient: it is that of the ranks'
 * norms, each rounded to float32.
 *
 * @param step The step block, [16].
 * @param scratch [16] A step block of this function's own.
 * @param loss [1]: when it is not finite, or above the step block's limit, nothing is updated.
 */
export function shardedAdamw(
  tape: Tape,
  parameters: ParameterStore,
  step: Tensor,
  scratch: Tensor,
  weightDecay: number,
  loss: Tensor,
): void {
  const { shard, groups } = parameters;
  if (!shard) throw new TypeError("shardedAdamw: the parameter store keeps the whole state");
  const { rank, size, buckets, gradient, m, v } = shard;
  tape.emit(OpKind.GRADIENT_NORM, { dims: [gradient.size] }, [gradient, scratch, null], []);
  const norms = tape.create([size]);
  const own = floatsOf(scratch, StepSlot.GRADIENT_NORM, 1);
  tape.emit(DistOpKind.ALL_GATHER, { dims: [1, size] }, [own], [norms]);
  tape.emit(OpKind.GRADIENT_NORM, { dims: [size] }, [norms, step, loss], []);

  let first = 0;
  for (const { decay, copies: { value } } of groups) {
    const end = first + value.size;
    for (const { start, part, at } of buckets) {
      const begin = start + rank * part;
      const from = Math.max(begin, first), to = Math.min(begin + part, end);
      if (from >= to) continue;
      const n = to - from, place = at + from - begin;
      tape.emit(
        OpKind.ADAMW,
        { dims: [n], scalars: [decay ? weightDecay : 0, 1] },
        [
          floatsOf(value, from - first, n),
          floatsOf(gradient, place, n),
          floatsOf(m, place, n),
          floatsOf(v, place, n),
          step,
          null,
        ],
        [],
      );
    }
    first = end;
  }
  const values = allValues(parameters);
  for (const { start, part } of buckets) {
    const mine = floatsOf(values, start + rank * part, part);
    const all = floatsOf(values, start, part * size);
    tape.emit(DistOpKind.ALL_GATHER, { dims: [part, size] }, [mine], [all]);
  }
  // The own parts lie where other gradients and their padding belong.
  tape.emit(OpKind.FILL, { dims: [gradient.size], scalars: [0] }, [], [gradient]);
}

/** All values as one row, padding included. */
function allValues({ groups, gradients }: ParameterStore): Tensor {
  const { copies: { value } } = groups[0];
  return floatsOf(value, 0, gradients!.size);
}
