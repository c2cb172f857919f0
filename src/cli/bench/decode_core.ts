import process from "node:process";
import type { Bench } from "./bench.ts";
import { LEAST_PAIRS } from "./interleave.ts";
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
    const { default: sharp } = await import("sharp");
    const { NativeContext } = await import("../../native/context.ts");
    const { createShardWriter } = await import("../../data/shards/write_tar.ts");
    const { streamBatches } = await import("../../run/bench/stream_batches.ts");
    const dir = await Deno.makeTempDir();
    try {
      const encoder = new TextEncoder();
      const write = async (name: string, width: number, height: number) => {
        const small = {
          width: Math.ceil(width / 10),
          height: Math.ceil(height / 10),
          channels: 3,
        } as const;
        const path = `${dir}/${name}.tar`;
        using shard = createShardWriter(path);
        for (let i = 0; i < PICTURES; i++) {
          const pixels = noise(i, small.width * small.height * 3);
          const jpeg = await sharp(pixels, { raw: small }).resize(width, height).jpeg({
            quality: 85,
          })
            .toBuffer();
          shard.add(String(i), [
            ["jpg", new Uint8Array(jpeg)],
            ["txt", encoder.encode(`a picture with the number ${i} and some words of a caption`)],
          ]);
        }
        shard.close();
        return path;
      };
      const photos = await write("photos", PHOTO.width, PHOTO.height);
      const dots = await write("dots", 8, 8);
      using context = new NativeContext({ threads: 1 });
      const rates = async (shard: string, size: number) => {
        await using batches = streamBatches(context, { shard, size, batch: BATCH });
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
      results.push({ name: "decode.core.floor", unit, ...await rates(dots, 8), note });
      return results;
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
};

/** The same bytes every time. */
function noise(seed: number, length: number): Uint8Array<ArrayBuffer> {
  let state = seed + 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}
