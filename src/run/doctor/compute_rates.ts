import sharp from "sharp";
import { decodeImage } from "../../data/images/decode_image.ts";
import type { NativeContext } from "../../native/context.ts";
import { philox } from "../../tensor/random.ts";
import { BenchStep, type StepShape } from "../bench/bench_model.ts";
import { Roof } from "../bench/sgemm_rate.ts";
import { bestRate, type StageRate } from "./stage_rate.ts";

/** The first stage of the quick recipe: width 128, 16 patches and the class token. */
const SHAPE: StepShape = { width: 128, imageTokens: 17, textTokens: 8, batch: 128 };
const PHOTO = { width: 400, height: 300 } as const;
const COPY_BYTES = 32 * 2 ** 20;

/** Decoding, copying, matrix products and whole training steps, each by itself. */
export async function computeRates(
  context: NativeContext,
  threads: number,
  signal: AbortSignal,
): Promise<StageRate[]> {
  const photos = await decodeRate();
  signal.throwIfAborted();
  const copy = await copyRate(context);
  signal.throwIfAborted();
  using roof = new Roof(threads);
  await roof.rate();
  const gemm = Math.max(await roof.rate(), await roof.rate());
  signal.throwIfAborted();
  using step = new BenchStep(context, SHAPE);
  await step.seconds();
  const steps = await bestRate(SHAPE.batch, 7, () => step.seconds());
  const share = steps / SHAPE.batch * 6 * step.macs / gemm;
  const bytesOfPair = 32 ** 2 * 3 + SHAPE.textTokens * 4;
  return [
    {
      name: "decode",
      rate: photos,
      unit: "pictures/s",
      pairs: null,
      note: `JPEG of ${PHOTO.width} x ${PHOTO.height}, sharp, one after the other; only shards ` +
        "that are not baked need it",
    },
    {
      name: "copy",
      rate: copy / 1e9,
      unit: "GB/s",
      pairs: copy / bytesOfPair,
      note: `${COPY_BYTES / 2 ** 20} MiB from JavaScript into the library`,
    },
    {
      name: "gemm",
      rate: gemm / 1e9,
      unit: "GFLOP/s",
      pairs: null,
      note: `SGEMM at 2048^3, ${threads} threads`,
    },
    {
      name: "step",
      rate: steps,
      unit: "pairs/s",
      pairs: steps,
      note:
        `width ${SHAPE.width}, ${SHAPE.imageTokens} image and ${SHAPE.textTokens} text tokens, ` +
        `batch ${SHAPE.batch}, tensors in memory; ` + describeShare(share),
    },
  ];
}

function describeShare(share: number): string {
  return share <= 1.1
    ? `its linear layers reach ${(100 * share).toFixed(0)} % of gemm`
    : "its share of gemm cannot be told: the two were measured under different load";
}

async function decodeRate(): Promise<number> {
  const noise = Uint8Array.from(
    { length: 40 * 30 * 3 },
    (_, i) => philox(7, 0, i, 0, 0, 0)[0] >>> 24,
  );
  const photo = new Uint8Array(
    await sharp(noise, { raw: { width: 40, height: 30, channels: 3 } })
      .resize(PHOTO.width, PHOTO.height).jpeg({ quality: 85 }).toBuffer(),
  );
  const count = 8;
  return await bestRate(count, 5, async () => {
    for (let i = 0; i < count; i++) await decodeImage(photo);
  });
}

async function copyRate(context: NativeContext): Promise<number> {
  using buffer = context.buffer(COPY_BYTES);
  const bytes = new Uint8Array(COPY_BYTES).fill(1);
  return await bestRate(COPY_BYTES, 5, () => buffer.write(0, bytes));
}
