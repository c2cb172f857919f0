import assert from "node:assert/strict";
import { bootstrapClasses } from "../../src/eval/bootstrap_classes.ts";
import { standardError } from "../../src/eval/standard_error.ts";
import { uniformOf } from "./random_rows.ts";

Deno.test("standardError is about a point when n is 2,676 and the share one half", () => {
  assert.ok(Math.abs(standardError(0.5, 2676) - 0.009666) < 1e-6);
  assert.equal(standardError(0, 10), 0);
  assert.equal(standardError(1, 10), 0);
});

Deno.test("standardError refuses when share or trials are out of range", () => {
  for (const share of [-0.1, 1.1, NaN]) assert.throws(() => standardError(share, 5), /share: seen/);
  for (const n of [0, 1.5, NaN]) assert.throws(() => standardError(0.5, n), /trials: seen/);
});

Deno.test("bootstrapClasses matches theory when each class is wholly right or wrong", () => {
  // 40 classes of 5 pictures, half of them easy: the accuracy is a mean of 40 coin flips.
  const labels = Array.from({ length: 200 }, (_, i) => i % 40);
  const hits = labels.map((label) => label < 20);
  const se = bootstrapClasses({ hits, labels, draws: 4000, uniform: uniformOf(1) });
  const theory = Math.sqrt(0.25 / 40);
  assert.ok(Math.abs(se / theory - 1) < 0.06, `${se} against ${theory}`);
  assert.ok(se > 2 * standardError(0.5, 200));
});

Deno.test("bootstrapClasses gives the same number when it is called again", () => {
  const labels = [0, 0, 1, 1, 2];
  const hits = [1, 0, 1, 1, 0];
  const once = bootstrapClasses({ hits, labels, draws: 50, uniform: uniformOf(2) });
  assert.equal(bootstrapClasses({ hits, labels, draws: 50, uniform: uniformOf(2) }), once);
  assert.notEqual(bootstrapClasses({ hits, labels, draws: 50, uniform: uniformOf(3) }), once);
});

Deno.test("bootstrapClasses refuses when it has nothing to draw from", () => {
  const uniform = uniformOf(1);
  assert.throws(() => bootstrapClasses({ hits: [], labels: [], uniform }), /hits: seen none/);
  assert.throws(() => bootstrapClasses({ hits: [1], labels: [], uniform }), TypeError);
  assert.throws(
    () => bootstrapClasses({ hits: [1], labels: [0], draws: 1, uniform }),
    /draws: seen 1/,
  );
});
