import assert from "node:assert/strict";
import {
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
} from "../../src/checkpoint/checkpoint_store.ts";
import { openSafetensors, sha256, writeSafetensors } from "../../src/checkpoint/safetensors.ts";

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

Deno.test("loadCheckpoint notices every flipped byte, also of the header and the pointer", () => {
  withFolder((dir) => {
    saveCheckpoint(dir, "c", { tensors, state: { step: 1 } }, 1);
    let seen = 0;
    for (const path of ["c/arrays.safetensors", "c/state.json", "latest"]) {
      const good = Deno.readFileSync(`${dir}/${path}`);
      for (let i = 0; i < good.length; i++) {
        const bad = good.slice();
        bad[i] ^= 1 + (i % 255);
        Deno.writeFileSync(`${dir}/${path}`, bad);
        assert.throws(() => loadCheckpoint(dir), SyntaxError, `${path} byte ${i}`);
        seen++;
      }
      Deno.writeFileSync(`${dir}/${path}`, good);
    }
    assert.ok(seen > 500, `${seen}`);
    assert.deepEqual(loadCheckpoint(dir), { tensors, state: { step: 1 } });
  });
});

Deno.test("loadCheckpoint reads checkpoints of earlier versions", () => {
  withFolder((dir) => {
    Deno.mkdirSync(`${dir}/short-1`);
    const hashes = writeSafetensors(`${dir}/short-1/arrays.safetensors`, tensors);
    const file = JSON.stringify({ state: { step: 1 }, sha256: hashes }, null, 1);
    const sealed = { sha256: sha256(new TextEncoder().encode(file)), file };
    Deno.writeTextFileSync(`${dir}/short-1/state.json`, JSON.stringify(sealed));
    Deno.writeTextFileSync(`${dir}/latest`, "short-1");
    assert.deepEqual(loadCheckpoint(dir), { tensors, state: { step: 1 } });
    saveCheckpoint(dir, "short-2", { tensors, state: { step: 2 } }, 2);
    assert.deepEqual(listCheckpoints(dir), ["short-1", "short-2"]);
  });
});

Deno.test("saveCheckpoint replaces a checkpoint of the same name", () => {
  withFolder((dir) => {
    for (const state of [1, 2]) saveCheckpoint(dir, "c", { tensors, state }, 1);
    assert.equal(loadCheckpoint(dir)?.state, 2);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name).sort(), ["c", "latest"]);
  });
});

Deno.test("listCheckpoints knows the order when a copy has changed the times of the files", () => {
  withFolder((dir) => {
    for (const name of ["b", "c", "a"]) saveCheckpoint(dir, name, { tensors, state: name }, 3);
    for (const name of ["a", "b", "c"]) Deno.utimeSync(`${dir}/${name}/state.json`, 1000, 1000);
    assert.deepEqual(listCheckpoints(dir), ["b", "c", "a"]);
  });
});

Deno.test("saveCheckpoint leaves the old checkpoint when the new one cannot be written", () => {
  withFolder((dir) => {
    saveCheckpoint(dir, "old", { tensors, state: 1 }, 1);
    const torn = { name: "t", shape: [2], data: Float32Array.of(1) };
    assert.throws(() => saveCheckpoint(dir, "new", { tensors: [torn], state: 2 }, 1), /1 values/);
    assert.equal(loadCheckpoint(dir)?.state, 1);
    assert.deepEqual([...Deno.readDirSync(dir)].map((e) => e.name).sort(), ["latest", "old"]);
  });
});
