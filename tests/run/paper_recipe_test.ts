import assert from "node:assert/strict";
import { loadRecipe } from "../../src/config/load_recipe.ts";
import { runStream } from "./run_stream.ts";
import { writeTrainShards } from "./stream_shards.ts";

/** A paper's recipe with its stages, budgets and flavour, but few pairs and narrow towers. */
function shrunk(name: string, shards: string) {
  const stages = loadRecipe(name).stages.flatMap((_, i) =>
    ["samples=16", "batch=8", "baseLr=null", "lr=0.0001", "warmup={steps: 1}"]
      .map((value) => `stages.${i}.${value}`)
  );
  return loadRecipe(name, [
    ...["width=32", "layers=1", "heads=2", "mlp=64"].flatMap((value) => [
      `model.image.${value}`,
      `model.text.${value}`,
    ]),
    "model.embed=16",
    `data.shards=${shards}`,
    "data.stream.maxBroken=0.5",
    ...stages,
  ]);
}

for (const name of ["clipa-b16-i50-t16", "clipa-v2-h14"]) {
  Deno.test(`paper/${name} trains straight from shards through all its stages`, async () => {
    const dir = Deno.makeTempDirSync();
    try {
      writeTrainShards(dir);
      const recipe = shrunk(`paper/${name}`, `${dir}/shards/*.tar`);
      const result = await runStream(dir, "out", recipe);
      assert.deepEqual(
        result!.stages.map(({ name }) => name),
        recipe.stages.map(({ name }) => name),
      );
      for (const { loss } of result!.stages) assert.ok(Number.isFinite(loss));
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  });
}
