import assert from "node:assert/strict";
import { permutation } from "../../src/data/loader/permutation.ts";
import {
  FIRST_CURSOR,
  type LoaderCursor,
  type OrderOptions,
  SampleOrder,
} from "../../src/data/loader/sample_order.ts";

const PLAIN: OrderOptions = { seed: 3, balance: "none", familyCap: null };

/** Rows with these phrases; the family of row i is i modulo `families`. */
function tableOf(phrases: readonly number[], families = 1) {
  return {
    count: phrases.length,
    phrase: Uint32Array.from(phrases),
    family: Uint32Array.from(phrases, (_, row) => row % families),
  };
}

/** `count` batches from a cursor. */
function batches(order: SampleOrder, batch: number, count: number, from = FIRST_CURSOR) {
  let cursor: LoaderCursor = from;
  return Array.from({ length: count }, () => {
    const next = order.next(cursor, batch);
    cursor = next.cursor;
    return next;
  });
}

Deno.test("permutation shows every element once when all positions are asked for", () => {
  for (const count of [1, 2, 3, 4, 5, 16, 17, 100, 1000, 4097]) {
    const at = permutation(count, 7, 2);
    const seen = new Set(Array.from({ length: count }, (_, i) => at(i)));
    assert.equal(seen.size, count);
    assert.ok([...seen].every((element) => element >= 0 && element < count));
  }
});

Deno.test("permutation changes with seed and epoch and gives every place every element", () => {
  const list = (seed: number, epoch: number) =>
    Array.from({ length: 50 }, (_, i) => permutation(50, seed, epoch)(i));
  assert.deepEqual(list(1, 1), list(1, 1));
  assert.notDeepEqual(list(1, 1), list(1, 2));
  assert.notDeepEqual(list(1, 1), list(2, 1));
  // Chi-square of 9 degrees of freedom: above 33.7 with probability 1e-4.
  const draws = 5000;
  for (const position of [0, 9]) {
    const counts = new Array(10).fill(0);
    for (let epoch = 0; epoch < draws; epoch++) counts[permutation(10, 5, epoch)(position)]++;
    const chi = counts.reduce((sum, n) => sum + (n - draws / 10) ** 2 / (draws / 10), 0);
    assert.ok(chi < 33.7, `place ${position}: chi-square ${chi}`);
  }
});

Deno.test("permutation refuses a count that it cannot permute", () => {
  for (const count of [0, -1, 1.5, 2 ** 31]) {
    assert.throws(() => permutation(count, 1, 1), RangeError);
  }
});

Deno.test("SampleOrder shows every row once an epoch when phrases differ", () => {
  const order = new SampleOrder(tableOf([...Array(21).keys()]), PLAIN);
  // 7 batches of 6 are two epochs.
  const rows = batches(order, 6, 7).flatMap((batch) => batch.rows);
  for (const epoch of [0, 1]) {
    const shown = rows.filter((sample) => sample.epoch === epoch).map(({ row }) => row);
    assert.deepEqual(shown.toSorted((a, b) => a - b), [...Array(21).keys()]);
  }
  assert.notDeepEqual(rows.slice(0, 21).map(({ row }) => row), rows.slice(21).map((s) => s.row));
});

Deno.test("SampleOrder puts off a row to the next batch when its phrase is there already", () => {
  const phrases = Array.from({ length: 60 }, (_, row) => row % 20);
  const order = new SampleOrder(tableOf(phrases), PLAIN);
  const all = batches(order, 8, 60);
  let putOff = 0;
  for (const [i, { rows, cursor }] of all.entries()) {
    assert.equal(new Set(rows.map(({ row }) => phrases[row])).size, 8, "phrases are distinct");
    const waiting = cursor.deferred;
    putOff += waiting.length;
    // The first that waits has the first place of the next batch.
    if (waiting.length > 0 && i + 1 < all.length) assert.deepEqual(all[i + 1].rows[0], waiting[0]);
  }
  assert.ok(putOff > 0, "the case occurs");
  // Nothing is shown twice in an epoch.
  const names = all.flatMap(({ rows }) => rows.map(({ epoch, row }) => `${epoch}:${row}`));
  assert.equal(new Set(names).size, names.length);
  // And nothing of the first epochs is left out.
  for (let row = 0; row < 60; row++) assert.ok(names.includes(`0:${row}`), `row ${row}`);
});

