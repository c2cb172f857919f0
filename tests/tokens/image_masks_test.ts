import assert from "node:assert/strict";
import { blockMask } from "../../src/tokens/image/block_mask.ts";
import { gridMask } from "../../src/tokens/image/grid_mask.ts";
import type { PatchMask } from "../../src/tokens/image/patch_mask.ts";
import { keptPatches, randomMask } from "../../src/tokens/image/random_mask.ts";

const SAMPLES = 4000;

function draw(mask: PatchMask, keep: number, row: number, epoch = 0, seed = 3): number[] {
  const out = new Int32Array(keep + 2).fill(-7);
  mask({ seed, epoch, row }, out, 1);
  assert.deepEqual([out[0], out[keep + 1]], [-7, -7], "the mask wrote outside its place");
  return [...out.subarray(1, keep + 1)];
}

const MASKS: [name: string, grid: number, keep: number, mask: PatchMask][] = [
  ["random", 6, 9, randomMask({ grid: 6, keep: 9 })],
  ["random", 7, 1, randomMask({ grid: 7, keep: 1 })],
  ["random", 6, 36, randomMask({ grid: 6, keep: 36 })],
  ["grid", 6, 9, gridMask({ grid: 6, keep: 9 }, "none")],
  ["grid sample", 6, 9, gridMask({ grid: 6, keep: 9 }, "sample")],
  ["grid window", 6, 9, gridMask({ grid: 6, keep: 9 }, "window")],
  ["grid half", 14, 98, gridMask({ grid: 14, keep: 98 }, "none")],
  ["grid half window", 14, 98, gridMask({ grid: 14, keep: 98 }, "window")],
  ["block", 6, 9, blockMask({ grid: 6, keep: 9 }, "random")],
  ["block", 14, 98, blockMask({ grid: 14, keep: 98 }, "random")],
  ["block", 6, 36, blockMask({ grid: 6, keep: 36 }, "random")],
  ["block centre", 5, 7, blockMask({ grid: 5, keep: 7 }, "centre")],
];

for (const [name, grid, keep, mask] of MASKS) {
  Deno.test(`a ${name} mask keeps ${keep} different patches of ${grid} x ${grid}, ascending, when drawn`, () => {
    for (let row = 0; row < 200; row++) {
      const kept = draw(mask, keep, row);
      assert.ok(
        kept.every((patch, i) =>
          patch >= 0 && patch < grid * grid && (i === 0 || patch > kept[i - 1])
        ),
        `${kept}`,
      );
    }
  });

  Deno.test(`a ${name} mask of ${keep} of ${grid * grid} is the same when drawn again in another order`, () => {
    const rows = [9, 2, 5];
    const first = rows.map((row) => draw(mask, keep, row, 4));
    const again = rows.toReversed().map((row) => draw(mask, keep, row, 4)).toReversed();
    assert.deepEqual(again, first);
  });
}

/** How often each patch is kept in many samples. */
function counts(mask: PatchMask, grid: number, keep: number): number[] {
  const seen = new Array(grid * grid).fill(0);
  for (let row = 0; row < SAMPLES; row++) for (const patch of draw(mask, keep, row)) seen[patch]++;
  return seen;
}

/** Five standard deviations of a binomial count. */
function assertEven(seen: readonly number[], share: number): void {
  const allowed = 5 * Math.sqrt(SAMPLES * share * (1 - share));
  for (const count of seen) assert.ok(Math.abs(count - SAMPLES * share) < allowed, `${seen}`);
}

Deno.test("a random mask keeps every patch equally often, and every pair, when drawn many times", () => {
  const mask = randomMask({ grid: 3, keep: 4 });
  assertEven(counts(mask, 3, 4), 4 / 9);
  const pairs = new Map<string, number>();
  for (let row = 0; row < SAMPLES; row++) {
    const kept = draw(mask, 4, row);
    for (const a of kept) {
      for (const b of kept) if (a < b) pairs.set(`${a},${b}`, (pairs.get(`${a},${b}`) ?? 0) + 1);
    }
  }
  assert.equal(pairs.size, 36);
  assertEven([...pairs.values()], (4 * 3) / (9 * 8));
});

Deno.test("masks change with the seed, the epoch and the row when these change", () => {
  const masks = {
    random: randomMask({ grid: 6, keep: 9 }),
    grid: gridMask({ grid: 6, keep: 9 }, "window"),
    block: blockMask({ grid: 16, keep: 9 }, "random"),
  };
  for (const mask of Object.values(masks)) {
    const base = draw(mask, 9, 0).join();
    assert.notEqual(draw(mask, 9, 1).join(), base);
    assert.notEqual(draw(mask, 9, 0, 1).join(), base);
    assert.notEqual(draw(mask, 9, 0, 0, 4).join(), base);
  }
});

Deno.test("a grid mask keeps the top left patch, or a diagonal, of each window when it has no jitter", () => {
  assert.deepEqual(draw(gridMask({ grid: 4, keep: 4 }, "none"), 4, 0), [0, 2, 8, 10]);
  assert.deepEqual(draw(gridMask({ grid: 4, keep: 8 }, "none"), 8, 0), [0, 2, 5, 7, 8, 10, 13, 15]);
});

