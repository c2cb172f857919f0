import assert from "node:assert/strict";
import { parseSweep } from "../../src/config/sweep.ts";
import { scalingRowSchema } from "../../src/scaling/scaling_row_schema.ts";
import { scalingRows } from "../../src/scaling/sweep/scaling_rows.ts";
import { sweepCells } from "../../src/scaling/sweep/sweep_cell.ts";
import type { DoneRow, SweepRow } from "../../src/scaling/sweep/sweep_row.ts";
import { tokenDrops } from "../../src/scaling/token_drops.ts";
import { smallSweep } from "./small_sweep.ts";

const raw = smallSweep();
const full = { "stages.short.image": { size: 16 } };
const cells = sweepCells(
  parseSweep({
    ...raw,
    axes: { tower: { small: {} }, image: { full, resize: {} }, seed: [1, 2] },
    runs: undefined,
  }, "x"),
);

/** A finished row with as many hits of its 64 pictures. */
function done(index: number, hits: number): DoneRow {
  const { id, labels, recipe } = cells[index];
  const metric = {
    bench: "small",
    split: "test",
    resolution: 16,
    textTokens: 4,
    truncatedPrompts: 0,
    n: 64,
    classes: 3,
  };
  return {
    cell: id,
    sweep: "small",
    labels,
    commit: null,
    dirty: null,
    library: "abc",
    host: { cpu: "c", cores: 2, threads: 1 },
    ended: "2026-01-01T00:00:00Z",
    status: "done",
    recipeHash: "abc",
    recipe: JSON.parse(JSON.stringify(recipe)),
    seed: recipe.seed,
    parameters: { image: 1000, text: 2000, total: 3001 },
    macs: 5e9,
    stages: [],
    shared: null,
    seconds: 1,
    metrics: [
      { ...metric, metric: "top1", value: hits / 64, se: 0.05 },
      { ...metric, bench: "heldout-loss", metric: "loss", value: 4.2, se: 0.1 },
      {
        ...metric,
        bench: "retrieval-ph",
        metric: "i2t.r1",
        captions: "name",
        value: 0.2,
        se: null,
      },
    ],
    classHits: { small: { hits: [hits, 0, 0], sizes: [32, 0, 32] } },
  };
}

const failed = (index: number): SweepRow => {
  const { cell, sweep, labels, commit, dirty, library, host, ended } = done(index, 0);
  return {
    cell,
    sweep,
    labels,
    commit,
    dirty,
    library,
    host,
    ended,
    status: "failed",
    reason: "no",
  };
};

Deno.test("scalingRows gives shares in the form of the fits, the newest row of a cell", () => {
  const rows = scalingRows([failed(0), done(0, 10), done(0, 20), failed(1)]);
  assert.deepEqual(rows.map(({ metric }) => metric), ["small.top1", "retrieval-ph.name.i2t.r1"]);
  for (const row of rows) scalingRowSchema.parse(row);
  assert.deepEqual(rows[0], {
    source: "sweep small",
    model: "small",
    parameters: 3001,
    imageStrategy: "none",
    imageTokens: 17,
    fullImageTokens: 17,
    textStrategy: "none",
    textTokens: 4,
    fullTextTokens: 4,
    tuned: true,
    seed: 1,
    compute: 5e9,
    metric: "small.top1",
    value: 20 / 64,
    se: 0.05,
    n: 64,
    classHits: [20, 0],
    classSizes: [32, 32],
  });
});

Deno.test("drops of a sweep pair a seed with itself at full length", () => {
  assert.deepEqual(cells.map(({ labels }) => `${labels.image} ${labels.seed}`), [
    "full 1",
    "full 2",
    "resize 1",
    "resize 2",
  ]);
  const rows = scalingRows([done(0, 32), done(1, 24), done(2, 16), done(3, 16)]);
  const drops = tokenDrops(rows, { axis: "image", metric: "small.top1" });
  assert.deepEqual(
    drops.map(({ seed, strategy, tokens, points }) => [seed, strategy, tokens, points]),
    [
      [1, "resize", 5, 25],
      [2, "resize", 5, 12.5],
    ],
  );
  assert.equal(drops[0].logit.toFixed(4), Math.log(3).toFixed(4));
});
