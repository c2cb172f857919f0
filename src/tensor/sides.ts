import { OpKind } from "../native/op_kinds.ts";
import type { TapeOp } from "./tape.ts";
import type { Storage } from "./tensor.ts";

/** Ops from a fork to its join, both included: positions in a list of ops. */
export interface ForkedRange {
  readonly fork: number;
  readonly join: number;
}

/** The stretches of a list of ops in which two sides run beside each other. */
export function forkedRanges(ops: readonly TapeOp[]): ForkedRange[] {
  const ranges: ForkedRange[] = [];
  let fork = -1;
  ops.forEach(({ kind }, i) => {
    if (kind === OpKind.FORK) fork = i;
    if (kind === OpKind.JOIN) ranges.push({ fork, join: i });
  });
  return ranges;
}

/**
 * The ops with two sides only where neither touches what the other writes: elsewhere fork and join are
 * left out, and all ops run in the order of the list, as they do without sides.
 */
export function withoutConflicts(ops: readonly TapeOp[]): readonly TapeOp[] {
  const ranges = forkedRanges(ops).filter(({ fork, join }) => conflict(ops.slice(fork, join)));
  if (ranges.length === 0) return ops;
  const within = (i: number) => ranges.some(({ fork, join }) => fork <= i && i <= join);
  return ops.flatMap((op, i) => {
    if (!within(i)) return [op];
    return op.kind === OpKind.FORK || op.kind === OpKind.JOIN ? [] : [{ ...op, side: 0 as const }];
  });
}

/** True when one side of a stretch reads or writes what the other writes. */
function conflict(ops: readonly TapeOp[]): boolean {
  const touched = [new Set<Storage>(), new Set<Storage>()];
  const written = [new Set<Storage>(), new Set<Storage>()];
  for (const op of ops) {
    for (const tensor of op.reads) if (tensor) touched[op.side].add(tensor.storage);
    const changed = changesReads(op) ? [...op.writes, ...op.reads] : op.writes;
    for (const tensor of changed) {
      if (!tensor) continue;
      touched[op.side].add(tensor.storage);
      written[op.side].add(tensor.storage);
    }
  }
  return meet(written[0], touched[1]) || meet(written[1], touched[0]);
}

/** Ops of the optimizer change operands that stand among those they read. */
function changesReads({ kind }: TapeOp): boolean {
  return kind === OpKind.AVERAGE || (kind >= OpKind.GRADIENT_NORM && kind < OpKind.FORK);
}

/** True when a range of one set overlaps one of the other. */
function meet(a: ReadonlySet<Storage>, b: ReadonlySet<Storage>): boolean {
  for (const storage of a) if (b.has(storage)) return true;
  const placed = (set: ReadonlySet<Storage>) => [...set].filter(({ buffer }) => buffer !== null);
  const others = Map.groupBy(placed(b), ({ buffer }) => buffer);
  return placed(a).some((one) =>
    others.get(one.buffer)?.some((other) =>
      one.offset < other.offset + other.bytes && other.offset < one.offset + one.bytes
    )
  );
}
