import assert from "node:assert/strict";
import { sinCosPositions } from "../../src/model/position_table.ts";
import { resizePositionGrid } from "../../src/model/resize_position_grid.ts";
import { resizePositions } from "../../src/model/resize_positions.ts";

Deno.test("sinCosPositions follows the formula of each code base", () => {
  const width = 16, quarter = 4, grid = 3;
  for (
    const [variant, divisor] of [["sincos2d", quarter - 1], ["sincos2d-mae", quarter]] as const
  ) {
    const table = sinCosPositions(grid, width, variant, true);
    assert.equal(table.length, 10 * width);
    assert.ok(table.subarray(0, width).every((value) => value === 0));
    for (let patch = 0; patch < 9; patch++) {
      const [x, y] = [patch % 3, Math.floor(patch / 3)];
      for (let k = 0; k < quarter; k++) {
        const omega = 10000 ** (-k / divisor);
        const expected = [
          Math.sin(x * omega),
          Math.cos(x * omega),
          Math.sin(y * omega),
          Math.cos(y * omega),
        ];
        expected.forEach((value, part) => {
          const at = (patch + 1) * width + part * quarter + k;
          assert.ok(Math.abs(table[at] - value) < 1e-6);
        });
      }
    }
  }
  assert.throws(() => sinCosPositions(2, 6, "sincos2d", true), /multiple of 4/);
});

Deno.test("resizePositions interpolates with half-pixel centres", () => {
  // torch.nn.functional.interpolate([0, 1, 4], 6, mode="linear", align_corners=False)
  const out = resizePositions(Float32Array.of(0, 1, 4), 1, 6);
  assert.deepEqual([...out], [0, 0.25, 0.75, 1.75, 3.25, 4]);
  assert.deepEqual([...resizePositions(Float32Array.of(1, 2, 3, 4), 2, 2)], [1, 2, 3, 4]);
});

Deno.test("resizePositionGrid keeps the class row, constants and the identity", () => {
  const width = 2;
  const table = Float32Array.from({ length: 17 * width }, (_, i) => Math.sin(i));
  assert.deepEqual(resizePositionGrid(table, width, 4, 4, true), table);
  const flat = new Float32Array(17 * width).fill(3);
  for (const to of [2, 3, 7]) {
    const out = resizePositionGrid(flat, width, 4, to, true);
    assert.equal(out.length, (to * to + 1) * width);
    assert.ok(out.every((value) => Math.abs(value - 3) < 1e-6));
  }
  const larger = resizePositionGrid(table, width, 4, 8, true);
  assert.deepEqual(larger.subarray(0, width), table.subarray(0, width));
  assert.throws(() => resizePositionGrid(table, width, 5, 8, true), /not 5x5/);
});

Deno.test("resizePositionGrid reproduces a linear ramp inside when it enlarges", () => {
  // Keys' cubic interpolates straight lines exactly away from the border.
  const from = 8, to = 16;
  const ramp = Float32Array.from({ length: from * from }, (_, i) => i % from);
  const out = resizePositionGrid(ramp, 1, from, to, false);
  for (let x = 4; x < 12; x++) {
    const expected = (x + 0.5) * from / to - 0.5;
    assert.ok(Math.abs(out[8 * to + x] - expected) < 1e-5, `column ${x}`);
  }
});
