import assert from "node:assert/strict";
import { drawShape } from "../../src/data/augment/draw_shape.ts";
import type { ImageJob, Warp } from "../../src/data/images/image_jobs.ts";
import { NativeError } from "../../src/native/native_error.ts";
import { philox } from "../../src/tensor/random.ts";
import { PLAIN_JOB, runJobs } from "./native_pictures.ts";

const SIDE = 8;
const COLOUR = noise(SIDE * SIDE * 3);
const GRAY = noise(SIDE * SIDE, 2);
const GRAY_JOB: ImageJob = { ...PLAIN_JOB, channels: 1 };

function noise(bytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: bytes }, (_, i) => philox(seed, 0, i, 0, 0, 0)[0] >>> 24);
}

const inside = (at: number) => Math.min(SIDE - 1, Math.max(0, at));

/** The value of a channel between its pixels, in double precision; edges go on outwards. */
function between(pixels: Uint8Array, channels: number, c: number, x: number, y: number): number {
  const at = (i: number, j: number) => pixels[(inside(j) * SIDE + inside(i)) * channels + c];
  const left = Math.floor(inside(x)), top = Math.floor(inside(y));
  const across = inside(x) - left, down = inside(y) - top;
  return (at(left, top) * (1 - across) + at(left + 1, top) * across) * (1 - down) +
    (at(left, top + 1) * (1 - across) + at(left + 1, top + 1) * across) * down;
}

function warped(pixels: Uint8Array, channels: number, w: Warp): number[] {
  const middle = (SIDE - 1) / 2;
  return Array.from({ length: SIDE * SIDE * channels }, (_, i) => {
    const c = i % channels, x = Math.floor(i / channels) % SIDE - middle;
    const y = Math.floor(i / channels / SIDE) - middle;
    const fromX = w[0] * x + w[1] * y + w[2] + middle, fromY = w[3] * x + w[4] * y + w[5] + middle;
    return between(pixels, channels, c, fromX, fromY);
  });
}

/** The darkest (or lightest) of each pixel and its eight neighbours. */
function extreme(pixels: Uint8Array, pick: (...values: number[]) => number): number[] {
  return Array.from(pixels, (_, i) => {
    const x = i % SIDE, y = Math.floor(i / SIDE);
    const near = [-1, 0, 1].flatMap((dy) =>
      [-1, 0, 1].map((dx) => pixels[inside(y + dy) * SIDE + inside(x + dx)])
    );
    return pick(...near);
  });
}

const oneChannel = (rgb: Uint8Array) => rgb.filter((_, i) => i % 3 === 0);

Deno.test("clipa_image_batch maps pictures as interpolation between pixels says", async () => {
  const maps: Warp[] = [
    [1, 0, 0, 0, 1, 0],
    [1, 0, 0.5, 0, 1, -1.25],
    [0.9, 0.2, 0.3, -0.2, 1.1, -0.7],
    [Math.cos(0.4), -Math.sin(0.4), 0, Math.sin(0.4), Math.cos(0.4), 0],
    [2.5, 0, 0, 0, 2.5, 0],
    [1e6, 0, -1e9, 0, 1e6, 1e9],
  ];
  const out = await runJobs(COLOUR, maps.map((warp) => ({ ...PLAIN_JOB, warp })), SIDE);
  maps.forEach((warp, i) => {
    warped(COLOUR, 3, warp).forEach((wanted, k) => {
      const seen = out[i * COLOUR.length + k];
      // Half a level, and half a step of 1/256 pixel in each direction.
      assert.ok(Math.abs(seen - wanted) < 0.51 + 255 / 256, `${warp}: ${seen}, ${wanted}`);
    });
  });
  assert.deepEqual(out.subarray(0, COLOUR.length), COLOUR);
});

Deno.test("clipa_image_batch turns by quarters and shifts by pixels without a rounding", async () => {
  const quarter: Warp = [0, 1, 0, -1, 0, 0], shift: Warp = [1, 0, 2, 0, 1, -1];
  const out = await runJobs(
    COLOUR,
    [{ ...PLAIN_JOB, warp: quarter }, { ...PLAIN_JOB, warp: shift }],
    SIDE,
  );
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const at = (y * SIDE + x) * 3;
      const turned = ((SIDE - 1 - x) * SIDE + y) * 3;
      const moved = (inside(y - 1) * SIDE + inside(x + 2)) * 3;
      assert.deepEqual(out.slice(at, at + 3), COLOUR.slice(turned, turned + 3));
      assert.deepEqual(
        out.slice(COLOUR.length + at, COLOUR.length + at + 3),
        COLOUR.slice(moved, moved + 3),
      );
    }
  }
});

