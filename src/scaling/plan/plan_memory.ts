import type { Recipe } from "../../config/recipe.ts";
import type { StageRecipe } from "../../config/stage_recipe.ts";
import { parameterCounts } from "../../model/model_cost.ts";
import type { Hardware } from "./hardware.ts";

/** Memory of one device in a stage, in bytes. */
export interface MemoryEstimate {
  /** Weights, gradients, and the optimizer's two moments; a weight average and a 2-byte copy if any. */
  readonly parameters: number;
  /** What the forward pass keeps for the backward pass, and the block being worked on. */
  readonly activations: number;
  /** Pixels, token ids and the features of the whole batch. */
  readonly batch: number;
  readonly total: number;
}

/**
 * Memory of a stage on each of some devices, data parallel: every device holds the whole model and its
 * share of the batch.
 *
 * Without recomputation a block keeps what this kit's tape keeps: eight rows of its width, two of its
 * perceptron and the statistics of norms and heads. With recomputation it keeps its input only, and
 * one block is worked on at a time: 16 rows of the width and two of the perceptron with 2-byte values,
 * and the scores (Korthikanti et al. 2022, section 4, without dropout). The logits of the loss are made
 * in chunks and do not count.
 *
 * @param devices Must not be more than the pairs of a part of the batch.
 * @throws {RangeError} when devices would get no pair, or one more pairs than another.
 */
export function stageMemory(
  recipe: Recipe,
  stage: StageRecipe,
  hardware: Hardware,
  devices: number,
): MemoryEstimate {
  const { model, optimizer } = recipe;
  const pairs = Math.ceil(stage.batch / devices / stage.accumulate);
  if (stage.batch < devices) {
    throw new RangeError(
      `stage ${stage.name}: batch ${stage.batch} on ${devices} devices; allowed: at least one pair for each; ` +
        "use fewer devices or a larger batch",
    );
  }
  if (stage.batch % devices !== 0) {
    const below = stage.batch - stage.batch % devices;
    throw new RangeError(
      `stages.${stage.name}.batch: seen ${stage.batch} on ${devices} devices; allowed: a multiple of the ` +
        `devices, nearest ${below} or ${below + devices}`,
    );
  }
  const count = parameterCounts(model, stage.image.size, stage.text.tokens).total;
  const copies = 4 + (optimizer.averaging === null ? 0 : 1);
  const parameters = count * (4 * copies + (hardware.valueBytes === 2 ? 2 : 0));
  const { patch, classToken } = model.image;
  const towers = [
    { ...model.image, tokens: stage.image.tokens + (classToken ? 1 : 0) },
    { ...model.text, tokens: stage.text.tokens },
  ];
  const patches = stage.image.tokens * 3 * patch ** 2 * hardware.valueBytes;
  const { valueBytes } = hardware;
  const { recompute = hardware.recompute } = stage;
  const kept = towers.reduce(
    (sum, tower) => sum + tower.layers * keptBytes(tower, recompute, valueBytes),
    0,
  );
  const worked = recompute ? Math.max(...towers.map(workedBytes)) : 0;
  const activations = pairs * (patches + kept + worked);
  const features = 2 * stage.batch * model.embed * 4 * (stage.accumulate > 1 ? 2 : 1);
  const inputs = pairs * (3 * stage.image.size ** 2 + 4 * stage.text.tokens);
  const batch = features + inputs;
  return { parameters, activations, batch, total: parameters + activations + batch };
}

interface Tower {
  readonly width: number;
  readonly mlp: number;
  readonly heads: number;
  readonly tokens: number;
}

/** Kept of a pair by a block until its backward pass. */
function keptBytes({ width, mlp, tokens }: Tower, recompute: boolean, valueBytes: number): number {
  return valueBytes * tokens * (recompute ? width : 8 * width + 2 * mlp + 8);
}

/** Of the block whose forward pass is being run again. */
function workedBytes({ width, mlp, heads, tokens }: Tower): number {
  return tokens * (16 * width + 4 * mlp) + 2 * heads * tokens ** 2;
}
