import assert from "node:assert/strict";
import { compareDrops } from "../../src/scaling/fit/compare_drops.ts";
import { lawInterval } from "../../src/scaling/fit/residual_bootstrap.ts";
import { seedBootstrap } from "../../src/scaling/fit/seed_bootstrap.ts";
import type { SweepRow } from "../../src/scaling/sweep/sweep_row.ts";
import { sweepScalingRows } from "../../src/scaling/sweep_scaling_rows.ts";
import { tokenDrops } from "../../src/scaling/token_drops.ts";
import { rowsOf } from "./made_rows.ts";

Deno.test("sweepScalingRows turns the whole law sweep into drops, law and conclusion", () => {
  const rows = sweepScalingRows(rowsOf("law"), { bench: "icons-100" });
  assert.equal(rows.length, 40);
  const { model, imageTokens, fullImageTokens, imageStrategy, metric, source } = rows[0];
  assert.deepEqual(
    { model, imageTokens, fullImageTokens, imageStrategy, metric, source },
    {
      model: "small",
      imageTokens: 37,
      fullImageTokens: 37,
      imageStrategy: "none",
      metric: "icons-100.top1",
      source: "sweep law",
    },
  );
  const drops = tokenDrops(rows, { axis: "image" });
  assert.equal(drops.length, 30); // all but the ten at full length
  const at4 = (tower: string) =>
    drops.filter((d) => d.model === tower && d.strategy === "resize" && d.tokens === 5);
  const result = compareDrops(at4("small"), at4("large"));
  assert.deepEqual(result.seeds, [4, 4]);
  assert.equal(result.imageNoise, "bootstrap over classes");
  // 8 lost lengths: 0.1 x 8^0.7 = 0.43 logits, a little less since the classes differ.
  assert.ok(result.low > 0.2 && result.high < 0.6, `${result.low} to ${result.high}`);
});

Deno.test("seedBootstrap works in logits on the cells of the law sweep that share seeds", () => {
  const drops = tokenDrops(sweepScalingRows(rowsOf("law"), { bench: "icons-100" }), {
    axis: "image",
  })
    .filter((drop) => drop.strategy === "resize" && drop.seed! <= 2);
  const law = seedBootstrap(drops, { measure: "logit", draws: 200 });
  assert.equal(law.kind, "seeds and classes");
  for (const [parameter, expected] of [["b", 0.7], ["c", 0.5]] as const) {
    const { low, value, high } = lawInterval(law, parameter);
    assert.ok(
      low < value && value < high && Math.abs(value - expected) < 0.35,
      `${parameter} ${value}`,
    );
  }
  assert.ok(law.fit.c > 0);
});

Deno.test("sweepScalingRows reads captions and tuning masks when the other sweeps are given", () => {
  const text = tokenDrops(sweepScalingRows(rowsOf("text-law"), { bench: "icons-100" }), {
    axis: "text",
  });
  assert.deepEqual([...new Set(text.map(({ tokens }) => tokens))].sort(), [4, 6, 8]);
  assert.ok(
    text.every(({ fullTokens, baselineRow }) => fullTokens === 16 && baselineRow.textTokens === 16),
  );
  const rows = sweepScalingRows(rowsOf("tuning-masks"), { bench: "icons-100", stage: "last" });
  const masks = tokenDrops(rows, { axis: "image" });
  assert.deepEqual([...new Set(masks.map(({ tokens }) => tokens))].sort((a, b) => a - b), [
    10,
    19,
    28,
  ]);
  assert.ok(masks.every(({ strategy, fullTokens }) => strategy === "random" && fullTokens === 37));
});

Deno.test("sweepScalingRows takes the newest row of a cell and leaves failures out", () => {
  const [row, other] = rowsOf("law");
  const failed: SweepRow = {
    ...structuredClone({ ...row }),
    status: "failed",
    reason: "disk full",
  } as unknown as SweepRow;
  const select = { bench: "icons-100" };
  assert.equal(sweepScalingRows([failed, row, other], select).length, 2);
  assert.equal(sweepScalingRows([row, other, failed], select).length, 1);
});

Deno.test("sweepScalingRows lists what a cell has when the wanted number is not one fraction", () => {
  const rows = rowsOf("law").slice(0, 1);
  const read = (selection: Parameters<typeof sweepScalingRows>[1]) => () =>
    sweepScalingRows(rows, selection);
  assert.throws(
    read({ bench: "icons-10" }),
    /icons-10.top1 is there 0 times; allowed: one of icons-100.top1, /,
  );
  assert.throws(
    read({ bench: "heldout-loss", metric: "loss" }),
    /is 3.2; allowed: a fraction from 0 to 1/,
  );
  assert.throws(read({ bench: "retrieval-ph", metric: "i2t.r1" }), /there 2 times.*\(captions b\)/);
  const [row] = sweepScalingRows(rows, { bench: "retrieval-ph", metric: "i2t.r1", captions: "b" });
  assert.deepEqual([row.value, row.classHits], [0.3, null]);
});
