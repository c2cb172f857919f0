import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { ClipOnnx } from "../../src/onnx/clip_onnx.ts";
import { exportModel, type ExportSource } from "../../src/onnx/export_model.ts";
import { readModelCard } from "../../src/onnx/model_card.ts";
import { preparePictures } from "../../src/onnx/prepare_pictures.ts";
import { compareRows, keepsParity } from "../../src/onnx/parity.ts";
import { exportRun } from "../../src/run/export_run.ts";
import { exportSource, randomModel, smallShape } from "./small_models.ts";

/** Runs a body with a source to export and an empty folder. */
async function withSource(body: (source: ExportSource, dir: string) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  try {
    using context = new NativeContext({ threads: 1 });
    using model = randomModel(context, smallShape());
    await body(exportSource(model), dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Runs a body with an exported model that it may damage. */
function withModel(body: (model: string) => Promise<void>) {
  return withSource(async (source, dir) => {
    await exportModel(source, `${dir}/model`);
    await body(`${dir}/model`);
  });
}

const AGAIN = 'export the model again with "deno task export"';

Deno.test("ClipOnnx names the file and both lengths when a graph is cut", () =>
  withModel(async (model) => {
    Deno.truncateSync(`${model}/image.onnx`, 100);
    await assert.rejects(
      () => ClipOnnx.open(model),
      (error: Error) =>
        /image\.onnx: seen 100 bytes, model\.json says \d+; copy/.test(error.message),
    );
  }));

Deno.test("ClipOnnx names the file when the weights are missing or cut", () =>
  withModel(async (model) => {
    const weights = `${model}/weights.safetensors`;
    const { size } = Deno.statSync(weights);
    Deno.truncateSync(weights, size - 4);
    await assert.rejects(() => ClipOnnx.open(model), /weights\.safetensors: seen \d+ bytes/);
    Deno.removeSync(weights);
    await assert.rejects(
      () => ClipOnnx.open(model),
      { message: `${weights} is missing; copy it there or ${AGAIN}` },
    );
  }));

Deno.test("ClipOnnx names the file when a bit of the weights was changed, also after a good open", () =>
  withModel(async (model) => {
    const weights = `${model}/weights.safetensors`;
    // Twice: the second time the checksum may come from memory.
    const old = new Date(Date.now() - 5000);
    Deno.utimeSync(weights, old, old);
    (await ClipOnnx.open(model))[Symbol.dispose]();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    (await ClipOnnx.open(model))[Symbol.dispose]();
    (await ClipOnnx.open(model))[Symbol.dispose]();
    const bytes = Deno.readFileSync(weights);
    bytes[bytes.length - 1] ^= 1;
    Deno.writeFileSync(weights, bytes);
    // Who sets the clock back does not hide the change.
    Deno.utimeSync(weights, old, old);
    await assert.rejects(() => ClipOnnx.open(model), {
      message: new RegExp(
        `^${RegExp.escape(weights)}: seen sha256 [0-9a-f]{64}, model\\.json says [0-9a-f]{64}: `,
      ),
    });
  }));

Deno.test("ClipOnnx names the file when the tokenizer was changed", () =>
  withModel(async (model) => {
    const path = `${model}/tokenizer.json`;
    Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replace("clipa-kit", "clipa-kat"));
    await assert.rejects(() => ClipOnnx.open(model), /tokenizer\.json: seen sha256 [0-9a-f]{64}/);
  }));

Deno.test("ClipOnnx says what a folder has when it has no graphs of the form", () =>
  withSource(async (source, dir) => {
    await exportModel(source, `${dir}/bare`, "safetensors");
    await assert.rejects(
      () => ClipOnnx.open(`${dir}/bare`),
      /has no portable graphs; there are: none/,
    );
  }));

Deno.test("readModelCard names the folder or the field when there is no card or a wrong one", () =>
  withModel((model) => {
    assert.throws(
      () => readModelCard(`${model}/none`),
      /none holds no model \(no model\.json\); export/,
    );
    assert.throws(() => readModelCard(`${model}/text.onnx`), /text\.onnx holds no model/);
    const path = `${model}/model.json`;
    const text = Deno.readTextFileSync(path);
    const broken = (change: (card: Record<string, unknown>) => void, message: RegExp) => {
      const card = JSON.parse(text);
      change(card);
      Deno.writeTextFileSync(path, JSON.stringify(card));
      assert.throws(() => readModelCard(model), message);
    };
    broken((card) => card.version = 2, /model\.json: version: .*; export the model again/);
    broken((card) => delete card.width, /model\.json: width: /);
    const out = { image: "../image.onnx", text: "text.onnx", masked: "masked.onnx" };
    broken((card) => card.graphs = { portable: out }, /model\.json: graphs\.portable\.image: /);
    Deno.writeTextFileSync(path, text.slice(0, 50));
    assert.throws(() => readModelCard(model), /model\.json is not JSON: /);
    return Promise.resolve();
  }));

Deno.test("exportModel leaves a folder alone when it holds something else", () =>
  withSource(async (source, dir) => {
    const out = `${dir}/photos`;
    Deno.mkdirSync(out);
    Deno.writeTextFileSync(`${out}/holiday.txt`, "mine");
    await assert.rejects(
      () => exportModel(source, out),
      /photos: seen a folder with holiday\.txt; allowed: a new folder, an empty one, or one with a model/,
    );
    await assert.rejects(() => exportModel(source, `${out}/holiday.txt`), /seen a file; allowed/);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["photos"]);
    assert.equal(Deno.readTextFileSync(`${out}/holiday.txt`), "mine");
  }));

Deno.test("exportModel replaces an older model and leaves nothing beside it when it runs again", () =>
  withSource(async (source, dir) => {
    await exportModel(source, `${dir}/model`, "safetensors");
    await exportModel(source, `${dir}/model/`);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["model"]);
    (await ClipOnnx.open(`${dir}/model`))[Symbol.dispose]();
  }));

