import type { Recipe } from "../../../src/config/recipe.ts";
import { warmupSteps } from "../../../src/config/stage_numbers.ts";
import { ClipModel } from "../../../src/model/clip_model.ts";
import { NativeContext } from "../../../src/native/context.ts";
import { stageLoader } from "../../../src/run/stage_loader.ts";
import { openTrainingData } from "../../../src/run/training_data.ts";
import { openSafetensors } from "../../../src/checkpoint/safetensors.ts";
import { readEvents } from "../../../src/train/event_log.ts";
import { learningRate } from "../../../src/train/schedule.ts";
import { TrainStep } from "../../../src/train/train_step.ts";
import { makeSmallSet } from "../../run/small_set.ts";
import { poisonBatches } from "../poison.ts";
import { inFolder, type Row, share } from "../row.ts";
import { runSmall, smallRecipe, weightsHash } from "../small_experiment.ts";

const STEPS = 160;
const EPOCH = 384;

/** Batches that no model can get right: one alone, then three in twenty steps. */
export const POISONED = [100, 130, 132, 133];

/** One stage with the guard; a checkpoint to go back to stands every 20 steps. */
export function spikeRecipe(changes: Record<string, unknown> = {}): Recipe {
  const [stage] = smallRecipe().stages;
  return smallRecipe({
    stages: [{ ...stage, samples: STEPS * stage.batch }],
    optimizer: { averaging: { kind: "ema", decay: 0.9 } },
    guards: { spike: { window: 48, within: 20 } },
    checkpoint: { everySteps: 10, keep: 1 },
    ...changes,
  });
}

/**
 * What the policy promises, written down once more as a plain loop over batches: step 100 changes nothing,
 * steps 121 and on come from the checkpoint at 120 and the batches behind the last spike.
 *
 * @returns The averages of all weights.
 */
async function expected(dir: string): Promise<Map<string, Float32Array>> {
  const recipe = spikeRecipe();
  const [stage] = recipe.stages;
  const { optimizer } = recipe;
  using context = new NativeContext();
  const data = openTrainingData(makeSmallSet(`${dir}/set`), recipe);
  using loader = stageLoader(context, recipe, 0, data, undefined);
  const shape = { spec: recipe.model, imageSize: stage.image.size, textTokens: stage.text.tokens };
  using model = new ClipModel(context, shape, {
    seed: recipe.seed,
    decayed: optimizer.decayed,
  });
  using step = new TrainStep(model, {
    batch: stage.batch,
    weightDecay: optimizer.weightDecay,
    average: true,
  });
  for (let batch = 1, i = 0; i < STEPS; batch++) {
    const { images, tokens } = await loader.next();
    if (batch > 120 && batch <= 133) continue;
    if (batch !== 100) {
      await step.run(images, tokens, {
        learningRate: learningRate({
          peak: stage.lr!,
          warmupSteps: warmupSteps(stage),
          steps: STEPS,
          kind: "cosine",
          endShare: 0,
        }, i),
        beta1: optimizer.beta1,
        beta2: optimizer.beta2,
        epsilon: optimizer.eps,
        update: i + 1,
        clipNorm: null,
        logitScale: [-1e30, 1e30],
        averageDecay: Math.min(0.9, (1 + i) / (10 + i)),
      });
    }
    i++;
  }
  return new Map(
    model.parameters.specs.map(({ name }) => [name, model.parameters.copy(name, "average").read()]),
  );
}

/** R8. */
export const spikes: Row = {
  id: "R8",
  promise:
    "a spike of loss or gradient is skipped; three in a short time rewind and leave the data out",
  measure: ({ quick }) =>
    inFolder(async (dir) => {
      using _poison = poisonBatches(EPOCH, (batch) => POISONED.includes(batch));
      const recipe = spikeRecipe();
      // Copies of the folder are what kill -9 leaves: in the middle of a save, between two skipped
      // steps, right before and after going back, and on the way that was gone a second time.
      const kills = quick ? [131, 134] : [99, 101, 121, 130, 131, 132, 133, 134, 141, 150];
      const stops = quick ? [133] : [100, 131, 133, 140];
      await runSmall(dir, "whole", {
        recipe,
        onStep: (steps) => {
          if (kills.includes(steps)) copyFolder(`${dir}/whole`, `${dir}/killed-${steps}`);
        },
      });
      const events = readEvents(`${dir}/whole/events.jsonl`);
      const seen = (kind: string) =>
        events.filter((event) => event.kind === kind).map(({ step }) => step).join();
      const path = `skips ${seen("skip")}, back to ${seen("rewind")}`;
      const right = path === `skips ${POISONED}, back to 120`;
      const wanted = await expected(dir);
      const weights = openSafetensors(`${dir}/whole/weights.safetensors`);
      const same = [...wanted].filter(([name, values]) => {
        const found = weights.tensor(name).data;
        return values.every((value, i) => Object.is(value, found[i]));
      }).length;
      let exact = 0;
      for (const steps of kills) {
        await runSmall(dir, `killed-${steps}`, { recipe, resume: true });
        if (weightsHash(`${dir}/killed-${steps}`) === weightsHash(`${dir}/whole`)) exact++;
      }
      for (const steps of stops) {
        await runSmall(dir, `stopped-${steps}`, { recipe, stopAfter: steps });
        await runSmall(dir, `stopped-${steps}`, { recipe, resume: true });
        if (weightsHash(`${dir}/stopped-${steps}`) === weightsHash(`${dir}/whole`)) exact++;
      }
      const runs = kills.length + stops.length;
      const problem = [
        right ? "" : `other path: ${path}`,
        same === wanted.size ? "" : `${wanted.size - same} tensors differ from the plain loop`,
        exact === runs ? "" : `only ${exact} resumed runs alike`,
      ].filter((text) => text !== "").join("; ");
      return share(
        right && same === wanted.size ? exact : 0,
        runs,
        `runs killed or stopped around four injected spikes (one skipped, three taken back) end alike, ` +
          `bit for bit as a plain loop without those batches`,
        problem,
      );
    }),
};

function copyFolder(from: string, to: string): void {
  Deno.mkdirSync(to);
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    try {
      if (isDirectory) copyFolder(`${from}/${name}`, `${to}/${name}`);
      else Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
    } catch (error) {
      // The writer may rename or remove it meanwhile.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
