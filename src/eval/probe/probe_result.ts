import type { Accuracy } from "../accuracy.ts";
import type { EvalConditions } from "../eval_result.ts";
import type { ResultRow } from "../result_rows.ts";
import { standardError } from "../standard_error.ts";

/** How a probe was fitted. */
export interface ProbeConditions {
  /** Inverse strength of the regularisation, the best on the validation pictures. */
  readonly c: number;
  /** Most training pictures of a class; null when all were used. */
  readonly shots: number | null;
  /** Pictures that the probe was fitted to. */
  readonly trained: number;
  /** Pictures that chose `c`. */
  readonly validated: number;
  /** Top-1 on those. */
  readonly validationTop1: number;
}

/** Result of a linear probe. */
export interface ProbeResult extends EvalConditions, Accuracy {
  readonly classes: number;
  readonly perGroup: Readonly<Record<string, Accuracy>>;
  readonly probe: ProbeConditions;
}

/** The numbers of a probe, one row each: `probe.top1` and `probe.top5`, then those of each group. */
export function probeRows(result: ProbeResult): ResultRow[] {
  const { top1: _1, top5: _5, n: _n, se: _se, perGroup, ...common } = result;
  const scores: [string | undefined, Accuracy][] = [
    [undefined, result],
    ...Object.entries(perGroup),
  ];
  return scores.flatMap(([group, accuracy]) =>
    (["top1", "top5"] as const).map((metric) => ({
      ...common,
      metric: `probe.${metric}`,
      value: accuracy[metric],
      se: standardError(accuracy[metric], accuracy.n),
      n: accuracy.n,
      ...(group !== undefined && { group }),
    }))
  );
}
