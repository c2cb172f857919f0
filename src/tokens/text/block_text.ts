import type { ShortenCaption } from "../../data/loader/caption_tokens.ts";
import { philox } from "../../tensor/random.ts";
import { drawBelow } from "../draw_below.ts";

const PURPOSE = 0x62747874; // "btxt"

/**
 * Block text mask: `room` tokens that follow each other (paper 1, section 3.3; open_clip's `simple`).
 * Every start from the first token to the last that leaves `room` is equally likely.
 *
 * The JAX code draws the start from one place too few, so that the last token of a caption is never
 * kept, and counts places in words while it cuts pieces (where the words fit but not their pieces it
 * truncates). Both are slips and left out: they would make
 * the mask worse for the words at the end, which is the very thing it is compared on.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { blockText } from "./block_text.ts";
 *
 * const [first, second] = blockText([10, 11, 12, 13], 2, { seed: 1, epoch: 0, row: 7 }, new Uint8Array());
 * assert.equal(second, first + 1);
 * ```
 */
export const blockText: ShortenCaption = (ids, room, { seed, epoch, row }) => {
  const [word] = philox(seed, PURPOSE, epoch, row, 0, 0);
  const start = drawBelow(word, ids.length - room + 1);
  return ids.slice(start, start + room);
};
