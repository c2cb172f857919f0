import assert from "node:assert/strict";
import { compareDrops } from "../../src/scaling/fit/compare_drops.ts";
import { fitLaw } from "../../src/scaling/fit/law_fit.ts";
import { lawInterval } from "../../src/scaling/fit/residual_bootstrap.ts";
import { seedBootstrap } from "../../src/scaling/fit/seed_bootstrap.ts";
import { lawPoints } from "../../src/scaling/law_points.ts";
import { paretoFront } from "../../src/scaling/paper_compute.ts";
import { readScalingCsv } from "../../src/scaling/read_csv.ts";
import type { ScalingRow } from "../../src/scaling/scaling_row.ts";
import { tokenDrops } from "../../src/scaling/token_drops.ts";
import goldens from "./goldens/fits.json" with { type: "json" };

const CLASSES = 40, EACH = 25;

/** A run whose accuracy is `odds` logits, with hits spread over classes of unequal difficulty. */
function run(
  model: string,
  parameters: number,
  tokens: number,
  seed: number,
  odds: number,
): ScalingRow {
  const classHits = Array.from({ length: CLASSES }, (_, i) => {
    const share = 1 / (1 + Math.exp(-(odds + 1.5 * (i / (CLASSES - 1) - 0.5))));
    return Math.round(EACH * share);
  });
  const value = classHits.reduce((sum, hits) => sum + hits, 0) / (CLASSES * EACH);
  return {
    source: "synthetic",
    model,
    parameters,
    imageStrategy: tokens === 37 ? "none" : "resize",
    imageTokens: tokens,
    fullImageTokens: 37,
    textStrategy: "truncation",
    textTokens: 8,
    fullTextTokens: 8,
    tuned: true,
    seed,
    metric: "top1",
    value,
    se: Math.sqrt(value * (1 - value) / (CLASSES * EACH)),
    n: CLASSES * EACH,
    classHits,
    classSizes: new Array(CLASSES).fill(EACH),
    compute: null,
  };
}

/** A sweep in which the drop in logits is 0.1 (37/n - 1)^0.8 for the small, half for the large. */
function sweep(seeds: number, noisy = 0.05): ScalingRow[] {
  return [["small", 1e6, -1, 1], ["large", 16e6, 0, 0.5]].flatMap(([model, size, odds, factor]) =>
    Array.from({ length: seeds }, (_, seed) =>
      [37, 17, 10, 5].map((tokens) => {
        const noise = noisy * Math.sin(7 * seed + tokens + Number(size));
        const drop = 0.1 * Number(factor) * (37 / tokens - 1) ** 0.8;
        return run(String(model), Number(size), tokens, seed, Number(odds) - drop + noise);
      })).flat()
  );
}

