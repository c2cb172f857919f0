import type { Recipe } from "../config/recipe.ts";
import { agree, type RankGroup } from "../dist/rank_group.ts";
import { recipeHash } from "./run_folder.ts";
import { checkShares } from "./share_model.ts";

/**
 * Checks that all ranks were asked for the same run and can share its batches, before any work.
 *
 * @param shardOptimizer Whether the ranks shall share the optimizer's state.
 * @throws {Error} on every rank, naming both values and whose they are.
 * @throws {RangeError} naming the stage whose batch cannot be shared equally.
 */
export async function agreeOnRun(
  group: RankGroup,
  recipe: Recipe,
  shardOptimizer = false,
): Promise<void> {
  if (group.size === 1) return;
  await agree(group, "the recipe", recipeHash(recipe));
  await agree(group, "--shard-optimizer", String(shardOptimizer));
  checkShares(recipe, group.size);
}
