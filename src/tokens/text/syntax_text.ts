import type { ShortenCaption } from "../../data/loader/caption_tokens.ts";
import { CLASS_BITS, WORD_START } from "../../text/token_marks.ts";

/** What the budget counts: tokens, or words as both code bases do. */
export type SyntaxUnit = "pieces" | "words";

/**
 * Syntax mask: keep nouns before adjectives before verbs before the rest, and of one class the
 * earlier word first; the kept words stand in reading order (paper 1, section 3.3; `noun_tokenize` of
 * the JAX code, `syntax_mask_tokenize` of the PyTorch code).
 *
 * With unit `pieces`, words are taken in that order as long as their tokens fit; the first that does
 * not fit gives its first pieces. With unit `words`, as in both code bases, `room` words are taken,
 * put in order and only then cut to `room` tokens, so that rare words early in the caption can push
 * out a noun at its end.
 *
 * Habits of the code bases that change nothing here, or depend on the machine, are left out: NumPy's
 * unstable sort, by which equal words came in any order (ties go to the earlier word, as evidently
 * meant and as in TensorFlow); and re-spacing captions that fit, since the words are cut as the
 * tokenizer cuts them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { syntaxText } from "./syntax_text.ts";
 *
 * const marks = Uint8Array.of(12, 10, 9, 1, 12); // other, adjective, a noun of two pieces, other
 * const key = { seed: 0, epoch: 0, row: 0 };
 * assert.deepEqual(syntaxText("pieces")([5, 6, 7, 8, 9], 3, key, marks), [6, 7, 8]);
 * ```
 */
export function syntaxText(unit: SyntaxUnit): ShortenCaption {
  return (ids, room, _key, marks) => {
    if (marks.length !== ids.length) {
      throw new TypeError(
        `syntax mask: seen ${marks.length} marks; allowed: one per token, ${ids.length}`,
      );
    }
    const kept: number[] = [];
    let left = room;
    for (let wanted = 1; wanted <= CLASS_BITS && left > 0; wanted++) {
      for (let first = 0, end = 0; first < ids.length && left > 0; first = end) {
        end = wordEnd(marks, first);
        if ((marks[first] & CLASS_BITS) !== wanted) continue;
        const taken = unit === "words" ? end - first : Math.min(end - first, left);
        for (let i = 0; i < taken; i++) kept.push(first + i);
        left -= unit === "words" ? 1 : taken;
      }
    }
    return kept.sort((a, b) => a - b).slice(0, room).map((place) => ids[place]);
  };
}

function wordEnd(marks: Uint8Array, first: number): number {
  let end = first + 1;
  while (end < marks.length && !(marks[end] & WORD_START)) end++;
  return end;
}
