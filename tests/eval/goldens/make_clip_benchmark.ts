/**
 * Writes clip_benchmark.json: what CLIP_benchmark computes with open_clip on the small pictures of
 * tests/eval/paper/bench_files.ts, for the model of tests/eval/paper/paper_model.ts.
 *
 *     python3 -m venv venv
 *     venv/bin/pip install torch torchvision open_clip_torch==2.32.0 clip_benchmark==1.6.1 \
 *         webdataset==0.2.86 scikit-learn==1.5.2
 *     deno run -A tests/eval/goldens/make_clip_benchmark.ts venv/bin/python
 *
 * @module
 */
import { NativeContext } from "../../../src/native/context.ts";
import { exportModel } from "../../../src/onnx/export_model.ts";
import { writeClipBenchmark } from "../paper/bench_files.ts";
import { paperModel, PREPARATIONS } from "../paper/paper_model.ts";

const python = Deno.args[0];
if (!python) throw new TypeError("give the Python that has CLIP_benchmark: venv/bin/python");
const script = new URL("./clip_benchmark_reference.py", import.meta.url).pathname;
const dir = await Deno.makeTempDir();
try {
  using context = new NativeContext({ threads: 1 });
  const { model, source } = paperModel(context);
  using _owned = model;
  await exportModel(source, `${dir}/model`, "open_clip");
  await writeClipBenchmark(`${dir}/classes`, "classification");
  await writeClipBenchmark(`${dir}/captions`, "retrieval");
  const folders = ["model", "classes", "captions"].map((name) => `${dir}/${name}`);
  const { code, stdout, stderr } = await new Deno.Command(python, {
    args: [script, ...folders, JSON.stringify(PREPARATIONS)],
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  const round = (value: number) => Number(value.toPrecision(8));
  const runs = JSON.parse(new TextDecoder().decode(stdout)).map(
    ({ logits, measured, ...run }: { logits: number[]; measured: unknown }) => {
      console.log({ ...run, measured });
      return { ...run, logits: logits.map(round) };
    },
  );
  const made = "tests/eval/goldens/make_clip_benchmark.ts: CLIP_benchmark 1.6.1, open_clip 2.32.0";
  const path = new URL("./clip_benchmark.json", import.meta.url);
  await Deno.writeTextFile(path, `${JSON.stringify({ made, runs })}\n`);
} finally {
  await Deno.remove(dir, { recursive: true });
}
