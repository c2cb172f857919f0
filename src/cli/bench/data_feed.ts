import { iconData } from "../icon_data.ts";
import { cacheDir } from "../../config/cache_dir.ts";
import { createProgressBar } from "../progress_bar.ts";
import type { Bench } from "./bench.ts";
import { interleave } from "./interleave.ts";
import { spread } from "./spread.ts";

const STEPS = 30;

/** `data.feed`: training speed with the loader over the speed with tensors that are there already. */
export const dataFeed: Bench = {
  names: ["data.feed"],
  async run({ signal, env }) {
    const { loadRecipe } = await import("../../config/load_recipe.ts");
    const { NativeContext } = await import("../../native/context.ts");
    const { openTrainingData } = await import("../../run/training_data.ts");
    const { stageLoader } = await import("../../run/stage_loader.ts");
    const { ClipModel } = await import("../../model/clip_model.ts");
    const { TrainStep } = await import("../../train/train_step.ts");
    const { BENCH_SETTINGS } = await import("../../run/bench/bench_model.ts");
    const recipe = loadRecipe("quick");
    const [stage] = recipe.stages;
    const onProgress = createProgressBar();
    const set = await iconData({ cacheDir: cacheDir(env), signal, onProgress });
    const data = openTrainingData(set, recipe);
    using context = new NativeContext();
    const shape = {
      spec: recipe.model,
      imageSize: stage.image.size,
      textTokens: stage.text.tokens,
    };
    using model = new ClipModel(context, shape);
    using step = new TrainStep(model, { batch: stage.batch, weightDecay: 0.2, average: true });
    using loader = stageLoader(context, recipe, 0, data, undefined);
    const { images, tokens } = await loader.next();
    const still = { images: images.slice(), tokens: tokens.slice() };
    const run = async (next: () => Promise<{ images: Uint8Array; tokens: Int32Array }>) => {
      const start = performance.now();
      for (let i = 0; i < STEPS; i++) {
        signal.throwIfAborted();
        const batch = await next();
        await step.run(batch.images, batch.tokens, BENCH_SETTINGS);
      }
      return STEPS * stage.batch / ((performance.now() - start) / 1000);
    };
    const pairs = await interleave(
      () => run(() => loader.next()),
      () => run(() => Promise.resolve(still)),
    );
    const note =
      `first stage of the quick recipe, ${STEPS} steps of ${stage.batch} pairs each time`;
    const shares = pairs.map(({ first, second }) => first / second);
    return [{ name: "data.feed", unit: "1", ...spread(shares), note }];
  },
};