Deno.test("clipa_image_batch thickens dark strokes with the darkest neighbour, thins with the lightest", async () => {
  const strokes = [1, -1, 0.25, -0.5, 2, 0];
  const out = await runJobs(GRAY, strokes.map((stroke) => ({ ...GRAY_JOB, stroke })), SIDE);
  const seen = strokes.map((_, i) => oneChannel(out.subarray(i * 192, (i + 1) * 192)));
  const darkest = extreme(GRAY, Math.min), lightest = extreme(GRAY, Math.max);
  assert.deepEqual([...seen[0]], darkest);
  assert.deepEqual([...seen[1]], lightest);
  GRAY.forEach((value, i) => {
    assert.ok(Math.abs(seen[2][i] - (0.75 * value + 0.25 * darkest[i])) <= 0.5);
    assert.ok(Math.abs(seen[3][i] - (0.5 * value + 0.5 * lightest[i])) <= 0.5);
  });
  assert.deepEqual([...seen[4]], extreme(Uint8Array.from(darkest), Math.min));
  assert.deepEqual(seen[5], GRAY);
});

Deno.test("clipa_image_batch changes strokes, then the map, then crops", async () => {
  const warp: Warp = [0, 1, 0, -1, 0, 0];
  const crop = { left: 0, top: 0, width: 4, height: 4 };
  const out = await runJobs(GRAY, [{ ...GRAY_JOB, stroke: 1, warp, crop }], 4);
  const thick = extreme(GRAY, Math.min);
  const wanted = Array.from({ length: 16 }, (_, i) => {
    const x = i % 4, y = Math.floor(i / 4);
    return thick[(SIDE - 1 - x) * SIDE + y];
  });
  assert.deepEqual([...oneChannel(out)], wanted);
});

Deno.test("clipa_image_batch refuses strokes and maps that are not finite", async () => {
  for (const job of [{ stroke: 5 }, { stroke: NaN }, { warp: [1, 0, Infinity, 0, 1, 0] as Warp }]) {
    await assert.rejects(
      runJobs(GRAY, [{ ...GRAY_JOB, ...job }], SIDE),
      (error) => error instanceof NativeError && /picture 0: strokes change/.test(error.message),
    );
  }
});

Deno.test("drawShape fills its ranges, and draws from seed, epoch and row alone", () => {
  const augment = {
    warp: { rotate: 30, shear: 0, scale: [0.5, 2], shift: 0.1 },
    stroke: 1.5,
  } as const;
  const draws = Array.from(
    { length: 4000 },
    (_, row) => drawShape({ seed: 1, epoch: 0, row }, 64, 1, augment),
  );
  const extent = (values: number[]) => [Math.min(...values), Math.max(...values)];
  const near = (seen: number[], wanted: number[], by: number) =>
    seen.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < by, `${seen}: ${wanted}`));
  near(extent(draws.map((d) => d.stroke!)), [-1.5, 1.5], 0.01);
  near(
    extent(draws.map((d) => Math.atan2(d.warp![3], d.warp![0]) * 180 / Math.PI)),
    [-30, 30],
    0.1,
  );
  near(extent(draws.map((d) => 1 / Math.hypot(d.warp![3], d.warp![0]))), [0.5, 2], 0.01);
  near(extent(draws.map((d) => d.warp![2])), [-6.4, 6.4], 0.05);
  near(extent(draws.map((d) => d.warp![5])), [-6.4, 6.4], 0.05);
  const again = drawShape({ seed: 1, epoch: 0, row: 7 }, 64, 1, augment);
  assert.deepEqual(again, draws[7]);
  assert.notDeepEqual(drawShape({ seed: 1, epoch: 1, row: 7 }, 64, 1, augment), again);
});

Deno.test("drawShape shears the rows against each other, and keeps the area without a size", () => {
  const warp = { rotate: 0, shear: 0.5, scale: [1, 1], shift: 0 } as const;
  const slopes = Array.from({ length: 1000 }, (_, row) => {
    const w = drawShape({ seed: 3, epoch: 0, row }, 64, 1, { warp }).warp!;
    assert.deepEqual([w[0], w[2], w[3], w[4], w[5]].map((x) => x + 0), [1, 0, 0, 1, 0]);
    return w[1];
  });
  assert.ok(Math.max(...slopes) > 0.49 && Math.max(...slopes) <= 0.5);
  assert.ok(Math.min(...slopes) < -0.49 && Math.min(...slopes) >= -0.5);
});

Deno.test("drawShape leaves colour pictures their strokes, and everything when nothing is asked", () => {
  assert.deepEqual(drawShape({ seed: 1, epoch: 0, row: 1 }, 64, 1, {}), {
    stroke: null,
    warp: null,
  });
  assert.equal(drawShape({ seed: 1, epoch: 0, row: 1 }, 64, 3, { stroke: 1 }).stroke, null);
});
