import assert from "node:assert/strict";
import { Embedder } from "../../src/model/embedder.ts";
import { NativeContext } from "../../src/native/context.ts";
import { ClipOnnx } from "../../src/onnx/clip_onnx.ts";
import { compareRows } from "../../src/onnx/parity.ts";
import { importWeights } from "../../src/run/import_weights.ts";
import { openModel } from "../../src/run/open_model.ts";
import { openTokenizerNamed } from "../../src/run/open_tokenizer_named.ts";
import { encodeTexts } from "../../src/text/encode_texts.ts";
import { goldenPath } from "./foreign_golden.ts";

/** What tests/checkpoint/foreign/goldens/clipa_v2.py computes on the arrays of clipa_v2.npz. */
interface JaxRecord {
  readonly imageSize: number;
  readonly batch: number;
  readonly captions: string[];
  readonly ids: number[][];
  readonly texts: number[][];
  readonly images: number[][];
}

const record: JaxRecord = JSON.parse(Deno.readTextFileSync(goldenPath("clipa_v2.json")));

Deno.test("CLIPA-v2's JAX weights give the embeddings of captions and pictures that the JAX code's layers give", async () => {
  const { captions, imageSize, batch } = record;
  const dir = await Deno.makeTempDir();
  try {
    const { shape, parity } = await importWeights(goldenPath("clipa_v2.npz"), {
      out: `${dir}/model`,
      imageSize,
      tokenizer: (spec) => openTokenizerNamed("bert-uncased", spec.flavour),
      source: { commit: null, dirty: null },
    });
    assert.ok(parity.cosineMin >= 0.99999 && parity.maxAbs <= 1e-5);
    assert.deepEqual([shape.spec.text.vocabulary, shape.textTokens], [32_000, 32]);
    const near = (seen: Float32Array, wanted: number[][], what: string) => {
      const { cosineMin, maxAbs } = compareRows(
        seen,
        Float32Array.from(wanted.flat()),
        shape.spec.embed,
      );
      assert.ok(cosineMin >= 0.999999 && maxAbs <= 2e-6, `${what}: ${cosineMin}, ${maxAbs}`);
    };
    const pixels = Uint8Array.from(
      { length: batch * imageSize * imageSize * 3 },
      (_, i) => Math.imul(i + 1, 2654435761) >>> 24,
    );
    using context = new NativeContext({ threads: 1 });
    // The tokenizer too is the one of the folder.
    using opened = openModel(`${dir}/model`, context);
    const { ids } = encodeTexts(opened.tokenizer, captions, shape.textTokens);
    captions.forEach((caption, i) =>
      assert.deepEqual([...ids.subarray(32 * i, 32 * i + 32)], record.ids[i], caption)
    );
    using embedder = new Embedder(opened.model, captions.length);
    near(await embedder.texts(ids), record.texts, "native texts");
    near(await embedder.images(pixels), record.images, "native images");
    for (const graph of ["fast", "portable"] as const) {
      using onnx = await ClipOnnx.open(`${dir}/model`, { graph, provider: "cpu" });
      near((await onnx.embedTexts(captions)).features, record.texts, `${graph} texts`);
      near(await onnx.embedImages(pixels), record.images, `${graph} images`);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
