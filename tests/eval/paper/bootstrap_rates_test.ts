import assert from "node:assert/strict";
import { bootstrapRates } from "../../../src/eval/paper/bootstrap_rates.ts";

Deno.test("bootstrapRates gives the error of independent trials when clusters have one", () => {
  const n = 500;
  const hits = Array.from({ length: n }, (_, i) => Number(i % 10 < 3));
  const wanted = Math.sqrt(0.3 * 0.7 / n);
  const [se] = bootstrapRates(hits.map(() => 1), [hits], 4000);
  assert.ok(Math.abs(se / wanted - 1) < 0.04, `${se}, ${wanted} wanted`);
});

Deno.test("bootstrapRates is larger when the members of a cluster are alike", () => {
  // Five captions each, all right or all wrong: as many trials as clusters in truth.
  const clusters = 300;
  const hits = Array.from({ length: clusters }, (_, i) => i % 2 === 0 ? 5 : 0);
  const [se, none] = bootstrapRates(hits.map(() => 5), [hits, hits.map(() => 2)], 4000);
  const wanted = Math.sqrt(0.25 / clusters);
  assert.ok(Math.abs(se / wanted - 1) < 0.04, `${se}, ${wanted} wanted`);
  assert.ok(none < 1e-6, "a rate that is equal in all clusters has no error");
});

Deno.test("bootstrapRates gives the same bits when called again, and names what is wrong", () => {
  const sizes = [3, 1, 4, 1, 5], hits = [[1, 0, 2, 1, 3]];
  assert.deepEqual(bootstrapRates(sizes, hits), bootstrapRates(sizes, hits));
  assert.throws(() => bootstrapRates([], [[]]), /at least one cluster/);
  assert.throws(() => bootstrapRates([1, 0], [[0, 0]]), /sizes\[1\]: seen 0/);
});
