import type { StageRecipe } from "./stage_recipe.ts";

/** Optimizer steps of a stage: its samples in whole batches. */
export function stageSteps(stage: Pick<StageRecipe, "samples" | "batch">): number {
  return Math.floor(stage.samples / stage.batch);
}

/** Warm-up steps of a stage; a share is rounded to the nearest step. */
export function warmupSteps(stage: Pick<StageRecipe, "samples" | "batch" | "warmup">): number {
  const { warmup } = stage;
  return "steps" in warmup ? warmup.steps : Math.round(warmup.share * stageSteps(stage));
}

/** Peak learning rate of a stage: as stated, or baseLr x batch / 256 (paper 1, appendix). */
export function peakLr(stage: Pick<StageRecipe, "lr" | "baseLr" | "batch">): number {
  return stage.lr ?? (stage.baseLr ?? 0) * stage.batch / 256;
}
