import type { ModelSpec } from "../config/model_spec.ts";

/** A model at one token budget: what a stage trains and an evaluation runs. */
export interface ModelShape {
  readonly spec: ModelSpec;
  /** Side of the square picture, in pixels. */
  readonly imageSize: number;
  /** Caption tokens, special tokens included. */
  readonly textTokens: number;
}

/** Patches along a side. */
export function gridOf(shape: ModelShape): number {
  const grid = shape.imageSize / shape.spec.image.patch;
  if (!Number.isInteger(grid) || grid < 1) {
    throw new RangeError(
      `picture size ${shape.imageSize} is not a multiple of the patch ${shape.spec.image.patch}`,
    );
  }
  return grid;
}

/** Image tokens that go through the blocks, class token included. */
export function imageTokensOf(shape: ModelShape, patches: number = gridOf(shape) ** 2): number {
  return patches + (shape.spec.image.classToken ? 1 : 0);
}
