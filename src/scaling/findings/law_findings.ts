import type { SweepRow } from "../sweep/sweep_row.ts";
import { type CellScore, cellScores, type ScoreName } from "./cell_scores.ts";
import { type Contrast, contrast, type ScoreScale } from "./contrast.ts";

/** Whether an interval lies on the side of the paper's finding. */
export type Verdict = "holds" | "opposite" | "not seen";

/** A finding of the paper, asked of our runs. */
export interface Finding extends Contrast {
  /** What the paper says, as a short sentence. */
  readonly claim: string;
  /** What was compared: above zero speaks for the claim. */
  readonly measured: string;
  readonly verdict: Verdict;
}

/** A number in which a drop can be measured. */
export interface Measure extends ScoreName {
  readonly label: string;
  readonly scale: ScoreScale;
  /** 1 where more is better, -1 for a loss. */
  readonly sign?: 1 | -1;
}

/** The primary measure of the design. */
export const PRIMARY: Measure = {
  bench: "icons-100",
  label: "logit of icons-100 top-1",
  scale: "logit",
};

/** What the design names beside it. */
export const BESIDE: readonly Measure[] = [
  { bench: "icons-100", label: "points of icons-100 top-1", scale: "points" },
  { bench: "icons-592", label: "logit of icons-592 top-1", scale: "logit" },
  { bench: "unseen-60", label: "logit of unseen-60 top-1", scale: "logit" },
  { bench: "emoji-vendor", label: "logit of emoji-vendor top-1", scale: "logit" },
  { bench: "heldout-loss", metric: "loss", label: "held-out loss", scale: "value", sign: -1 },
  {
    bench: "retrieval-256",
    metric: "i2t.r1",
    label: "logit of R@1, picture to text",
    scale: "logit",
  },
  {
    bench: "retrieval-256",
    metric: "t2i.r1",
    label: "logit of R@1, text to picture",
    scale: "logit",
  },
  { bench: "shift-v2", label: "logit of shift-v2 top-1", scale: "logit" },
  { bench: "shift-sketch", label: "logit of shift-sketch top-1", scale: "logit" },
  { bench: "shift-inverted", label: "logit of shift-inverted top-1", scale: "logit" },
];

type Cells = (labels: Record<string, string>) => readonly CellScore[];

/** The cells of a sweep by their labels, and how to compare them. */
class Scores {
  readonly #groups: Map<string, CellScore[]>;

  constructor(rows: readonly SweepRow[], readonly measure: Measure) {
    this.#groups = Map.groupBy(cellScores(rows, measure), ({ labels }) => keyOf(labels));
  }

  readonly of: Cells = (labels) => this.#groups.get(keyOf(labels)) ?? [];

  /** The finding that a sum of cells is above zero; null while one of them has no run. */
  finding(
    claim: string,
    measured: string,
    terms: readonly [weight: number, cells: readonly CellScore[]][],
  ): Finding | null {
    if (terms.some(([, scores]) => scores.length === 0)) return null;
    const { scale, sign = 1 } = this.measure;
    const found = contrast(terms.map(([weight, scores]) => ({ weight: sign * weight, scores })), {
      scale,
      pool: [...this.#groups.values()],
    });
    const verdict = found.low > 0 ? "holds" : found.high < 0 ? "opposite" : "not seen";
    return { claim, measured: `${measured}, ${this.measure.label}`, verdict, ...found };
  }
}

const keyOf = (labels: Readonly<Record<string, string>>) =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => a < b ? -1 : 1));

const there = (findings: readonly (Finding | null)[]): Finding[] =>
  findings.filter((finding) => finding !== null);

/**
 * drop(small) - drop(large) at each length by resizing, in one measure: sweep `law`.
 *
 * @example
 * ```ts
 * import { readResults } from "../sweep/results_file.ts";
 * import { lawFindings, PRIMARY } from "./law_findings.ts";
 *
 * const { rows } = readResults("notebooks/results/law.jsonl");
 * for (const { claim, value, low, high, verdict } of lawFindings(rows, PRIMARY)) {
 *   console.log(claim, value, [low, high], verdict);
 * }
 * ```
 */
export function lawFindings(
  rows: readonly SweepRow[],
  measure: Measure,
  lengths: readonly number[] = [4, 9, 16],
): Finding[] {
  const scores = new Scores(rows, measure);
  const cell = (tower: string, image: string) => scores.of({ tower, image });
  return there(lengths.map((tokens) =>
    scores.finding(
      "larger towers need fewer image tokens",
      `drop(small) - drop(large) at ${tokens} of 36`,
      [
        [1, cell("small", "full-36")],
        [-1, cell("small", `resize-${tokens}`)],
        [-1, cell("large", "full-36")],
        [1, cell("large", `resize-${tokens}`)],
      ],
    )
  ));
}