Deno.test("compareDrops equals SciPy's pooled and paired intervals when there is no image noise", () => {
  const { small, large, pooled, paired } = goldens.comparison;
  const drops = (model: string, values: readonly number[]) =>
    values.flatMap((drop, seed) => {
      const base: ScalingRow = {
        ...run(model, 1e6, 37, seed, 0),
        classHits: null,
        classSizes: null,
        se: null,
      };
      const odds = Math.exp(-drop);
      return [{ ...base, value: 0.5 }, {
        ...base,
        imageTokens: 5,
        imageStrategy: "resize",
        value: odds / (1 + odds),
      }];
    });
  const all = tokenDrops([...drops("small", small), ...drops("large", large)], { axis: "image" });
  const of = (model: string) => all.filter((drop) => drop.model === model);
  const result = compareDrops(of("small"), of("large"));
  assert.equal(result.imageNoise, "not known");
  const close = (actual: number, expected: number) =>
    assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}, expected ${expected}`);
  close(result.low, pooled[0]);
  close(result.high, pooled[1]);
  close(result.paired!.low, paired[0]);
  close(result.paired!.high, paired[1]);
  assert.deepEqual([result.freedom, ...result.seeds], [6, 4, 4]);
});

Deno.test("compareDrops adds the noise of the classes when the rows record hits by class", () => {
  const drops = tokenDrops(sweep(4), { axis: "image" }).filter(({ tokens }) => tokens === 5);
  const of = (model: string) => drops.filter((drop) => drop.model === model);
  const result = compareDrops(of("small"), of("large"));
  assert.equal(result.imageNoise, "bootstrap over classes");
  const bare = drops.map((drop) => ({
    ...drop,
    row: { ...drop.row, classHits: null },
    baselineRow: { ...drop.baselineRow, classHits: null },
  }));
  const apart = compareDrops(
    bare.filter((drop) => drop.model === "small"),
    bare.filter((drop) => drop.model === "large"),
  );
  assert.equal(apart.imageNoise, "standard errors of the rows");
  // The runs see the same pictures, so most of their noise is shared and cancels.
  assert.ok(result.imageError > 0 && result.imageError < apart.imageError);
  assert.ok(result.value > 0.1 && result.low < result.value && result.value < result.high);
});

Deno.test("compareDrops says what is missing when seeds or cells do not fit", () => {
  const drops = tokenDrops(sweep(4), { axis: "image" });
  const of = (model: string, tokens: number) =>
    drops.filter((d) => d.model === model && d.tokens === tokens);
  assert.throws(
    () => compareDrops(of("small", 5).slice(0, 1), of("large", 5)),
    /small model: seen 1 seeds/,
  );
  assert.throws(() => compareDrops(of("small", 5), of("large", 10)), /one strategy and one length/);
  assert.throws(
    () => compareDrops(of("small", 5), drops.filter((d) => d.model === "large")),
    /several cells/,
  );
  const twice = of("small", 5);
  assert.throws(() => compareDrops([...twice, twice[0]], of("large", 5)), /seed 0 more than once/);
});

Deno.test("seedBootstrap finds the exponent of a made-up sweep within its interval", () => {
  const drops = tokenDrops(sweep(6), { axis: "image" });
  const law = seedBootstrap(drops, { draws: 200 });
  assert.equal(law.kind, "seeds and classes");
  const truth = fitLaw(lawPoints(tokenDrops(sweep(1, 0), { axis: "image" })));
  for (const parameter of ["b", "c"] as const) {
    const { low, high } = lawInterval(law, parameter);
    const expected = truth[parameter];
    assert.ok(
      low < expected && expected < high && high - low < 1,
      `${parameter}: ${low} to ${high}`,
    );
  }
  const single = seedBootstrap(
    drops.map((drop) => ({ ...drop, row: { ...drop.row, classHits: null } })),
    { draws: 200 },
  );
  assert.equal(single.kind, "seeds");
});

Deno.test("seedBootstrap refuses single runs and lengths with other seeds", () => {
  const drops = tokenDrops(sweep(3), { axis: "image" });
  assert.throws(
    () => seedBootstrap(drops.filter(({ seed }) => seed === 0)),
    /small: seen 1 seeds.*residuals/s,
  );
  assert.throws(
    () => seedBootstrap(drops.filter(({ seed, tokens }) => seed !== 2 || tokens !== 5)),
    /small, resize 5 tokens: seen seeds 0, 1; allowed: each of 0, 1, 2 once/,
  );
});

Deno.test("tokenDrops names the missing or double baseline and accuracies without a logit", () => {
  const rows = sweep(1);
  const without = rows.filter(({ model, imageTokens }) => model !== "large" || imageTokens < 37);
  assert.throws(
    () => tokenDrops(without, { axis: "image" }),
    /large, resize, 17 image tokens, seed 0: no run at full/,
  );
  assert.throws(() => tokenDrops([...rows, rows[0]], { axis: "image" }), /2 runs at full length/);
  const zero = rows.map((row) => row.imageTokens === 5 ? { ...row, value: 0 } : row);
  assert.throws(() => tokenDrops(zero, { axis: "image" }), /logit of 0/);
});

Deno.test("paretoFront keeps the better of equal compute and refuses compute of 0", () => {
  const front = paretoFront([
    { compute: 2, accuracy: 0.5 },
    { compute: 2, accuracy: 0.6 },
    { compute: 1, accuracy: 0.6 },
    { compute: 4, accuracy: 0.61 },
  ]);
  assert.deepEqual(front, [{ compute: 1, accuracy: 0.6 }, { compute: 4, accuracy: 0.61 }]);
  assert.throws(() => paretoFront([{ compute: 0, accuracy: 1 }]), /seen compute 0/);
});

const HEADER = "model,parameters,imageTokens,fullImageTokens,textTokens,fullTextTokens,value";

Deno.test("readScalingCsv reads quoted names, empty cells and a byte order mark", () => {
  const rows = readScalingCsv(
    `\ufeff${HEADER},seed,tuned\n"S, 16",55e6,50,197,32,32,0.5,,false\n`,
    "a.csv",
  );
  assert.deepEqual(
    [rows[0].model, rows[0].parameters, rows[0].seed, rows[0].tuned, rows[0].source],
    ["S, 16", 55e6, null, false, "a.csv"],
  );
});

Deno.test("readScalingCsv names line, column and nearest column when a file is damaged", () => {
  const read = (text: string) => () => readScalingCsv(text, "a.csv");
  assert.throws(
    read(`${HEADER.replace("parameters", "paramters")}\nS,1,2,3,4,5,0.5`),
    /unknown column "paramters"; nearest: parameters/,
  );
  assert.throws(read("model,value\nS,0.5"), /missing columns: parameters, imageTokens/);
  assert.throws(read(`${HEADER},value\nS,1,2,3,4,5,0.5,0.5`), /"value" is there twice/);
  assert.throws(read(`${HEADER}\n`), /no rows/);
  assert.throws(read(`${HEADER}\nS,1,2,3,4,5`), /not valid CSV/);
  assert.throws(
    read(`${HEADER}\nS,1,2,3,4,5,50 %`),
    /line 2: value: seen "50 %"; allowed: a number/,
  );
  assert.throws(
    read(`${HEADER}\nS,1,2,3,4,5,0.5\nS,1,2,3,4,5,55`),
    /line 3: value: seen 55; allowed: a number of at most 1/,
  );
  assert.throws(
    read(`${HEADER}\nS,-1,2,3,4,5,0.5`),
    /parameters: seen -1; allowed: a number above 0/,
  );
  assert.throws(
    read(`${HEADER},tuned\nS,1,2,3,4,5,0.5,yes`),
    /tuned: seen "yes"; allowed: true or false/,
  );
});
