import assert from "node:assert/strict";
import { openSafetensors, writeWhole } from "../../src/checkpoint/safetensors.ts";
import { gridOf } from "../../src/model/model_shape.ts";
import { NativeContext } from "../../src/native/context.ts";
import { imageGraph } from "../../src/onnx/graph/image_graph.ts";
import { OrtSession, type OrtTensor } from "../../src/onnx/ort_session.ts";
import { planImage } from "../../src/tokens/image_reduction.ts";
import {
  distance,
  hashedInputs,
  hashedKept,
  nativeFeatures,
  randomModel,
  SMALL_MODELS,
  smallShape,
  WEIGHTS,
  writeGraphs,
} from "./small_models.ts";

const BATCH = 3;

/** One run of a graph; the native session and its threads are freed afterwards. */
async function runGraph(path: string, feeds: Record<string, OrtTensor>): Promise<Float32Array> {
  using session = await OrtSession.open(path, { threads: 2, provider: "cpu" });
  const { embedding } = await session.run(feeds);
  return embedding.data as Float32Array;
}

for (const form of ["fast", "portable"] as const) {
  for (const { title, shape } of SMALL_MODELS) {
    Deno.test(`${form} graphs in our session equal the library when the model is ${title}`, async () => {
      const dir = await Deno.makeTempDir();
      try {
        using context = new NativeContext({ threads: 1 });
        using model = randomModel(context, shape);
        writeGraphs(dir, model, form);
        const { imageSize: size, textTokens, spec } = shape;
        const { pixels, ids } = hashedInputs(shape, BATCH);
        const pictures = { data: pixels, shape: [BATCH, size, size, 3] };
        const count = Math.max(1, Math.floor(gridOf(shape) ** 2 / 2));
        const kept = hashedKept(shape, BATCH, count);
        const some = { data: kept, shape: [BATCH, count] };
        const whole = await nativeFeatures(model, BATCH);
        const masked = await nativeFeatures(model, BATCH, kept);
        const words = { data: ids, shape: [BATCH, textTokens] };
        const pairs = [
          [await runGraph(`${dir}/image.onnx`, { pixels: pictures }), whole.image],
          [
            await runGraph(`${dir}/image.masked.onnx`, { pixels: pictures, kept: some }),
            masked.image,
          ],
          [await runGraph(`${dir}/text.onnx`, { ids: words }), whole.text],
        ];
        for (const [seen, wanted] of pairs) {
          const { cosine, maxAbs } = distance(seen, wanted, spec.embed);
          assert.ok(cosine >= 0.99999 && maxAbs <= 1e-5, `${cosine}, ${maxAbs}`);
        }
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    });
  }
}

const REDUCTIONS = [
  { strategy: "random", keep: 5 },
  { strategy: "grid", keep: 4, jitter: "window" },
  { strategy: "block", keep: 9, placement: "random" },
] as const;

for (const reduce of REDUCTIONS) {
  Deno.test(`fast graph draws the training loader's patches when it reduces by ${reduce.strategy}`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      using context = new NativeContext({ threads: 1 });
      using model = randomModel(context, smallShape({ size: 32 }));
      const { shape } = model;
      writeGraphs(dir, model, "fast");
      const weights = openSafetensors(`${dir}/${WEIGHTS}`);
      const graph = imageGraph(shape, "fast", weights, WEIGHTS, { reduce });
      writeWhole(`${dir}/reduced.onnx`, [graph.bytes()]);
      const { pixels } = hashedInputs(shape, BATCH);
      const seen = await runGraph(`${dir}/reduced.onnx`, {
        pixels: { data: pixels, shape: [BATCH, 32, 32, 3] },
        samples: { data: BigInt64Array.of(7n, 0n, 299_051n), shape: [BATCH] },
        seed: { data: BigInt64Array.of(3n), shape: [1] },
        epoch: { data: BigInt64Array.of(2n), shape: [1] },
      });
      const { keep, ...budget } = reduce;
      const { mask } = planImage({ ...budget, size: 32, tokens: keep }, 8);
      const kept = new Int32Array(BATCH * keep);
      [7, 0, 299_051].forEach((row, i) => mask!({ seed: 3, epoch: 2, row }, kept, i * keep));
      const wanted = await nativeFeatures(model, BATCH, kept);
      const { cosine, maxAbs } = distance(seen, wanted.image, shape.spec.embed);
      assert.ok(cosine >= 0.99999 && maxAbs <= 1e-5, `${cosine}, ${maxAbs}`);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

Deno.test("imageGraph refuses to draw patches when the form is portable", async () => {
  const dir = await Deno.makeTempDir();
  try {
    using context = new NativeContext({ threads: 1 });
    using model = randomModel(context, smallShape());
    writeGraphs(dir, model, "portable");
    const weights = openSafetensors(`${dir}/${WEIGHTS}`);
    const reduce = { strategy: "grid", keep: 4 } as const;
    assert.throws(
      () => imageGraph(model.shape, "portable", weights, WEIGHTS, { reduce }),
      /reduce: seen with the portable form; only fast graphs draw patches/,
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
