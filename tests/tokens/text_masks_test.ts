import assert from "node:assert/strict";
import { tagWords, WORD_CLASSES } from "../../src/text/pos_tagger.ts";
import { CLASS_BITS, type CodedWord, tokenMarks, WORD_START } from "../../src/text/token_marks.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { trainBpe } from "../../src/text/train_bpe.ts";
import { planText } from "../../src/tokens/text_reduction.ts";
import { hostileStrings } from "../text/hostile_strings.ts";

const NONE = new Uint8Array();
const SAMPLES = 4000;
const key = (row: number) => ({ seed: 3, epoch: 1, row });
const range = (count: number) => Array.from({ length: count }, (_, i) => 100 + i);

/** Five standard deviations of a binomial count. */
function assertEven(seen: Iterable<number>, share: number): void {
  const allowed = 5 * Math.sqrt(SAMPLES * share * (1 - share));
  for (const count of seen) {
    assert.ok(Math.abs(count - SAMPLES * share) < allowed, `${count} of ${SAMPLES}, not ${share}`);
  }
}

Deno.test("truncation keeps the first tokens when a caption is too long", () => {
  assert.deepEqual(planText({ strategy: "truncation", tokens: 4 })(range(9), 3, key(0), NONE), [
    100,
    101,
    102,
  ]);
});

Deno.test("a random text mask keeps every token equally often, in order, when drawn many times", () => {
  const shorten = planText({ strategy: "random", tokens: 4 });
  const seen = new Map<number, number>();
  for (let row = 0; row < SAMPLES; row++) {
    const kept = shorten(range(7), 3, key(row), NONE);
    assert.equal(kept.length, 3);
    assert.deepEqual(kept, kept.toSorted((a, b) => a - b));
    for (const id of kept) seen.set(id, (seen.get(id) ?? 0) + 1);
  }
  assert.equal(seen.size, 7);
  assertEven(seen.values(), 3 / 7);
});

