import type { Recipe } from "../config/recipe.ts";
import type { ClipModel } from "../model/clip_model.ts";
import { sigmoidLoss } from "../tensor/ops/sigmoid_loss.ts";
import type { BatchLoss } from "./train_step.ts";

/** Where SigLIP's bias starts. */
const BIAS = -10;

/** Initial value of a model's `logit_bias`; undefined for losses without one. */
export function logitBiasOf({ loss }: Pick<Recipe, "loss">): number | undefined {
  return loss?.kind === "sigmoid" ? loss.biasInit ?? BIAS : undefined;
}

/**
 * The loss that a recipe asks for; undefined for the usual one.
 *
 * @param model Made with {@linkcode logitBiasOf}.
 */
export function batchLoss(recipe: Pick<Recipe, "loss">, model: ClipModel): BatchLoss | undefined {
  if (recipe.loss?.kind !== "sigmoid") return undefined;
  const bias = model.parameters.get("logit_bias");
  return (tape, image, text, scale, own) => ({
    ...sigmoidLoss(tape, image, text, scale, bias, own),
    share: true,
  });
}
