import { ClipModel } from "../../../src/model/clip_model.ts";
import { NativeContext } from "../../../src/native/context.ts";
import { exportRun } from "../../../src/run/export_run.ts";
import { FixedTensor } from "../../../src/tensor/fixed_tensor.ts";
import { philox } from "../../../src/tensor/random.ts";
import { readEvents } from "../../../src/train/event_log.ts";
import { readMetrics } from "../../../src/train/metrics_log.ts";
import { type BatchLoss, TrainStep } from "../../../src/train/train_step.ts";
import { replacedLoss } from "../../train/replaced_loss.ts";
import { type Figure, inFolder, type Row, type RowOptions } from "../row.ts";
import { repeatCell } from "./cells.ts";
import { runSmall, smallRecipe } from "../small_experiment.ts";

const SETTINGS = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  update: 1,
  clipNorm: null,
  logitScale: [-1e30, 1e30] as const,
  averageDecay: 0,
};

/** A model of the small recipe with a step of its own, and a batch for it. */
function makeStep(context: NativeContext, accumulate = 1, batch = 32, loss?: BatchLoss) {
  const [, { image, text }] = smallRecipe().stages;
  const shape = { spec: smallRecipe().model, imageSize: image.size, textTokens: text.tokens };
  const model = new ClipModel(context, shape, { seed: 1 });
  const step = new TrainStep(model, { batch, accumulate, weightDecay: 0.1, average: true, loss });
  const draw = (count: number, below: number) =>
    Array.from({ length: count }, (_, i) => philox(i, 0, count, 0, 0, 0)[0] % below);
  const images = Uint8Array.from(draw(batch * image.size * image.size * 3, 256));
  const tokens = Int32Array.from(draw(batch * text.tokens, 300));
  return {
    model,
    run: () => step.run(images, tokens, SETTINGS),
    [Symbol.dispose]() {
      step[Symbol.dispose]();
      model[Symbol.dispose]();
    },
  };
}

/** R7. */
export const notFinite: Row = {
  id: "R7",
  promise:
    "no update comes from a gradient or loss that is not finite; it is logged, the run goes on",
  measure: () =>
    inFolder(async (dir) => {
      using context = new NativeContext();
      using value = new FixedTensor(context, [1], { values: Float32Array.of(3) });
      using made = makeStep(context, 1, 32, replacedLoss(value));
      await made.run();
      const { parameters } = made.model;
      const copies = ["value", "m", "v", "average"] as const;
      const all = () =>
        parameters.specs.flatMap(({ name }) =>
          copies.map((copy) => parameters.copy(name, copy).read().join())
        );
      /** Tensors that a step changed, and why it was to change none. */
      const step = async () => {
        const before = all();
        const { reason } = await made.run();
        const after = all();
        return { reason, changed: before.filter((values, i) => values !== after[i]).length };
      };
      value.write(Float32Array.of(NaN));
      const loss = await step();
      value.write(Float32Array.of(3));
      const projection = parameters.get("visual.proj");
      projection.write(new Float32Array(projection.size).fill(NaN));
      const gradient = await step();
      const changed = loss.changed + gradient.changed;
      const named = loss.reason === "the loss is not finite" &&
        gradient.reason === "the gradient is not finite";
      // A learning rate that leaves no finite weight after the first step: all others are skipped.
      const [short, full] = smallRecipe().stages;
      const recipe = smallRecipe({ stages: [{ ...short, lr: 1e30 }, full] });
      await runSmall(dir, "wild", { recipe });
      const events = readEvents(`${dir}/wild/events.jsonl`).filter(({ kind }) => kind === "skip");
      const lines = readMetrics(`${dir}/wild/metrics.jsonl`).filter((line) => line.skipped);
      return {
        pass: named && changed === 0 && events.length > 0 && events.length === lines.length,
        figure: changed,
        unit: "tensors changed",
        note:
          `of ${all().length} by steps with NaN in a weight and in the loss alone; ${events.length} ` +
          "skipped steps of a run logged",
      };
    }),
};

