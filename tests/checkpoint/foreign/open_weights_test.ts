import assert from "node:assert/strict";
import { openWeights } from "../../../src/checkpoint/foreign/open_weights.ts";
import { readAll } from "../../../src/checkpoint/foreign/weight_file.ts";

const golden = (name: string) =>
  decodeURIComponent(new URL(`./goldens/${name}`, import.meta.url).pathname);

Deno.test("openWeights reads a training dictionary that PyTorch wrote", () => {
  using file = openWeights(golden("training_dict.bin"));
  assert.equal(file.form, "torch");
  const bias = readAll(file.tensors.get("module.bias")!);
  // The optimizer has moved it by the learning rate, up to its eps and decay.
  [-1.001, 0.249].forEach((wanted, i) => assert.ok(Math.abs(bias[i] - wanted) < 2e-5));
  const seen = [...file.tensors].filter(([, { type }]) => type !== "I64")
    .map(([name, one]) => [name, one.type, one.shape, [...readAll(one)]]);
  assert.deepEqual(seen, [
    ["module.weight", "F32", [2, 3], [1, 2, 3, 4, 5, 6.5]],
    ["module.bias", "F32", [2], [...bias]],
    ["module.half", "F16", [2], [1.5, -2]],
    ["module.bfloat16", "BF16", [2], [1, -2.5]],
    ["module.double", "F64", [], [Math.fround(0.1)]],
    ["module.transposed", "F32", [3, 2], [0, 3, 1, 4, 2, 5]],
    ["module.slice", "F32", [3], [4, 5, 6]],
    ["module.parameter", "F32", [1], [7]],
  ]);
});

Deno.test("openWeights reads a bare state dictionary and parts of its tensors", () => {
  using file = openWeights(golden("state_dict.bin"));
  assert.deepEqual([...file.tensors.keys()], ["weight", "bias"]);
  const all = readAll(file.tensors.get("weight")!);
  const part = new Float32Array(3);
  file.tensors.get("weight")!.read(2, part);
  assert.deepEqual(part, all.slice(2, 5));
  assert.ok(Math.abs(all[0] - 0.999) < 2e-5);
});

Deno.test("openWeights reads the arrays that numpy wrote, packed or not", () => {
  for (const name of ["stored.npz", "packed.npz"]) {
    using file = openWeights(golden(name));
    const row = (key: string) => [...readAll(file.tensors.get(key)!)];
    assert.deepEqual(row("params/a"), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(row("params/b"), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(row("params/t"), [2.5]);
    assert.equal(file.tensors.get("opt/count")!.type, "I32");
  }
});

Deno.test("openWeights knows safetensors whose length looks like a pickle or a zip archive", () => {
  const dir = Deno.makeTempDirSync();
  for (const bytes of [0x4b50, 0x0280]) {
    const json = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.padEnd(bytes);
    const file = new Uint8Array(8 + bytes + 4);
    new DataView(file.buffer).setBigUint64(0, BigInt(bytes), true);
    file.set(new TextEncoder().encode(json), 8);
    Deno.writeFileSync(`${dir}/w`, file);
    using opened = openWeights(`${dir}/w`);
    assert.deepEqual([...readAll(opened.tensors.get("w")!)], [0]);
  }
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("openWeights says what to name when there is no file", () => {
  assert.throws(() => openWeights("missing.bin"), /missing\.bin is not there; name a \.safe/);
  const dir = Deno.makeTempDirSync();
  assert.throws(() => openWeights(dir), /is a folder; name a file/);
  Deno.removeSync(dir);
});
