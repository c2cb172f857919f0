import type { ShortenCaption } from "../../data/loader/caption_tokens.ts";
import { philox } from "../../tensor/random.ts";
import { drawBelow } from "../draw_below.ts";

const KEEP = 0x72747874; // "rtxt"
const ORDER = 0x6f747874; // "otxt"

/** Whether the kept tokens stand as in the caption, or in random order. */
export type TokenOrder = "text" | "shuffled";

/**
 * Random text mask: every set of `room` tokens is equally likely (paper 1, section 3.3).
 *
 * Order `text` keeps them in reading order (open_clip's `random`), `shuffled` does not (its `shuffle`;
 * the JAX code's random mask never restores the order either, so there it always is shuffled).
 *
 * One habit of the JAX code is left out: it counts words, cuts the list of *pieces* to that number and
 * only then draws, so that the end of a caption with rare words can never be kept; and where the words
 * fit but not their pieces it truncates. Nothing in the paper asks for it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { randomText } from "./random_text.ts";
 *
 * const key = { seed: 1, epoch: 0, row: 7 };
 * const kept = randomText("text")([10, 11, 12, 13, 14], 3, key, new Uint8Array());
 * assert.deepEqual(kept, kept.toSorted((a, b) => a - b));
 * ```
 */
export function randomText(order: TokenOrder): ShortenCaption {
  return (ids, room, { seed, epoch, row }) => {
    const kept: number[] = [];
    for (let block = 0; kept.length < room; block++) {
      const words = philox(seed, KEEP, epoch, row, block, 0);
      for (let k = 0; k < 4 && kept.length < room; k++) {
        const place = 4 * block + k;
        if (drawBelow(words[k], ids.length - place) < room - kept.length) kept.push(ids[place]);
      }
    }
    if (order === "text") return kept;
    // Fisher and Yates: each place swaps with one of those that are left.
    for (let i = room - 1; i > 0; i--) {
      const word = philox(seed, ORDER, epoch, row, i >> 2, 0)[i & 3];
      const other = drawBelow(word, i + 1);
      [kept[i], kept[other]] = [kept[other], kept[i]];
    }
    return kept;
  };
}
