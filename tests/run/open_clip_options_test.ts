import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { Embedder } from "../../src/model/embedder.ts";
import { parameterCounts } from "../../src/model/model_cost.ts";
import { ClipOnnx } from "../../src/onnx/clip_onnx.ts";
import { compareRows } from "../../src/onnx/parity.ts";
import { importWeights, openForeignModel } from "../../src/run/import_weights.ts";
import { openModel } from "../../src/run/open_model.ts";
import {
  allTensors,
  goldenPath,
  readRecord,
  recordInputs,
  smallTokenizer,
} from "./foreign_golden.ts";

const source = { commit: null, dirty: null };
// GELU, pooling, whether the layer norm comes first, and where the factors of the image tower started.
const MODELS = {
  "small-quick": ["quick", "cls", undefined, undefined],
  "small-scale": ["erf", "mean", true, 0.01],
} as const;

for (const [name, [gelu, pool, normBeforePool, layerScale]] of Object.entries(MODELS)) {
  const record = readRecord(goldenPath(`${name}.json`));
  const options = { config: record.config, tokenizer: smallTokenizer(), source };

  Deno.test(`importWeights gives open_clip's embeddings of ${name}, by the library and both kinds of graphs`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      const { shape, parity } = await importWeights(goldenPath(`${name}.safetensors`), {
        ...options,
        out: `${dir}/model`,
      });
      const { spec, imageSize, textTokens } = shape;
      assert.deepEqual(
        [spec.gelu, spec.image.pool, spec.image.normBeforePool, spec.image.layerScale],
        [gelu, pool, normBeforePool, layerScale],
      );
      assert.equal(parameterCounts(spec, imageSize, textTokens).total, record.parameters);
      assert.ok(parity.cosineMin >= 0.99999 && parity.maxAbs <= 1e-5);
      const { pixels, ids } = recordInputs(record);
      const near = (seen: Float32Array, tower: "image" | "text") => {
        const { cosineMin, maxAbs } = compareRows(
          seen,
          Float32Array.from(record[tower]),
          spec.embed,
        );
        assert.ok(cosineMin >= 0.999999 && maxAbs <= 2e-6, `${tower}: ${cosineMin}, ${maxAbs}`);
      };
      using context = new NativeContext({ threads: 1 });
      using opened = openModel(`${dir}/model`, context);
      using embedder = new Embedder(opened.model, record.batch);
      near(await embedder.images(pixels), "image");
      near(await embedder.texts(ids), "text");
      for (const graph of ["fast", "portable"] as const) {
        using onnx = await ClipOnnx.open(`${dir}/model`, { graph, provider: "cpu" });
        near(await onnx.embedImages(pixels), "image");
        near(await onnx.embedIds(ids), "text");
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });

  Deno.test(`${name} goes in and out in open_clip's form with the same bits and the same model`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      const path = goldenPath(`${name}.safetensors`);
      await importWeights(path, { ...options, out: `${dir}/model`, form: "open_clip" });
      const written = `${dir}/model/open_clip_model.safetensors`;
      assert.deepEqual(
        new Map([...allTensors(written)].sort()),
        new Map([...allTensors(path)].sort()),
      );
      const config = JSON.parse(
        await Deno.readTextFile(`${dir}/model/open_clip_config.json`),
      );
      const { model_cfg: { quick_gelu, vision_cfg, text_cfg } } = config;
      assert.deepEqual(
        [quick_gelu === true, vision_cfg.ls_init_value, vision_cfg.final_ln_after_pool],
        [gelu === "quick", layerScale, !normBeforePool],
      );
      assert.equal(text_cfg.ls_init_value, layerScale && 0.02);
      using again = openForeignModel(written, { config });
      using first = openForeignModel(path, options);
      assert.deepEqual(again.shape, first.shape);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

Deno.test("openForeignModel refuses factors and GELUs of which configuration and weights tell different things", () => {
  const path = goldenPath("small-scale.safetensors");
  const { config } = readRecord(goldenPath("small-scale.json"));
  const refuse = (vision: object, rest: object, why: RegExp) => {
    const { vision_cfg } = config.model_cfg;
    const model_cfg = { ...config.model_cfg, vision_cfg: { ...vision_cfg, ...vision }, ...rest };
    assert.throws(() => openForeignModel(path, { config: { model_cfg } }), why);
  };
  refuse({ ls_init_value: null }, {}, /ls_init_value: seen null; .* since the weights have ls_1/);
  refuse({ ls_init_value: -1 }, {}, /vision_cfg\.ls_init_value: seen -1/);
  const act_kwargs = { approximate: "tanh" };
  const text_cfg = { ...config.model_cfg.text_cfg, act_kwargs };
  refuse({ act_kwargs }, { quick_gelu: true, text_cfg }, /quick_gelu: seen true; .*act_kwargs/);
});

Deno.test("openForeignModel sees the factors of LayerScale when no configuration tells of them", () => {
  const fields = {
    gelu: "quick",
    image: { pool: "mean", normBeforePool: true, heads: 3 },
  } as const;
  using opened = openForeignModel(goldenPath("small-scale.safetensors"), {
    fields: { ...fields, text: { heads: 2 } },
  });
  const { image, text, gelu } = opened.shape.spec;
  assert.deepEqual([image.layerScale, text.layerScale], [1, 1]);
  assert.deepEqual([image.normBeforePool, gelu], [true, "quick"]);
});
