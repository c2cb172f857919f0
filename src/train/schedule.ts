/** Course of the learning rate over a stage. */
export interface Schedule {
  /** Highest learning rate, reached when the warm-up ends. */
  readonly peak: number;
  /** Steps of linear warm-up; step 0 already learns with peak / warmupSteps. */
  readonly warmupSteps: number;
  /** Steps of the stage. */
  readonly steps: number;
  /** Course after the warm-up. */
  readonly kind: "cosine" | "linear" | "constant";
  /** Learning rate at the end, as a share of the peak. */
  readonly endShare: number;
}

/**
 * Learning rate of a step, counted from 0: linear warm-up, then cosine to 0 in the papers (paper 1, table 5).
 *
 * ```ts
 * const s = { peak: 1, warmupSteps: 2, steps: 10, kind: "cosine", endShare: 0 } as const;
 * learningRate(s, 0); // 0.5
 * learningRate(s, 2); // 1
 * ```
 */
export function learningRate(schedule: Schedule, step: number): number {
  const { peak, warmupSteps, steps, kind, endShare } = schedule;
  if (step < warmupSteps) return peak * (step + 1) / warmupSteps;
  if (kind === "constant" || steps <= warmupSteps) return peak;
  const done = Math.min(1, (step - warmupSteps) / (steps - warmupSteps));
  const course = kind === "cosine" ? 0.5 * (1 + Math.cos(Math.PI * done)) : 1 - done;
  return peak * (endShare + (1 - endShare) * course);
}
