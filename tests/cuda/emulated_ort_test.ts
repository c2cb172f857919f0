import assert from "node:assert/strict";
import { deno, emulatedOrt } from "./emulated_ort.ts";

/** What also runs on a GPU, and what only the emulation can count. */
const SUITES = [
  "tests/onnx/custom_ops_test.ts",
  "tests/onnx/custom_op_errors_test.ts",
  "tests/onnx/token_reduce_test.ts",
  "tests/onnx/bound_run_test.ts",
  "tests/onnx/fast_graph_test.ts",
  "tests/cuda/session_on_stream.ts",
];

for (const suite of SUITES) {
  Deno.test(`${suite} passes on the emulated CUDA provider`, async () => {
    const { code, text } = await deno("test", [suite], emulatedOrt());
    assert.equal(code, 0, text.slice(-4000));
    assert.match(text, /[1-9]\d* passed.* \| 0 failed/);
  });
}
