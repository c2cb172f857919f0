import assert from "node:assert/strict";
import { indexParts } from "../../src/eval/search/index_layout.ts";
import { SearchIndex } from "../../src/eval/search/search_index.ts";
import { writeSearchIndex } from "../../src/eval/search/write_index.ts";
import { NativeContext } from "../../src/native/context.ts";
import { resealIndex } from "../trust/fuzz/reseal_index.ts";
import { bruteForce, gaussian } from "./search_reference.ts";

const IDENTITY = "0".repeat(64);

/** Writes rows in parts of 32, searches each query every way, and compares with the full scan. */
async function checkExact(
  name: string,
  rows: Float32Array,
  width: number,
  queries: readonly Float32Array[],
  tops: readonly number[],
) {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/index`, count = rows.length / width;
    const parts = [];
    for (let at = 0; at < rows.length; at += 32 * width) {
      parts.push(rows.slice(at, at + 32 * width));
    }
    await writeSearchIndex(path, { count, width, identity: IDENTITY }, parts);
    for (const threads of [1, 2, 5]) {
      using context = new NativeContext({ threads });
      using index = SearchIndex.open(path, context, { identity: IDENTITY });
      for (const [q, query] of queries.entries()) {
        for (const top of tops.filter((k) => k <= count)) {
          const expected = bruteForce(rows, width, query, top);
          for (const portable of [false, true]) {
            const { hits, candidates, scored } = await index.search(query, top, { portable });
            const where = `${name}, width ${width}, query ${q}, top ${top}, ${threads} threads`;
            assert.deepEqual(hits, expected, `${where}, portable ${portable}`);
            assert.ok(scored >= top && scored <= candidates && candidates <= count, where);
          }
        }
      }
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("search equals a full scan when vectors are random, for every width to 257", async () => {
  for (let width = 1; width <= 257; width += width < 40 ? 1 : 31) {
    const count = 1 + (width * 37) % 150;
    const queries = [gaussian(width, 7 + width), gaussian(width, 9 + width)];
    await checkExact("random", gaussian(count * width, width), width, queries, [1, 3, 10, count]);
  }
});

Deno.test("search equals a full scan when many more rows than one task has are close", async () => {
  const width = 24, count = 9000;
  const centre = gaussian(width, 1);
  // Clusters around one direction: bounds overlap and the scan leaves thousands.
  const rows = gaussian(count * width, 2).map((value, i) =>
    centre[i % width] + value * (Math.floor(i / width) % 3 === 0 ? 1e-3 : 0.3)
  );
  await checkExact("close", rows, width, [centre, centre.map((v) => -v)], [1, 10, 1000]);
});

Deno.test("search equals a full scan when vectors are equal, opposite, zero or sparse", async () => {
  const width = 33, count = 200;
  const one = gaussian(width, 5);
  const make = (value: (row: number, i: number) => number) =>
    Float32Array.from(
      { length: count * width },
      (_, at) => value(Math.floor(at / width), at % width),
    );
  const cases: Record<string, Float32Array> = {
    equal: make((_, i) => one[i]),
    zero: make(() => 0),
    "half zero": make((row, i) => row % 2 === 0 ? 0 : one[i]),
    opposite: make((row, i) => row % 2 === 0 ? one[i] : -one[i]),
    "one-hot": make((row, i) => i === row % width ? 1 : 0),
    huge: make((row, i) => one[i] * 1e30 * (1 + (row % 3))),
    tiny: make((row, i) => one[i] * 1e-38 * (1 + (row % 3))),
    "last bits": make((row, i) => one[i] * (1 + (row * 7 + i) % 5 * 2 ** -22)),
    "one feature": make((row, i) => i === 0 ? 1 : i === 1 ? row * 1e-7 : 0),
  };
  const axis = new Float32Array(width);
  axis[3] = 2;
  for (const [name, rows] of Object.entries(cases)) {
    await checkExact(name, rows, width, [one, gaussian(width, 6), axis], [1, 7, 199, 200]);
  }
});

Deno.test("search scores few rows exactly when the data lets its bounds rule the others out", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const width = 64, count = 20000;
    const plan = { count, width, identity: IDENTITY };
    await writeSearchIndex(`${dir}/index`, plan, [gaussian(count * width, 8)]);
    using context = new NativeContext({ threads: 2 });
    using index = SearchIndex.open(`${dir}/index`, context);
    const { scored } = await index.search(gaussian(width, 9), 10);
    assert.ok(scored < count / 50, `${scored} of ${count} rows were scored`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("search keeps lower rows first when scores tie across blocks and tasks", async () => {
  const width = 8, count = 5000;
  const rows = new Float32Array(count * width);
  for (let row = 0; row < count; row++) rows[row * width + (row % 2)] = 1;
  await checkExact("ties", rows, width, [Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0)], [5, 2500, 2503]);
});

async function withIndex(body: (path: string, context: NativeContext) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  try {
    using context = new NativeContext({ threads: 1 });
    const plan = { count: 40, width: 5, identity: IDENTITY };
    await writeSearchIndex(`${dir}/index`, plan, [gaussian(200, 1)]);
    await body(`${dir}/index`, context);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("search refuses a top, width or vector that cannot be answered", async () => {
  await withIndex(async (path, context) => {
    using index = SearchIndex.open(path, context);
    const query = gaussian(5, 2);
    for (const top of [0, 41, 1.5, -1, NaN]) {
      assert.throws(() => index.search(query, top), /top is .*; allowed: 1 to 40/);
    }
    assert.throws(() => index.search(gaussian(4, 2), 1), /a query of 4 values; this index has 5/);
    assert.throws(() => index.search(new Float32Array(5), 1), /only zeros/);
    assert.throws(() => index.search(Float32Array.of(1, 2, NaN, 0, 0), 1), /not finite/);
    assert.equal((await index.search(query, 40)).hits.length, 40);
    // A vector's length does not matter.
    const longer = query.map((value) => value * 1e20);
    const answers = await Promise.all([index.search(query, 3), index.search(longer, 3)]);
    assert.deepEqual(answers[0].hits.map((hit) => hit.row), answers[1].hits.map((hit) => hit.row));
    const later = index.search(query, 1);
    index[Symbol.dispose]();
    await assert.rejects(later);
  });
});

Deno.test("SearchIndex.open refuses a file when one byte differs or it is cut or foreign", async () => {
  await withIndex(async (path, context) => {
    const whole = Deno.readFileSync(path);
    const refuse = (bytes: Uint8Array, why: RegExp) => {
      Deno.writeFileSync(path, bytes);
      assert.throws(() => SearchIndex.open(path, context), why);
    };
    for (const at of [5000, 8300, 12300, whole.length - 1]) {
      const bytes = whole.slice();
      bytes[at] ^= 1;
      refuse(bytes, /content does not match its sum; remove it/);
    }
    const header = whole.slice();
    header[60] ^= 1;
    refuse(header, /a damaged header/);
    const version = whole.slice();
    version[8] = 9;
    refuse(version, /version 9 instead of 1/);
    refuse(whole.subarray(0, whole.length - 4), /bytes instead of/);
    refuse(whole.subarray(0, 100), /100 bytes/);
    refuse(new TextEncoder().encode("PK".padEnd(5000)), /it starts with "PK/);
    Deno.writeFileSync(path, whole);
    assert.throws(
      () => SearchIndex.open(path, context, { identity: "1".repeat(64) }),
      /another model or data set/,
    );
    Deno.removeSync(path);
    assert.throws(() => SearchIndex.open(path, context), Deno.errors.NotFound);
    await Promise.resolve();
  });
});

Deno.test("writeSearchIndex leaves nothing behind when a part is wrong", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const write = (count: number, width: number, parts: Float32Array[]) =>
      writeSearchIndex(`${dir}/index`, { count, width, identity: IDENTITY }, parts);
    await assert.rejects(write(0, 4, []), /an index of 0 rows/);
    await assert.rejects(write(1, 0, []), /width 0; allowed: 1 to 2048/);
    await assert.rejects(write(2, 4, [gaussian(4, 1)]), /1 rows; 2 were announced/);
    await assert.rejects(write(2, 4, [gaussian(7, 1)]), /a part of 7 values/);
    await assert.rejects(write(8, 4, [gaussian(20, 1), gaussian(12, 1)]), /multiples of 16/);
    const broken = gaussian(80, 1);
    broken[17 * 4] = Infinity;
    await assert.rejects(write(20, 4, [broken]), /row 17 has a value that is not finite/);
    assert.deepEqual([...Deno.readDirSync(dir)], []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a search says so when bounds of a stranger's index, whose sums are right, are no numbers", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/index`, width = 8, count = 40;
    const rows = gaussian(count * width, 3);
    await writeSearchIndex(path, { count, width, identity: IDENTITY }, [rows]);
    const sound = Deno.readFileSync(path);
    const { scales, errors } = indexParts(count, width);
    using context = new NativeContext({ threads: 2 });
    for (const [at, value] of [[scales, NaN], [errors, NaN], [errors, -1e30]]) {
      const bytes = Uint8Array.from(sound);
      new Float32Array(bytes.buffer, at, 48).fill(value);
      Deno.writeFileSync(path, resealIndex(bytes));
      using index = SearchIndex.open(path, context);
      await assert.rejects(
        index.search(rows.slice(0, width), 5),
        /the index contradicts itself.*remove it and build it again/,
        `${at}: ${value}`,
      );
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
