import { cpuUsage } from "node:process";
import type { Recipe } from "../../config/recipe.ts";
import { stageSteps } from "../../config/stage_numbers.ts";
import { ClipModel } from "../../model/clip_model.ts";
import { NativeContext } from "../../native/context.ts";
import { planImage } from "../../tokens/image_reduction.ts";
import type { StepSettings } from "../../train/step_block.ts";
import { TrainStep } from "../../train/train_step.ts";

/** Timed steps of a kind; the first step, which plans memory, is not among them. */
const STEPS = 2;

const SETTINGS: StepSettings = {
  learningRate: 0,
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-8,
  update: 1,
  clipNorm: 1,
  logitScale: [0, 10],
  averageDecay: 0,
};

/** Seconds of one step of a stage. */
export type StepSeconds = (recipe: Recipe, stage: number) => Promise<number>;

/**
 * Times two steps of each kind of step that is asked for, with made-up pairs, and remembers them: a
 * few seconds for a whole sweep. Data and evaluation are not in it.
 *
 * Where other programs run, too, the processor's time counts instead, a thread's share of it: what the
 * step takes when nothing else runs.
 *
 * @param threads CPU threads; null for all cores.
 */
export function measureSteps(threads: number | null): StepSeconds {
  const known = new Map<string, Promise<number>>();
  return (recipe, index) => {
    const { batch, accumulate, image, text } = recipe.stages[index];
    const key = JSON.stringify([
      recipe.model,
      recipe.precision,
      batch,
      accumulate,
      image.size,
      image.tokens,
      text.tokens,
    ]);
    let seconds = known.get(key);
    if (seconds === undefined) known.set(key, seconds = timeStep(recipe, index, threads));
    return seconds;
  };
}

/** Seconds that training a recipe takes, stage by stage. */
export async function predictStages(recipe: Recipe, stepSeconds: StepSeconds): Promise<number[]> {
  const seconds: number[] = [];
  for (const [index, stage] of recipe.stages.entries()) {
    seconds.push(stageSteps(stage) * await stepSeconds(recipe, index));
  }
  return seconds;
}

async function timeStep(recipe: Recipe, index: number, threads: number | null): Promise<number> {
  const { batch, accumulate, image, text } = recipe.stages[index];
  using context = new NativeContext({ threads: threads ?? undefined, precision: recipe.precision });
  using model = new ClipModel(context, {
    spec: recipe.model,
    imageSize: image.size,
    textTokens: text.tokens,
  });
  const { tokens, mask } = planImage(image, recipe.model.image.patch);
  const kept = mask && new Int32Array(batch * tokens);
  for (let row = 0; mask && row < batch; row++) {
    mask({ seed: 0, epoch: 0, row }, kept!, row * tokens);
  }
  using step = new TrainStep(model, {
    batch,
    accumulate,
    kept: kept ? tokens : undefined,
    weightDecay: recipe.optimizer.weightDecay,
    average: recipe.optimizer.averaging !== null,
  });
  const pixels = new Uint8Array(batch * image.size ** 2 * 3).map((_, i) => i % 251);
  const ids = new Int32Array(batch * text.tokens).map((_, i) => i % recipe.model.text.vocabulary);
  const run = () => step.run(pixels, ids, SETTINGS, kept ?? undefined);
  const count = threads ?? (Number(Deno.env.get("CLIPA_THREADS") ?? 0) || cores());
  await run();
  const [started, used] = [performance.now() / 1000, cpuSeconds()];
  for (let i = 0; i < STEPS; i++) await run();
  const [wall, cpu] = [performance.now() / 1000 - started, cpuSeconds() - used];
  return Math.min(wall, cpu / count) / STEPS;
}

const cores = () => navigator.hardwareConcurrency;

/** Processor time of this process so far. */
function cpuSeconds(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
}
