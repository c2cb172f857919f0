import type { EvalResult } from "./eval_result.ts";
import type { ProbeConditions } from "./probe/probe_result.ts";
import { standardError } from "./standard_error.ts";

/** One number with everything that it depends on. */
export interface ResultRow {
  bench: string;
  split: string;
  /** `top1`, `top5`, or a direction and a recall such as `i2t.r1`. */
  metric: string;
  /** A fraction from 0 to 1; a `loss` is in nats. */
  value: number;
  /** Standard error of `value`. */
  se: number;
  n: number;
  /** Classes, or for retrieval the candidates: as many as pairs, or pairs in a group. */
  classes: number;
  resolution: number;
  textTokens: number;
  truncatedPrompts: number;
  /** Which data the pictures come from, where it is known. */
  dataSet?: string;
  /** Samples left out because they could not be read, where any could be. */
  skipped?: number;
  /** Group of pictures, where the row is about one. */
  group?: string;
  /** Caption list of a retrieval. */
  captions?: string;
  /** How a linear probe was fitted. */
  probe?: ProbeConditions;
  /** Published benchmarks: the prompts, and how pictures became square. */
  templates?: string;
  fit?: string;
  filter?: string;
  /** Standard error when whole classes, or pictures with all their captions, are drawn anew. */
  seBootstrap?: number;
  /** Retrieval: hits more that there would be if ties counted as right. */
  ties?: number;
}

/**
 * The numbers of a result, one row each.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { resultRows } from "./result_rows.ts";
 *
 * const conditions = { bench: "b", split: "test", resolution: 32, textTokens: 8, truncatedPrompts: 0 };
 * const scores = { top1: 0.5, top5: 0.75, n: 100, classes: 10, se: 0.05 };
 * const rows = resultRows({ kind: "zero-shot", ...conditions, ...scores });
 * assert.deepEqual(rows.map(({ metric, se }) => [metric, se.toFixed(3)]), [["top1", "0.050"], ["top5", "0.043"]]);
 * ```
 */
export function resultRows(result: EvalResult): ResultRow[] {
  const { bench, split, resolution, textTokens, truncatedPrompts, dataSet, skipped } = result;
  const row = (
    metric: string,
    value: number,
    n: number,
    classes: number,
    se: number = standardError(value, n),
  ): ResultRow => ({
    bench,
    split,
    metric,
    value,
    se,
    n,
    classes,
    resolution,
    textTokens,
    truncatedPrompts,
    ...(dataSet !== undefined && { dataSet }),
    ...(skipped !== undefined && { skipped }),
  });
  if (result.kind === "pairs") {
    const { n, group, scores } = result;
    return Object.entries(scores).map(([metric, { value, se }]) =>
      row(metric, value, n, group, se)
    );
  }
  if (result.kind === "retrieval") {
    const { n, captions } = result;
    return (["i2t", "t2i"] as const).flatMap((direction) =>
      Object.entries(result[direction]).map(([name, value]) => ({
        ...row(`${direction}.${name}`, value, n, n),
        captions,
      }))
    );
  }
  const { classes, perGroup = {} } = result;
  const groups = Object.entries(perGroup).map(([group, scores]) => ({ group, scores }));
  return [{ group: undefined, scores: result }, ...groups].flatMap(({ group, scores }) =>
    (["top1", "top5"] as const).map((metric) => ({
      ...row(metric, scores[metric], scores.n, classes),
      ...(group !== undefined && { group }),
    }))
  );
}
