import assert from "node:assert/strict";
import * as ort from "onnxruntime-node";
import { gridOf } from "../../src/model/model_shape.ts";
import { NativeContext } from "../../src/native/context.ts";
import { type CheckedGraphs, graphHashes } from "./graph_hashes.ts";
import {
  distance,
  hashedInputs,
  hashedKept,
  nativeFeatures,
  randomModel,
  SMALL_MODELS,
  writeGraphs,
} from "./small_models.ts";

/** A run through onnxruntime-node's ordinary API, as any other program would do it. */
async function runPlain(path: string, feeds: Record<string, ort.Tensor>): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 1 });
  try {
    const { embedding } = await session.run(feeds);
    return embedding.data as Float32Array;
  } finally {
    await session.release();
  }
}

const BATCH = 3;

for (const { title, shape } of SMALL_MODELS) {
  Deno.test(`portable graphs equal the training library when the model is ${title}`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      using context = new NativeContext({ threads: 1 });
      using model = randomModel(context, shape);
      writeGraphs(dir, model, "portable");
      const { imageSize: size, textTokens, spec } = shape;
      const { pixels, ids } = hashedInputs(shape, BATCH);
      const pictures = new ort.Tensor("uint8", pixels, [BATCH, size, size, 3]);
      const words = new ort.Tensor("int32", ids, [BATCH, textTokens]);
      const seen = {
        image: await runPlain(`${dir}/image.onnx`, { pixels: pictures }),
        text: await runPlain(`${dir}/text.onnx`, { ids: words }),
      };
      const wanted = await nativeFeatures(model, BATCH);
      for (const tower of ["image", "text"] as const) {
        const { cosine, maxAbs } = distance(seen[tower], wanted[tower], spec.embed);
        assert.ok(cosine >= 0.99999 && maxAbs <= 1e-5, `${tower}: ${cosine}, ${maxAbs}`);
        // Rows that did not depend on the input would be equal, too.
        const rows = distance(
          wanted[tower].slice(0, spec.embed),
          wanted[tower].slice(spec.embed, 2 * spec.embed),
          spec.embed,
        );
        assert.ok(rows.maxAbs > 0.01, `${tower}: two samples are alike (${rows.maxAbs})`);
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

for (const { title, shape } of SMALL_MODELS) {
  const patches = gridOf(shape) ** 2;
  const count = Math.max(1, Math.floor(patches / 2));
  Deno.test(`portable graph with kept patches equals the library when the model is ${title}`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      using context = new NativeContext({ threads: 1 });
      using model = randomModel(context, shape);
      writeGraphs(dir, model, "portable");
      const { imageSize: size, spec } = shape;
      const kept = hashedKept(shape, BATCH, count);
      const { pixels } = hashedInputs(shape, BATCH);
      const seen = await runPlain(`${dir}/image.masked.onnx`, {
        pixels: new ort.Tensor("uint8", pixels, [BATCH, size, size, 3]),
        kept: new ort.Tensor("int32", kept, [BATCH, count]),
      });
      const wanted = await nativeFeatures(model, BATCH, kept);
      const { cosine, maxAbs } = distance(seen, wanted.image, spec.embed);
      assert.ok(cosine >= 0.99999 && maxAbs <= 1e-5, `${cosine}, ${maxAbs}`);
      if (patches === 1) return;
      const whole = await nativeFeatures(model, BATCH);
      const { maxAbs: changed } = distance(wanted.image, whole.image, spec.embed);
      assert.ok(changed > 1e-3, "dropping patches changed nothing");
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

Deno.test("portable graphs are those that the official checker passed when they are written anew", async () => {
  const golden: CheckedGraphs = JSON.parse(
    await Deno.readTextFile(new URL("./goldens/checked_graphs.json", import.meta.url)),
  );
  assert.deepEqual(await graphHashes("portable"), golden.portable);
});
