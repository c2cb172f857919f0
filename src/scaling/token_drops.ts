import { type ScalingRow, type TokenAxis, tokensOf } from "./scaling_row.ts";

/** Loss of accuracy of one model by few tokens. */
export interface TokenDrop {
  readonly source: string;
  readonly model: string;
  readonly parameters: number;
  readonly strategy: string;
  readonly tokens: number;
  readonly fullTokens: number;
  readonly seed: number | null;
  /** Accuracy at full length and with few tokens. */
  readonly baseline: number;
  readonly value: number;
  /** Points of accuracy lost: 100 (baseline - value); negative for a gain. */
  readonly points: number;
  /** logit(baseline) - logit(value): fair to models that are far from 50 %. */
  readonly logit: number;
  readonly baselineRow: ScalingRow;
  readonly row: ScalingRow;
}

/** Options of {@linkcode tokenDrops}. */
export interface DropOptions {
  readonly axis: TokenAxis;
  /** Rows to look at. Default: all tuned rows. */
  readonly metric?: string;
  /** Default true: models that were tuned at full length. */
  readonly tuned?: boolean;
}

/**
 * Drops against full length: the same model and seed, and where several strategies were run at full
 * length (as with captions in paper 1, table 12) the same strategy.
 *
 * @throws {RangeError} when a row has no baseline, a baseline is there twice, rows of several metrics are
 * mixed, or an accuracy is 0 or 1, which has no logit.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { paperImageRows } from "./paper/paper_rows.ts";
 * import { tokenDrops } from "./token_drops.ts";
 *
 * const drops = tokenDrops(paperImageRows(), { axis: "image" });
 * const small = drops.find((d) => d.model === "S/16" && d.strategy === "resize" && d.tokens === 17);
 * assert.equal(small?.points.toFixed(1), "6.2"); // paper 1, figure 4
 * ```
 */
export function tokenDrops(rows: readonly ScalingRow[], options: DropOptions): TokenDrop[] {
  const { axis, tuned = true } = options;
  const wanted = rows.filter((row) =>
    row.tuned === tuned && (options.metric === undefined || row.metric === options.metric)
  );
  const metrics = [...new Set(wanted.map(({ metric }) => metric))];
  if (metrics.length > 1) {
    throw new RangeError(`drops of several metrics: seen ${metrics.join(", ")}; name one of them`);
  }
  const isFull = (row: ScalingRow) => {
    const { tokens, fullTokens } = tokensOf(row, axis);
    return tokens === fullTokens;
  };
  // Before tuning there is nothing at full length: the baseline is a model trained at full length.
  const full = rows.filter((row) => isFull(row) && metrics.includes(row.metric));
  return wanted.filter((row) => !isFull(row)).map((row) =>
    dropOf(row, baselineOf(row, full, axis), axis)
  );
}

/** The natural logarithm of the odds. */
export function logit(share: number): number {
  if (!(share > 0 && share < 1)) {
    throw new RangeError(
      `logit of ${share}; allowed: above 0 and below 1; a model at 0 or 1 is outside the measure`,
    );
  }
  return Math.log(share / (1 - share));
}

function baselineOf(row: ScalingRow, full: readonly ScalingRow[], axis: TokenAxis): ScalingRow {
  const alike = full.filter((other) =>
    other.source === row.source && other.model === row.model && other.seed === row.seed &&
    (axis === "image" ? sameText(other, row) : sameImage(other, row))
  );
  const { strategy } = tokensOf(row, axis);
  const own = alike.filter((other) => tokensOf(other, axis).strategy === strategy);
  const same = own.length > 0 ? own : alike;
  const alikeTuned = same.filter((other) => other.tuned === row.tuned);
  const found = alikeTuned.length > 0 ? alikeTuned : same;
  const label =
    `${row.source}: ${row.model}, ${strategy}, ${tokensOf(row, axis).tokens} ${axis} tokens, ` +
    `seed ${row.seed}`;
  if (found.length === 0) {
    throw new RangeError(`${label}: no run at full length; add that cell to the sweep`);
  }
  if (found.length > 1) {
    throw new RangeError(
      `${label}: ${found.length} runs at full length; allowed: one for each seed`,
    );
  }
  return found[0];
}

function sameText(a: ScalingRow, b: ScalingRow): boolean {
  return a.textTokens === b.textTokens && a.textStrategy === b.textStrategy;
}

function sameImage(a: ScalingRow, b: ScalingRow): boolean {
  return a.imageTokens === b.imageTokens && a.imageStrategy === b.imageStrategy;
}

function dropOf(row: ScalingRow, baselineRow: ScalingRow, axis: TokenAxis): TokenDrop {
  const { source, model, parameters, seed, value } = row;
  const baseline = baselineRow.value;
  return {
    source,
    model,
    parameters,
    ...tokensOf(row, axis),
    seed,
    baseline,
    value,
    points: 100 * (baseline - value),
    logit: logit(baseline) - logit(value),
    baselineRow,
    row,
  };
}
