import assert from "node:assert/strict";
import { type ColourChanges, drawColours } from "../../src/data/augment/draw_colours.ts";
import { drawCrop } from "../../src/data/augment/draw_crop.ts";
import type { Rgb } from "../../src/data/images/image_jobs.ts";

const DRAWS = 20_000;
const NONE = {
  inkPaper: 0,
  invert: 0,
  jitter: { probability: 0, strength: 0.4 },
  gray: 0,
  flip: 0,
};

function keys(seed = 1, epoch = 0) {
  return Array.from({ length: DRAWS }, (_, row) => ({ seed, epoch, row }));
}

/** The share of draws is a probability within five standard errors. */
function assertShare(seen: number, probability: number, of = DRAWS) {
  const error = Math.sqrt(probability * (1 - probability) / of);
  assert.ok(Math.abs(seen / of - probability) <= 5 * error, `${seen} of ${of}: ${probability}`);
}

const brightness = ([r, g, b]: Rgb) => 0.299 * r + 0.587 * g + 0.114 * b;

Deno.test("drawCrop stays inside the picture, in its area and its aspect, when added in float32", () => {
  for (const size of [64, 37, 1]) {
    let areas = 0;
    let wide = 0;
    for (const key of keys()) {
      const { left, top, width, height } = drawCrop(key, size, [0.4, 1], [3 / 4, 4 / 3]);
      assert.ok(left >= 0 && top >= 0);
      assert.ok(Math.fround(left + width) <= size && Math.fround(top + height) <= size);
      const area = width * height / size ** 2;
      assert.ok(area > 0.4 - 1e-6 && area <= 1);
      const ratio = width / height;
      assert.ok(ratio > 0.75 - 1e-6 && ratio < 4 / 3 + 1e-6);
      areas += area;
      wide += ratio > 1 ? 1 : 0;
    }
    // Crops of large area fit only if they are square, so the mean is a little below 0.7.
    assert.ok(areas / DRAWS > 0.6 && areas / DRAWS < 0.7, `mean area ${areas / DRAWS}`);
    assertShare(wide, 0.5);
  }
});

Deno.test("drawCrop is a function of seed, epoch and row when asked in any order", () => {
  const crop = (seed: number, epoch: number, row: number) =>
    drawCrop({ seed, epoch, row }, 64, [0.4, 1], [0.75, 1.33]);
  const first = crop(1, 2, 3);
  for (const other of [crop(2, 2, 3), crop(1, 3, 3), crop(1, 2, 4)]) {
    assert.notDeepEqual(other, first);
  }
  assert.deepEqual(crop(1, 2, 3), first);
});

Deno.test("drawCrop takes the whole picture when no crop fits", () => {
  const whole = { left: 0, top: 0, width: 48, height: 48 };
  assert.deepEqual(drawCrop({ seed: 1, epoch: 0, row: 0 }, 48, [1, 1], [2, 2]), whole);
  assert.deepEqual(drawCrop({ seed: 1, epoch: 0, row: 0 }, 48, [1, 1], [1, 1]), whole);
});

Deno.test("drawColours changes as many pictures as its shares say", () => {
  const augment = {
    inkPaper: 0.5,
    invert: 0.1,
    jitter: { probability: 0.8, strength: 0.4 },
    gray: 0.2,
    flip: 0.3,
  };
  const drawn = keys().map((key) => drawColours(key, 1, augment));
  const count = (test: (changes: ColourChanges) => boolean) => drawn.filter(test).length;
  assertShare(count(({ colours }) => colours !== null), 1 - 0.5 * 0.9);
  assertShare(count(({ jitter }) => jitter !== null), 0.8);
  assertShare(count(({ gray }) => gray), 0.2);
  assertShare(count(({ flip }) => flip), 0.3);
  const inverted = count(({ colours }) =>
    colours !== null && brightness(colours.ink) > brightness(colours.paper)
  );
  assertShare(inverted, 0.1);
});

Deno.test("drawColours leaves a picture as it is when nothing is switched on", () => {
  const plain = { colours: null, jitter: null, gray: false, flip: false };
  for (const key of keys().slice(0, 500)) {
    assert.deepEqual(drawColours(key, 1, NONE), plain);
    assert.deepEqual(drawColours(key, 3, { ...NONE, inkPaper: 1, invert: 1 }), plain);
  }
});

Deno.test("drawColours draws dark ink on light paper, and the reverse when inverted", () => {
  for (const key of keys().slice(0, 2000)) {
    const { ink, paper } = drawColours(key, 1, { ...NONE, inkPaper: 1 }).colours!;
    assert.ok(brightness(ink) <= brightness(paper));
    for (const value of [...ink, ...paper]) {
      assert.ok(Number.isInteger(value) && value >= 0 && value <= 255);
    }
    const reversed = drawColours(key, 1, { ...NONE, inkPaper: 1, invert: 1 }).colours!;
    assert.deepEqual(reversed, { ink: paper, paper: ink });
  }
  const black = drawColours({ seed: 1, epoch: 0, row: 0 }, 1, { ...NONE, invert: 1 }).colours;
  assert.deepEqual(black, { ink: [255, 255, 255], paper: [0, 0, 0] });
});

Deno.test("drawColours keeps jitter in SimCLR's range, all orders equally often", () => {
  const augment = { ...NONE, jitter: { probability: 1, strength: 0.4 } };
  const orders = new Map<string, number>();
  let hue = 0;
  for (const key of keys()) {
    const jitter = drawColours(key, 3, augment).jitter!;
    for (const factor of [jitter.brightness, jitter.contrast, jitter.saturation]) {
      assert.ok(factor >= 0.68 && factor <= 1.32);
    }
    assert.ok(Math.abs(jitter.hue) <= 0.08);
    hue += jitter.hue;
    const order = jitter.order.join("");
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  assert.equal(orders.size, 24);
  for (const count of orders.values()) assertShare(count, 1 / 24);
  assert.ok(Math.abs(hue / DRAWS) < 5 * 0.08 / Math.sqrt(3 * DRAWS));
});

Deno.test("drawColours does not move one kind of change when another is switched on", () => {
  const some = { ...NONE, inkPaper: 0.5, jitter: { probability: 0.5, strength: 0.4 } };
  for (const key of keys().slice(0, 500)) {
    const { flip: _flip, gray: _gray, ...rest } = drawColours(key, 1, some);
    const all = drawColours(key, 1, { ...some, flip: 1, gray: 1 });
    assert.deepEqual(all, { ...rest, flip: true, gray: true });
  }
});
