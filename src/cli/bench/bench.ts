/** One measured number. */
export interface BenchResult {
  /** Dotted name, for example `step.w192.i17.t8.share`. */
  name: string;
  /** Median of the repetitions. */
  value: number;
  unit: string;
  /** Lower quartile of the repetitions. */
  low: number;
  /** Upper quartile of the repetitions. */
  high: number;
  /** How it was measured, in one sentence. */
  note: string;
}

/** What a benchmark may use. */
export interface BenchContext {
  device: string;
  /** Also measure other frameworks; they are installed when missing. */
  peers: boolean;
  signal: AbortSignal;
  env(name: string): string | undefined;
}

/** A group of measurements that are taken together. */
export interface Bench {
  /** Names of what it measures; `--only` selects by prefix, so each is a name or a prefix of names. */
  names: readonly string[];
  run(context: BenchContext): Promise<BenchResult[]>;
}
