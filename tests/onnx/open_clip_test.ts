import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { exportModel } from "../../src/onnx/export_model.ts";
import {
  distance,
  exportSource,
  nativeFeatures,
  OPEN_CLIP_BATCH,
  OPEN_CLIP_MODELS,
  type OpenClipGolden,
  randomModel,
  smallShape,
} from "./small_models.ts";
import { openClipConfig } from "../../src/onnx/open_clip_config.ts";

const golden: OpenClipGolden = JSON.parse(
  Deno.readTextFileSync(new URL("./goldens/open_clip.json", import.meta.url)),
);

for (const { title, shape } of OPEN_CLIP_MODELS) {
  Deno.test(`open_clip's form gives our embeddings in open_clip when the model is ${title}`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      using context = new NativeContext({ threads: 1 });
      using model = randomModel(context, shape);
      await exportModel(exportSource(model), `${dir}/model`, "open_clip");
      // The same configuration and the same weights as those that open_clip read.
      const config = JSON.parse(await Deno.readTextFile(`${dir}/model/open_clip_config.json`));
      const wanted = golden.models[title];
      assert.deepEqual(config, wanted.config);
      const seen = await nativeFeatures(model, OPEN_CLIP_BATCH);
      for (const tower of ["image", "text"] as const) {
        const { cosine, maxAbs } = distance(
          seen[tower],
          Float32Array.from(wanted[tower]),
          shape.spec.embed,
        );
        assert.ok(cosine >= 0.999999 && maxAbs <= 2e-6, `${tower}: ${cosine}, ${maxAbs}`);
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

Deno.test("openClipConfig names the field when open_clip cannot compute the model", () => {
  const without = smallShape({ image: { classToken: false } });
  assert.throws(() => openClipConfig(without), /model\.image\.classToken: seen false; open_clip/);
  const all = smallShape({ image: { pool: "mean-with-cls" } });
  assert.throws(() => openClipConfig(all), /model\.image\.pool: seen mean-with-cls; open_clip/);
});
