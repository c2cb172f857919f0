import { DistOpKind } from "../native/dist_symbols.ts";
import type { ParameterStore } from "../tensor/parameter_store.ts";
import { BUCKET_FLOATS } from "../tensor/shard.ts";
import { forkedRanges } from "../tensor/sides.ts";
import type { Side, Tape, TapeOp } from "../tensor/tape.ts";
import { Storage, Tensor } from "../tensor/tensor.ts";

/** Rank and number of ranks: what the ops of a tape need to know of a group. */
export interface RankPlace {
  readonly rank: number;
  readonly size: number;
}

/** Slots of sums other than gradient buckets. */
const OTHER_SLOTS = 4000;

/**
 * Rows of all ranks, in their order. The gradient of the rows of this rank is the sum over the ranks
 * of what each found for them: exact, not only this rank's share.
 *
 * @param rows [count, width] of this rank.
 * @returns [size × count, width]
 */
export function gatherRows(tape: Tape, rows: Tensor, { size }: RankPlace): Tensor {
  const [count, width] = rows.shape;
  const all = tape.create([size * count, width], { requiresGradient: rows.requiresGradient });
  const dims = [rows.size, size];
  tape.emit(DistOpKind.ALL_GATHER, { dims }, [rows], [all]);
  tape.node(all, (gradient) => {
    const own = tape.create(rows.shape);
    tape.emit(DistOpKind.REDUCE_SCATTER, { dims }, [gradient.tensor()], [own]);
    tape.addGradient(rows, own);
  });
  return all;
}

/** The sum of a small tensor over the ranks. */
export function sumOverRanks(
  tape: Tape,
  tensor: Tensor,
  index: number,
  sum: Tensor = tape.create(tensor.shape),
): Tensor {
  const dims = [tensor.size, OTHER_SLOTS + index];
  tape.emit(DistOpKind.ALL_REDUCE_START, { dims }, [tensor], []);
  tape.emit(DistOpKind.ALL_REDUCE_FINISH, { dims }, [], [sum]);
  return sum;
}

/** The flat gradients in buckets, in the order of memory. */
function gradientBuckets(parameters: ParameterStore, floats = BUCKET_FLOATS): Tensor[] {
  const { buffer, offset } = parameters.gradients!.storage;
  const total = parameters.gradients!.size;
  const buckets: Tensor[] = [];
  for (let at = 0; at < total; at += floats) {
    const count = Math.min(floats, total - at);
    buckets.push(new Tensor([count], new Storage(count * 4, buffer, offset + at * 4)));
  }
  if (buckets.length > OTHER_SLOTS) {
    return gradientBuckets(parameters, 16 * Math.ceil(total / OTHER_SLOTS / 16));
  }
  return buckets;
}

/** A stretch of the gradients whose sum over the ranks is one collective. */
interface GradientSum {
  /** What is added up. */
  readonly bucket: Tensor;
  start(tape: Tape, side: Side): void;
  finish(tape: Tape): void;
}

/** The sums of all gradients: whole ones, or where the optimizer's state is shared this rank's parts. */
function gradientSums(parameters: ParameterStore): GradientSum[] {
  const { shard } = parameters;
  if (shard === null) {
    return gradientBuckets(parameters).map((bucket, slot) => {
      const dims = [bucket.size, slot];
      return {
        bucket,
        start: (tape, side) => tape.emit(DistOpKind.ALL_REDUCE_START, { dims, side }, [bucket], []),
        finish: (tape) => tape.emit(DistOpKind.ALL_REDUCE_FINISH, { dims }, [], [bucket]),
      };
    });
  }
  const { size, buckets, gradient } = shard;
  return buckets.map(({ start, part, at }, slot) => {
    const bucket = floatsOf(parameters.gradients!, start, part * size);
    const dims = [part, slot, size];
    return {
      bucket,
      start: (tape, side) =>
        tape.emit(DistOpKind.REDUCE_SCATTER_START, { dims, side }, [bucket], []),
      finish: (tape) =>
        tape.emit(DistOpKind.REDUCE_SCATTER_FINISH, { dims: [part, slot] }, [], [
          floatsOf(gradient, at, part),
        ]),
    };
  });
}

/** Floats of a flat tensor, sharing its memory. */
export function floatsOf({ storage }: Tensor, start: number, count: number): Tensor {
  return new Tensor([count], new Storage(4 * count, storage.buffer, storage.offset + 4 * start));
}

/**
 * Starts the sum of every bucket over the ranks right behind the last op that writes into it, so
 * that it runs beside the rest of the backward pass. {@linkcode finishGradientSums} must follow.
 */
export function startGradientSums(tape: Tape, parameters: ParameterStore): void {
  const sums = gradientSums(parameters);
  const last = sums.map(({ bucket }) => lastUse(tape.ops, bucket));
  const order = sums.map((_, slot) => slot).sort((a, b) => last[a].at - last[b].at || a - b);
  const ops = tape.ops.splice(0);
  let next = 0;
  const startUpTo = (at: number) => {
    for (; next < order.length && last[order[next]].at <= at; next++) {
      sums[order[next]].start(tape, last[order[next]].side);
    }
  };
  ops.forEach((op, i) => {
    tape.ops.push(op);
    startUpTo(i);
  });
  startUpTo(Infinity);
}

/**
 * The op behind which nothing touches a bucket any more, and the side on which its sum may start: that
 * of those who touch it; where both sides do, only behind their join.
 */
function lastUse(ops: readonly TapeOp[], bucket: Tensor): { at: number; side: Side } {
  const uses = ops.flatMap(({ reads, writes }, i) =>
    [...writes, ...reads].some((tensor) => tensor && overlap(tensor, bucket)) ? [i] : []
  );
  const at = uses.at(-1) ?? -1;
  const range = forkedRanges(ops).find(({ fork, join }) => fork < at && at < join);
  if (!range) return { at, side: 0 };
  const sides = new Set(uses.filter((i) => i > range.fork).map((i) => ops[i].side));
  return sides.size > 1 ? { at: range.join, side: 0 } : { at, side: ops[at].side };
}

/** Waits for the sums of all buckets. */
export function finishGradientSums(tape: Tape, parameters: ParameterStore): void {
  for (const sum of gradientSums(parameters)) sum.finish(tape);
}

function overlap({ storage: a }: Tensor, { storage: b }: Tensor): boolean {
  return a.buffer !== null && a.buffer === b.buffer && a.offset < b.offset + b.bytes &&
    b.offset < a.offset + a.bytes;
}
