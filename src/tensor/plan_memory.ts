import { OpKind } from "../native/op_kinds.ts";
import type { Side, TapeOp } from "./tape.ts";
import type { Storage, Tensor } from "./tensor.ts";

/** Offsets of storages in one arena, and the arena's size: the peak memory of a step. */
export interface MemoryPlan {
  readonly offsets: ReadonlyMap<Storage, number>;
  /** Bytes of the arena. */
  readonly bytes: number;
}

const ALIGN = 64;

interface Gap {
  offset: number;
  bytes: number;
}

/**
 * Gives every intermediate value a place in one arena by its lifetime: from the op that writes it
 * to the last op that reads it. Best fit among the gaps; an op that may work in place takes over
 * the memory of an operand that dies with it. Retained tensors live to the end.
 *
 * Between a fork and its join the order of the list holds on each side alone. So what a side frees
 * there only the same side takes, and what both have touched is freed at the join.
 */
export function planMemory(ops: readonly TapeOp[], retained: ReadonlySet<Tensor>): MemoryPlan {
  const lastUse = new Map<Storage, number>();
  ops.forEach((op, index) => {
    for (const tensor of [...op.reads, ...op.writes]) {
      if (tensor && !tensor.storage.buffer) lastUse.set(tensor.storage, index);
    }
  });
  for (const tensor of retained) {
    if (!tensor.storage.buffer) lastUse.set(tensor.storage, ops.length);
  }

  const offsets = new Map<Storage, number>();
  // Gaps that all may take, and between fork and join those of either side.
  const shared: Gap[] = [];
  const own: [Gap[], Gap[]] = [[], []];
  const held: Gap[] = []; // until the join
  let forked = false;
  const touched = new Map<Storage, number>(); // since the fork: 1, 2, or 3 for both sides
  let end = 0;

  const take = (bytes: number, side: Side): number => {
    const pools = forked ? [own[side], shared] : [shared];
    let best: { gaps: Gap[]; at: number } | undefined;
    for (const gaps of pools) {
      for (let at = 0; at < gaps.length; at++) {
        if (gaps[at].bytes < bytes) continue;
        if (!best || gaps[at].bytes < best.gaps[best.at].bytes) best = { gaps, at };
      }
    }
    if (best) {
      const gap = best.gaps[best.at];
      const offset = gap.offset;
      gap.offset += bytes;
      gap.bytes -= bytes;
      if (gap.bytes === 0) best.gaps.splice(best.at, 1);
      return offset;
    }
    // A gap at the end grows instead of being left behind.
    let offset = end;
    for (const gaps of pools) {
      const last = gaps.findIndex((gap) => gap.offset + gap.bytes === end);
      if (last >= 0) offset = gaps.splice(last, 1)[0].offset;
    }
    end = offset + bytes;
    return offset;
  };

  const give = (gaps: Gap[], offset: number, bytes: number): void => {
    const merged = { offset, bytes };
    for (let i = gaps.length - 1; i >= 0; i--) {
      const gap = gaps[i];
      if (gap.offset + gap.bytes === merged.offset) {
        merged.offset = gap.offset;
      } else if (merged.offset + merged.bytes !== gap.offset) {
        continue;
      }
      merged.bytes += gap.bytes;
      gaps.splice(i, 1);
    }
    gaps.push(merged);
  };

  const join = (): void => {
    forked = false;
    for (const gaps of [...own, held]) {
      for (const { offset, bytes } of gaps.splice(0)) give(shared, offset, bytes);
    }
  };

  ops.forEach((op, index) => {
    if (op.kind === OpKind.FORK) {
      forked = true;
      touched.clear();
    }
    if (op.kind === OpKind.JOIN) join();
    if (forked) {
      for (const tensor of [...op.reads, ...op.writes]) {
        if (!tensor) continue;
        touched.set(tensor.storage, (touched.get(tensor.storage) ?? 0) | (1 << op.side));
      }
    }
    const ofBoth = (storage: Storage) => forked && touched.get(storage) === 3;
    const dying = new Set<Storage>();
    for (const tensor of [...op.reads, ...op.writes]) {
      if (tensor && lastUse.get(tensor.storage) === index) dying.add(tensor.storage);
    }
    op.writes.forEach((tensor, i) => {
      const storage = tensor?.storage;
      if (!storage || storage.buffer || offsets.has(storage)) return;
      const source = i === 0 && op.inPlaceOf >= 0 ? op.reads[op.inPlaceOf]?.storage : undefined;
      const sourceOffset = source && offsets.get(source);
      if (
        source && sourceOffset !== undefined && source.bytes === storage.bytes &&
        dying.has(source) && !ofBoth(source)
      ) {
        offsets.set(storage, sourceOffset);
        dying.delete(source);
      } else {
        offsets.set(storage, take(aligned(storage.bytes), op.side));
      }
    });
    for (const storage of dying) {
      const offset = offsets.get(storage);
      if (offset !== undefined) {
        const gaps = ofBoth(storage) ? held : forked ? own[op.side] : shared;
        give(gaps, offset, aligned(storage.bytes));
      } else {
        throw new Error(`op kind ${op.kind} reads a tensor that no earlier op of the tape wrote`);
      }
    }
  });
  return { offsets, bytes: end };
}

function aligned(bytes: number): number {
  return Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN);
}
