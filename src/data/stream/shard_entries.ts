import type { BrokenSample, ShardSample } from "../shards/read_tar.ts";
import { readTar } from "../shards/read_tar.ts";
import { IMAGE_EXTENSIONS } from "../shards/sample_parts.ts";
import { type Examined, examineSample, type SampleDemands } from "./sample_filter.ts";
import type { ShardSet } from "./shard_set.ts";

/** A sample of a shard as it was looked at, or `null` behind the last; and what was damaged before it. */
export interface ShardEntry {
  readonly sample: LookedSample | null;
  readonly damaged: readonly BrokenSample[];
}

/** Where a sample stands, and what was found. */
export interface LookedSample {
  /** First byte, and the byte behind it. */
  readonly at: number;
  readonly end: number;
  readonly key: string;
  readonly examined: Examined;
}

/** Where the entries of a shard come from. */
export interface EntrySource {
  /** The entries from a byte on, in order; the last one has no sample. */
  entries(shard: number, from: number): AsyncGenerator<ShardEntry, void, void>;
  /** Told at each shard which one comes so many turns later, to prepare it; turns count up for ever. */
  ahead?(turn: number, shardAt: (turn: number) => number): void;
}

/** Samples looked at before their turn: their headers are read beside each other. */
const AHEAD = 16;

/**
 * Entries as they are read from the shards themselves.
 *
 * @param pictures Whether the picture files are wanted; otherwise they are passed over where nothing is
 *   asked of their sides.
 */
export function readEntries(
  shards: ShardSet,
  demands: SampleDemands,
  pictures = true,
): EntrySource {
  const { minSide, maxAspect } = demands.filter;
  const passed = pictures || minSide !== null || maxAspect !== null ? [] : IMAGE_EXTENSIONS;
  return {
    async *entries(shard, from) {
      const file = await shards.file(shard);
      using input = file.from(from);
      let damaged: BrokenSample[] = [];
      const takeDamaged = () => damaged.splice(0, damaged.length);
      const read = readTar(input, { from, passed, onBroken: (sample) => damaged.push(sample) });
      const look = async ({ at, end, key, ...rest }: ShardSample): Promise<ShardEntry> => {
        const before = takeDamaged();
        const examined = await examineSample({ at, end, key, ...rest }, demands);
        return { sample: { at, end, key, examined }, damaged: before };
      };
      yield* inOrder(read, look, AHEAD);
      damaged = takeDamaged();
      yield { sample: null, damaged };
    },
  };
}

/** Works on items beside each other and gives the results in their order. */
async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  work: (item: Item) => Promise<Result>,
  depth: number,
): AsyncGenerator<Result, void, void> {
  const pending: Promise<Result>[] = [];
  try {
    for await (const item of items) {
      const result = work(item);
      // Whoever awaits it in turn gets the error.
      result.catch(() => {});
      pending.push(result);
      if (pending.length >= depth) yield await pending.shift()!;
    }
    while (pending.length > 0) yield await pending.shift()!;
  } finally {
    await Promise.allSettled(pending);
  }
}
