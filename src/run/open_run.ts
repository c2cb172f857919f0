import { loadCheckpoint } from "../checkpoint/checkpoint_store.ts";
import type { Recipe } from "../config/recipe.ts";
import { ClipModel } from "../model/clip_model.ts";
import type { NativeContext } from "../native/context.ts";
import type { ParameterCopy } from "../tensor/parameter_store.ts";
import type { CaptionTokenizer } from "../text/caption_tokenizer.ts";
import { loadTokenizer } from "../text/tokenizer_file.ts";
import { logitBiasOf } from "../train/batch_loss.ts";
import { readRunRecipe } from "./run_folder.ts";
import { restoreArrays, type RunState } from "./run_state.ts";

/** A run's model at its newest checkpoint, finished or not. */
export interface OpenRun extends Disposable {
  readonly recipe: Recipe;
  readonly model: ClipModel;
  readonly tokenizer: CaptionTokenizer;
  /** Which copy of the weights the recipe evaluates. */
  readonly weights: ParameterCopy;
  /** Where the run stood at that checkpoint. */
  readonly state: RunState;
}

/**
 * Opens a run's folder.
 *
 * @throws {Error} when there is no run or no checkpoint yet; {SyntaxError} when a file is damaged.
 */
export function openRun(dir: string, context: NativeContext): OpenRun {
  const recipe = readRunRecipe(dir);
  const checkpoint = loadCheckpoint<RunState>(`${dir}/checkpoints`);
  if (!checkpoint) throw new Error(`${dir} has no checkpoint yet; train it further`);
  const stage = recipe.stages[checkpoint.state.stage];
  const { init: _init, ...spec } = recipe.model;
  const model = new ClipModel(context, {
    spec,
    imageSize: stage.image.size,
    textTokens: stage.text.tokens,
  }, { logitBias: logitBiasOf(recipe) });
  restoreArrays(model, checkpoint);
  return {
    recipe,
    model,
    tokenizer: loadTokenizer(`${dir}/tokenizer.json`),
    weights: recipe.optimizer.averaging === null ? "value" : "average",
    state: checkpoint.state,
    [Symbol.dispose]: () => model[Symbol.dispose](),
  };
}
