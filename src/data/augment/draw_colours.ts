import type { AugmentRecipe } from "../../config/stage_recipe.ts";
import { philox, unit } from "../../tensor/random.ts";
import type { ImageJob, Jitter, Rgb } from "../images/image_jobs.ts";
import type { DrawKey } from "./draw_crop.ts";

const CHANCES = 0x6368616e; // "chan"
const COLOURS = 0x636f6c6f; // "colo"
const JITTER = 0x6a697474; // "jitt"

/** The colour part of a job. */
export type ColourChanges = Pick<ImageJob, "colours" | "jitter" | "gray" | "flip">;

/**
 * Random colours of a training picture. One-colour pictures may get an ink and a paper colour, or be
 * drawn light on dark; that is cheap, and true to what an icon means. Jitter and gray follow CLIPA
 * (paper 1, table 5: strength 0.4 with probability 0.8, gray 0.2).
 *
 * A pure function of its arguments. The kinds of change draw from numbers of their own, so switching
 * one on does not change the others.
 *
 * ```ts
 * const augment = { inkPaper: 1, invert: 0, jitter: { probability: 0, strength: 0 }, gray: 0, flip: 0 };
 * drawColours({ seed: 1, epoch: 0, row: 7 }, 1, augment).colours; // an ink darker than its paper
 * ```
 */
export function drawColours(
  key: DrawKey,
  channels: number,
  augment: Omit<AugmentRecipe, "area" | "aspect">,
): ColourChanges {
  const { seed, epoch, row } = key;
  const [a, b, c, d] = philox(seed, CHANCES, epoch, row, 0, 0);
  const inked = channels === 1 && unit(a) < augment.inkPaper;
  const inverted = channels === 1 && unit(b) < augment.invert;
  const jittered = unit(c) < augment.jitter.probability;
  const gray = unit(d) < augment.gray;
  return {
    colours: inked || inverted ? drawInk(key, inked, inverted) : null,
    jitter: jittered ? drawJitter(key, augment.jitter.strength) : null,
    gray,
    flip: augment.flip > 0 && unit(philox(seed, CHANCES, epoch, row, 1, 0)[0]) < augment.flip,
  };
}

// Ink is the darker of the two, unless the picture is inverted.
function drawInk(key: DrawKey, inked: boolean, inverted: boolean): { ink: Rgb; paper: Rgb } {
  let ink: Rgb = [0, 0, 0];
  let paper: Rgb = [255, 255, 255];
  if (inked) {
    const first = drawRgb(key, 0);
    const second = drawRgb(key, 1);
    [ink, paper] = brightness(first) <= brightness(second) ? [first, second] : [second, first];
  }
  return inverted ? { ink: paper, paper: ink } : { ink, paper };
}

function drawRgb({ seed, epoch, row }: DrawKey, which: number): Rgb {
  const [r, g, b] = philox(seed, COLOURS, epoch, row, which, 0);
  return [r >>> 24, g >>> 24, b >>> 24];
}

function brightness([r, g, b]: Rgb): number {
  return 0.299 * r + 0.587 * g + 0.114 * b;
}

// Factors in 1 ± 0.8 strength, hue ± 0.2 strength, the four changes in random order.
function drawJitter({ seed, epoch, row }: DrawKey, strength: number): Jitter {
  const [a, b, c, d] = philox(seed, JITTER, epoch, row, 0, 0);
  const factor = (word: number) => 1 + 0.8 * strength * (2 * unit(word) - 1);
  const keys = Array.from(philox(seed, JITTER, epoch, row, 1, 0));
  const order = [0, 1, 2, 3].sort((i, j) => keys[i] - keys[j] || i - j);
  return {
    brightness: factor(a),
    contrast: factor(b),
    saturation: factor(c),
    hue: 0.2 * strength * (2 * unit(d) - 1),
    order,
  };
}
