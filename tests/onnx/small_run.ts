import { makeSmallRun, type SmallRunOptions } from "../run/small_run.ts";
import { makeSmallSet } from "../run/small_set.ts";

/** A small run with a benchmark, averaged weights and checkpoints; returns its folder. */
export async function trainSmallRun(
  dir: string,
  options: Omit<SmallRunOptions, "recipe"> = {},
): Promise<string> {
  await makeSmallRun(`${dir}/run`, makeSmallSet(`${dir}/set`), {
    ...options,
    recipe: {
      data: { set: "icons-v1", captions: { l1: 1 }, balance: "none" },
      optimizer: { averaging: { kind: "ema", decay: 0.9 } },
      eval: { benches: ["small"] },
      checkpoint: { everySteps: 5, keep: 2 },
    },
  });
  return `${dir}/run`;
}
