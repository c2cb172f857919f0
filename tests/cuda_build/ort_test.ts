import assert from "node:assert/strict";
import { CUSTOM_OPS } from "../../src/onnx/custom_ops.ts";
import { deno } from "../cuda/emulated_ort.ts";
import { assertBothProviders } from "../cuda/registered_ops.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");
const LIBRARY = `${ROOT}/build/cuda/libclipa_cuda.so`;

Deno.test("libclipa_cuda registers every custom op for the CPU and for CUDA", () => {
  assertBothProviders(LIBRARY, CUSTOM_OPS.map(({ name }) => name));
});

const open = (provider: string) =>
  deno("run", ["tests/onnx/open_session.ts", provider], { CLIPA_LIBRARY: LIBRARY });

Deno.test("ONNX Runtime takes both kernels of an op and runs that of the provider", async () => {
  const { code, text } = await open("cpu");
  assert.equal(code, 0, text);
  assert.match(text, /CPU, as asked for; 12 values/);
});

Deno.test("libclipa_cuda's sessions run on CUDA, or say what they need for it", async () => {
  const { code, text } = await open("cuda");
  if (code === 0) {
    assert.match(text, /CUDA device 0; 12 values/);
  } else {
    assert.match(text, /the CUDA provider cannot be used: .*libonnxruntime_providers_cuda/);
  }
});
