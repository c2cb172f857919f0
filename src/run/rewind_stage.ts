import { loadCheckpoint } from "../checkpoint/checkpoint_store.ts";
import type { Recipe } from "../config/recipe.ts";
import type { RankGroup } from "../dist/rank_group.ts";
import type { ClipModel } from "../model/clip_model.ts";
import { restoreArrays, type RunState } from "./run_state.ts";
import { shareModel } from "./share_model.ts";

/**
 * Steps between the checkpoints to which a stage may go back: a multiple of the usual ones, and at least
 * as many as the skipped steps that count lie apart. So one of the last two is always before them all,
 * and which one is a function of the step alone, however often the run was interrupted.
 */
function anchorEvery({ guards, checkpoint }: Recipe): number | null {
  if (guards === undefined || checkpoint.everySteps === null) return null;
  return checkpoint.everySteps * Math.ceil(guards.spike.within / checkpoint.everySteps);
}

/** The last two steps up to `done` whose checkpoints must stay; none without a guard. */
export function anchorSteps(recipe: Recipe, done: number): number[] {
  const every = anchorEvery(recipe);
  if (every === null) return [];
  const last = Math.floor(done / every) * every;
  return last === 0 ? [0] : [last - every, last];
}

/** The step to go back to when `first` is the first that was skipped. */
export function rewindStep(recipe: Recipe, first: number): number {
  return anchorSteps(recipe, first - 1).at(-1)!;
}

/**
 * Puts a model back to a checkpoint of its stage, on all ranks.
 *
 * @returns The state of the run at that checkpoint.
 * @throws {SyntaxError} when the checkpoint is not whole.
 */
export async function rewindModel(
  model: ClipModel,
  group: RankGroup,
  folder: string,
  name: string,
): Promise<RunState> {
  const found = group.rank === 0 ? loadCheckpoint<RunState>(folder, name) : null;
  const moments = found && restoreArrays(model, found);
  await shareModel(group, model, moments);
  return await group.share(found?.state ?? ({} as RunState));
}
