import type { ImageBudget, TextBudget } from "../../config/stage_recipe.ts";
import { cacheDir } from "../../config/cache_dir.ts";
import { iconData } from "../icon_data.ts";
import { createProgressBar } from "../progress_bar.ts";
import type { Bench, BenchResult } from "./bench.ts";
import { interleave } from "./interleave.ts";
import { spread } from "./spread.ts";

const BATCH = 128;
/** Batches that are reduced in one measurement. */
const ROUNDS = 50;
const STEPS = 5;

const SIZE = 48, KEPT = 9, TEXT = 8;
/** All that draw patches; `resize` draws none, and a smaller picture is less work for the loader. */
const IMAGES: readonly [name: string, budget: ImageBudget][] = [
  ["random", { strategy: "random", size: SIZE, tokens: KEPT }],
  ["grid", { strategy: "grid", size: SIZE, tokens: KEPT, jitter: "window" }],
  ["block", { strategy: "block", size: SIZE, tokens: KEPT }],
];
const TEXTS: readonly [name: string, budget: TextBudget][] = [
  ["truncation", { strategy: "truncation", tokens: TEXT }],
  ["random", { strategy: "random", tokens: TEXT }],
  ["block", { strategy: "block", tokens: TEXT }],
  ["syntax", { strategy: "syntax", tokens: TEXT }],
];

/**
 * `tokens.image.*` and `tokens.text.*`: what each reduction costs in the loader, as a share of the
 * cheapest step of the sweep `law` that has masks. Every caption is one that is too long, so that each
 * is shortened; in training fewer are.
 */
export const reductionCost: Bench = {
  names: [
    ...IMAGES.map(([name]) => `tokens.image.${name}`),
    ...TEXTS.map(([name]) => `tokens.text.${name}`),
  ],
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
    const kept = new Int32Array(BATCH * KEPT);

    const shape = { spec: recipe.model, imageSize: SIZE, textTokens: TEXT };
    using context = new NativeContext({ precision: recipe.precision });
    using model = new ClipModel(context, shape);
    using step = new TrainStep(model, { batch: BATCH, kept: KEPT, weightDecay: 0.2 });
    const pixels = new Uint8Array(BATCH * SIZE ** 2 * 3);
    const ids = new Int32Array(BATCH * TEXT).fill(5);

    /** Seconds in which one batch is reduced. */
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
    type Draw = (row: number, epoch: number) => void;
    const room = tokenizer.room(TEXT);
    // Sums of what was drawn, so that no draw can be left out as useless.
    let checksum = 0;
    const draws: [name: string, draw: Draw][] = [
      ...IMAGES.map(([name, budget]): [string, Draw] => {
        const { mask } = planImage(budget, recipe.model.image.patch);
        return [`tokens.image.${name}`, (row, epoch) => {
          mask!({ seed: 1, epoch, row }, kept, row * KEPT);
          checksum += kept[row * KEPT];
        }];
      }),
      ...TEXTS.map(([name, budget]): [string, Draw] => {
        const shorten = planText(budget);
        return [`tokens.text.${name}`, (row, epoch) => {
          const { ids, marks } = captions[row % captions.length];
          checksum += shorten(ids, room, { seed: 1, epoch, row }, marks).length;
        }];
      }),
    ];
    const results: BenchResult[] = [];
    for (const [name, draw] of draws) {
      signal.throwIfAborted();
      const pairs = await interleave(drawing(draw), stepping);
      const shares = pairs.map(({ first, second }) => first / second);
      const note =
        `${BATCH} pairs over a step of width 48 at ${KEPT} patches and ${TEXT} text tokens`;
      results.push({ name, unit: "1", ...spread(shares), note });
    }
    if (!(checksum > 0)) throw new Error(`the reductions drew nothing (${checksum})`);
    return results;
  },
};
