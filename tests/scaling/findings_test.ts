import assert from "node:assert/strict";
import type { CellScore } from "../../src/scaling/findings/cell_scores.ts";
import { contrast } from "../../src/scaling/findings/contrast.ts";
import {
  BESIDE,
  computeFindings,
  findingsTable,
  lawFindings,
  PRIMARY,
  strategyFindings,
  textFindings,
  tuningFindings,
} from "../../src/scaling/findings/law_findings.ts";
import { whatHolds } from "../../src/scaling/findings/what_holds.ts";
import { philox } from "../../src/tensor/random.ts";
import { rowsOf } from "./made_rows.ts";

/** A standard normal number, a pure function of its arguments. */
function normal(seed: number, at: number): number {
  const [a, b] = philox(seed, 7, at, 0, 0, 0);
  return Math.sqrt(-2 * Math.log((a + 0.5) / 2 ** 32)) * Math.cos(2 * Math.PI * b / 2 ** 32);
}

const score = (value: number, seed: number, se: number | null = null): CellScore => ({
  labels: {},
  seed,
  value,
  se,
  hits: null,
  sizes: null,
  macs: 1,
});

Deno.test("contrast covers the truth 95 times in 100 when seeds are noise", () => {
  let covered = 0;
  const draws = 1000;
  for (let draw = 0; draw < draws; draw++) {
    const cell = (at: number, truth: number, seeds: number) =>
      Array.from({ length: seeds }, (_, i) => score(truth + 0.3 * normal(draw, 10 * at + i), i));
    const [a, b, c] = [cell(0, 2, 4), cell(1, 1, 4), cell(2, 5, 2)];
    const { low, high } = contrast([{ weight: 1, scores: a }, { weight: -1, scores: b }], {
      scale: "value",
      pool: [a, b, c],
    });
    if (low <= 1 && 1 <= high) covered++;
  }
  // Three standard deviations of a binomial count.
  assert.ok(Math.abs(covered / draws - 0.95) < 3 * Math.sqrt(0.95 * 0.05 / draws), `${covered}`);
});

Deno.test("contrast widens its interval by the pictures when their error is known", () => {
  const pool = [[score(0.5, 0, 0.03), score(0.52, 1, 0.03)], [
    score(0.4, 0, 0.03),
    score(0.42, 1, 0.03),
  ]];
  const terms = pool.map((scores, i) => ({ weight: 1 - 2 * i, scores }));
  const found = contrast(terms, { scale: "points", pool });
  assert.equal(found.imageError.toFixed(9), "3.000000000"); // 100 * 0.03 * sqrt(2 cells / 2 seeds)
  assert.equal(found.seedError.toFixed(6), Math.sqrt(2 * 2 / 2).toFixed(6)); // variance 2, two cells of 2
  assert.throws(() => contrast(terms, { scale: "points", pool: [[score(0.5, 0)]] }), /two seeds/);
  assert.throws(
    () => contrast([{ weight: 1, scores: [] }], { scale: "points", pool }),
    /has no run/,
  );
});

const rows = rowsOf("law");

Deno.test("findings are those that the rows were made with when a sweep is complete", () => {
  const [first, ...others] = lawFindings(rows, PRIMARY);
  assert.equal(first.verdict, "holds"); // the small tower was made to lose twice as many logits
  assert.equal(first.seeds, 4);
  // 0.2 and 0.1 times (36 / 4 - 1)^0.7, less what rounding to whole hits and the noise change.
  assert.ok(Math.abs(first.value - 0.1 * 8 ** 0.7) < 0.08, `${first.value}`);
  assert.equal(others.length, 2);
  assert.ok(first.value > others[0].value && others[0].value > others[1].value);
  const points = lawFindings(rows, BESIDE[0])[0];
  assert.ok(points.value > 1 && points.value < 20, `${points.value}`);
  // Strategies were made alike, so at 9 nothing may be found in more than chance would.
  const strategies = strategyFindings(rows);
  assert.equal(strategies.length, 8);
  assert.ok(strategies.filter(({ verdict }) => verdict !== "not seen").length <= 1);
  assert.match(computeFindings(rows)[1].measured, /large at 4 - middle at 36 \(1\.\d\d x/);
  const table = findingsTable([first], "ours");
  assert.deepEqual(table.rows[0].slice(-2), [4, "holds"]);
});

Deno.test("findings wait for their cells when a sweep is not complete", () => {
  const some = rows.filter(({ labels }) => labels.tower === "small");
  assert.deepEqual(lawFindings(some, PRIMARY), []);
  assert.equal(strategyFindings(some).length, 4);
  assert.deepEqual(computeFindings(some), []);
  assert.deepEqual(lawFindings([], PRIMARY), []);
});

Deno.test("findings of the other sweeps name every comparison of their design", () => {
  const text = textFindings(rowsOf("text-law"));
  assert.equal(text.length, 10);
  const tuning = tuningFindings(rowsOf("tuning-masks"));
  assert.deepEqual(tuning.map(({ measured }) => measured.match(/at (\d+)/)?.[1]), [
    "27",
    "18",
    "9",
  ]);
});

Deno.test("whatHolds sets the paper's differences beside ours when both have the cells", () => {
  const rows = rowsOf("law");
  const found = whatHolds(rows, []);
  const [law] = found;
  // Table 11 by hand: S/16 falls from 56.7 to 50.5 %, L/16 from 69.2 to 66.2 %.
  const odds = (percent: number) => Math.log(percent / (100 - percent));
  const byHand = odds(56.7) - odds(50.5) - (odds(69.2) - odds(66.2));
  assert.ok(Math.abs(law.paper - byHand) < 1e-12);
  const [ours] = lawFindings(rows, PRIMARY, [4]);
  assert.equal(law.ours?.value, ours.value);
  const of = (words: string) => found.filter(({ compared }) => compared.startsWith(words));
  assert.deepEqual(
    of("block - random").map(({ paper }) => paper.toFixed(6)),
    [odds(53.4) - odds(52.7), odds(68.5) - odds(67.6)].map((value) => value.toFixed(6)),
  );
  const expected = strategyFindings(rows).find(({ measured }) =>
    measured.startsWith("block - random at 9 of 36, large")
  );
  assert.equal(of("block - random")[1].ours?.value, expected?.value);
  // L/16 at 64 px against B/16 at 224 px: 2.812e19 of 4.622e19 multiply-accumulates.
  assert.match(
    of("large, fewest")[1].compared,
    /0\.61 x its compute in the paper, 1\.\d\d x in ours/,
  );
  // Text has no run yet: the paper's alone. The law for captions is weaker than for pictures.
  const text = found.filter(({ claim }) => claim === "larger towers need fewer text tokens");
  assert.deepEqual(text.map(({ ours, paper }) => [ours, paper < law.paper]), [[null, true], [
    null,
    true,
  ]]);
});