/** Kept patches of each window of 2 x 2, as bits. */
function windowsOf(kept: readonly number[], grid: number): number[] {
  const windows = new Array((grid / 2) ** 2).fill(0);
  for (const patch of kept) {
    const [y, x] = [Math.floor(patch / grid), patch % grid];
    windows[Math.floor(y / 2) * grid / 2 + Math.floor(x / 2)] |= 1 << (2 * (y % 2) + x % 2);
  }
  return windows;
}

for (const [keep, bits] of [[9, 1], [18, 2]]) {
  Deno.test(`a jittered grid mask keeps ${bits} of every window, every pattern equally often, when drawn`, () => {
    const patterns = bits === 1 ? 4 : 6;
    for (const jitter of ["sample", "window"] as const) {
      const mask = gridMask({ grid: 6, keep }, jitter);
      const seen = new Map<number, number>();
      let mixed = 0;
      for (let row = 0; row < SAMPLES; row++) {
        const windows = windowsOf(draw(mask, keep, row), 6);
        for (const window of windows) {
          assert.equal(window.toString(2).replaceAll("0", "").length, bits);
        }
        seen.set(windows[8], (seen.get(windows[8]) ?? 0) + 1);
        if (new Set(windows).size > 1) mixed++;
      }
      assert.equal(seen.size, patterns);
      assertEven([...seen.values()], 1 / patterns);
      assert.equal(mixed > 0, jitter === "window");
    }
  });
}

Deno.test("a block mask keeps a square, every place equally often, when the number is a square", () => {
  const mask = blockMask({ grid: 6, keep: 9 }, "random");
  const places = new Map<number, number>();
  for (let row = 0; row < SAMPLES; row++) {
    const kept = draw(mask, 9, row);
    const offsets = kept.map((patch) => patch - kept[0]);
    assert.deepEqual(offsets, [0, 1, 2, 6, 7, 8, 12, 13, 14]);
    assert.ok(kept[0] % 6 <= 3, "the block wraps round the edge");
    places.set(kept[0], (places.get(kept[0]) ?? 0) + 1);
  }
  assert.equal(places.size, 16);
  assertEven([...places.values()], 1 / 16);
});

Deno.test("a block mask keeps whole rows and one shorter row below when the number is no square", () => {
  const lengths = (grid: number, keep: number) => {
    const rows = new Map<number, number[]>();
    for (const patch of draw(blockMask({ grid, keep }, "random"), keep, 11)) {
      const y = Math.floor(patch / grid);
      rows.set(y, [...rows.get(y) ?? [], patch % grid]);
    }
    for (const columns of rows.values()) {
      assert.equal(columns.at(-1)! - columns[0], columns.length - 1, "a row has a hole");
    }
    return [...rows.values()].map((columns) => columns.length);
  };
  assert.deepEqual(lengths(14, 98), [10, 10, 10, 10, 10, 10, 10, 10, 10, 8]);
  assert.deepEqual(lengths(6, 2), [2]);
  assert.deepEqual(lengths(6, 3), [2, 1]);
  assert.deepEqual(lengths(6, 35), [6, 6, 6, 6, 6, 5]);
});

Deno.test("a block mask lies in the middle when it is placed there", () => {
  assert.deepEqual(draw(blockMask({ grid: 4, keep: 4 }, "centre"), 4, 5), [5, 6, 9, 10]);
  assert.equal(draw(blockMask({ grid: 6, keep: 9 }, "centre"), 9, 5)[0], 7);
});

Deno.test("keptPatches rounds down as the papers' runs do when a ratio is given", () => {
  assert.deepEqual([keptPatches(256, 0.3), keptPatches(576, 0.4), keptPatches(256, 0.4)], [
    179,
    345,
    153,
  ]);
  assert.equal(keptPatches(16, 0.99), 1);
  for (const bad of [1, -0.1, NaN]) assert.throws(() => keptPatches(16, bad), /mask ratio: seen/);
});

Deno.test("gridMask refuses when a window has no pattern of the ratio", () => {
  assert.throws(() => gridMask({ grid: 6, keep: 12 }, "none"), /seen 12 of 6 x 6/);
  assert.throws(() => gridMask({ grid: 7, keep: 12 }, "none"), /even grid/);
});

/** Seed 5, epoch 2, row 7; a second implementation, in Python, gives the same. */
const GOLDEN = {
  random: [3, 4, 10, 12, 14, 16, 22, 29, 31],
  sample: [1, 3, 5, 13, 15, 17, 25, 27, 29],
  window: [1, 3, 4, 13, 14, 17, 24, 26, 34],
  block: [19, 20, 21, 25, 26, 27, 31],
};

Deno.test("masks keep their bits when the code changes: numbers that kernels must repeat", () => {
  assert.deepEqual(draw(randomMask({ grid: 6, keep: 9 }), 9, 7, 2, 5), GOLDEN.random);
  assert.deepEqual(draw(gridMask({ grid: 6, keep: 9 }, "sample"), 9, 7, 2, 5), GOLDEN.sample);
  assert.deepEqual(draw(gridMask({ grid: 6, keep: 9 }, "window"), 9, 7, 2, 5), GOLDEN.window);
  assert.deepEqual(draw(blockMask({ grid: 6, keep: 7 }, "random"), 7, 7, 2, 5), GOLDEN.block);
});
