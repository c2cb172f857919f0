import type { ImageBudget, TextBudget } from "../../config/stage_recipe.ts";
import { cacheDir } from "../../config/cache_dir.ts";
import { iconData } from "../icon_data.ts";
import { createProgressBar } from "../progress_bar.ts";
import type { Bench, BenchResult } from "./bench.ts";
import { interleave } from "./interleave.ts";
import { spread } from "./spread.ts";

const BATCH = 128;
/** Batches whose masks are drawn in one measurement. */
const ROUNDS = 50;
const STEPS = 5;

/** The dearest draws: one word for each patch or token. */
const IMAGE: ImageBudget = { strategy: "random", size: 48, tokens: 9 };
const TEXTS: readonly TextBudget[] = [
  { strategy: "random", tokens: 8 },
  { strategy: "syntax", tokens: 8 },
];

/** `tokens.mask.*`: what masks cost in the loader, as a share of the cheapest step of the sweep `law`. */
export const reductionCost: Bench = {
  names: ["tokens.mask.image", "tokens.mask.random", "tokens.mask.syntax"],
  async run({ signal, env }) {
    const { loadSweep } = await import("../../config/load_sweep.ts");
    const { sweepCells } = await import("../../scaling/sweep/sweep_cell.ts");
    const { NativeContext } = await import("../../native/context.ts");
    const { BENCH_SETTINGS } = await import("../../run/bench/bench_model.ts");
    const { openTrainingData } = await import("../../run/training_data.ts");
    const { ClipModel } = await import("../../model/clip_model.ts");
    const { TrainStep } = await import("../../train/train_step.ts");
    const { planImage } = await import("../../tokens/image_reduction.ts");
    const { planText } = await import("../../tokens/text_reduction.ts");
    const { openRecords } = await import("../../data/records/records.ts");
    const { tagWords } = await import("../../text/pos_tagger.ts");
    const { tokenMarks } = await import("../../text/token_marks.ts");
    const cell = sweepCells(loadSweep("law")).find(({ labels }) => labels.image === "random-9")!;
    const { recipe } = cell;
    const set = await iconData({
      cacheDir: cacheDir(env),
      signal,
      onProgress: createProgressBar(),
    });
    const { tokenizer } = openTrainingData(set, recipe);
    const records = openRecords(set.train);
    const marksOf = tokenMarks(tokenizer, "sentence", tagWords);
    // Long captions, which are the ones that are shortened.
    const captions = Array.from({ length: records.textCount }, (_, id) => id)
      .filter((id) => tokenizer.encodeIds(records.text(id)).length > 12).slice(0, BATCH)
      .map((id) => ({
        ids: tokenizer.encodeIds(records.text(id)),
        marks: marksOf(records.text(id)),
      }));
    const { mask } = planImage(IMAGE, recipe.model.image.patch);
    const kept = new Int32Array(BATCH * IMAGE.tokens);

    const shape = { spec: recipe.model, imageSize: IMAGE.size, textTokens: 8 };
    using context = new NativeContext();
    using model = new ClipModel(context, shape);
    using step = new TrainStep(model, { batch: BATCH, kept: IMAGE.tokens, weightDecay: 0.2 });
    const pixels = new Uint8Array(BATCH * IMAGE.size ** 2 * 3);
    const ids = new Int32Array(BATCH * 8).fill(5);

    /** Seconds of the masks of one batch. */
    const drawing = (draw: (row: number, epoch: number) => void) => () => {
      const start = performance.now();
      for (let epoch = 0; epoch < ROUNDS; epoch++) {
        for (let row = 0; row < BATCH; row++) draw(row, epoch);
      }
      return (performance.now() - start) / 1000 / ROUNDS;
    };
    const stepping = async () => {
      const start = performance.now();
      for (let i = 0; i < STEPS; i++) await step.run(pixels, ids, BENCH_SETTINGS, kept);
      return (performance.now() - start) / 1000 / STEPS;
    };
    const draws: [string, (row: number, epoch: number) => void][] = [
      ["image", (row, epoch) => mask!({ seed: 1, epoch, row }, kept, row * IMAGE.tokens)],
      ...TEXTS.map((budget): [string, (row: number, epoch: number) => void] => {
        const shorten = planText(budget);
        return [budget.strategy, (row, epoch) => {
          const { ids, marks } = captions[row % captions.length];
          shorten(ids, 7, { seed: 1, epoch, row }, marks);
        }];
      }),
    ];
    const results: BenchResult[] = [];
    for (const [name, draw] of draws) {
      signal.throwIfAborted();
      const pairs = await interleave(drawing(draw), stepping);
      const shares = pairs.map(({ first, second }) => first / second);
      const note = `masks of ${BATCH} pairs over a step of width 48 at 9 patches and 8 text tokens`;
      results.push({ name: `tokens.mask.${name}`, unit: "1", ...spread(shares), note });
    }
    return results;
  },
};
