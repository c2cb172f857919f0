import assert from "node:assert/strict";
import {
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
} from "../../src/checkpoint/checkpoint_store.ts";
import { openSafetensors, writeSafetensors } from "../../src/checkpoint/safetensors.ts";

const tensors = [
  { name: "b", shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, NaN, Infinity) },
  { name: "a.weight", shape: [], data: Float32Array.of(7) },
];

function withFolder(body: (dir: string) => void) {
  const dir = Deno.makeTempDirSync();
  try {
    body(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("openSafetensors reads back what writeSafetensors wrote, bit for bit", () => {
  withFolder((dir) => {
    writeSafetensors(`${dir}/x.safetensors`, tensors, { kind: "test" });
    const file = openSafetensors(`${dir}/x.safetensors`);
    assert.deepEqual(file.names, ["b", "a.weight"]);
    assert.deepEqual(file.metadata, { kind: "test" });
    for (const tensor of tensors) assert.deepEqual(file.tensor(tensor.name), tensor);
    assert.deepEqual([...Deno.readDirSync(dir)].map((entry) => entry.name), ["x.safetensors"]);
  });
});

Deno.test("writeSafetensors lays the header out as the format says", () => {
  withFolder((dir) => {
    writeSafetensors(`${dir}/x`, [{ name: "t", shape: [1], data: Float32Array.of(1) }]);
    const bytes = Deno.readFileSync(`${dir}/x`);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    assert.equal(length % 8, 0);
    assert.equal(bytes.length, 8 + length + 4);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    assert.deepEqual(header.t, { dtype: "F32", shape: [1], data_offsets: [0, 4] });
    assert.deepEqual([...bytes.subarray(8 + length)], [0, 0, 0x80, 0x3f]);
  });
});

Deno.test("openSafetensors refuses cut files, holes, overlaps and wild headers", () => {
  withFolder((dir) => {
    const path = `${dir}/x`;
    const refuse = (header: unknown, data: number, why: RegExp) => {
      const json = new TextEncoder().encode(JSON.stringify(header));
      const bytes = new Uint8Array(8 + json.length + data);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
      bytes.set(json, 8);
      Deno.writeFileSync(path, bytes);
      assert.throws(() => openSafetensors(path), why);
    };
    const entry = (start: number, end: number, shape = [1]) => ({
      dtype: "F32",
      shape,
      data_offsets: [start, end],
    });
    refuse({ a: entry(0, 4) }, 3, /header needs/);
    refuse({ a: entry(4, 8) }, 8, /expected 0/);
    refuse({ a: entry(0, 4), b: entry(0, 4) }, 4, /expected 4/);
    refuse({ a: entry(0, 8) }, 8, /expected 0\+4/);
    refuse({ a: { dtype: "I64", shape: [1], data_offsets: [0, 8] } }, 8, /not float32/);
    refuse({ a: { dtype: "Q4", shape: [1], data_offsets: [0, 8] } }, 8, /no known number type/);
    refuse({ a: { dtype: "toString", shape: [1], data_offsets: [0, 8] } }, 8, /no known number/);
    refuse({ a: entry(0, 4, [-1]) }, 4, /no known number type/);
    refuse({ a: { dtype: "F32" } }, 0, /no known number type/);
    refuse({ a: null }, 0, /no known number type/);
    refuse([], 0, /seen no object/);
    refuse({ a: [[[[[]]]]] }, 0, /nested deeper than 4/);
    Deno.writeFileSync(path, Uint8Array.of(255, 255, 255, 255, 255, 255, 0, 0, 1));
    assert.throws(() => openSafetensors(path), /header of/);
    Deno.writeFileSync(path, Uint8Array.of(1, 2));
    assert.throws(() => openSafetensors(path), /2 bytes/);
  });
});

Deno.test("saveCheckpoint keeps the newest and loadCheckpoint returns it whole", () => {
  withFolder((dir) => {
    const save = (step: number) =>
      saveCheckpoint(dir, `short-${step}`, { tensors, state: { step } }, 2);
    assert.equal(loadCheckpoint(`${dir}/none`), null);
    for (const step of [1, 2, 3]) save(step);
    assert.deepEqual(loadCheckpoint(dir), { tensors, state: { step: 3 } });
    assert.equal(listCheckpoints(dir).length, 2);
    assert.deepEqual(loadCheckpoint<{ step: number }>(dir, "short-2")?.state, { step: 2 });
  });
});

Deno.test("loadCheckpoint notices every flipped byte", () => {
  withFolder((dir) => {
    saveCheckpoint(dir, "c", { tensors, state: { step: 1 } }, 1);
    let seen = 0;
    for (const name of ["arrays.safetensors", "state.json"]) {
      const path = `${dir}/c/${name}`;
      const good = Deno.readFileSync(path);
      for (let i = 0; i < good.length; i++) {
        const bad = good.slice();
        bad[i] ^= 1 + (i % 255);
        Deno.writeFileSync(path, bad);
        let same = false;
        try {
          assert.deepEqual(loadCheckpoint(dir), { tensors, state: { step: 1 } });
          same = true;
        } catch { /* noticed */ }
        // A changed byte of metadata or white space may leave everything that is loaded the same.
        if (!same) seen++;
        else assert.ok(name === "arrays.safetensors" && i < 8 + 200, `${name} byte ${i}`);
      }
      Deno.writeFileSync(path, good);
    }
    assert.ok(seen > 300);
  });
});

Deno.test("saveCheckpoint leaves the old checkpoint when the new one cannot be written", () => {
  withFolder((dir) => {
    saveCheckpoint(dir, "old", { tensors, state: 1 }, 1);
    // A folder stands where the array file should go.
    Deno.mkdirSync(`${dir}/new/arrays.safetensors`, { recursive: true });
    assert.throws(() => saveCheckpoint(dir, "new", { tensors, state: 2 }, 1), /cannot be written/);
    assert.equal(loadCheckpoint(dir)?.state, 1);
    assert.deepEqual([...Deno.readDirSync(`${dir}/new`)].map((e) => e.name), [
      "arrays.safetensors",
    ]);
  });
});
