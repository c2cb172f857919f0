import type { Bench, BenchResult } from "./bench.ts";
import { interleave } from "./interleave.ts";
import { spread } from "./spread.ts";

const WIDTH = 192;
const TEXT_TOKENS = 8;
const BATCH = 64;
const IMAGE_TOKENS = [17, 37, 65];

/** Least time of one measurement, so that small batches are not lost in the clock. */
const LEAST_SECONDS = 0.2;

const ABOUT = `width ${WIDTH}, depth 4, patch 8, image tower`;

/**
 * `ort.*`: exported models through ONNX Runtime. Fast against portable graphs in our session, fast graphs
 * against portable ones through onnxruntime-node's own API, and pictures of which a quarter is kept.
 */
export const ortSpeed: Bench = {
  names: [
    "ort.fast.over.portable",
    "ort.fast.over.node.b1",
    "ort.fast.over.node.b64",
    "ort.masked25.speedup",
    "ort.vs.native.cosine",
  ],
  async run({ signal, env }) {
    const { NativeContext } = await import("../../native/context.ts");
    const { benchExport } = await import("../../run/bench/bench_export.ts");
    const { ClipOnnx } = await import("../../onnx/clip_onnx.ts");
    const threads = Number(env("CLIPA_THREADS") ?? 0) || navigator.hardwareConcurrency;
    using context = new NativeContext({ threads });
    const results: BenchResult[] = [];
    const all: number[] = [];
    const cosines: number[] = [];
    const add = (name: string, samples: number[], note: string) =>
      results.push({ name, unit: "1", ...spread(samples), note: `${note}; ${threads} threads` });
    for (const imageTokens of IMAGE_TOKENS) {
      signal.throwIfAborted();
      const step = { width: WIDTH, imageTokens, textTokens: TEXT_TOKENS };
      await using model = await benchExport(context, step);
      using fast = await ClipOnnx.open(model.dir, { threads, provider: "cpu", graph: "fast" });
      using portable = await ClipOnnx.open(model.dir, {
        threads,
        provider: "cpu",
        graph: "portable",
      });
      cosines.push(model.parity.cosineMin);
      const pixels = model.pixels(BATCH);
      const pairs = await interleave(
        () => secondsOf(() => fast.embedImages(pixels)),
        () => secondsOf(() => portable.embedImages(pixels)),
      );
      const ratios = pairs.map(({ first, second }) => second / first);
      all.push(...ratios);
      const rate = spread(pairs.map(({ first }) => BATCH / first)).value.toFixed(0);
      add(
        `ort.fast.over.portable.i${imageTokens}`,
        ratios,
        `${ABOUT}, ${imageTokens} tokens, batch ${BATCH}; fast: ${rate} pictures/s`,
      );
      if (imageTokens !== 65) continue;
      for (const batch of [1, BATCH]) {
        const some = model.pixels(batch);
        using plain = await plainModel(`${model.dir}/image.portable.onnx`, threads);
        const side = model.shape.imageSize;
        const pairs = await interleave(
          () => secondsOf(() => fast.embedImages(some)),
          () => secondsOf(() => plain.run(some, [batch, side, side, 3])),
        );
        add(
          `ort.fast.over.node.b${batch}`,
          pairs.map(({ first, second }) => second / first),
          `${ABOUT}, 65 tokens, batch ${batch}; against the portable graph in onnxruntime-node`,
        );
      }
      const kept = model.kept(BATCH, 16);
      const masked = await interleave(
        () => secondsOf(() => fast.embedImages(pixels, kept)),
        () => secondsOf(() => fast.embedImages(pixels)),
      );
      add(
        "ort.masked25.speedup",
        masked.map(({ first, second }) => second / first),
        `${ABOUT}, 16 of 64 patches and the class token, batch ${BATCH}; 65/17 tokens is 3.82`,
      );
    }
    add("ort.fast.over.portable", all, `${ABOUT}, ${IMAGE_TOKENS.join(", ")} tokens together`);
    add("ort.vs.native.cosine", cosines, `${ABOUT} and text tower, the lowest of each model`);
    return results;
  },
};

/** Mean seconds of one call, over as many as take a fifth of a second, or `least` seconds. */
export async function secondsOf(
  call: () => Promise<unknown>,
  least = LEAST_SECONDS,
): Promise<number> {
  const start = performance.now();
  let calls = 0, seconds = 0;
  do {
    await call();
    calls++;
    seconds = (performance.now() - start) / 1000;
  } while (seconds < least);
  return seconds / calls;
}

/** A model file in onnxruntime-node's own session, as other packages use it. */
async function plainModel(path: string, threads: number) {
  const ort = await import("onnxruntime-node");
  const session = await ort.InferenceSession.create(path, { intraOpNumThreads: threads });
  return {
    run: (pixels: Uint8Array, shape: number[]) =>
      session.run({ pixels: new ort.Tensor("uint8", pixels, shape) }),
    [Symbol.dispose]: () => void session.release(),
  };
}
