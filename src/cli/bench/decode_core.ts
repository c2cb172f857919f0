import process from "node:process";
import type { Bench } from "./bench.ts";
import { LEAST_PAIRS } from "./interleave.ts";
import { writePhotos } from "./photo_shard.ts";
import { spread } from "./spread.ts";

const PHOTO = { width: 400, height: 300 } as const;
const SIZES = [112, 224] as const;
const PICTURES = 96, BATCH = 32;

/**
 * `decode.core.<size>`: pictures that a second of one core prepares for training from shards: reading,
 * JPEG, crop, exact resize, caption. `decode.core.floor`: the same for pictures of 8 pixels, which is what
 * the reading itself costs. By the processor's time, so other programs hardly change it.
 */
export const decodeCore: Bench = {
  names: ["decode.core."],
  async run({ signal }) {
    const { NativeContext } = await import("../../native/context.ts");
    const { streamBatches } = await import("../../run/bench/stream_batches.ts");
    const dir = await Deno.makeTempDir();
    try {
      const photos = await writePhotos({ path: `${dir}/photos.tar`, ...PHOTO, pictures: PICTURES });
      const dots = { path: `${dir}/dots.tar`, width: 8, height: 8, pictures: PICTURES };
      await writePhotos(dots);
      using context = new NativeContext({ threads: 1 });
      const rates = async (shard: string, size: number) => {
        await using batches = streamBatches(context, { shards: [shard], size, batch: BATCH });
        const found: number[] = [];
        for (let round = -1; round < LEAST_PAIRS; round++) {
          signal.throwIfAborted();
          const before = process.cpuUsage();
          for (let i = 0; i < PICTURES / BATCH; i++) await batches.next();
          const { user, system } = process.cpuUsage(before);
          if (round >= 0) found.push(1e6 * PICTURES / (user + system));
        }
        return spread(found);
      };
      const unit = "pictures/s";
      const results = [];
      for (const size of SIZES) {
        const note = `JPEG of ${PHOTO.width} x ${PHOTO.height} in a tar to ${size} px, by the ` +
          "processor's time of one core";
        results.push({ name: `decode.core.${size}`, unit, ...await rates(photos, size), note });
      }
      const note = "pictures of 8 px: reading, captions and calls alone";
      results.push({ name: "decode.core.floor", unit, ...await rates(dots.path, 8), note });
      return results;
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
};
