/**
 * Compares this library and its graphs with open_clip on the widths of the released models, with random
 * weights that open_clip made. Not part of the gate: the files have up to 700 MB.
 *
 *     for name in ViT-L-14-CLIPA ViT-L-14-CLIPA-336 ViT-H-14-CLIPA ViT-H-14-CLIPA-336 \
 *         ViT-bigG-14-CLIPA ViT-bigG-14-CLIPA-336; do
 *       venv/bin/python tests/checkpoint/foreign/goldens/open_clip_model.py released $name 2
 *     done
 *     deno run -A tests/run/released_parity.ts released
 *
 * Exits with 1 when a cosine is below 0.99999, a feature differs by more than 2e-5, or a weight does not
 * come out with the bits with which it went in.
 *
 * @module
 */
import { sha256 } from "../../src/checkpoint/safetensors.ts";
import { Embedder } from "../../src/model/embedder.ts";
import { NativeContext } from "../../src/native/context.ts";
import { ClipOnnx } from "../../src/onnx/clip_onnx.ts";
import { compareRows } from "../../src/onnx/parity.ts";
import { importWeights } from "../../src/run/import_weights.ts";
import { openModel } from "../../src/run/open_model.ts";
import { allTensors, readRecord, recordInputs, smallTokenizer } from "./foreign_golden.ts";

const LIMITS = { cosineMin: 0.99999, maxAbs: 2e-5 };
const folder = Deno.args[0];
if (!folder) throw new TypeError("give the folder that open_clip_model.py has written");
let failed = false;
const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
  .filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length));
for (const name of names.sort()) {
  const record = readRecord(`${folder}/${name}.json`);
  const { pixels, ids } = recordInputs(record);
  const out = `${folder}/${name}.model`;
  const { shape } = await importWeights(`${folder}/${name}.safetensors`, {
    config: record.config,
    tokenizer: smallTokenizer(),
    source: { commit: null, dirty: null },
    out,
  });
  const check = (engine: string, tower: "image" | "text", seen: Float32Array) => {
    const wanted = Float32Array.from(record[tower]);
    const { cosineMin, maxAbs } = compareRows(seen, wanted, shape.spec.embed);
    const good = cosineMin >= LIMITS.cosineMin && maxAbs <= LIMITS.maxAbs;
    failed ||= !good;
    const row = [name, engine, tower, cosineMin.toFixed(9), maxAbs.toExponential(2)];
    console.log(`${row.join("  ")}  ${good ? "ok" : "DIFFERS"}`);
  };
  {
    using context = new NativeContext();
    using opened = openModel(out, context);
    using embedder = new Embedder(opened.model, record.batch);
    check("native", "image", await embedder.images(pixels));
    check("native", "text", await embedder.texts(ids));
  }
  for (const graph of ["fast", "portable"] as const) {
    using onnx = await ClipOnnx.open(out, { graph, provider: "cpu" });
    check(graph, "image", await onnx.embedImages(pixels));
    check(graph, "text", await onnx.embedIds(ids));
  }
  const wanted = allTensors(`${folder}/${name}.safetensors`);
  const seen = allTensors(`${out}/weights.safetensors`);
  const changed = [...wanted].filter(([key, { data }]) =>
    sha256(new Uint8Array(data.buffer)) !== sha256(new Uint8Array(seen.get(key)!.data.buffer))
  );
  failed ||= changed.length > 0;
  console.log(`${name}  ${wanted.size} tensors, ${changed.length} changed on the way in and out`);
  Deno.removeSync(out, { recursive: true });
}
Deno.exit(failed ? 1 : 0);
