import assert from "node:assert/strict";
import { readAll } from "../../src/checkpoint/foreign/weight_file.ts";
import { writeSafetensors } from "../../src/checkpoint/safetensors.ts";
import { NativeContext } from "../../src/native/context.ts";
import { ClipOnnx } from "../../src/onnx/clip_onnx.ts";
import { compareRows } from "../../src/onnx/parity.ts";
import { importWeights, openForeignModel } from "../../src/run/import_weights.ts";
import { nativeEncoder } from "../../src/run/native_encoder.ts";
import { openModel } from "../../src/run/open_model.ts";
import { Embedder } from "../../src/model/embedder.ts";
import {
  allTensors,
  goldenPath,
  readRecord,
  recordInputs,
  smallTokenizer,
} from "./foreign_golden.ts";

const record = readRecord(goldenPath("small.json"));
const source = { commit: null, dirty: null };
// The small model is no preset, so open_clip's configuration tells its heads.
const options = { config: record.config, tokenizer: smallTokenizer(), source };

async function withFolder(body: (dir: string) => void | Promise<void>) {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("importWeights gives open_clip's embeddings, by the library and by both kinds of graphs", async () => {
  await withFolder(async (dir) => {
    const { shape, parity } = await importWeights(goldenPath("small.safetensors"), {
      ...options,
      out: `${dir}/model`,
    });
    assert.ok(parity.cosineMin >= 0.99999 && parity.maxAbs <= 1e-5);
    const { pixels, ids } = recordInputs(record);
    const near = (seen: Float32Array, tower: "image" | "text") => {
      const wanted = Float32Array.from(record[tower]);
      const { cosineMin, maxAbs } = compareRows(seen, wanted, shape.spec.embed);
      assert.ok(cosineMin >= 0.999999 && maxAbs <= 2e-6, `${tower}: ${cosineMin}, ${maxAbs}`);
    };
    using context = new NativeContext({ threads: 1 });
    using opened = openModel(`${dir}/model`, context);
    assert.equal(opened.model.parameters.count, record.parameters);
    using embedder = new Embedder(opened.model, record.batch);
    near(await embedder.images(pixels), "image");
    near(await embedder.texts(ids), "text");
    for (const graph of ["fast", "portable"] as const) {
      using onnx = await ClipOnnx.open(`${dir}/model`, { graph, provider: "cpu" });
      near(await onnx.embedImages(pixels), "image");
      near(await onnx.embedIds(ids), "text");
    }
    using encoder = nativeEncoder(opened.model, opened.tokenizer, "value");
    assert.equal((await encoder.embedTexts(["red cat"])).features.length, shape.spec.embed);
  });
});

Deno.test("weights go in and out in open_clip's form with the same bits and the same model", async () => {
  await withFolder(async (dir) => {
    await importWeights(goldenPath("small.safetensors"), {
      ...options,
      out: `${dir}/model`,
      form: "open_clip",
    });
    const wanted = allTensors(goldenPath("small.safetensors"));
    assert.deepEqual(
      new Map([...allTensors(`${dir}/model/open_clip_model.safetensors`)].sort()),
      new Map([...wanted].sort()),
    );
    const config = JSON.parse(await Deno.readTextFile(`${dir}/model/open_clip_config.json`));
    using again = openForeignModel(`${dir}/model/open_clip_model.safetensors`, { config });
    using first = openForeignModel(goldenPath("small.safetensors"), options);
    assert.deepEqual(again.shape, first.shape);
  });
});

Deno.test("openForeignModel reads JAX's names and layouts to the very bits of open_clip's", () => {
  using jax = openForeignModel(goldenPath("small.npz"));
  assert.equal(jax.form, "npz");
  const wanted = allTensors(goldenPath("small.safetensors"));
  assert.deepEqual([...jax.tensors.keys()].sort(), [...wanted.keys()].sort());
  for (const [name, { shape, data }] of wanted) {
    const tensor = jax.tensors.get(name)!;
    assert.deepEqual(tensor.shape, shape, name);
    assert.deepEqual(readAll(tensor), data, name);
  }
  // Heads are an axis there; the rest is what the JAX code trained with.
  const { spec } = jax.shape;
  assert.deepEqual([spec.image.heads, spec.text.heads], [3, 2]);
  assert.deepEqual([spec.gelu, spec.layerNormEps, spec.image.pool, spec.text.pool], [
    "tanh",
    1e-6,
    "mean",
    "last",
  ]);
});

Deno.test("openForeignModel reads a training dictionary of data-parallel PyTorch to the same bits", () => {
  using torch = openForeignModel(goldenPath("small.bin"), options);
  using plain = openForeignModel(goldenPath("small.safetensors"), options);
  assert.deepEqual([torch.form, torch.shape], ["torch", plain.shape]);
  assert.deepEqual([...torch.tensors.keys()].sort(), [...plain.tensors.keys()].sort());
  for (const [name, tensor] of plain.tensors) {
    assert.deepEqual(readAll(torch.tensors.get(name)!), readAll(tensor), name);
  }
});

Deno.test("openForeignModel takes what open_clip's configuration says, and refuses what is not computed", () => {
  const open = (config: unknown) => {
    using model = openForeignModel(goldenPath("small.safetensors"), { config });
    return model.shape.spec;
  };
  const changed = (vision: object, text: object = {}, rest: object = {}) => {
    const { vision_cfg, text_cfg } = record.config.model_cfg;
    const towers = { vision_cfg: { ...vision_cfg, ...vision }, text_cfg: { ...text_cfg, ...text } };
    return { ...record.config, model_cfg: { ...record.config.model_cfg, ...towers, ...rest } };
  };
  const plain = open(record.config);
  assert.deepEqual([plain.gelu, plain.layerNormEps, plain.normEps], ["erf", 1e-5, 1e-12]);
  assert.deepEqual([plain.image.pool, plain.text.pool, plain.text.causal], ["mean", "last", false]);
  assert.deepEqual([plain.image.pixels, plain.image.filter], ["imagenet", "bilinear"]);
  const kwargs = { act_kwargs: { approximate: "tanh" }, norm_kwargs: { eps: 1e-6 } };
  const trained = open(changed(kwargs, kwargs));
  assert.deepEqual([trained.gelu, trained.layerNormEps], ["tanh", 1e-6]);
  assert.equal(open(changed({ pool_type: "tok" })).image.pool, "cls");
  const refuse = (config: unknown, why: RegExp) => assert.throws(() => open(config), why);
  // The released file that lacks the key.
  refuse(changed({ final_ln_after_pool: undefined }), /final_ln_after_pool: seen null; .*G\/14/);
  refuse(changed({ no_ln_pre: false }), /no_ln_pre: seen false; allowed: true, as the weights are/);
  refuse(changed({ pool_type: "none" }), /pool_type: seen "none"/);
  refuse(changed({ timm_model_name: "vit" }), /timm_model_name: seen "vit"/);
  refuse(changed({ ls_init_value: 0.1 }), /ls_init_value/);
  refuse(changed({}, { embed_cls: true }), /text_cfg\.embed_cls/);
  refuse(changed({}, { pool_type: "first" }), /text_cfg\.pool_type/);
  refuse(changed({ norm_kwargs: { eps: 1e-6 } }), /text_cfg\.norm_kwargs\.eps: seen null/);
  assert.equal(open(changed({}, {}, { quick_gelu: true })).gelu, "quick");
  refuse(changed(kwargs, kwargs, { quick_gelu: true }), /quick_gelu/);
  refuse({ model_cfg: {} }, /vision_cfg and text_cfg/);
});

Deno.test("importWeights says what is wrong and leaves nothing behind", async () => {
  await withFolder(async (dir) => {
    const out = `${dir}/model`;
    const cannot = (path: string, given: object, why: RegExp) =>
      assert.rejects(importWeights(path, { ...options, out, ...given }), why);
    const path = goldenPath("small.safetensors");
    await cannot(
      path,
      { config: undefined },
      /number of heads is unknown; give --set image\.heads/,
    );
    const image = { heads: 5 };
    await cannot(path, { fields: { image } }, /image\.heads: seen 5; allowed: a divisor/);
    await cannot(
      goldenPath("state_dict.bin"),
      {},
      /CLIP weights in open_clip's names|no_ln_pre|visual/,
    );
    const tensors = [...allTensors(path)].map(([name, tensor]) => ({ name, ...tensor }));
    const cut = tensors.map((tensor) =>
      tensor.name === "token_embedding.weight"
        ? { ...tensor, shape: [100, 16], data: tensor.data.slice(0, 1600) }
        : tensor
    );
    writeSafetensors(`${dir}/cut.safetensors`, cut);
    await cannot(`${dir}/cut.safetensors`, {}, /table has 100 rows, the tokenizer needs/);
    const broken = tensors.map((tensor) =>
      tensor.name === "visual.proj" ? { ...tensor, data: tensor.data.map(() => NaN) } : tensor
    );
    writeSafetensors(`${dir}/nan.safetensors`, broken);
    await cannot(`${dir}/nan.safetensors`, {}, /graphs differ/);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name).sort(), [
      "cut.safetensors",
      "nan.safetensors",
    ]);
  });
});

Deno.test("weights become a model in hardly more memory than the file has", async () => {
  const script = decodeURIComponent(new URL("./import_memory.ts", import.meta.url).pathname);
  const config = Deno.env.get("CLIPA_DENO_CONFIG") ??
    decodeURIComponent(new URL("../../deno.json", import.meta.url).pathname);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", config, script, "S/16"],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const { bytes, before, peak } = JSON.parse(new TextDecoder().decode(stdout));
  // 220 MB; what the process has before it opens the file is the same for a file of any size.
  const share = (peak - before) / bytes;
  assert.ok(
    share > 0.99 && share < 1.12,
    `${peak - before} bytes for a file of ${bytes}: ${share}`,
  );
});
