import assert from "node:assert/strict";
import { openRecords } from "../../src/data/records/records.ts";
import { createRecordWriter } from "../../src/data/records/record_writer.ts";

const SIDE = 4;

function pictureOf(channels: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: SIDE * SIDE * channels }, (_, i) => (i * 7 + seed) & 255);
}

function write(path: string): void {
  using writer = createRecordWriter(path, { side: SIDE, families: ["f", "g"], sets: ["a", "b"] });
  const captions = [{ level: 1, text: "bée" }, { level: 4, text: "bée, an insect" }];
  writer.add({
    key: "a:bee",
    set: "a",
    family: "f",
    phrase: "bée",
    pixels: pictureOf(1, 1),
    captions,
  });
  writer.add({
    key: "b:cat",
    set: "b",
    family: "g",
    phrase: "cat",
    pixels: pictureOf(3, 2),
    captions: [{ level: 1, text: "cat" }],
  });
  writer.add({
    key: "b:bee",
    set: "b",
    family: "g",
    phrase: "bée",
    pixels: pictureOf(1, 3),
    captions,
  });
  writer.close();
}

function inTemporaryFolder(body: (dir: string) => void): void {
  const dir = Deno.makeTempDirSync();
  try {
    body(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("openRecords gives back every column when the writer has closed the file", () => {
  inTemporaryFolder((dir) => {
    const path = `${dir}/x.bin`;
    write(path);
    const records = openRecords(path);
    assert.equal(records.count, 3);
    assert.equal(records.size, SIDE);
    assert.deepEqual([...records.channels], [1, 3, 1]);
    assert.deepEqual([...records.offset], [64, 80, 128]);
    assert.deepEqual([...records.family], [0, 1, 1]);
    assert.deepEqual([...records.set], [0, 1, 1]);
    assert.deepEqual([...records.phrase], [0, 1, 0]);
    assert.deepEqual(records.families, ["f", "g"]);
    assert.equal(records.key(2), "b:bee");
    assert.equal(records.phraseOf(2), "bée");
    assert.deepEqual(records.captions(0), [{ level: 1, text: "bée" }, {
      level: 4,
      text: "bée, an insect",
    }]);
    assert.equal(records.textCount, 3, "equal texts are stored once");
    assert.deepEqual(records.readPixels(1), pictureOf(3, 2));
    assert.deepEqual(records.readPixels(2), pictureOf(1, 3));
    assert.throws(() => records.key(3), RangeError);
  });
});

Deno.test("openRecords refuses the file when it is cut at any place", () => {
  inTemporaryFolder((dir) => {
    const path = `${dir}/x.bin`, cut = `${dir}/cut.bin`;
    write(path);
    const whole = Deno.readFileSync(path);
    for (let bytes = 0; bytes < whole.length; bytes += 13) {
      Deno.writeFileSync(cut, whole.subarray(0, bytes));
      assert.throws(() => openRecords(cut), { name: "SyntaxError", message: /cut\.bin/ });
    }
  });
});

Deno.test("openRecords refuses the file when one bit of header or index is flipped", () => {
  inTemporaryFolder((dir) => {
    const path = `${dir}/x.bin`, bent = `${dir}/bent.bin`;
    write(path);
    const whole = Deno.readFileSync(path);
    const indexAt = 64 + 16 + 48 + 16;
    // Bytes 20 to 23 are reserved and carry no meaning.
    const places = [...Array(20).keys(), 24, 32, 40, 63];
    for (let at = indexAt; at < whole.length; at += 3) places.push(at);
    for (const at of places) {
      const bytes = whole.slice();
      bytes[at] ^= 1;
      Deno.writeFileSync(bent, bytes);
      assert.throws(() => openRecords(bent), { name: "SyntaxError" }, `byte ${at}`);
    }
  });
});

Deno.test("createRecordWriter leaves no file when it is disposed before close", () => {
  inTemporaryFolder((dir) => {
    {
      using writer = createRecordWriter(`${dir}/x.bin`, { side: 2, families: ["f"], sets: ["a"] });
      const row = { key: "a:b", set: "a", family: "f", phrase: "b", captions: [] };
      assert.throws(() => writer.add({ ...row, pixels: new Uint8Array(5) }), TypeError);
      assert.throws(
        () => writer.add({ ...row, family: "z", pixels: new Uint8Array(4) }),
        RangeError,
      );
      assert.equal(writer.count, 0);
    }
    assert.deepEqual([...Deno.readDirSync(dir)], []);
  });
});
