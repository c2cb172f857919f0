import assert from "node:assert/strict";
import { parseDevice } from "../../src/native/device.ts";

Deno.test("parseDevice reads cpu, cuda and cuda:<index> when they are well formed", () => {
  assert.deepEqual(parseDevice("cpu"), { kind: "cpu", index: 0 });
  assert.deepEqual(parseDevice("cuda"), { kind: "cuda", index: 0 });
  assert.deepEqual(parseDevice("cuda:3"), { kind: "cuda", index: 3 });
});

Deno.test("parseDevice names what is allowed when the name is another", () => {
  for (const name of ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "cpu:1", "CUDA:0"]) {
    assert.throws(() => parseDevice(name), /allowed are cpu, cuda and cuda:<index>/, name);
  }
});
