import assert from "node:assert/strict";
import { CUSTOM_OPS } from "../../src/onnx/custom_ops.ts";
import { assertBothProviders, registeredOps } from "./registered_ops.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");
const CPU = `${ROOT}/build/cpu/libclipa_cpu.so`;
const EMULATED = `${ROOT}/build/cpu/libclipa_cuda_emulated.so`;

const TYPES: Readonly<Record<string, number>> = { f32: 1, u8: 2, i32: 6, i64: 7 };

Deno.test("the CPU library registers every op of CUSTOM_OPS for the CPU, with its types", () => {
  const { domain, ops } = registeredOps(CPU);
  assert.equal(domain, "clipa");
  const tensors = (list: readonly { type: string; optional?: true }[]) =>
    list.map(({ type, optional }) => ({ type: TYPES[type], optional: optional === true }));
  assert.deepEqual(
    ops.map(({ name, provider, inputs, outputs }) => ({
      name,
      provider,
      inputs: inputs.map(({ type, optional }) => ({ type, optional })),
      outputs,
    })),
    CUSTOM_OPS.map(({ name, inputs, outputs }) => ({
      name,
      provider: null,
      inputs: tensors(inputs),
      outputs: tensors(outputs),
    })),
  );
});

Deno.test("the CUDA library registers every op for both providers with the schemas of the CPU library", () => {
  assertBothProviders(EMULATED, CUSTOM_OPS.map(({ name }) => name));
  const cuda = registeredOps(EMULATED).ops.filter(({ provider }) => provider !== null);
  assert.deepEqual(cuda.map((op) => ({ ...op, provider: null })), registeredOps(CPU).ops);
});

Deno.test("both libraries describe the same ops", () => {
  const described = [CPU, EMULATED].map((path) => {
    const library = Deno.dlopen(path, {
      clipa_ort_custom_ops: { parameters: ["buffer", "u64", "buffer"], result: "i32" },
    });
    const text = new Uint8Array(1 << 14);
    const needed = new BigUint64Array(1);
    assert.equal(library.symbols.clipa_ort_custom_ops(text, 1n << 14n, needed), 0);
    return JSON.parse(new TextDecoder().decode(text.subarray(0, Number(needed[0]) - 1)));
  });
  assert.deepEqual(described[0], CUSTOM_OPS);
  assert.deepEqual(described[1], CUSTOM_OPS);
});
