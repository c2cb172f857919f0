import type { LawTable } from "../../src/report/figures/law_table.ts";

/** A small table with intervals, two strategies, and a cell that was not run. */
export const LAW: LawTable = {
  side: "image",
  source: "Table <T>",
  scoreTitle: "top-1, %",
  changeTitle: "change, points",
  intervals: "95 % intervals",
  sizes: [{ size: "small", full: { value: 50 } }, { size: "large", full: { value: 70 } }],
  fullTokens: 197,
  rows: [
    row("small", 22, "resize", 50, -2, 48),
    row("large", 304, "resize", 50, -0.5, 69.5),
    row("small", 22, "resize", 17, -6, 44),
    row("large", 304, "resize", 17, -3, 67),
    row("large", 304, "block", 49, -1, 69),
  ],
};

function row(
  size: string,
  millions: number,
  strategy: string,
  tokens: number,
  change: number,
  score: number,
) {
  const around = (value: number) => ({ value, low: value - 0.25, high: value + 0.5 });
  return {
    size,
    millions,
    strategy,
    tokens,
    change: around(change),
    score: around(score),
    pairs: 1e9,
  };
}