/** What the paper says of two strategies: the claim, the better one, the worse one. */
export const STRATEGY_CLAIMS = [
  ["resizing is the best way", "resize", "random"],
  ["resizing is the best way", "resize", "grid"],
  ["resizing is the best way", "resize", "block"],
  ["a block keeps more than random patches", "block", "random"],
] as const;

/** Order of the strategies at 9 of 36 patches, after tuning: sweep `law`. */
export function strategyFindings(rows: readonly SweepRow[], measure: Measure = PRIMARY): Finding[] {
  const scores = new Scores(rows, measure);
  return there(
    ["small", "large"].flatMap((tower) =>
      STRATEGY_CLAIMS.map(([claim, better, worse]) =>
        scores.finding(claim, `${better} - ${worse} at 9 of 36, ${tower} tower`, [
          [1, scores.of({ tower, image: `${better}-9` })],
          [-1, scores.of({ tower, image: `${worse}-9` })],
        ])
      )
    ),
  );
}

/** A larger tower with few tokens against a smaller one at full length: sweep `law`. */
export function computeFindings(rows: readonly SweepRow[], measure: Measure = PRIMARY): Finding[] {
  const scores = new Scores(rows, measure);
  const few = scores.of({ tower: "large", image: "resize-4" });
  return there(["small", "middle"].map((tower) => {
    const full = scores.of({ tower, image: "full-36" });
    if (few.length === 0 || full.length === 0) return null;
    const times = (few[0].macs / full[0].macs).toFixed(2);
    return scores.finding(
      "larger and shorter wins at equal compute",
      `large at 4 - ${tower} at 36 (${times} x the compute)`,
      [[1, few], [-1, full]],
    );
  }));
}

/** Syntax against truncation, and small against large: sweep `text-law`. */
export function textFindings(rows: readonly SweepRow[], measure: Measure = PRIMARY): Finding[] {
  const scores = new Scores(rows, measure);
  const cell = (tower: string, text: string) => scores.of({ tower, text });
  const syntax = ["small", "large"].flatMap((tower) =>
    [4, 6, 8].map((tokens) =>
      scores.finding(
        "a syntax mask is best at few text tokens",
        `syntax - truncation at ${tokens} of 16, ${tower} tower`,
        [[1, cell(tower, `syntax-${tokens}`)], [-1, cell(tower, `truncation-${tokens}`)]],
      )
    )
  );
  const law = ["truncation", "syntax"].flatMap((strategy) =>
    [4, 8].map((tokens) =>
      scores.finding(
        "larger towers need fewer text tokens",
        `drop(small) - drop(large) by ${strategy} at ${tokens} of 16`,
        [
          [1, cell("small", "full-16")],
          [-1, cell("small", `${strategy}-${tokens}`)],
          [-1, cell("large", "full-16")],
          [1, cell("large", `${strategy}-${tokens}`)],
        ],
      )
    )
  );
  return there([...syntax, ...law]);
}

/** How much less a larger tower loses by masks in its tuning: sweep `tuning-masks`. */
export function tuningFindings(rows: readonly SweepRow[], measure: Measure = PRIMARY): Finding[] {
  const scores = new Scores(rows, measure);
  const cell = (tower: string, tuning: string) => scores.of({ tower, tuning });
  return there([27, 18, 9].map((tokens) =>
    scores.finding(
      "larger towers can be tuned on fewer patches",
      `drop(small) - drop(large) at ${tokens} of 36 in tuning`,
      [
        [1, cell("small", "full-36")],
        [-1, cell("small", `random-${tokens}`)],
        [-1, cell("large", "full-36")],
        [1, cell("large", `random-${tokens}`)],
      ],
    )
  ));
}

/** Findings as a table for `show`. */
export function findingsTable(
  findings: readonly Finding[],
  caption: string,
): { caption: string; columns: string[]; rows: (string | number)[][] } {
  return {
    caption,
    columns: ["the paper says", "measured here", "value", "95 % interval", "seeds", "verdict"],
    rows: findings.map(({ claim, measured, value, low, high, seeds, verdict }) => [
      claim,
      measured,
      value.toFixed(3),
      `${low.toFixed(3)} to ${high.toFixed(3)}`,
      seeds,
      verdict === "not seen" ? "not seen at this scale" : verdict,
    ]),
  };
}
