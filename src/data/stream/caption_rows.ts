import { philox } from "../../tensor/random.ts";
import type { DrawKey } from "../augment/draw_crop.ts";
import type { CaptionCoder, ShortenCaption } from "../loader/caption_tokens.ts";
import { drawRow, type StreamSample } from "./sample_ref.ts";
import type { ChosenRow } from "./sample_stream.ts";

const PURPOSE = 0x66696c64; // "fild"

/** How captions of a stream become tokens. */
export interface CaptionRowsOptions {
  readonly coder: CaptionCoder;
  /** Marks of a text's ids for reductions that need them. */
  readonly marksOf?: (text: string) => Uint8Array;
  readonly shorten: ShortenCaption;
  /** Tokens of a caption, special tokens included. */
  readonly textTokens: number;
  readonly seed: number;
}

/** A sample's part in a batch besides its picture. */
export interface CaptionRow extends ChosenRow {
  readonly key: DrawKey;
  /** [textTokens] */
  readonly tokens: Int32Array;
}

/**
 * Draws a caption of a sample and encodes it. The choice is a pure function of the seed, the epoch and
 * the sample's place: first among the fields, then among the captions of one.
 *
 * @returns why not, when the caption has no token.
 */
export function captionRow(sample: StreamSample, options: CaptionRowsOptions): CaptionRow | string {
  const { coder, marksOf, shorten, textTokens, seed } = options;
  const { ref, captions } = sample;
  const key = { seed, epoch: ref[0], row: drawRow(ref) };
  const [field, place] = philox(seed, PURPOSE, key.epoch, key.row, 0, 0);
  const list = captions[field % captions.length];
  const text = list[place % list.length];
  let ids: number[];
  try {
    ids = coder.encodeIds(text);
  } catch (error) {
    if (error instanceof RangeError) return "caption without a token";
    throw error;
  }
  const tokens = new Int32Array(textTokens);
  const room = coder.room(textTokens);
  if (ids.length > room) {
    ids = shorten(ids, room, key, marksOf?.(text) ?? new Uint8Array());
  }
  coder.frame(ids, textTokens, tokens, 0);
  return { phrase: text.toLowerCase(), key, tokens };
}
