import { openShardOnDisk } from "../../../src/data/shards/shard_file.ts";
import { checkShards } from "../../../src/data/stream/check_shards.ts";
import { NativeContext } from "../../../src/native/context.ts";
import { checkDevice } from "../../../src/run/check_device.ts";
import { findShortage, preflight, runNeeds } from "../../../src/run/preflight.ts";
import { writeStreamShards } from "../../data/stream_fixture.ts";
import { inFolder, type Row, share } from "../row.ts";
import { runSmall, smallRecipe } from "../small_experiment.ts";

/** R16. */
export const checksFirst: Row = {
  id: "R16",
  promise: "space, memory, data and recipe are checked before the first step",
  measure: () =>
    inFolder(async (dir) => {
      const recipe = smallRecipe();
      const needs = runNeeds(recipe);
      const short = (room: Partial<typeof needs>) =>
        findShortage(recipe, "runs/x", { ...needs, ...room });
      preflight(recipe, `${dir}/not/there/yet`);
      const refused = (out: string, wrong: typeof recipe) =>
        runSmall(dir, out, { recipe: wrong }).then(() => "", String);
      const checks = [
        short({}).length === 0,
        /free some space.*--out/.test(short({ disk: needs.disk - 1 }).join()),
        /memory are free; the run needs at least/.test(short({ memory: needs.memory - 1 }).join()),
        /unknown benchmark/.test(await refused("a", smallRecipe({ eval: { benches: ["none"] } }))),
      ];
      // Records that were cut are found when the data set is opened.
      await runSmall(dir, "b");
      const records = [...Deno.readDirSync(`${dir}/set/baked`)].map(({ name }) => name);
      const train = records.find((name) => name.startsWith("train"))!;
      const { openTrainingData } = await import("../../../src/run/training_data.ts");
      const { makeSmallSet } = await import("../../run/small_set.ts");
      const set = makeSmallSet(`${dir}/set`);
      Deno.truncateSync(`${dir}/set/baked/${train}`, 3000);
      try {
        openTrainingData(set, recipe);
        checks.push(false);
      } catch (error) {
        checks.push(String(error).includes(train));
      }
      // So are shards that are to be read as a stream.
      const shard = writeStreamShards(dir, 1)[0];
      Deno.truncateSync(shard, Deno.statSync(shard).size - 512);
      const cut = await checkShards([shard], openShardOnDisk).then(() => "", String);
      checks.push(cut.includes(`${shard}: its end is cut off`));
      using context = new NativeContext();
      checkDevice(context);
      const wrong = (x: Float32Array) => new Float32Array(x.length);
      try {
        checkDevice(context, wrong);
        checks.push(false);
      } catch (error) {
        checks.push(/computes wrongly/.test(String(error)));
      }
      return share(
        checks.filter(Boolean).length,
        7,
        "checks: enough, disk, memory, benchmark, cut records, a cut shard, a device that computes wrongly",
      );
    }),
};
