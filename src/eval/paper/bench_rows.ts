import type { ResultRow } from "../result_rows.ts";
import type { BenchResult } from "./bench_result.ts";

/** The numbers of a result, one row each with all its conditions. */
export function benchRows({ conditions, rates }: BenchResult): ResultRow[] {
  const { templates, ...rest } = conditions;
  return rates.map((rate) => ({
    ...rest,
    ...rate,
    ...(templates === null ? { captions: "all" } : { templates }),
  }));
}
