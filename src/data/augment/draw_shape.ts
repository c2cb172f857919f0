import type { AugmentRecipe } from "../../config/stage_recipe.ts";
import { philox, unit } from "../../tensor/random.ts";
import type { ImageJob, Warp } from "../images/image_jobs.ts";
import type { DrawKey } from "./draw_crop.ts";

const WARP = 0x77617270; // "warp"
const STROKE = 0x7374726f; // "stro"

/** The shape part of a job. */
export type ShapeChanges = Pick<ImageJob, "stroke" | "warp">;

/**
 * Random strokes and affine map of a training picture. A designer's hand shows in the weight of strokes
 * and in small differences of size, place and angle; a model that has seen these change looks past them.
 *
 * A pure function of its arguments. The map and the strokes draw from numbers of their own.
 *
 * ```ts
 * const augment = { warp: { rotate: 10, shear: 0.1, scale: [0.8, 1.1], shift: 0.05 }, stroke: 1 } as const;
 * drawShape({ seed: 1, epoch: 0, row: 7 }, 64, 1, augment).stroke; // between -1 and 1
 * ```
 *
 * @param size Side of the stored picture, in pixels.
 * @param channels Channels of the stored picture; only one-colour pictures have strokes.
 */
export function drawShape(
  key: DrawKey,
  size: number,
  channels: number,
  augment: Pick<AugmentRecipe, "warp" | "stroke">,
): ShapeChanges {
  const { warp, stroke } = augment;
  return {
    stroke: channels === 1 && stroke ? stroke * around(draw(key, STROKE, 0)[0]) : null,
    warp: warp ? drawWarp(key, size, warp) : null,
  };
}

// From a place in the new picture to one in the old: turn, then shear, then size, each undone.
function drawWarp(
  key: DrawKey,
  size: number,
  { rotate, shear, scale, shift }: NonNullable<AugmentRecipe["warp"]>,
): Warp {
  const [a, b, c] = draw(key, WARP, 0);
  const [d, e] = draw(key, WARP, 1);
  const angle = rotate * around(a) * Math.PI / 180;
  const slope = shear * around(b);
  const [low, high] = scale.map(Math.log);
  const shrink = Math.exp(-(low + unit(c) * (high - low)));
  const cos = Math.cos(angle) * shrink, sin = Math.sin(angle) * shrink;
  const across = shift * size * around(d), down = shift * size * around(e);
  return [cos, cos * slope - sin, across, sin, sin * slope + cos, down];
}

function draw({ seed, epoch, row }: DrawKey, purpose: number, which: number) {
  return philox(seed, purpose, epoch, row, which, 0);
}

/** From -1 to 1. */
function around(word: number): number {
  return 2 * unit(word) - 1;
}
