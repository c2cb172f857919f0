/**
 * Writes open_clip.json: embeddings that open_clip computes from folders of `--form open_clip`, for the
 * small models that it can compute.
 *
 *     python3 -m venv venv
 *     venv/bin/pip install torch torchvision open_clip_torch==3.3.0
 *     deno run -A tests/onnx/goldens/make_open_clip.ts venv/bin/python
 *
 * @module
 */
import { NativeContext } from "../../../src/native/context.ts";
import { exportModel } from "../../../src/onnx/export_model.ts";
import {
  exportSource,
  hashedInputs,
  OPEN_CLIP_BATCH,
  OPEN_CLIP_MODELS,
  type OpenClipGolden,
  randomModel,
} from "../small_models.ts";

const python = Deno.args[0];
if (!python) throw new TypeError("give the Python that has open_clip: venv/bin/python");
const script = new URL("./open_clip_embeddings.py", import.meta.url).pathname;

const golden: OpenClipGolden = {
  made: "tests/onnx/goldens/make_open_clip.ts: open_clip 3.3.0, create_model, float64",
  models: {},
};
for (const { title, shape } of OPEN_CLIP_MODELS) {
  const dir = await Deno.makeTempDir();
  using context = new NativeContext({ threads: 1 });
  using model = randomModel(context, shape);
  await exportModel(exportSource(model), `${dir}/model`, "open_clip");
  const { pixels, ids } = hashedInputs(shape, OPEN_CLIP_BATCH);
  await Deno.writeFile(`${dir}/model/pixels`, pixels);
  await Deno.writeFile(`${dir}/model/ids`, new Uint8Array(ids.buffer));
  const { code, stdout, stderr } = await new Deno.Command(python, {
    args: [script, `${dir}/model`, String(OPEN_CLIP_BATCH)],
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  const round = (values: number[]) => values.map((value) => Number(value.toPrecision(9)));
  const { image, text } = JSON.parse(new TextDecoder().decode(stdout));
  const config = JSON.parse(await Deno.readTextFile(`${dir}/model/open_clip_config.json`));
  golden.models[title] = { config, image: round(image), text: round(text) };
  console.log(title);
  await Deno.remove(dir, { recursive: true });
}
const path = new URL("./open_clip.json", import.meta.url);
await Deno.writeTextFile(path, JSON.stringify(golden) + "\n");