Deno.test("exportModel keeps the older model when the new one fails its parity check", () =>
  withSource(async (source, dir) => {
    await exportModel(source, `${dir}/model`);
    const before = Deno.readTextFileSync(`${dir}/model/model.json`);
    const weight = source.model.parameters.get("text_projection");
    weight.write(new Float32Array(weight.size).fill(NaN));
    await assert.rejects(
      () => exportModel(source, `${dir}/model`),
      /the \w+ graphs differ from the training library: seen cosine NaN, difference NaN; allowed/,
    );
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["model"]);
    assert.equal(Deno.readTextFileSync(`${dir}/model/model.json`), before);
  }));

Deno.test("exportModel says which folder when it cannot be written", () =>
  withSource(async (source, dir) => {
    Deno.writeTextFileSync(`${dir}/file`, "");
    await assert.rejects(
      () => exportModel(source, `${dir}/file/model`),
      /file\/model cannot be written \(.+\); name another folder with --out/,
    );
    // The superuser may write anywhere, so a folder of the kernel's stands for a read-only one.
    await assert.rejects(
      () => exportModel(source, "/proc/model"),
      /\/proc\/model cannot be written \(.+\); name another folder with --out/,
    );
  }));

Deno.test("exportRun names the folder when there is no run", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const options = { out: `${dir}/model`, source: { commit: null, dirty: null } };
    await assert.rejects(() => exportRun(`${dir}/none`, options), /none holds no run \(no recipe/);
    assert.deepEqual([...Deno.readDirSync(dir)], []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("preparePictures names the picture when one is no picture", async () => {
  const form = { size: 8, filter: "bilinear", fit: "squash" } as const;
  const text = new TextEncoder().encode("not a picture");
  await assert.rejects(() => preparePictures([text], form), /picture 0: unreadable picture/);
  await assert.rejects(() => preparePictures(["/nowhere.png"], form), Deno.errors.NotFound);
});

Deno.test("compareRows finds a difference and not-a-number when there is one", () => {
  const row = Float32Array.of(0.6, 0.8);
  assert.ok(keepsParity(compareRows(row, row, 2)));
  assert.ok(!keepsParity(compareRows(Float32Array.of(0.6, 0.80002), row, 2)));
  assert.ok(!keepsParity(compareRows(Float32Array.of(NaN, 0.8), row, 2)));
  assert.throws(() => compareRows(row, Float32Array.of(1, 0, 0, 1), 2), /seen 2 features/);
});
