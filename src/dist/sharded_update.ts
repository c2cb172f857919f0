import { DistOpKind } from "../native/dist_symbols.ts";
import { OpKind, StepSlot } from "../native/op_kinds.ts";
import type { ParameterStore } from "../tensor/parameter_store.ts";
import type { Tape } from "../tensor/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { AdamwOptions } from "../tensor/ops/optimizer.ts";
import { sum } from "../tensor/ops/elementwise.ts";
import { floatsOf, sumOverRanks } from "./collectives.ts";

/** Number of the excesses among the sums that are no gradients. */
const EXCESSES = 2;

type Shard = NonNullable<ParameterStore["shard"]>;

/**
 * One AdamW update of which every rank makes its share (ZeRO stage 1, Rajbhandari et al. 2020): it
 * keeps the moments of its own parts of the parameters, updates those, and gathers the others' weights.
 * Follows {@linkcode finishGradientSums}, which has left the own parts of the gradients.
 *
 * Every number is computed as without shares, but the norm of the gradient: it is that of the ranks'
 * norms, each rounded to float32.
 *
 * @param step The step block, [16].
 * @param scratch Makes tensors of the step's own, which stay where they are.
 * @param options As those of `adamw`. Update clipping looks at whole tensors; the ranks add up what each
 *   finds in its parts, in float32, so the last bit of a clipped rate may differ too.
 */
export function shardedAdamw(
  tape: Tape,
  parameters: ParameterStore,
  step: Tensor,
  scratch: (shape: readonly number[]) => Tensor,
  weightDecay: number,
  { loss, clipUpdate }: AdamwOptions,
): void {
  const { shard, groups } = parameters;
  if (!shard) throw new TypeError("shardedAdamw: the parameter store keeps the whole state");
  const { rank, size, buckets, gradient, m, v } = shard;
  const block = scratch(step.shape);
  tape.emit(OpKind.GRADIENT_NORM, { dims: [gradient.size] }, [gradient, block, null], []);
  const norms = tape.create([size]);
  const own = floatsOf(block, StepSlot.GRADIENT_NORM, 1);
  tape.emit(DistOpKind.ALL_GATHER, { dims: [1, size] }, [own], [norms]);
  tape.emit(OpKind.GRADIENT_NORM, { dims: [size] }, [norms, step, loss ?? null], []);

  const values = allValues(parameters);
  const update = ({ from, count, place }: Piece, scalars: number[], excess: Tensor | null) =>
    tape.emit(OpKind.ADAMW, { dims: [count], scalars }, [
      floatsOf(values, from, count),
      ...[gradient, m, v].map((own) => floatsOf(own, place, count)),
      step,
      excess,
    ], []);
  if (clipUpdate === undefined) {
    let first = 0;
    for (const { decay, copies: { value } } of groups) {
      const end = first + value.size;
      for (const piece of piecesOf(shard, first, end)) {
        if (piece) update(piece, [decay ? weightDecay : 0, 1], null);
      }
      first = end;
    }
  } else {
    const excesses = allExcesses(tape, parameters, step, scratch);
    for (const { decay, size, pieces, excess } of excesses) {
      const share = 1 / (size * clipUpdate ** 2);
      for (const piece of pieces) {
        if (piece) update(piece, [decay ? weightDecay : 0, 1, share], excess);
      }
    }
  }
  for (const { start, part } of buckets) {
    const mine = floatsOf(values, start + rank * part, part);
    const all = floatsOf(values, start, part * size);
    tape.emit(DistOpKind.ALL_GATHER, { dims: [part, size] }, [mine], [all]);
  }
  // The own parts lie where other gradients and their padding belong.
  tape.emit(OpKind.FILL, { dims: [gradient.size], scalars: [0] }, [], [gradient]);
}

/** What a rank owns of a stretch of the flat arrays within one bucket. */
interface Piece {
  /** Among all numbers. */
  readonly from: number;
  readonly count: number;
  /** Among this rank's own. */
  readonly place: number;
}

/** One piece for each bucket that the stretch touches, on every rank; null where this one owns nothing. */
function piecesOf({ rank, size, buckets }: Shard, first: number, end: number): (Piece | null)[] {
  const touched = buckets.filter(({ start, part }) => start < end && first < start + part * size);
  return touched.map(({ start, part, at }) => {
    const begin = start + rank * part;
    const from = Math.max(begin, first), to = Math.min(begin + part, end);
    return from < to ? { from, count: to - from, place: at + from - begin } : null;
  });
}

/** How far the update of every tensor exceeds, summed over the pieces of all ranks, and the own pieces. */
function allExcesses(
  tape: Tape,
  parameters: ParameterStore,
  step: Tensor,
  scratch: (shape: readonly number[]) => Tensor,
) {
  const shard = parameters.shard!;
  const tensors = parameters.specs.map(({ name, decay }) => {
    const { size, storage } = parameters.get(name);
    const first = storage.offset / 4;
    return { decay, size, pieces: piecesOf(shard, first, first + size) };
  });
  const count = tensors.reduce((sum, { pieces }) => sum + pieces.length, 0);
  const own = scratch([count]), all = scratch([count]);
  tape.emit(OpKind.FILL, { dims: [count], scalars: [0] }, [], [own]);
  tensors.flatMap(({ pieces }) => pieces).forEach((piece, i) => {
    if (!piece) return;
    const { place, count: n } = piece;
    const parts = [shard.gradient, shard.v].map((tensor) => floatsOf(tensor, place, n));
    tape.emit(OpKind.UPDATE_EXCESS, { dims: [n] }, [...parts, step], [floatsOf(own, i, 1)]);
  });
  sumOverRanks(tape, own, EXCESSES, all);
  let at = 0;
  return tensors.map((tensor) => {
    const n = tensor.pieces.length;
    const parts = floatsOf(all, at, n);
    at += n;
    return { ...tensor, excess: n === 1 ? parts : sum(tape, parts) };
  });
}

/** All values as one row, padding included. */
function allValues({ groups, gradients }: ParameterStore): Tensor {
  const { copies: { value } } = groups[0];
  return floatsOf(value, 0, gradients!.size);
}
