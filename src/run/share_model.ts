import type { Recipe } from "../config/recipe.ts";
import type { RankGroup } from "../dist/rank_group.ts";
import type { ClipModel } from "../model/clip_model.ts";

/**
 * Gives every rank the weights and the optimizer state of rank 0, so that they start from the same
 * bits, whatever a rank found on its own disk.
 */
export async function shareModel(group: RankGroup, { parameters }: ClipModel): Promise<void> {
  if (group.size === 1) return;
  for (const { copies } of parameters.groups) {
    for (const copy of ["value", "m", "v", "average"] as const) {
      const values = copies[copy].read();
      await group.broadcast(values);
      copies[copy].write(values);
    }
  }
}

/** @throws {RangeError} naming the first stage whose batch the ranks cannot share equally. */
export function checkShares(recipe: Recipe, ranks: number): void {
  for (const { name, batch, accumulate } of recipe.stages) {
    if (batch % (ranks * accumulate) === 0) continue;
    throw new RangeError(
      `stage ${name}: a batch of ${batch} in ${accumulate} parts cannot be shared equally by ` +
        `${ranks} ranks; use a number of ranks that divides ${batch / accumulate}, or set ` +
        `stages.${name}.batch or accumulate`,
    );
  }
}
