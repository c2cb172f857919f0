import type { Bench, BenchResult } from "./bench.ts";
import { interleave, LEAST_PAIRS } from "./interleave.ts";
import { spread } from "./spread.ts";

const SIDE = 64, PICTURES = 4096, ROUNDS = 16;
const PHOTO = { width: 400, height: 300 } as const;
const LARGER = { width: 640, height: 480 } as const;
const SMALL = 112, PHOTOS = 24;

/** `shards.baked.images`: random crops of baked pictures, all threads. */
export const bakedPictures: Bench = {
  names: ["shards.baked.images"],
  async run({ signal }) {
    const { NativeContext } = await import("../../native/context.ts");
    const { CROPS_BATCH, CropBatches } = await import("../../run/bench/crop_batches.ts");
    const threads = navigator.hardwareConcurrency;
    const path = await Deno.makeTempFile();
    const shape = { side: SIDE, pictures: PICTURES, outSide: SIDE };
    using context = new NativeContext({ threads: 1 });
    try {
      await Deno.writeFile(path, noise(PICTURES * SIDE * SIDE * 3));
      const batches = Array.from({ length: threads }, () => new CropBatches(context, path, shape));
      try {
        const rates: number[] = [];
        for (let round = -1; round < LEAST_PAIRS; round++) {
          signal.throwIfAborted();
          const start = performance.now();
          await Promise.all(batches.map(async (batch) => {
            for (let i = 0; i < ROUNDS; i++) await batch.run();
          }));
          const seconds = (performance.now() - start) / 1000;
          if (round >= 0) rates.push(threads * ROUNDS * CROPS_BATCH / seconds);
        }
        const note = `crops of ${SIDE} px to ${SIDE} px, ${threads} threads, from the page cache`;
        return [{ name: "shards.baked.images", unit: "images/s", ...spread(rates), note }];
      } finally {
        for (const batch of batches) batch[Symbol.dispose]();
      }
    } finally {
      await Deno.remove(path);
    }
  },
};

/** `decode.vs.sharp`: our decoding and exact resize of a JPEG over sharp's own, one thread each. */
export const decodeSpeed: Bench = {
  names: ["decode.vs.sharp"],
  async run(): Promise<BenchResult[]> {
    const { default: sharp } = await import("sharp");
    const { decodeImage } = await import("../../data/images/decode_image.ts");
    const { resizeImage } = await import("../../data/images/resize_image.ts");
    const before = sharp.concurrency();
    sharp.concurrency(1);
    try {
      const { width, height } = PHOTO;
      const raw = { width: 40, height: 30, channels: 3 } as const;
      const jpeg = new Uint8Array(
        await sharp(noise(40 * 30 * 3), { raw }).resize(width, height).jpeg({ quality: 85 })
          .toBuffer(),
      );
      const rate = async (prepare: () => Promise<unknown>) => {
        const start = performance.now();
        for (let i = 0; i < PHOTOS; i++) await prepare();
        return PHOTOS / ((performance.now() - start) / 1000);
      };
      const pairs = await interleave(
        () => rate(async () => resizeImage(await decodeImage(jpeg), SMALL, SMALL, "bilinear")),
        () => rate(() => sharp(jpeg).resize(SMALL, SMALL, { fit: "fill" }).raw().toBuffer()),
      );
      const ratios = pairs.map(({ first, second }) => first / second);
      const ours = spread(pairs.map(({ first }) => first)).value;
      const note = `JPEG of ${width} x ${height} to ${SMALL} px, one after the other; ours ` +
        `${
          ours.toFixed(0)
        } pictures/s, exact; sharp decodes it whole too, as it shrinks from a third on`;
      return [{ name: "decode.vs.sharp", unit: "x", ...spread(ratios), note }];
    } finally {
      sharp.concurrency(before);
    }
  },
};

/** `decode.scaled.over.exact`: training pictures with libjpeg's scaling over those without, one thread each. */
export const scaledDecoding: Bench = {
  names: ["decode.scaled.over.exact"],
  async run(): Promise<BenchResult[]> {
    const { default: sharp } = await import("sharp");
    const { decodeImage } = await import("../../data/images/decode_image.ts");
    const { resizeImage } = await import("../../data/images/resize_image.ts");
    const { cropOf, decodeScaled, shrinkFor } = await import("../../data/images/scaled_jpeg.ts");
    const before = sharp.concurrency();
    sharp.concurrency(1);
    try {
      const { width, height } = LARGER;
      const raw = { width: 64, height: 48, channels: 3 } as const;
      const jpeg = new Uint8Array(
        await sharp(noise(64 * 48 * 3), { raw }).resize(width, height).jpeg({ quality: 85 })
          .toBuffer(),
      );
      const rate = async (prepare: () => Promise<unknown>) => {
        const start = performance.now();
        for (let i = 0; i < PHOTOS; i++) await prepare();
        return PHOTOS / ((performance.now() - start) / 1000);
      };
      const whole = { left: 0, top: 0, width, height };
      const scaled = async () => {
        const picture = await decodeScaled(jpeg, (full) => shrinkFor(full, SMALL));
        return resizeImage(picture, SMALL, SMALL, "bilinear", cropOf(picture, whole));
      };
      const pairs = await interleave(
        () => rate(scaled),
        () => rate(async () => resizeImage(await decodeImage(jpeg), SMALL, SMALL, "bilinear")),
      );
      const ours = spread(pairs.map(({ first }) => first)).value;
      const note = `JPEG of ${width} x ${height} to ${SMALL} px, decoded at a half; ` +
        `${ours.toFixed(0)} pictures/s, one after the other`;
      const ratios = pairs.map(({ first, second }) => first / second);
      return [{ name: "decode.scaled.over.exact", unit: "x", ...spread(ratios), note }];
    } finally {
      sharp.concurrency(before);
    }
  },
};

/** The same bytes every time. */
function noise(length: number): Uint8Array<ArrayBuffer> {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}
