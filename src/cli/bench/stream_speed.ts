import type { OpenShard } from "../../data/shards/shard_file.ts";
import type { Bench, BenchResult } from "./bench.ts";
import { LEAST_PAIRS } from "./interleave.ts";
import { writePhotos } from "./photo_shard.ts";
import { spread } from "./spread.ts";

const PHOTO = { width: 640, height: 480 } as const;
const SIZE = 112, BATCH = 64;
const SHARDS = 4, PICTURES = 160, DIFFERENT = 24;
const RANKS = 4;

/**
 * Training straight from shards on disk, from their bytes to batches. `stream.first`: until a new loader
 * has its first batch. `stream.images`, `stream.images.scaled`: pictures a second with all cores, decoded
 * exactly and at a part of their sides. `stream.ranks.4.bytes`: what a rank of four reads of the shards in
 * their first epoch and, with the indexes there, in later ones.
 */
export const streamSpeed: Bench = {
  names: ["stream.first", "stream.images", "stream.images.scaled", "stream.ranks.4.bytes"],
  async run({ signal }) {
    const { NativeContext } = await import("../../native/context.ts");
    const { streamBatches } = await import("../../run/bench/stream_batches.ts");
    const dir = await Deno.makeTempDir();
    try {
      const shards: string[] = [];
      for (let i = 0; i < SHARDS; i++) {
        const path = `${dir}/0000${i}.tar`;
        shards.push(
          await writePhotos({ path, ...PHOTO, pictures: PICTURES, different: DIFFERENT }),
        );
      }
      using context = new NativeContext({ threads: 1 });
      const workers = navigator.hardwareConcurrency;
      const common = { shards, size: SIZE, batch: BATCH, workers, prefetch: 2, buffer: 512 };
      const first = async () => {
        const start = performance.now();
        await using batches = streamBatches(context, common);
        await batches.next();
        return performance.now() - start;
      };
      const steady = async (decode: "exact" | "scaled") => {
        await using batches = streamBatches(context, { ...common, decode });
        for (let i = 0; i < 3; i++) await batches.next();
        const start = performance.now();
        const count = 8;
        for (let i = 0; i < count; i++) await batches.next();
        return count * BATCH / ((performance.now() - start) / 1000);
      };
      const rounds = async (measure: () => Promise<number>) => {
        const found: number[] = [];
        for (let round = -1; round < LEAST_PAIRS; round++) {
          signal.throwIfAborted();
          const value = await measure();
          if (round >= 0) found.push(value);
        }
        return spread(found);
      };
      const form =
        `JPEG of ${PHOTO.width} x ${PHOTO.height} in tars to ${SIZE} px, ${workers} decoders`;
      const results: BenchResult[] = [
        {
          name: "stream.first",
          unit: "ms",
          ...await rounds(first),
          note: `${form}; ${BATCH} pairs, tars in the page cache`,
        },
        {
          name: "stream.images",
          unit: "pictures/s",
          ...await rounds(() => steady("exact")),
          note: form,
        },
        {
          name: "stream.images.scaled",
          unit: "pictures/s",
          ...await rounds(() => steady("scaled")),
          note: `${form}; decoded at a half where the crop allows it`,
        },
      ];
      const total = shards.reduce((sum, path) => sum + Deno.statSync(path).size, 0);
      const share = async () => {
        const read = Array.from({ length: RANKS }, () => 0);
        await Promise.all(read.map(async (_, rank) => {
          await using batches = streamBatches(context, {
            ...common,
            workers: 1,
            share: { rank, size: RANKS },
            indexDir: `${dir}/index`,
            open: counting((bytes) => read[rank] += bytes),
          });
          for (let i = 0; i < SHARDS * PICTURES / BATCH; i++) await batches.next();
        }));
        return spread(read.map((bytes) => bytes / total));
      };
      const early = await share(), later = await share();
      results.push({
        name: "stream.ranks.4.bytes",
        unit: "of the shards",
        ...early,
        note: `each of ${RANKS} ranks in a first epoch; ${
          later.value.toFixed(2)
        } with the indexes there`,
      });
      return results;
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
};

/** Opens shards on disk and tells what is read of them. */
function counting(told: (bytes: number) => void): OpenShard {
  return async (name) => {
    const { openShardOnDisk } = await import("../../data/shards/shard_file.ts");
    const file = await openShardOnDisk(name);
    return {
      ...file,
      read(at, bytes) {
        told(bytes);
        return file.read(at, bytes);
      },
      from(at) {
        const input = file.from(at);
        return {
          ...input,
          async read(buffer) {
            const count = await input.read(buffer);
            told(count ?? 0);
            return count;
          },
        };
      },
    };
  };
}
