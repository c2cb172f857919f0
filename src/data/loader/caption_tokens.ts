import { philox, unit } from "../../tensor/random.ts";
import type { DrawKey } from "../augment/draw_crop.ts";
import type { Records } from "../records/records.ts";

const PURPOSE = 0x63617074; // "capt"
const PARTS = 0x70617274; // "part"
/** Level of the captions that are lists: a name and its tags. */
const LIST_LEVEL = 3;

/** What the loader asks of a tokenizer. */
export interface CaptionCoder {
  /** Ids of a text without special tokens. */
  encodeIds(text: string): number[];
  /** Places for a caption's own tokens in a row of `length`. */
  room(length: number): number;
  /** Writes special tokens, ids and padding to `out` from `at`. */
  frame(ids: readonly number[], length: number, out: Int32Array, at: number): void;
}

/**
 * Shortens a caption's ids to at most `room`; a text reduction.
 *
 * @param marks One for each id where the captions were marked, else none.
 */
export type ShortenCaption = (
  ids: number[],
  room: number,
  key: DrawKey,
  marks: Uint8Array,
) => number[];

/** Options of {@linkcode CaptionTokens}. */
export interface CaptionTokensOptions {
  /** Marks of a text's ids for reductions that need them, made once for each text. */
  readonly marksOf?: (text: string) => Uint8Array;
  /**
   * Puts the parts of list captions (level 3: a name and its tags, with commas between them) in random
   * order, so that no place in the caption is better than another.
   */
  readonly shuffleLists?: boolean;
}

/** Ids are kept in 16 bits: BERT has 30,522 and CLIP 49,408. */
const MAX_IDS = 65_536;

/** All captions of a data set as token ids, tokenised once. */
export class CaptionTokens {
  readonly #records: Records;
  readonly #coder: CaptionCoder;
  /** Ids of text t: `#ids[#starts[t]]` … `#ids[#starts[t + 1] - 1]`. */
  readonly #starts: Uint32Array;
  readonly #ids: Uint16Array;
  /** Marks of the same ids; empty when nothing asks for them. */
  readonly #marks: Uint8Array;
  /** Id of a comma behind a word, when lists are shuffled. */
  readonly #comma: number | null;

  /** @throws {RangeError} when a caption has no token; names the file and the row. */
  constructor(records: Records, coder: CaptionCoder, options: CaptionTokensOptions = {}) {
    this.#records = records;
    this.#coder = coder;
    this.#starts = new Uint32Array(records.textCount + 1);
    let ids = new Uint16Array(1 << 20);
    let used = 0;
    for (let text = 0; text < records.textCount; text++) {
      const encoded = encodeText(records, coder, text);
      if (used + encoded.length > ids.length) {
        const larger = new Uint16Array(2 * ids.length + encoded.length);
        larger.set(ids);
        ids = larger;
      }
      ids.set(encoded, used);
      used += encoded.length;
      this.#starts[text + 1] = used;
    }
    this.#ids = ids.slice(0, used);
    this.#marks = new Uint8Array(options.marksOf ? used : 0);
    if (options.marksOf) {
      for (let text = 0; text < records.textCount; text++) {
        this.#marks.set(options.marksOf(records.text(text)), this.#starts[text]);
      }
    }
    this.#comma = options.shuffleLists ? coder.encodeIds("a,").at(-1)! : null;
  }

  /**
   * Draws a caption of a row by the weights of its levels and writes it as `length` ids.
   *
   * @param weights Relative weight of levels 1 to 5; a row without a weighted level uses its first caption.
   */
  write(
    key: DrawKey,
    weights: readonly number[],
    length: number,
    shorten: ShortenCaption,
    out: Int32Array,
    at: number,
  ): void {
    const caption = this.#draw(key, weights);
    const text = this.#records.captionText[caption];
    let ids = Array.from(this.#ids.subarray(this.#starts[text], this.#starts[text + 1]));
    let marks = this.#marks.subarray(this.#starts[text], this.#starts[text + 1]);
    if (this.#comma !== null && this.#records.captionLevel[caption] === LIST_LEVEL) {
      const order = shuffledParts(ids, this.#comma, key);
      ids = order.map((place) => ids[place]);
      if (marks.length > 0) marks = Uint8Array.from(order, (place) => marks[place]);
    }
    const room = this.#coder.room(length);
    this.#coder.frame(ids.length > room ? shorten(ids, room, key, marks) : ids, length, out, at);
  }

  /** A caption of the row. */
  #draw({ seed, epoch, row }: DrawKey, weights: readonly number[]): number {
    const { captionStart, captionLevel } = this.#records;
    const first = captionStart[row];
    const end = captionStart[row + 1];
    let total = 0;
    for (let i = first; i < end; i++) total += weights[captionLevel[i] - 1];
    let left = unit(philox(seed, PURPOSE, epoch, row, 0, 0)[0]) * total;
    for (let i = first; i < end; i++) {
      left -= weights[captionLevel[i] - 1];
      if (left < 0) return i;
    }
    return first;
  }
}

/** Places of the ids when the parts between commas are put in random order. */
function shuffledParts(ids: readonly number[], comma: number, key: DrawKey): number[] {
  const commas: number[] = [];
  ids.forEach((id, place) => id === comma && commas.push(place));
  const parts = [...commas, ids.length].map((end, i) => ({
    start: i === 0 ? 0 : commas[i - 1] + 1,
    end,
    rank: philox(key.seed, PARTS, key.epoch, key.row, i >> 2, 0)[i & 3],
  }));
  parts.sort((a, b) => a.rank - b.rank || a.start - b.start);
  return parts.flatMap(({ start, end }, i) => [
    ...(i === 0 ? [] : [commas[i - 1]]),
    ...Array.from({ length: end - start }, (_, k) => start + k),
  ]);
}

function encodeText(records: Records, coder: CaptionCoder, text: number): number[] {
  try {
    const ids = coder.encodeIds(records.text(text));
    const odd = ids.find((id) => !(id >= 0 && id < MAX_IDS));
    if (ids.length > 0 && odd === undefined) return ids;
    throw new RangeError(
      odd === undefined ? "no token; allowed: at least one" : `id ${odd}; allowed below ${MAX_IDS}`,
    );
  } catch (cause) {
    const at = records.captionText.indexOf(text);
    const row = records.captionStart.findLastIndex((start) => start <= at);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RangeError(`${records.path}: row ${row} (${records.key(row)}): ${reason}`, { cause });
  }
}
