import assert from "node:assert/strict";
import { openSafetensors } from "../../src/checkpoint/safetensors.ts";
import { encodePng } from "../../src/data/icons/png.ts";
import { NativeContext } from "../../src/native/context.ts";
import { Embedder } from "../../src/model/embedder.ts";
import { ClipOnnx } from "../../src/onnx/clip_onnx.ts";
import { EXPORT_FORMS } from "../../src/onnx/export_model.ts";
import { preparePictures } from "../../src/onnx/prepare_pictures.ts";
import { compareRows, keepsParity } from "../../src/onnx/parity.ts";
import { exportRun } from "../../src/run/export_run.ts";
import { openRun } from "../../src/run/open_run.ts";
import { encodeTexts } from "../../src/text/encode_texts.ts";
import { trainSmallRun } from "./small_run.ts";

const source = { commit: "0".repeat(40), dirty: false };
const dir = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(dir, { recursive: true }));
const run = await trainSmallRun(dir);

/** Names in a folder, sorted. */
function listed(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
}

Deno.test("exportRun writes a model whose answers are the run's when the run is finished", async () => {
  const out = `${dir}/models/one`;
  const { card, parity, files, finished } = await exportRun(run, { out, source });
  assert.ok(finished && keepsParity(parity) && parity.cosineMin < 1.0000001, `${parity.cosineMin}`);
  assert.deepEqual(files.map(({ path }) => path).sort(), listed(out));
  for (const { path, bytes } of files) assert.equal(Deno.statSync(`${out}/${path}`).size, bytes);
  assert.deepEqual(
    [card.name, card.width, card.imageSize, card.textTokens, card.preprocessing.filter],
    ["one", 48, 16, 6, "bilinear"],
  );
  assert.equal(card.provenance.samples, 640);
  assert.equal(card.provenance.weights, "average");

  const texts = ["red box", "a green line", "a pale ring and a plain star and a bold dot"];
  const picture = encodePng(Uint8Array.from({ length: 900 }, (_, i) => (i * 7919) % 256), 30, 1);
  using onnx = await ClipOnnx.open(out, { threads: 1 });
  const pixels = await preparePictures([picture], onnx.card.preprocessing);
  using context = new NativeContext({ threads: 1 });
  using open = openRun(run, context);
  using embedder = new Embedder(open.model, 4, open.weights);
  const { ids, truncated } = encodeTexts(open.tokenizer, texts, 6);
  const seen = await onnx.embedTexts(texts);
  assert.equal(seen.truncated, truncated);
  assert.ok(keepsParity(compareRows(seen.features, await embedder.texts(ids), 48)));
  const image = await onnx.embedImages(pixels);
  assert.ok(keepsParity(compareRows(image, await embedder.images(pixels), 48)));
});

Deno.test("ClipOnnx gives the same features when a batch is cut into parts", async () => {
  const out = `${dir}/models/parts`;
  await exportRun(run, { out, source });
  using whole = await ClipOnnx.open(out, { threads: 1 });
  using parts = await ClipOnnx.open(out, { threads: 1, batch: 3 });
  const pixels = Uint8Array.from({ length: 7 * 16 * 16 * 3 }, (_, i) => (i * 7919) % 256);
  const kept = Int32Array.from({ length: 7 * 5 }, (_, i) => (i % 5) * 3);
  for (const mask of [undefined, kept]) {
    const found = compareRows(
      await parts.embedImages(pixels, mask),
      await whole.embedImages(pixels, mask),
      48,
    );
    assert.ok(keepsParity(found), `${found.maxAbs}`);
  }
  assert.equal((await whole.embedImages(new Uint8Array(0))).length, 0);
  await assert.rejects(
    () => whole.embedImages(pixels.subarray(1)),
    /pixels: seen 5375 values; allowed: a multiple of 768, \[n, 16,16,3\]/,
  );
});

Deno.test("exportRun says so and exports the newest checkpoint when the run was stopped", async () => {
  const place = await Deno.makeTempDir({ dir });
  const stopped = await trainSmallRun(place, { stopAfter: 320 });
  const { finished, card } = await exportRun(stopped, { out: `${place}/model`, source });
  assert.equal(finished, false);
  assert.equal(card.provenance.finished, false);
  assert.ok(card.provenance.samples >= 160 && card.provenance.samples < 640);
});

for (const form of EXPORT_FORMS) {
  Deno.test(`exportRun writes the files of its form when that is ${form}`, async () => {
    const out = `${dir}/models/${form}`;
    const { parity, card } = await exportRun(run, { out, form, source });
    assert.ok(keepsParity(parity));
    const graphs = ["image.masked.onnx", "image.onnx", "model.json", "text.onnx"];
    const wanted = {
      fast: [...graphs, "tokenizer.json", "weights.safetensors"],
      portable: [...graphs, "tokenizer.json", "weights.safetensors"],
      open_clip: [
        "model.json",
        "open_clip_config.json",
        "open_clip_model.safetensors",
        "tokenizer.json",
      ],
      safetensors: ["model.json", "tokenizer.json", "weights.safetensors"],
    };
    assert.deepEqual(listed(out), wanted[form]);
    const weights = openSafetensors(
      `${out}/${form === "open_clip" ? "open_clip_model" : "weights"}.safetensors`,
    );
    // open_clip's CLIP has a scalar there, and no fixed tables.
    assert.deepEqual(weights.tensor("logit_scale").shape, []);
    assert.deepEqual(weights.tensor("visual.positional_embedding").shape, [17, 48]);
    const fixed = weights.names.filter((name) => name.startsWith("clipa."));
    assert.equal(fixed.length, form === "fast" ? 2 : 0);
    const logit = weights.tensor("logit_scale").data[0];
    assert.equal(card.logitScale, Math.exp(logit));
  });
}

Deno.test("exportRun refuses open_clip's form when open_clip has no such pooling", async () => {
  const place = await Deno.makeTempDir({ dir });
  const torch = await trainSmallRun(place, { flavour: "torch" });
  const out = `${place}/model`;
  await assert.rejects(
    () => exportRun(torch, { out, form: "open_clip", source }),
    /model\.image\.pool: seen mean-with-cls; open_clip computes only cls, or mean without/,
  );
  assert.throws(() => Deno.statSync(out), Deno.errors.NotFound);
  const { parity } = await exportRun(torch, { out, form: "safetensors", source });
  assert.ok(keepsParity(parity));
});
