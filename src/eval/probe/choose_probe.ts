import type { NativeContext } from "../../native/context.ts";
import { hitRate } from "../hit_rate.ts";
import { type Probe, ProbeFitter } from "./fit_probe.ts";
import { probeRanks } from "./probe_ranks.ts";
import type { LabelledRows } from "./softmax_loss.ts";

/** Strengths that are tried, weakest last. Embeddings are unit vectors, so useful values are large. */
export const PROBE_CS: readonly number[] = [0.1, 1, 10, 100, 1000, 10_000, 1e5, 1e6];

/** Poorer values in a row after which no weaker regularisation is tried. */
const PATIENCE = 2;

/** The chosen probe. */
export interface ChosenProbe {
  readonly probe: Probe;
  readonly c: number;
  /** Its top-1 on the validation rows; ties count as wrong. */
  readonly validationTop1: number;
}

/**
 * Fits a probe for several strengths of regularisation, each from the one before, and keeps the one
 * with the best top-1 on rows that are neither trained on nor tested; the strongest of equals.
 */
export async function chooseProbe(
  context: NativeContext,
  train: LabelledRows,
  validation: Omit<LabelledRows, "width" | "classes">,
  options: {
    readonly cs?: readonly number[];
    readonly maxIterations?: number;
    readonly signal?: AbortSignal;
    readonly onProgress?: (done: number, total: number) => void;
  } = {},
): Promise<ChosenProbe> {
  const { cs = PROBE_CS, maxIterations = 300, signal, onProgress } = options;
  using fitter = new ProbeFitter(context, train);
  let best: ChosenProbe | null = null;
  let probe: Probe | undefined;
  let poorer = 0;
  for (const [i, c] of cs.entries()) {
    onProgress?.(i, cs.length);
    probe = await fitter.fit({ c, start: probe, maxIterations, signal });
    const ranks = probeRanks(probe, validation.features, train.width, validation.labels);
    const validationTop1 = hitRate(ranks, 1);
    if (best === null || validationTop1 > best.validationTop1) {
      best = { probe, c, validationTop1 };
      poorer = 0;
    } else if (++poorer === PATIENCE) break;
  }
  onProgress?.(cs.length, cs.length);
  if (best === null) throw new RangeError("cs: seen none; allowed: at least one strength");
  return best;
}
