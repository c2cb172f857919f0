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
 * §3.1 (SimCLR).
 */
export function drawColours(
  key: DrawKey,
  channels: number,
  augment: Omit<AugmentRecipe, "area" | "aspect">,
): ColourChanges {
  const { seed, epoch, row } = key;
  const [a, b, c, d] = [...philox(seed, CHANCES, epoch, row, 0, 0)].map(unit);
  const [e] = philox(seed, CHANCES, epoch, row, 1, 0);
  const inked = channels === 1 && a < augment.inkPaper;
  const inverted = channels === 1 && b < augment.invert;
  return {
    colours: inked || inverted ? drawInk(key, inked, inverted) : null,
    jitter: c < augment.jitter.probability ? drawJitter(key, augment.jitter.strength) : null,
    gray: d < augment.gray,
    flip: unit(e) < augment.flip,
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
  const [a, b, c, d] = [...philox(seed, JITTER, epoch, row, 0, 0)].map(unit);
  const factor = (u: number) => 1 + 0.8 * strength * (2 * u - 1);
  const keys = [...philox(seed, JITTER, epoch, row, 1, 0)];
  const order = [0, 1, 2, 3].sort((i, j) => keys[i] - keys[j] || i - j);
  return {
    brightness: factor(a),
    contrast: factor(b),
    saturation: factor(c),
    hue: 0.2 * strength * (2 * d - 1),
    order,
  };
}
