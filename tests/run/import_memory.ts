/**
 * Measures the memory in which a file of weights becomes a model in the library: writes a sparse file of
 * a paper's model, opens and loads it, and prints one JSON object. A process of its own, since a peak
 * never falls again.
 *
 *     deno run -A tests/run/import_memory.ts H/14        # a file of 3.9 GB, all zeros
 *
 * @module
 */
import { loadWeights } from "../../src/checkpoint/foreign/load_weights.ts";
import { FLAVOURS } from "../../src/config/flavours.ts";
import { PRESETS } from "../../src/config/presets.ts";
import { ClipModel } from "../../src/model/clip_model.ts";
import { clipParameters } from "../../src/model/clip_parameters.ts";
import { residualBlock } from "../../src/model/residual_block.ts";
import { NativeContext } from "../../src/native/context.ts";
import { openForeignModel } from "../../src/run/import_weights.ts";
import { peakMemoryBytes } from "../../src/run/peak_memory.ts";

const preset = Deno.args[0] ?? "S/16";
const row = PRESETS[preset];
const { image, text, ...rest } = FLAVOURS.jax;
const spec = {
  ...rest,
  preset,
  flavour: "jax" as const,
  embed: row.embed,
  image: { ...image, ...row.image, position: "learned" as const },
  text: { ...text, ...row.text },
};
const path = await Deno.makeTempFile({ suffix: ".safetensors" });
try {
  const header: Record<string, unknown> = {};
  let bytes = 0;
  const shape = { spec, imageSize: 224, textTokens: 32 };
  for (const { name, shape: dims } of clipParameters(shape, 0, residualBlock, "kernels")) {
    const end = bytes + 4 * dims.reduce((a, b) => a * b, 1);
    header[name] = { dtype: "F32", shape: dims, data_offsets: [bytes, end] };
    bytes = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  {
    using file = Deno.openSync(path, { write: true });
    file.writeSync(new Uint8Array(new BigUint64Array([BigInt(json.length)]).buffer));
    file.writeSync(json);
    file.truncateSync(8 + json.length + bytes);
  }
  using context = new NativeContext({ threads: 1 });
  const before = peakMemoryBytes();
  const started = performance.now();
  using foreign = openForeignModel(path);
  using model = new ClipModel(context, foreign.shape, { training: false, initialize: false });
  loadWeights(model, foreign.tensors, path);
  const seconds = (performance.now() - started) / 1000;
  const peak = peakMemoryBytes();
  console.log(JSON.stringify({ preset, bytes, before, peak, share: peak / bytes, seconds }));
} finally {
  await Deno.remove(path);
}
