import { openSafetensors, sha256 } from "../../src/checkpoint/safetensors.ts";
import type { Recipe } from "../../src/config/recipe.ts";
import { runExperiment } from "../../src/run/run_experiment.ts";
import { shardDataSet } from "../../src/run/shard_data_set.ts";

/** Trains on a stream into `dir/out`; null when it was stopped after so many pairs of a stage. */
export async function runStream(
  dir: string,
  out: string,
  recipe: Recipe,
  stopAfter?: readonly [stage: string, samples: number],
) {
  const controller = new AbortController();
  const dataSet = await shardDataSet(recipe, {
    cacheDir: `${dir}/cache`,
    signal: controller.signal,
    onSamples: () => {},
  });
  try {
    return await runExperiment(recipe, {
      out: `${dir}/${out}`,
      resume: false,
      device: "cpu",
      dataSet,
      setupSeconds: 0,
      signal: controller.signal,
      onProgress({ label, done }) {
        if (label === stopAfter?.[0] && done === stopAfter[1]) controller.abort();
      },
      onNote: () => {},
    });
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    return null;
  }
}

/** SHA-256 of the trained values alone, without the name of the recipe. */
export function valuesHash(run: string): string {
  const file = openSafetensors(`${run}/weights.safetensors`);
  const parts = [...file.names].map((name) => `${name} ${sha256(bytesOf(file.tensor(name).data))}`);
  return sha256(new TextEncoder().encode(parts.join()));
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
