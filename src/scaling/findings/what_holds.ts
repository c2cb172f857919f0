import { paperComputePoints, paperImageRows, paperTextRows } from "../paper/paper_rows.ts";
import { type ScalingRow, type TokenAxis, tokensOf } from "../scaling_row.ts";
import type { SweepRow } from "../sweep/sweep_row.ts";
import { logit } from "../token_drops.ts";
import {
  computeFindings,
  type Finding,
  lawFindings,
  PRIMARY,
  STRATEGY_CLAIMS,
  strategyFindings,
  textFindings,
} from "./law_findings.ts";

/** A finding of the paper at its scale and at ours; above zero speaks for it. */
export interface ScaledFinding {
  /** What the paper says. */
  readonly claim: string;
  /** What is compared, in words that fit both. */
  readonly compared: string;
  /** Difference of logit(top-1) by the paper's tables: single runs, so without an interval. */
  readonly paper: number;
  /** The same of our runs; null while a cell of it has no run. */
  readonly ours: Finding | null;
}

/** Tables 11 and 12 name their sizes so. */
const SIZES = { small: "S/16", large: "L/16" } as const;
const TOWERS = ["small", "large"] as const;

/**
 * The findings of paper 1 that can be asked of both its tables and our sweeps, in one unit: the
 * difference of logit(top-1) of whole runs. Masks in tuning are not among them, since CLIPA-v2 prints
 * changes without the scores they start from.
 *
 * @param law Rows of the sweep `law`. @param text Rows of the sweep `text-law`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { whatHolds } from "./what_holds.ts";
 *
 * const [first] = whatHolds([], []);
 * assert.ok(first.paper > 0 && first.ours === null); // the law, in the paper's table 11
 * ```
 */
export function whatHolds(law: readonly SweepRow[], text: readonly SweepRow[]): ScaledFinding[] {
  const image = scoresOf(paperImageRows(), "image");
  const words = scoresOf(paperTextRows(), "text");
  const full = (size: string) => image(size, "none", 197);
  const strategies = strategyFindings(law);
  const texts = textFindings(text);
  const find = (findings: readonly Finding[], begins: string) =>
    findings.find(({ measured }) => measured.startsWith(begins)) ?? null;
  const { small, large } = SIZES;
  const lost = (size: string) => full(size) - image(size, "resize", 17);
  const found: ScaledFinding[] = [{
    claim: "larger towers need fewer image tokens",
    compared: "drop(small) - drop(large), resized to a tenth of the patches",
    paper: lost(small) - lost(large),
    ours: find(lawFindings(law, PRIMARY, [4]), "drop(small)"),
  }];
  for (const [claim, better, worse] of STRATEGY_CLAIMS) {
    for (const tower of TOWERS) {
      found.push({
        claim,
        compared: `${better} - ${worse}, a quarter of the patches, ${tower} tower`,
        paper: image(SIZES[tower], better, 50) - image(SIZES[tower], worse, 50),
        ours: find(strategies, `${better} - ${worse} at 9 of 36, ${tower}`),
      });
    }
  }
  const compute = computeFindings(law);
  for (const [tower, size] of [["small", "S/16"], ["middle", "B/16"]] as const) {
    const ours = find(compute, `large at 4 - ${tower} at 36`);
    const times = paperTimes(size).toFixed(2);
    const own = ours?.measured.match(/\(([\d.]+) x/)?.[1];
    found.push({
      claim: "larger and shorter wins at equal compute",
      compared: `large, fewest patches - ${tower}, all (${times} x its compute in the paper` +
        `${own === undefined ? "" : `, ${own} x in ours`})`,
      paper: image(large, "resize", 17) - full(size),
      ours,
    });
  }
  for (const tower of TOWERS) {
    found.push({
      claim: "a syntax mask is best at few text tokens",
      compared: `syntax - truncation at 4 tokens, ${tower} tower`,
      paper: words(SIZES[tower], "syntax", 4) - words(SIZES[tower], "truncation", 4),
      ours: find(texts, `syntax - truncation at 4 of 16, ${tower}`),
    });
  }
  for (const strategy of ["truncation", "syntax"]) {
    const dropped = (size: string) => words(size, strategy, 32) - words(size, strategy, 4);
    found.push({
      claim: "larger towers need fewer text tokens",
      compared: `drop(small) - drop(large) at 4 tokens by ${strategy}`,
      paper: dropped(small) - dropped(large),
      ours: find(texts, `drop(small) - drop(large) by ${strategy} at 4`),
    });
  }
  return found;
}

/** Logit of the tuned score of a cell. */
function scoresOf(rows: readonly ScalingRow[], axis: TokenAxis) {
  return (model: string, strategy: string, tokens: number): number => {
    const row = rows.find((each) => {
      const cell = tokensOf(each, axis);
      return each.tuned && each.model === model && cell.strategy === strategy &&
        cell.tokens === tokens;
    });
    if (row === undefined) {
      throw new RangeError(`no ${strategy} ${tokens} of ${model} in the table`);
    }
    return logit(row.value);
  };
}

/** Compute of L/16 at 64 px over that of a size at full length, by our count of figure 8. */
function paperTimes(size: string): number {
  const points = paperComputePoints();
  const compute = (model: string, px: number) =>
    points.find((point) => point.model === model && point.imageSize === px)!.compute;
  return compute(SIZES.large, 64) / compute(size, 224);
}
