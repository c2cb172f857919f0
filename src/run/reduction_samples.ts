import type { ImageBudget, TextBudget } from "../config/stage_recipe.ts";
import { encodePng } from "../data/icons/png.ts";
import { resizeImage } from "../data/images/resize_image.ts";
import { mix32 } from "../data/loader/permutation.ts";
import { openRecords, type Records } from "../data/records/records.ts";
import { tagWords } from "../text/pos_tagger.ts";
import { tokenMarks } from "../text/token_marks.ts";
import type { CaptionTokenizer } from "../text/caption_tokenizer.ts";
import { planImage } from "../tokens/image_reduction.ts";
import { planText } from "../tokens/text_reduction.ts";

/** A picture under several reductions. */
export interface ReducedPicture {
  readonly name: string;
  /** PNG of each budget, in their order; dropped patches are gray. */
  readonly pngs: readonly Uint8Array[];
}

/** A caption under several reductions. */
export interface ReducedCaption {
  /** Its tokens as text, with the spaces between words. */
  readonly pieces: readonly string[];
  /** For each budget, in their order, the places of the tokens that stay, in the order they stand in. */
  readonly kept: readonly (readonly number[])[];
}

/** Gray of a dropped patch. */
const DROPPED = 214;

/**
 * Rows of a record file for looking at, chosen by hash: every other one in colour.
 *
 * @returns at most `count` rows.
 */
export function chooseRows(records: Records, count: number): number[] {
  const rows = Array.from({ length: records.count }, (_, row) => row)
    .sort((a, b) => mix32(a) - mix32(b));
  const colour = rows.filter((row) => records.channels[row] === 3).slice(0, Math.ceil(count / 2));
  const ink = rows.filter((row) => records.channels[row] === 1).slice(0, count - colour.length);
  return [...colour, ...ink];
}

/**
 * Pictures of a record file under image reductions, as a tower would see them, without augmentation.
 *
 * @param path A record file.
 * @param patch Side of a patch, in pixels.
 */
export function reducePictures(
  path: string,
  rows: readonly number[],
  budgets: readonly ImageBudget[],
  patch: number,
  seed = 0,
): ReducedPicture[] {
  const records = openRecords(path);
  return rows.map((row) => ({
    name: records.phraseOf(row),
    pngs: budgets.map((budget) => {
      const { size, grid, tokens, mask } = planImage(budget, patch);
      const channels = records.channels[row] === 1 ? 1 : 3;
      const pixels = new Uint8Array(records.readPixels(row));
      const whole = { width: records.size, height: records.size, channels, pixels } as const;
      const picture = resizeImage(whole, size, size, "bilinear").pixels;
      if (mask) {
        const kept = new Int32Array(tokens);
        mask({ seed, epoch: 0, row }, kept, 0);
        blank(picture, channels, grid, patch, new Set(kept));
      }
      return encodePng(picture, size, channels);
    }),
  }));
}

function blank(
  picture: Uint8Array,
  channels: number,
  grid: number,
  patch: number,
  kept: ReadonlySet<number>,
): void {
  const stride = grid * patch * channels;
  for (let y = 0; y < grid * patch; y++) {
    for (let column = 0; column < grid; column++) {
      if (kept.has(Math.floor(y / patch) * grid + column)) continue;
      const at = y * stride + column * patch * channels;
      picture.fill(DROPPED, at, at + patch * channels);
    }
  }
}

/** Captions under text reductions. */
export function reduceCaptions(
  captions: readonly string[],
  budgets: readonly TextBudget[],
  tokenizer: CaptionTokenizer,
  seed = 0,
): ReducedCaption[] {
  return captions.map((caption, row) => {
    const ids = tokenizer.encodeIds(caption);
    const places = ids.map((_, place) => place);
    const kept = budgets.map((budget) => {
      const marks = tokenMarks(tokenizer, budget.tags ?? "sentence", tagWords)(caption);
      const room = tokenizer.room(budget.tokens);
      const shorten = planText(budget);
      return ids.length > room ? shorten(places, room, { seed, epoch: 0, row }, marks) : places;
    });
    return { pieces: spellPieces(tokenizer, ids), kept };
  });
}

/** The text of each piece, so that all of them joined are the caption. */
function spellPieces(tokenizer: CaptionTokenizer, ids: readonly number[]): string[] {
  const ends = ids.map((_, i) => tokenizer.decode(ids.slice(0, i + 1)));
  return ends.map((text, i) => i === 0 ? text : text.slice(ends[i - 1].length));
}
