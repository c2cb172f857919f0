import assert from "node:assert/strict";
import { normals, philox, uniforms } from "../../src/tensor/random.ts";

const hex = (words: Uint32Array) => [...words].map((word) => word.toString(16).padStart(8, "0"));

Deno.test("philox gives the published words for zeros, ones and digits of pi", () => {
  assert.deepEqual(hex(philox(0, 0, 0, 0, 0, 0)), ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]);
  const ones = 0xffffffff;
  assert.deepEqual(
    hex(philox(ones, ones, ones, ones, ones, ones)),
    ["408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"],
  );
  assert.deepEqual(
    hex(philox(0xa4093822, 0x299f31d0, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344)),
    ["d16cfe09", "94fdcceb", "5001e420", "24126ea1"],
  );
});

Deno.test("uniforms lie in [0, 1) with the right mean and differ by seed and stream", () => {
  const draw = (seed: number, stream: number) => {
    const values = new Float32Array(40_001);
    uniforms(values, seed, stream);
    return values;
  };
  const values = draw(1, 2);
  assert.ok(values.every((v) => v >= 0 && v < 1));
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  assert.ok(Math.abs(mean - 0.5) < 5 * Math.sqrt(1 / 12 / values.length));
  assert.deepEqual(draw(1, 2), values);
  assert.notDeepEqual(draw(1, 3), values);
  assert.notDeepEqual(draw(2, 2), values);
});

Deno.test("normals have mean 0, variance 1 and the right tails", () => {
  const values = new Float32Array(100_003);
  normals(values, 7, 0);
  const n = values.length;
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n;
  const beyondTwo = values.filter((v) => Math.abs(v) > 2).length / n;
  assert.ok(Math.abs(mean) < 5 / Math.sqrt(n), `mean ${mean}`);
  assert.ok(Math.abs(variance - 1) < 5 * Math.sqrt(2 / n), `variance ${variance}`);
  assert.ok(Math.abs(beyondTwo - 0.0455) < 5 * Math.sqrt(0.0455 / n), `tails ${beyondTwo}`);
});