Deno.test("a shuffled random text mask keeps the same tokens in every order equally often", () => {
  const shuffled = planText({ strategy: "random", tokens: 4, order: "shuffled" });
  const ordered = planText({ strategy: "random", tokens: 4 });
  const orders = new Map<string, number>();
  for (let row = 0; row < SAMPLES; row++) {
    const kept = shuffled(range(7), 3, key(row), NONE);
    const sorted = kept.toSorted((a, b) => a - b);
    assert.deepEqual(sorted, ordered(range(7), 3, key(row), NONE));
    const order = kept.map((id) => sorted.indexOf(id)).join();
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  assert.equal(orders.size, 6);
  assertEven(orders.values(), 1 / 6);
});

Deno.test("a block text mask starts anywhere, the last place included, equally often when drawn", () => {
  const shorten = planText({ strategy: "block", tokens: 4 });
  const starts = new Map<number, number>();
  for (let row = 0; row < SAMPLES; row++) {
    const kept = shorten(range(7), 3, key(row), NONE);
    assert.deepEqual(kept, [kept[0], kept[0] + 1, kept[0] + 2]);
    starts.set(kept[0], (starts.get(kept[0]) ?? 0) + 1);
  }
  assert.deepEqual([...starts.keys()].sort(), [100, 101, 102, 103, 104]);
  assertEven(starts.values(), 1 / 5);
});

Deno.test("text masks are the same for a sample however often and change with its key", () => {
  for (const strategy of ["random", "block"] as const) {
    const shorten = planText({ strategy, tokens: 8 });
    const draw = (row: number, epoch: number, seed: number) =>
      shorten(range(400), 7, { seed, epoch, row }, NONE).join();
    assert.equal(draw(5, 1, 2), draw(5, 1, 2));
    assert.notEqual(draw(5, 1, 2), draw(6, 1, 2));
    assert.notEqual(draw(5, 1, 2), draw(5, 2, 2));
    assert.notEqual(draw(5, 1, 2), draw(5, 1, 3));
  }
});

/** Marks out of words: class and number of pieces each. */
function marks(words: readonly [type: number, pieces: number][]): Uint8Array {
  return Uint8Array.from(
    words.flatMap(([type, pieces]) =>
      Array.from({ length: pieces }, (_, i) => type | (i === 0 ? WORD_START : 0))
    ),
  );
}

Deno.test("a syntax mask keeps nouns, adjectives, verbs, others, earlier words first, in order", () => {
  const shorten = planText({ strategy: "syntax", tokens: 8 });
  const { noun, adjective, verb, other } = WORD_CLASSES;
  const all = marks([[other, 1], [adjective, 1], [noun, 1], [verb, 1], [other, 1], [noun, 1], [
    adjective,
    1,
  ]]);
  const kept = (room: number) => shorten(range(7), room, key(0), all).map((id) => id - 100);
  assert.deepEqual(kept(1), [2]);
  assert.deepEqual(kept(2), [2, 5]);
  assert.deepEqual(kept(3), [1, 2, 5]);
  assert.deepEqual(kept(4), [1, 2, 5, 6]);
  assert.deepEqual(kept(5), [1, 2, 3, 5, 6]);
  assert.deepEqual(kept(6), [0, 1, 2, 3, 5, 6]);
});

Deno.test("a syntax mask counts tokens or words, as asked, when words have several pieces", () => {
  const { noun, other } = WORD_CLASSES;
  const all = marks([[other, 3], [noun, 2], [other, 1], [noun, 3]]);
  const kept = (unit: "pieces" | "words", room: number) =>
    planText({ strategy: "syntax", tokens: 8, unit })(range(9), room, key(0), all).map((id) =>
      id - 100
    );
  assert.deepEqual(kept("pieces", 4), [3, 4, 6, 7]);
  assert.deepEqual(kept("pieces", 6), [0, 3, 4, 6, 7, 8]);
  // Three words are taken, put in order, and cut: the last noun is gone.
  assert.deepEqual(kept("words", 3), [0, 1, 2]);
  assert.deepEqual(kept("words", 2), [3, 4]);
});

/** The rule as a sort, the way both code bases write it. */
function bySorting(all: Uint8Array, room: number): number[] {
  const words: { type: number; places: number[] }[] = [];
  all.forEach((mark, place) => {
    if (mark & WORD_START) words.push({ type: mark & CLASS_BITS, places: [] });
    words.at(-1)!.places.push(place);
  });
  const order = words.map((_, i) => i).sort((a, b) => words[a].type - words[b].type || a - b);
  return order.slice(0, room).sort((a, b) => a - b).flatMap((i) => words[i].places).slice(0, room);
}

Deno.test("a syntax mask of words agrees with a sort when captions are random", () => {
  const shorten = planText({ strategy: "syntax", tokens: 8, unit: "words" });
  let state = 1;
  const next = (below: number) =>
    (state = Math.imul(state, 1103515245) + 12345 >>> 0) % 65521 % below;
  for (let i = 0; i < 500; i++) {
    const all = marks(Array.from({ length: 3 + next(12) }, () => [1 + next(4), 1 + next(3)]));
    const room = 1 + next(all.length);
    assert.deepEqual(
      shorten(range(all.length), room, key(0), all).map((id) => id - 100),
      bySorting(all, room),
    );
  }
});

Deno.test("a syntax mask refuses when the captions were not tagged", () => {
  assert.throws(
    () => planText({ strategy: "syntax", tokens: 4 })(range(9), 3, key(0), NONE),
    /seen 0 marks; allowed: one per token, 9/,
  );
});

Deno.test("tagWords tells nouns, adjectives, verbs and others apart when words stand in a sentence", () => {
  const classes = (text: string) => [...tagWords(text.split(" "))].join("");
  assert.equal(classes("alarm clock"), "11");
  assert.equal(classes("a big red arrow is pointing to the house ,"), "4221334414");
  assert.equal(classes("24 😀 constructor"), "441");
  // The same word as a noun and as a verb: only its neighbours tell.
  assert.notEqual(classes("they watch a film")[1], classes("a gold watch")[2]);
});

Deno.test("tokenMarks gives all pieces of a word its class when the code is a byte-pair code", () => {
  const tokenizer = new Tokenizer(trainBpe(["a red"]), "jax");
  const words = tokenizer.encodeWords("A red umbrella");
  assert.deepEqual(words.map(({ text }) => text), ["A", "red", "umbrella"]);
  assert.deepEqual(words.flatMap(({ ids }) => ids), tokenizer.encodeIds("A red umbrella"));
  const all = tokenMarks(tokenizer, "sentence", tagWords)("A red umbrella");
  const pieces = words[2].ids.length;
  assert.ok(pieces > 1, "the last word should have several pieces");
  const { noun, adjective, other } = WORD_CLASSES;
  assert.deepEqual(
    all,
    marks([[other, words[0].ids.length], [adjective, words[1].ids.length], [noun, pieces]]),
  );
});

Deno.test("tokenMarks gives all pieces of a word its class when the code is a WordPiece code", () => {
  // "unaffable" as BERT cuts it; the first piece alone would be another class.
  const words: CodedWord[] = [
    { text: "unaffable", firstPiece: "un", ids: [4, 5, 6] },
    { text: "clocks", firstPiece: "clock", ids: [7, 8] },
  ];
  const tag = (asked: readonly string[]) =>
    Uint8Array.from(asked, (word) => ({ unaffable: 2, clocks: 1, un: 4, clock: 1 })[word] ?? 3);
  const coder = { encodeWords: () => words };
  assert.deepEqual([...tokenMarks(coder, "word", tag)("")], [10, 2, 2, 9, 1]);
  assert.deepEqual([...tokenMarks(coder, "sentence", tag)("")], [10, 2, 2, 9, 1]);
  assert.deepEqual([...tokenMarks(coder, "first-piece", tag)("")], [12, 4, 4, 9, 1]);
});

Deno.test("words and their pieces are those of the whole caption when it is hostile", () => {
  const tokenizer = new Tokenizer(trainBpe(["red cat", "red cap"]), "torch");
  for (const text of hostileStrings(200)) {
    const ids = (() => {
      try {
        return tokenizer.encodeIds(text);
      } catch {
        return null;
      }
    })();
    if (ids === null) continue;
    assert.deepEqual(
      tokenizer.encodeWords(text).flatMap((word) => word.ids),
      ids,
      JSON.stringify(text),
    );
    assert.equal(tokenMarks(tokenizer, "sentence", tagWords)(text).length, ids.length);
  }
});

Deno.test("a syntax mask keeps the class word of an icon caption when four tokens are left", () => {
  const caption = "filled monochrome icon of umbrella, from Fluent";
  const tokenizer = new Tokenizer(trainBpe(Array(50).fill(caption)), "jax");
  const ids = tokenizer.encodeIds(caption);
  const all = tokenMarks(tokenizer, "sentence", tagWords)(caption);
  const kept = planText({ strategy: "syntax", tokens: 4 })(ids, 3, key(0), all);
  assert.equal(tokenizer.decode(kept), "monochrome icon umbrella");
});
