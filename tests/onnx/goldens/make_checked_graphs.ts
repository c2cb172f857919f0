/**
 * Writes checked_graphs.json: the hashes of the portable graphs of all small models, after each passed
 * the official checker of the ONNX project. A graph is a pure function of a model's shape, so the test
 * needs the hash only, and no Python.
 *
 *     python3 -m venv venv && venv/bin/pip install onnx==1.19.0
 *     deno run -A tests/onnx/goldens/make_checked_graphs.ts venv/bin/python
 *
 * @module
 */
import { type CheckedGraphs, graphHashes } from "../graph_hashes.ts";

const python = Deno.args[0];
if (!python) throw new TypeError("give the Python that has onnx: venv/bin/python");
const script = new URL("./check_graphs.py", import.meta.url).pathname;

let version = "";
const portable = await graphHashes("portable", async (dir) => {
  const { code, stdout, stderr } = await new Deno.Command(python, { args: [script, dir] }).output();
  const text = new TextDecoder().decode(stdout);
  console.log(text.trimEnd());
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  version = text.split(" ")[1];
});
const golden: CheckedGraphs = {
  made: `tests/onnx/goldens/make_checked_graphs.ts: onnx ${version}, full check, strict inference`,
  portable,
};
const path = new URL("./checked_graphs.json", import.meta.url);
await Deno.writeTextFile(path, JSON.stringify(golden, null, 1) + "\n");
