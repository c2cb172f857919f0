import { permutation } from "../loader/permutation.ts";
import { shardName } from "../shards/shard_file.ts";
import type { SampleDemands } from "./sample_filter.ts";
import type { StreamSample } from "./sample_ref.ts";
import { type EntrySource, readEntries } from "./shard_entries.ts";
import type { ShardSet } from "./shard_set.ts";

/** Where the reading of shards goes on. Plain JSON. */
export interface WalkPlace {
  readonly epoch: number;
  /** Shards of the epoch's order that are done. */
  readonly position: number;
  /** Byte of the next shard. */
  readonly at: number;
  /** Samples of the epoch that went on. */
  readonly taken: number;
}

/** A sample that was left out. */
export interface LeftOut {
  readonly kind: "dropped" | "broken";
  /** Counted under this. */
  readonly reason: string;
  /** Shard, byte, key and the whole message. */
  readonly message: string;
}

/** A sample that goes on. */
export interface WalkedSample {
  readonly sample: StreamSample;
  /** What was left out since the sample before. */
  readonly leftOut: readonly LeftOut[];
  /** Where reading goes on after it. */
  readonly next: WalkPlace;
}

/** Options of {@linkcode walkShards}. */
export interface WalkOptions {
  readonly shards: ShardSet;
  readonly demands: SampleDemands;
  readonly seed: number;
  /** Samples of an epoch; null = all. */
  readonly epoch: number | null;
  /** Where entries come from; default the shards themselves. */
  readonly source?: EntrySource;
}

/**
 * Samples of all shards, epoch after epoch without an end; the order of shards is a pure function of
 * (seed, epoch), and within a shard samples come as they stand.
 *
 * @throws {SyntaxError} when a shard is damaged, or an epoch holds no sample that goes on.
 */
export async function* walkShards(
  { shards, demands, seed, epoch: limit, source = readEntries(shards, demands) }: WalkOptions,
  place: WalkPlace,
): AsyncGenerator<WalkedSample, void, void> {
  let { epoch, position, at, taken } = place;
  let leftOut: LeftOut[] = [];
  const most = limit ?? Infinity;
  const count = shards.names.length;
  const shardAt = (turn: number) =>
    permutation(count, seed, Math.floor(turn / count))(turn % count);
  for (;; epoch++, position = 0, at = 0, taken = 0) {
    const order = permutation(count, seed, epoch);
    for (; position < count && taken < most; position++, at = 0) {
      const shard = order(position);
      source.ahead?.(epoch * count + position, shardAt);
      const name = shards.names[shard];
      for await (const { sample, damaged } of source.entries(shard, at)) {
        leftOut.push(
          ...damaged.map(({ at, key, reason }) =>
            broken(name, at, key, `broken sample: ${reason}`)
          ),
        );
        if (sample === null) break;
        const { key, at, end, examined } = sample;
        if ("broken" in examined) leftOut.push(broken(name, at, key, examined.broken));
        else if ("dropped" in examined) {
          const message = `${name}, byte ${at}, ${key}: ${examined.dropped}`;
          leftOut.push({ kind: "dropped", reason: examined.dropped, message });
        } else {
          taken++;
          yield {
            sample: {
              ref: [epoch, shard, at, end - at],
              key: `${shardName(name)}:${key}`,
              ...examined,
            },
            leftOut,
            next: { epoch, position, at: end, taken },
          };
          leftOut = [];
          if (taken >= most) break;
        }
      }
    }
    if (taken === 0) throw nothingLeft(count, leftOut);
  }
}

function broken(name: string, at: number, key: string, message: string): LeftOut {
  const reason = message.split(":")[0];
  return { kind: "broken", reason, message: `${name}, byte ${at}, ${key}: ${message}` };
}

function nothingLeft(count: number, leftOut: readonly LeftOut[]): SyntaxError {
  const first = leftOut[0];
  return new SyntaxError(
    `${count} shards hold no sample that goes on; ${
      first ? `${leftOut.length} were left out, the first: ${first.message}` : "they are empty"
    }; allowed: tars with key.png|jpg|webp and captions as data.stream asks`,
  );
}
