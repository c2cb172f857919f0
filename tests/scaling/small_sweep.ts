import type { SweepRow } from "../../src/scaling/sweep/sweep_row.ts";
import { type StartOptions, startSweep } from "../../src/scaling/sweep/start_sweep.ts";
import { makeSmallSet } from "../run/small_set.ts";

/** A stage as small as training allows. */
const stage = (name: string, samples: number, image: object) => ({
  name,
  samples,
  batch: 32,
  image,
  text: { tokens: 4 },
  lr: 2e-3,
  warmup: { share: 0.1 },
  augment: { area: [0.9, 1], aspect: [0.95, 1.05] },
});

/** A sweep of four cells on the small set: two that share their pre-training, two that do not. */
export function smallSweep(): Record<string, unknown> {
  return {
    name: "small",
    recipe: {
      data: { set: "icons-v1", captions: { l1: 1 } },
      model: {
        preset: "laptop-w48",
        image: { layers: 1, patch: 4 },
        text: { layers: 1, vocabulary: 400 },
      },
      stages: [stage("short", 128, { size: 8 }), stage("full", 64, { size: 16 })],
      optimizer: { averaging: { kind: "ema", decay: 0.9 } },
      eval: { benches: ["small"] },
    },
    axes: {
      image: {
        resize: {},
        random: { "stages.short.image": { strategy: "random", size: 16, tokens: 4 } },
      },
      tuning: {
        plain: {},
        masked: { "stages.full.image": { strategy: "grid", size: 16, tokens: 8 } },
      },
      seed: [1, 2],
    },
    runs: [
      { image: "resize", tuning: ["plain", "masked"], seed: 1 },
      { image: "random", tuning: "plain", seed: [1, 2] },
    ],
  };
}

/** Everything that a test of sweeps needs in a folder of its own. */
export async function withSweep(
  raw: Record<string, unknown>,
  body: (
    run: (options?: Partial<StartOptions>) => ReturnType<typeof startSweep>,
    files: { dir: string; results: string; rows(): SweepRow[]; printed: string[] },
  ) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const printed: string[] = [];
  const results = `${dir}/results/small.jsonl`;
  try {
    const dataSet = makeSmallSet(`${dir}/set`);
    Deno.writeTextFileSync(`${dir}/small.yaml`, JSON.stringify(raw));
    const run = (options: Partial<StartOptions> = {}) =>
      startSweep({
        file: `${dir}/small.yaml`,
        results,
        resume: false,
        parallel: 1,
        retryFailed: false,
        dryRun: false,
        root: dir,
        cacheDir: `${dir}/cache`,
        config: null,
        cpu: "a processor",
        dataSetOf: () => Promise.resolve(dataSet),
        signal: new AbortController().signal,
        print: (lines) => printed.push(...lines),
        show: (lines) => printed.push(lines[0]),
        ...options,
      });
    const rows = () =>
      Deno.readTextFileSync(results).trimEnd().split("\n").map((line) => JSON.parse(line));
    await body(run, { dir, results, rows, printed });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
