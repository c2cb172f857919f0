import type { Bench } from "./bench.ts";
import { interleave } from "./interleave.ts";
import { spread } from "./spread.ts";

const STEPS = 12;
/** Steps between checkpoints of the long recipe. */
const EVERY = 500;

/** `trust.checkpoint.stall`: share of the training time that saving costs, the slower steps beside it too. */
export const checkpointStall: Bench = {
  names: ["trust.checkpoint.stall"],
  async run({ signal }) {
    const { loadRecipe } = await import("../../config/load_recipe.ts");
    const { NativeContext } = await import("../../native/context.ts");
    const { ClipModel } = await import("../../model/clip_model.ts");
    const { TrainStep } = await import("../../train/train_step.ts");
    const { CheckpointWriter } = await import("../../checkpoint/checkpoint_writer.ts");
    const { modelArrays } = await import("../../run/run_state.ts");
    const { BENCH_SETTINGS } = await import("../../run/bench/bench_model.ts");
    const recipe = loadRecipe("quick");
    const [{ batch, image, text }] = recipe.stages;
    using context = new NativeContext();
    const shape = { spec: recipe.model, imageSize: image.size, textTokens: text.tokens };
    using model = new ClipModel(context, shape);
    using step = new TrainStep(model, { batch, weightDecay: 0.2, average: true });
    const pixels = new Uint8Array(batch * image.size ** 2 * 3).map((_, i) => i % 251);
    const tokens = new Int32Array(batch * text.tokens).map((_, i) => i % 200);
    const dir = await Deno.makeTempDir({ prefix: "clipa-bench-" });
    try {
      using writer = new CheckpointWriter(dir, 2);
      writer.prepare();
      let saves = 0;
      const seconds = async (saving: boolean) => {
        const start = performance.now();
        for (let i = 0; i < STEPS; i++) {
          signal.throwIfAborted();
          await step.run(pixels, tokens, BENCH_SETTINGS);
          if (saving && i === 0) {
            const tensors = modelArrays(model, writer.takeSpare());
            await writer.begin(`bench-${saves++}`, { tensors, state: null });
          }
        }
        await writer.finish();
        return (performance.now() - start) / 1000;
      };
      const pairs = await interleave(() => seconds(true), () => seconds(false));
      const shares = pairs.map(({ first, second }) => (first - second) / (second / STEPS * EVERY));
      const note = `one save in ${EVERY} steps of the quick recipe's first stage, from ${STEPS} ` +
        "steps with a save and as many without";
      return [{ name: "trust.checkpoint.stall", unit: "1", ...spread(shares), note }];
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
};