Deno.test("SampleOrder goes on exactly when a cursor went through JSON", () => {
  const table = tableOf(Array.from({ length: 90 }, (_, row) => row % 31), 4);
  for (const balance of ["none", "phrase-family"] as const) {
    const options = { seed: 9, balance, familyCap: null };
    const whole = batches(new SampleOrder(table, options), 16, 30);
    for (const at of [0, 4, 11, 28]) {
      const cursor = JSON.parse(JSON.stringify(whole[at].cursor)) as LoaderCursor;
      const rest = batches(new SampleOrder(table, options), 16, 29 - at, cursor);
      assert.deepEqual(rest, whole.slice(at + 1));
    }
  }
});

Deno.test("SampleOrder shows one row of each phrase and family when balanced, in turn all of them", () => {
  // 12 phrases and 2 families, 10 rows each.
  const table = tableOf(Array.from({ length: 240 }, (_, row) => (row >> 1) % 12), 2);
  const order = new SampleOrder(table, { seed: 1, balance: "phrase-family", familyCap: null });
  assert.equal(order.epochLength, 24);
  const rows = batches(order, 4, 6 * 120).flatMap((batch) => batch.rows);
  const perEpoch = Map.groupBy(rows, ({ epoch }) => epoch);
  const groups = perEpoch.get(3)!.map(({ row }) => `${table.phrase[row]} ${table.family[row]}`);
  assert.equal(groups.length, 24);
  assert.equal(new Set(groups).size, 24);
  assert.equal(new Set(rows.map(({ row }) => row)).size, 240);
});

Deno.test("SampleOrder keeps the same rows of a family in every epoch when it is capped", () => {
  const table = tableOf([...Array(100).keys()], 2);
  const order = new SampleOrder(table, { seed: 5, balance: "none", familyCap: 12 });
  assert.equal(order.epochLength, 24);
  const rows = batches(order, 6, 12).flatMap((batch) => batch.rows);
  const perEpoch = Map.groupBy(rows, ({ epoch }) => epoch);
  const shown = (epoch: number) => perEpoch.get(epoch)!.map(({ row }) => row).toSorted();
  assert.deepEqual(shown(0), shown(1));
  assert.deepEqual([0, 1].map((f) => shown(0).filter((row) => row % 2 === f).length), [12, 12]);
  const other = new SampleOrder(table, { seed: 6, balance: "none", familyCap: 12 });
  const otherRows = batches(other, 6, 4).flatMap((batch) => batch.rows.map(({ row }) => row));
  assert.notDeepEqual(otherRows.toSorted(), shown(0));
});

Deno.test("SampleOrder leaves out rows of a phrase that has more than an epoch has batches", () => {
  // 30 rows of phrase 0 for 10 batches of 6: at most one of them fits a batch.
  const phrases = Array.from({ length: 60 }, (_, row) => row < 30 ? 0 : row);
  const order = new SampleOrder(tableOf(phrases), PLAIN);
  const all = batches(order, 6, 400);
  const most = Math.max(...all.map(({ cursor }) => cursor.deferred.length));
  assert.ok(most <= 2 * 60, `${most} rows wait`);
  assert.ok(all.slice(-10).every(({ rows }) => rows.some(({ row }) => row < 30)));
  const last = all.at(-1)!.cursor;
  assert.ok(last.deferred.every(({ epoch }) => epoch >= last.epoch - 1));
});

Deno.test("SampleOrder says what to do when a batch needs more phrases than there are", () => {
  const order = new SampleOrder(tableOf([0, 0, 1, 1, 2]), PLAIN);
  assert.equal(order.next(FIRST_CURSOR, 3).rows.length, 3);
  assert.throws(() => order.next(FIRST_CURSOR, 4), {
    name: "RangeError",
    message: /batch of 4 .* 3 in an epoch; use a smaller batch/,
  });
  assert.throws(() => new SampleOrder(tableOf([]), PLAIN), RangeError);
});
