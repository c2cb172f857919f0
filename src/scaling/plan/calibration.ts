import { type PairWork, pairWork } from "./pair_work.ts";
import { PUBLISHED_RUNS, type PublishedRun } from "./published_runs.ts";
import { HARDWARE } from "./hardware.ts";

/** What is fitted to known times; everything else of the planner is counted. */
export interface Calibration {
  /** Share of the device's speeds, for arithmetic and memory alike, that a step gets. */
  readonly utilisation: number;
  /** Device seconds of a pair that do not depend on the model: reading and decoding its picture. */
  readonly secondsPerPair: number;
}

/** A known time split into what is counted. */
export interface TimedRun {
  readonly name: string;
  /** Known device seconds. */
  readonly seconds: number;
  /** Device seconds at full speed: arithmetic and memory traffic, one after the other. */
  readonly roofSeconds: number;
  readonly pairs: number;
}

/** The passes of a step with recomputation, as in the released training scripts. */
const PASSES = 4;

/** Seconds of a pair at a device's full speeds. */
export function roofSeconds(
  work: PairWork,
  passes: number,
  hardware: { peakFlops: number; bytesPerSecond: number },
): { arithmetic: number; memory: number } {
  return {
    arithmetic: passes * 2 * work.macsWithAttention / hardware.peakFlops,
    memory: passes * work.forwardBytes / hardware.bytesPerSecond,
  };
}

/**
 * Fits utilisation and seconds per pair by least squares of the relative errors.
 *
 * @throws {RangeError} for fewer than two runs, or runs that give a utilisation outside 0 to 1.2.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { calibrate } from "./calibration.ts";
 *
 * const runs = [1, 2, 4].map((roofSeconds) => ({
 *   name: `${roofSeconds}`,
 *   seconds: 2 * roofSeconds + 3,
 *   roofSeconds,
 *   pairs: 1,
 * }));
 * const { utilisation, secondsPerPair } = calibrate(runs);
 * assert.deepEqual([utilisation.toFixed(6), secondsPerPair.toFixed(6)], ["0.500000", "3.000000"]);
 * ```
 */
export function calibrate(runs: readonly TimedRun[]): Calibration {
  if (runs.length < 2) {
    throw new RangeError(`a calibration: seen ${runs.length} runs; allowed: at least two`);
  }
  // 1 = slowdown * roof / seconds + perPair * pairs / seconds for each run.
  let rr = 0, rp = 0, pp = 0, r1 = 0, p1 = 0;
  for (const { seconds, roofSeconds, pairs } of runs) {
    const [r, p] = [roofSeconds / seconds, pairs / seconds];
    rr += r * r;
    rp += r * p;
    pp += p * p;
    r1 += r;
    p1 += p;
  }
  const determinant = rr * pp - rp * rp;
  const slowdown = (r1 * pp - p1 * rp) / determinant;
  const secondsPerPair = (rr * p1 - rp * r1) / determinant;
  if (!(slowdown > 1 / 1.2) || !Number.isFinite(secondsPerPair)) {
    throw new RangeError(
      `a calibration on ${runs.map(({ name }) => name).join(", ")} gives a utilisation of ` +
        `${(1 / slowdown).toPrecision(3)}; allowed: up to 1.2; the times do not fit the work`,
    );
  }
  return { utilisation: 1 / slowdown, secondsPerPair };
}

/** Seconds that a calibration predicts for a run. */
export function predictSeconds(
  run: TimedRun,
  { utilisation, secondsPerPair }: Calibration,
): number {
  return run.roofSeconds / utilisation + run.pairs * secondsPerPair;
}

/** The published runs on their hardware, split into what is counted. */
export function publishedRuns(): TimedRun[] {
  return PUBLISHED_RUNS.map(timedRun);
}

function timedRun({ name, spec, stages, gpuHours }: PublishedRun): TimedRun {
  const hardware = HARDWARE["a100-80gb"];
  let seconds = 0, pairs = 0;
  for (const { samples, patches, textTokens } of stages) {
    const { arithmetic, memory } = roofSeconds(
      pairWork(spec, { patches, text: textTokens }, hardware.valueBytes),
      PASSES,
      hardware,
    );
    seconds += samples * (arithmetic + memory);
    pairs += samples;
  }
  return { name, seconds: 3600 * gpuHours, roofSeconds: seconds, pairs };
}

/** A published run beside its prediction by all the other ones. */
export interface HeldOutRun {
  readonly name: string;
  readonly hours: number;
  readonly predictedHours: number;
  /** Predicted over published, minus 1. */
  readonly error: number;
}

/** Predicts each run by a calibration on the others. */
export function leaveOneRunOut(runs: readonly TimedRun[]): HeldOutRun[] {
  return runs.map((run, left) => {
    const seconds = predictSeconds(run, calibrate(runs.filter((_, i) => i !== left)));
    return {
      name: run.name,
      hours: run.seconds / 3600,
      predictedHours: seconds / 3600,
      error: seconds / run.seconds - 1,
    };
  });
}

/**
 * The simplest model: device time = 6 x multiply-accumulates over utilisation x peak. The one
 * utilisation is the geometric mean of those that the runs imply.
 */
export function flopUtilisation(runs: readonly PublishedRun[]): {
  readonly utilisation: number;
  readonly runs: readonly {
    readonly name: string;
    readonly utilisation: number;
    readonly error: number;
  }[];
} {
  const implied = runs.map((run) => ({ name: run.name, utilisation: impliedUtilisation(run) }));
  const logs = implied.reduce((sum, each) => sum + Math.log(each.utilisation), 0);
  const utilisation = Math.exp(logs / runs.length);
  return {
    utilisation,
    // Predicted hours over published ones: a run that did better than the mean is predicted too long.
    runs: implied.map((each) => ({ ...each, error: each.utilisation / utilisation - 1 })),
  };
}

function impliedUtilisation({ spec, stages, gpuHours }: PublishedRun): number {
  const macs = stages.reduce(
    (sum, { samples, patches, textTokens }) =>
      sum + samples * pairWork(spec, { patches, text: textTokens }, 2).macsWithAttention,
    0,
  );
  return 6 * macs / (3600 * gpuHours * HARDWARE["a100-80gb"].peakFlops);
}