/** R12. */
export const stall: Row = {
  id: "R12",
  promise: "saving checkpoints keeps the training waiting for less than 2 % of its time",
  measure: ({ quick }) =>
    quick
      ? Promise.resolve("too short to tell; deno task trust measures 1,500 steps")
      : inFolder(async (dir) => {
        const [short, full] = smallRecipe().stages;
        const steps = 1500;
        const recipe = smallRecipe({
          stages: [{ ...short, samples: steps * 32 }, full],
          checkpoint: { everySteps: 500, keep: 2 },
        });
        const { checkpointStallShare, stages } = (await runSmall(dir, "run", { recipe }))!;
        return {
          pass: checkpointStallShare < 0.02,
          figure: 100 * checkpointStallShare,
          unit: "%",
          note: `of a tiny model, a checkpoint each 500 steps, as in the long recipe, of ${
            (1000 * stages[0].seconds / steps).toFixed(1)
          } ms; the copy and the wait for the write before`,
        };
      }),
};

/** R13. */
export const noLeak: Row = {
  id: "R13",
  promise: "memory does not grow over many steps, nor over many runs of a notebook's cell",
  measure: (options) => inFolder((dir) => measureLeak(dir, options)),
};

async function measureLeak(
  dir: string,
  { quick, signal, onProgress }: RowOptions,
): Promise<Figure> {
  using context = new NativeContext();
  using made = makeStep(context, 1, 16);
  const steps = quick ? 400 : 10_000;
  const collect = (globalThis as { gc?: () => void }).gc;
  const rss = () => {
    collect?.();
    return Deno.memoryUsage().rss;
  };
  for (let i = 0; i < steps / 5; i++) await made.run();
  const [before, device] = [rss(), context.memory().bytes];
  for (let i = 0; i < steps; i++) {
    await made.run();
    if (i % 100 !== 99) continue;
    signal?.throwIfAborted();
    onProgress?.(i + 1, steps, 0);
  }
  const growth = (rss() - before) / before;
  const kept = context.memory().bytes === device;
  const cell = await repeatCell(dir, quick ? 20 : 1000, quick ? 10 : 200, signal);
  // What the kernel keeps of every cell is not ours.
  const worst = Math.max(growth, cell.growth - cell.empty);
  return {
    pass: kept && cell.differing === 0 && worst < (quick ? 0.1 : 0.01),
    figure: 100 * worst,
    unit: "%",
    note: `resident memory: ${(100 * growth).toFixed(2)} % over ${steps} steps after ${
      steps / 5
    }, ${
      (100 * cell.growth).toFixed(2)
    } % over ${cell.cells} runs of a cell after ${cell.warmUp} in a Deno kernel, ${
      (100 * cell.empty).toFixed(2)
    } % by empty cells; device memory ${kept ? "the same" : "grew"}`,
  };
}

/** R14. */
export const parts: Row = {
  id: "R14",
  promise: "a batch in parts trains as the whole batch does",
  async measure() {
    using context = new NativeContext();
    using whole = makeStep(context);
    await whole.run();
    let worst = 0, largest = 0;
    for (const accumulate of [2, 4]) {
      using made = makeStep(context, accumulate);
      await made.run();
      let all = 0, apart = 0;
      // The first moment is the gradient, but for a factor.
      for (const { name } of whole.model.parameters.specs) {
        const a = whole.model.parameters.copy(name, "m").read();
        const b = made.model.parameters.copy(name, "m").read();
        const squares = a.reduce((sum, value) => sum + value ** 2, 0);
        const differences = a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);
        all += squares;
        apart += differences;
        if (squares > 1e-14) worst = Math.max(worst, Math.sqrt(differences / squares));
      }
      largest = Math.max(largest, Math.sqrt(apart / all));
    }
    return {
      pass: largest < 1e-6,
      figure: largest,
      unit: "relative",
      note: `difference of the gradient, 2 and 4 parts against 1; of the worst tensor ${
        worst.toExponential(1)
      }; ranks: see tests/dist`,
    };
  },
};

/** R15. */
export const parity: Row = {
  id: "R15",
  promise: "the exported model gives the vectors of the trained one",
  measure: () =>
    inFolder(async (dir) => {
      await runSmall(dir, "run");
      const source = { commit: null, dirty: false };
      const { parity } = await exportRun(`${dir}/run`, { out: `${dir}/model`, source });
      return {
        pass: parity.cosineMin >= 0.99999,
        figure: parity.cosineMin,
        unit: "cosine",
        note: "the smallest over all graphs, float32, CPU",
      };
    }),
};
