import type { Recipe } from "../config/recipe.ts";
import type { RankGroup } from "../dist/rank_group.ts";
import type { ClipModel } from "../model/clip_model.ts";
import { joinParts, ownParts } from "../tensor/shard.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { WholeMoments } from "./run_state.ts";

/**
 * Gives every rank the weights and the optimizer state of rank 0, so that they start from the same
 * bits, whatever a rank found on its own disk; of a state that is shared each gets its part.
 *
 * @param moments Of rank 0, where it has read them and the model keeps a share of them.
 */
export async function shareModel(
  group: RankGroup,
  { parameters }: ClipModel,
  moments: WholeMoments | null = null,
): Promise<void> {
  if (group.size === 1) return;
  const { groups, gradients, shard } = parameters;
  for (const { copies } of groups) {
    for (const copy of ["value", "m", "v", "average"] as const) {
      if (shard && (copy === "m" || copy === "v")) continue;
      const values = copies[copy].read();
      await group.broadcast(values);
      copies[copy].write(values);
    }
  }
  if (!shard || !await group.share(moments !== null)) return;
  for (const copy of ["m", "v"] as const) {
    const whole = moments?.[copy] ?? new Float32Array(gradients!.size);
    await group.broadcast(whole);
    shard[copy].write(ownParts(whole, shard.buckets, shard.rank, shard.size));
  }
}

/** The moments of all ranks on each of them; null where the model keeps them whole. All ranks call it. */
export async function gatherMoments(
  group: RankGroup,
  { parameters: { shard } }: ClipModel,
): Promise<WholeMoments | null> {
  if (!shard) return null;
  const gather = async (own: Tensor) => {
    const values = new Float32Array(own.size);
    own.readInto(values);
    return joinParts(await group.collect(values), shard.buckets, shard.size);
  };
  return { m: await gather(shard.m), v: await gather(shard.v) };
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
