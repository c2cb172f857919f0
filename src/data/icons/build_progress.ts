/** One report of how a build goes on. */
export interface BuildProgress {
  phase: "plan" | "draw" | "compare" | "bake";
  done: number;
  total: number;
  /** What `done` counts: "sets", "pictures". */
  unit: string;
  /** Units per second in this phase, without what was there before. */
  rate: number;
  /** Seconds left in this phase; undefined at its start. */
  etaSeconds: number | undefined;
}

/** Makes reports of one phase. `done` may start above 0 when a build goes on. */
export function phaseProgress(
  phase: BuildProgress["phase"],
  unit: string,
  total: number,
  report: ((progress: BuildProgress) => void) | undefined,
  already = 0,
  now: () => number = () => performance.now() / 1000,
): { add(n: number): void } {
  const start = now();
  let done = already;
  const tell = () => {
    const seconds = now() - start;
    const rate = seconds > 0 ? (done - already) / seconds : 0;
    const etaSeconds = rate > 0 ? (total - done) / rate : undefined;
    report?.({ phase, done, total, unit, rate, etaSeconds });
  };
  tell();
  return {
    add(n) {
      done += n;
      tell();
    },
  };
}
