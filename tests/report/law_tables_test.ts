import assert from "node:assert/strict";
import {
  keptTable,
  lawTable,
  paperComputeTable,
  paperKeptTable,
  paperLawTable,
  rowsComputeTable,
} from "../../src/report/figures/law_tables.ts";
import { cellMeans } from "../../src/scaling/fit/cell_means.ts";
import { tokenDrops } from "../../src/scaling/token_drops.ts";
import type { ScalingRow } from "../../src/scaling/scaling_row.ts";

const cell = (size: string, strategy: string, tokens: number) =>
(row: {
  size: string;
  strategy: string;
  tokens: number;
}) => row.size === size && row.strategy === strategy && row.tokens === tokens;

Deno.test("paperLawTable gives the drops that paper 1 states when it reads table 11", () => {
  const { rows, sizes, fullTokens } = paperLawTable("image");
  assert.deepEqual(sizes.map(({ size, full }) => [size, full.value.toFixed(1)]), [
    ["S/16", "56.7"],
    ["B/16", "64.2"],
    ["L/16", "69.2"],
  ]);
  assert.equal(fullTokens, 197);
  // Section 4.1: resizing from 197 to 17 tokens costs 6.2, 4.3 and 3.0 points; block gains 0.3.
  const change = (size: string, strategy: string, tokens: number) =>
    rows.find(cell(size, strategy, tokens))!.change.value.toFixed(1);
  assert.deepEqual(["S/16", "B/16", "L/16"].map((size) => change(size, "resize", 17)), [
    "-6.2",
    "-4.3",
    "-3.0",
  ]);
  assert.equal(change("L/16", "block", 99), "0.3");
  assert.equal(rows.some(({ change }) => change.low !== undefined), false, "no seeds, no bars");
  assert.equal(rows.length, 3 * (4 + 2 + 4 + 4));
});

Deno.test("paperLawTable takes a strategy's own full length when it reads table 12", () => {
  const syntax = paperLawTable("text").rows.find(cell("L/16", "syntax", 8))!;
  assert.equal(syntax.change.value.toFixed(1), "0.7"); // 69.0 against 68.3
});

Deno.test("paperComputeTable has 18 points and a front that rises when it reads figure 8", () => {
  const { series, front } = paperComputeTable();
  assert.equal(series.reduce((sum, { points }) => sum + points.length, 0), 18);
  for (let i = 1; i < front!.length; i++) assert.ok(front![i].y > front![i - 1].y);
  assert.equal(front!.at(-1)!.y.toFixed(1), "72.8");
});

Deno.test("paperKeptTable gives the printed drops when it reads figure 2 of CLIPA-v2", () => {
  const { series } = paperKeptTable();
  assert.deepEqual(series.map(({ name }) => name), ["S/16", "B/16", "L/16", "H/14"]);
  assert.deepEqual(series.map(({ points }) => points.find(({ x }) => x === 50)?.y), [
    -1.81,
    -1.08,
    -0.83,
    -0.4,
  ]);
});

/** A run of ours. */
const run = (model: string, tokens: number, seed: number, value: number): ScalingRow => ({
  source: "sweep test",
  model,
  parameters: model === "small" ? 1e6 : 9e6,
  imageStrategy: tokens === 37 ? "none" : "resize",
  imageTokens: tokens,
  fullImageTokens: 37,
  textStrategy: "none",
  textTokens: 8,
  fullTextTokens: 8,
  tuned: true,
  seed,
  metric: "icons-100.top1",
  value,
  se: null,
  n: 100,
  classHits: null,
  classSizes: null,
  compute: tokens * (model === "small" ? 1e12 : 9e12),
});

const RUNS = [
  run("small", 37, 1, 0.2),
  run("small", 37, 2, 0.22),
  run("small", 5, 1, 0.1),
  run("small", 5, 2, 0.14),
  run("large", 37, 1, 0.4),
  run("large", 5, 1, 0.38),
];

Deno.test("lawTable pairs seeds and pools their spread when several seeds were run", () => {
  const options = { axis: "image", unit: "points", source: "ours", measure: "top-1" } as const;
  const { rows, intervals } = lawTable(RUNS, options);
  const small = rows.find(cell("small", "resize", 5))!;
  const large = rows.find(cell("large", "resize", 5))!;
  assert.equal(small.change.value.toFixed(3), "-9.000"); // mean of -10 and -8
  // One degree of freedom, deviation sqrt(2): half width 12.706 * sqrt(2) / sqrt(seeds).
  assert.equal((small.change.high! - small.change.value).toFixed(2), "12.71");
  assert.equal((large.change.high! - large.change.value).toFixed(2), "17.97");
  assert.match(intervals, /95 % by seeds/);
  const logit = lawTable(RUNS, { ...options, unit: "logit" });
  const odds = (share: number) => Math.log(share / (1 - share));
  const found = logit.rows.find(cell("large", "resize", 5))!.change.value;
  assert.ok(Math.abs(found - (odds(0.38) - odds(0.4))) < 1e-12);
  assert.throws(() => lawTable(RUNS.slice(2), options), /no run at full length; add that cell/);
});

Deno.test("rowsComputeTable means over seeds when rows know their compute", () => {
  const options = { metric: "icons-100.top1", source: "ours", measure: "top-1" };
  const { series } = rowsComputeTable(RUNS, options);
  assert.deepEqual(series.map(({ name, points }) => [name, points.length]), [["small", 2], [
    "large",
    2,
  ]]);
  assert.equal(series[0].points.find(({ x }) => x === 5e12)?.y.toFixed(1), "12.0");
  assert.throws(() => rowsComputeTable(RUNS, { ...options, metric: "x" }), /no tuned row of x/);
  // Masks stand at one compute with resizing: a series of their own. Sizes stand from small to large.
  const mask = { ...run("small", 5, 1, 0.3), imageStrategy: "block" };
  const mixed = rowsComputeTable([...RUNS.toReversed(), mask], options).series;
  assert.deepEqual(mixed.map(({ name, besides }) => [name, besides]), [
    ["small", undefined],
    ["large", undefined],
    ["small, masks", "small"],
  ]);
});

Deno.test("keptTable gives shares of patches and closes the line at all of them when it draws our runs", () => {
  const drops = tokenDrops([
    run("small", 37, 1, 0.2),
    run("small", 37, 2, 0.22),
    run("small", 10, 1, 0.17),
    run("small", 10, 2, 0.17),
  ], { axis: "image" });
  const { series } = keptTable(drops, { source: "ours", measure: "top-1" });
  const [masked, full] = series[0].points;
  assert.deepEqual([masked.x, masked.y.toFixed(2)], [25, "-4.00"]); // 9 of 36 patches
  assert.ok(masked.low! < -4 && masked.high! > -4);
  assert.deepEqual(full, { x: 100, y: 0 });
});

Deno.test("cellMeans refuses an empty cell and gives no interval when no cell has two values", () => {
  assert.throws(() => cellMeans([{ key: "a", values: [] }]), /cell "a" has no value/);
  assert.deepEqual(cellMeans([{ key: "a", values: [1] }]), [{ key: "a", value: 1, seeds: 1 }]);
});
