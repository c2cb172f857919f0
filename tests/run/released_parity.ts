/**
 * Compares this library and its graphs with open_clip on the released models, with random weights that
 * open_clip made: all six at full width and two layers, and ViT-L-14-CLIPA whole. Not part of the gate: the files
 * have up to 1.7 GB.
 *
 *     for name in ViT-L-14-CLIPA ViT-L-14-CLIPA-336 ViT-H-14-CLIPA ViT-H-14-CLIPA-336 \
 *         ViT-bigG-14-CLIPA ViT-bigG-14-CLIPA-336; do
 *       venv/bin/python tests/checkpoint/foreign/goldens/open_clip_model.py released $name 2
 *     done
 *     venv/bin/python tests/checkpoint/foreign/goldens/open_clip_model.py whole ViT-L-14-CLIPA
 *     CLIPA_RELEASED=whole deno task test tests/run/released_parity_test.ts    # or without tests:
 *     deno run -A tests/run/released_parity.ts released
 *
 * @module
 */
import { openSafetensors, type SafetensorsFile, sha256 } from "../../src/checkpoint/safetensors.ts";
import { Embedder } from "../../src/model/embedder.ts";
import { NativeContext } from "../../src/native/context.ts";
import { ClipOnnx } from "../../src/onnx/clip_onnx.ts";
import { compareRows } from "../../src/onnx/parity.ts";
import { importWeights } from "../../src/run/import_weights.ts";
import { openModel } from "../../src/run/open_model.ts";
import { readRecord, recordInputs, smallTokenizer } from "./foreign_golden.ts";

const LIMITS = { cosineMin: 0.99999, maxAbs: 2e-5 };

/** One comparison with open_clip. */
export interface ReleasedRow {
  readonly text: string;
  /** False when a cosine is below 0.99999, or a feature differs by more than 2e-5. */
  readonly good: boolean;
}

/** Names of the models in a folder that open_clip_model.py has written. */
export function releasedNames(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length)).sort();
}

/** Both towers by the library and both kinds of graphs, then the bits of the weights, in and out. */
export async function* compareReleased(folder: string, name: string): AsyncGenerator<ReleasedRow> {
  const record = readRecord(`${folder}/${name}.json`);
  const { pixels, ids } = recordInputs(record);
  const out = `${folder}/${name}.model`;
  const { shape } = await importWeights(`${folder}/${name}.safetensors`, {
    config: record.config,
    tokenizer: smallTokenizer(),
    source: { commit: null, dirty: null },
    out,
  });
  const compare = (engine: string, tower: "image" | "text", seen: Float32Array): ReleasedRow => {
    const wanted = Float32Array.from(record[tower]);
    const { cosineMin, maxAbs } = compareRows(seen, wanted, shape.spec.embed);
    const good = cosineMin >= LIMITS.cosineMin && maxAbs <= LIMITS.maxAbs;
    const row = [name, engine, tower, cosineMin.toFixed(9), maxAbs.toExponential(2)];
    return { text: `${row.join("  ")}  ${good ? "ok" : "DIFFERS"}`, good };
  };
  {
    using context = new NativeContext();
    using opened = openModel(out, context);
    using embedder = new Embedder(opened.model, record.batch);
    yield compare("native", "image", await embedder.images(pixels));
    yield compare("native", "text", await embedder.texts(ids));
  }
  for (const graph of ["fast", "portable"] as const) {
    using onnx = await ClipOnnx.open(out, { graph, provider: "cpu" });
    yield compare(graph, "image", await onnx.embedImages(pixels));
    yield compare(graph, "text", await onnx.embedIds(ids));
  }
  const [from, to] = [`${folder}/${name}.safetensors`, `${out}/weights.safetensors`].map((path) =>
    openSafetensors(path)
  );
  const digest = (file: SafetensorsFile, key: string) =>
    sha256(new Uint8Array(file.tensor(key).data.buffer));
  const changed = from.names.filter((key) => digest(from, key) !== digest(to, key));
  const text =
    `${name}  ${from.names.length} tensors, ${changed.length} changed on the way in and out`;
  yield { text, good: changed.length === 0 };
  Deno.removeSync(out, { recursive: true });
}

if (import.meta.main) {
  const folder = Deno.args[0];
  if (!folder) throw new TypeError("give the folder that open_clip_model.py has written");
  let failed = false;
  for (const name of releasedNames(folder)) {
    for await (const { text, good } of compareReleased(folder, name)) {
      console.log(text);
      failed ||= !good;
    }
  }
  Deno.exit(failed ? 1 : 0);
}
