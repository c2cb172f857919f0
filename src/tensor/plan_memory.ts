import type { TapeOp } from "./tape.ts";
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
  const gaps: Gap[] = [];
  let end = 0;

  const take = (bytes: number): number => {
    let best = -1;
    gaps.forEach((gap, i) => {
      if (gap.bytes >= bytes && (best < 0 || gap.bytes < gaps[best].bytes)) best = i;
    });
    if (best >= 0) {
      const gap = gaps[best];
      const offset = gap.offset;
      gap.offset += bytes;
      gap.bytes -= bytes;
      if (gap.bytes === 0) gaps.splice(best, 1);
      return offset;
    }
    // A gap at the end grows instead of being left behind.
    const last = gaps.findIndex((gap) => gap.offset + gap.bytes === end);
    const offset = last >= 0 ? gaps[last].offset : end;
    if (last >= 0) gaps.splice(last, 1);
    end = offset + bytes;
    return offset;
  };

  const give = (offset: number, bytes: number): void => {
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

  ops.forEach((op, index) => {
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
        source && sourceOffset !== undefined && source.bytes === storage.bytes && dying.has(source)
      ) {
        offsets.set(storage, sourceOffset);
        dying.delete(source);
      } else {
        offsets.set(storage, take(aligned(storage.bytes)));
      }
    });
    for (const storage of dying) {
      const offset = offsets.get(storage);
      if (offset !== undefined) give(offset, aligned(storage.bytes));
      else {
        throw new Error(`op kind ${op.kind} reads a tensor that no earlier op of the tape wrote`);
      }
    }
  });
  return { offsets, bytes: end };
}

function aligned(bytes: number): number {
  return Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN);
}
