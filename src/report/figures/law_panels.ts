import { IMAGE_STRATEGIES } from "../../config/image_token_rule.ts";
import { TEXT_STRATEGIES } from "../../config/stage_recipe.ts";
import type { LawRow, LawTable } from "./law_table.ts";
import type { FigureSeries, SeriesPoint } from "./series.ts";

/** The strategies of a table in the order of the paper's figures 2 and 3, others behind them. */
export function strategiesOf(table: LawTable): string[] {
  const known: readonly string[] = table.side === "image" ? IMAGE_STRATEGIES : TEXT_STRATEGIES;
  const found = new Set(table.rows.map(({ strategy }) => strategy));
  return [...new Set([...known, ...found])].filter((strategy) => found.has(strategy));
}

/** The title of an axis of tokens. */
export function tokensTitle(side: LawTable["side"]): string {
  return side === "image"
    ? "image tokens, with the class token"
    : "text tokens, with special tokens";
}

/** The change of a row as a point over `x`. */
export function changePoint(row: LawRow, x: number): SeriesPoint {
  return { x, y: row.change.value, low: row.change.low, high: row.change.high };
}

/** One series a size, small to large; sizes without a row of the strategy are left out. */
export function seriesBySize(
  table: LawTable,
  rows: readonly LawRow[],
  point: (row: LawRow) => SeriesPoint,
): FigureSeries[] {
  return table.sizes
    .map(({ size }) => ({ name: size, points: rows.filter((row) => row.size === size).map(point) }))
    .filter(({ points }) => points.length > 0);
}

/** Masks keep 99 tokens where a resized picture has 101: shares below this are one length. */
const SAME_LENGTH = 0.03;

/** Whether two numbers of tokens count as the same length. */
export function sameLength(a: number, b: number): boolean {
  return Math.abs(a - b) <= SAME_LENGTH * Math.max(a, b);
}

/** Different values in ascending order, of nearly equal ones the first. */
export function ticksOf(values: readonly number[]): number[] {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  return sorted.filter((value, i) => i === 0 || !sameLength(value, sorted[i - 1]));
}

/** Round numbers within the values for a logarithmic axis: 1, 2 and 5 times powers of ten, at most four. */
export function roundTicks(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const round: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    round.push(...[1, 2, 5].map((digit) => digit * 10 ** power));
  }
  const within = round.filter((tick) => tick >= low && tick <= high);
  // Too few round numbers: the values themselves.
  if (within.length < 2) return ticksOf(values);
  const every = Math.ceil(within.length / 4);
  return within.filter((_, i) => i % every === 0);
}

/** The second line of a figure's title. */
export function sourceLine(table: LawTable): string {
  return `${table.source}; ${table.intervals}`;
}
