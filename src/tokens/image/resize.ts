import { imageSizeFor } from "../image_size_for.ts";
import type { ImageReduction } from "../image_reduction.ts";

/**
 * Image resize: crop, then shrink the whole picture until it has the wanted number of patches; all of
 * them are kept (paper 1, section 3.2; "force image size" in the code). The best of the image
 * reductions there, since every part of the picture still has a say.
 */
export const resize: ImageReduction = {
  plan: (tokens, patch) => {
    const size = imageSizeFor(tokens, patch);
    return { size, grid: size / patch, tokens };
  },
};
