import assert from "node:assert/strict";
import { Bpe } from "../../src/text/bpe.ts";
import { countWords } from "../../src/text/count_words.ts";
import { trainBpe } from "../../src/text/train_bpe.ts";
import { CAPTIONS } from "./sample_captions.ts";

/** The definition, word for word: count all pairs anew, join the best, repeat. */
function slowMerges(captions: readonly string[], merges: number): string[] {
  const latin = (word: string) =>
    Array.from(new TextEncoder().encode(word), (b) => String.fromCharCode(b));
  const words = [...countWords(captions)].map(([word, count]) => ({ parts: latin(word), count }));
  const joined: string[] = [];
  while (joined.length < merges) {
    const pairs = new Map<string, { left: string; right: string; count: number }>();
    for (const { parts, count } of words) {
      for (let i = 1; i < parts.length; i++) {
        const [left, right] = [parts[i - 1], parts[i]];
        const pair = pairs.get(JSON.stringify([left, right])) ?? { left, right, count: 0 };
        pair.count += count;
        pairs.set(JSON.stringify([left, right]), pair);
      }
    }
    const order = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;
    const [best] = [...pairs.values()].filter(({ count }) => count >= 2)
      .sort((a, b) => b.count - a.count || order(a.left, b.left) || order(a.right, b.right));
    if (best === undefined) break;
    joined.push(`${best.left}|${best.right}`);
    for (const word of words) {
      for (let i = 1; i < word.parts.length; i++) {
        if (word.parts[i - 1] !== best.left || word.parts[i] !== best.right) continue;
        word.parts.splice(i - 1, 2, best.left + best.right);
      }
    }
  }
  return joined;
}

function spelled(bpe: Bpe): string[] {
  const text = (piece: number) => String.fromCharCode(...bpe.bytesOf(piece));
  return bpe.merges.map(([left, right]) => `${text(left)}|${text(right)}`);
}

Deno.test("trainBpe learns the merges of the plain definition when all pairs are used up", () => {
  const bpe = trainBpe(CAPTIONS);
  assert.ok(bpe.merges.length > 40);
  assert.deepEqual(spelled(bpe), slowMerges(CAPTIONS, Infinity));
});

Deno.test("trainBpe gives the same code when the captions come in another order", () => {
  const reversed = CAPTIONS.toReversed();
  assert.deepEqual(trainBpe(reversed).merges, trainBpe(CAPTIONS).merges);
});

Deno.test("trainBpe breaks ties by byte order when counts are equal", () => {
  const bpe = trainBpe(["zy ba", "zy ba"], { vocabulary: 259 });
  assert.deepEqual(spelled(bpe), [" |b"]);
});

Deno.test("trainBpe stops at the vocabulary when more pairs are left", () => {
  assert.equal(trainBpe(CAPTIONS, { vocabulary: 270 }).size, 268);
  assert.equal(trainBpe(CAPTIONS, { vocabulary: 258 }).merges.length, 0);
});

Deno.test("trainBpe leaves rare pairs apart when minCount is high", () => {
  const bpe = trainBpe(CAPTIONS, { minCount: 4 });
  assert.ok(bpe.merges.length > 0 && bpe.merges.length < trainBpe(CAPTIONS).merges.length);
  assert.equal(bpe.encodeWord("café").length, 5);
});

Deno.test("trainBpe refuses when an option is out of range or no word is there", () => {
  assert.throws(() => trainBpe(CAPTIONS, { vocabulary: 257 }), /vocabulary: seen 257; .*258/);
  assert.throws(() => trainBpe(CAPTIONS, { vocabulary: 1e6 }), RangeError);
  assert.throws(() => trainBpe(CAPTIONS, { minCount: 0 }), /minCount: seen 0/);
  assert.throws(() => trainBpe(["", " \u200b "]), /captions: seen no word/);
});

Deno.test("Bpe gives one piece when two merges spell the same bytes", () => {
  const [a, b, c] = [97, 98, 99];
  const bpe = new Bpe([[a, b], [b, c], [256, c], [a, 257]]);
  assert.equal(bpe.size, 259);
  assert.deepEqual(bpe.encodeWord("abc"), [258]);
});

Deno.test("Bpe refuses when a merge repeats or names a later piece", () => {
  assert.throws(() => new Bpe([[97, 256]]), /merges\[0\]: seen piece 256; allowed here: 0 to 255/);
  assert.throws(() => new Bpe([[97, 98], [97, 98]]), /merges\[1\]: seen \[97, 98\] twice/);
  assert.throws(() => new Bpe([[1.5, 98]]), SyntaxError);
});
