import assert from "node:assert/strict";
import { libraryPath } from "../../src/native/library.ts";
import { difference } from "./reference.ts";
import { customOpModel, floats, runCustomOp } from "./run_custom_op.ts";

const PYTHON = Deno.env.get("CLIPA_PYTHON") ?? "python3";
const SCRIPT = `
import json, sys
import numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.register_custom_ops_library(sys.argv[1])
session = onnxruntime.InferenceSession(sys.argv[2], options)
x = numpy.array(json.loads(sys.stdin.read()), numpy.float32).reshape(2, 5, 24)
print(json.dumps(session.run(None, {"qkv": x})[0].ravel().tolist()))
`;

function hasOnnxRuntime(): boolean {
  try {
    const args = ["-c", "import numpy, onnxruntime"];
    return new Deno.Command(PYTHON, { args, stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "the library works as a custom-op library of Python's ONNX Runtime",
  // Needs `pip install onnxruntime` in python3, or in the Python of CLIPA_PYTHON.
  ignore: !hasOnnxRuntime(),
  async fn() {
    const inputs = { qkv: floats("qkv", [2, 5, 24]) };
    const options = { attributes: { heads: 2, causal: 1 } };
    const path = Deno.makeTempFileSync({ suffix: ".onnx" });
    try {
      Deno.writeFileSync(path, customOpModel("ShortAttention", inputs, options).model);
      const child = new Deno.Command(PYTHON, {
        args: ["-c", SCRIPT, libraryPath(), path],
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(JSON.stringify([...inputs.qkv.data])));
      await writer.close();
      const { success, stdout, stderr } = await child.output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const answer: number[] = JSON.parse(new TextDecoder().decode(stdout));
      const ours = await runCustomOp("ShortAttention", inputs, options);
      assert.equal(difference(Float32Array.from(answer), ours.data as Float32Array), 0);
    } finally {
      Deno.removeSync(path);
    }
  },
});
