/** One stage between the disk and a training step, measured by itself. */
export interface StageRate {
  /** Such as `disk.read`. */
  readonly name: string;
  readonly rate: number;
  readonly unit: string;
  /** How many training pairs a second this rate feeds or makes; null where a pair is no measure. */
  readonly pairs: number | null;
  /** What exactly was measured. */
  readonly note: string;
}

/** Units of work a second: the best of a few rounds, so that what else the machine did counts least. */
export async function bestRate(work: number, rounds: number, run: () => unknown): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await run();
    best = Math.min(best, performance.now() - start);
  }
  return work / (best / 1000);
}

/** The slowest stage in pairs a second, and what can be done about it. */
export function findBottleneck(stages: readonly StageRate[]): { name: string; advice: string } {
  const fed = stages.filter((stage): stage is StageRate & { pairs: number } =>
    stage.pairs !== null
  );
  const slowest = fed.reduce((a, b) => b.pairs < a.pairs ? b : a);
  return { name: slowest.name, advice: ADVICE[slowest.name] ?? "" };
}

/** By name of the stage. */
const ADVICE: Readonly<Record<string, string>> = {
  "disk.read": "put the data set (CLIPA_CACHE) on a faster disk, or give it memory to be cached in",
  pictures: "more processor threads, or smaller stored pictures",
  decode: "bake the shards once; training then reads records that need no decoding",
  copy: "memory is slow: look for other programs that use it",
  step:
    "computing is what takes the time, as it should be: fewer tokens, a smaller tower or more " +
    "threads make it faster",
};
