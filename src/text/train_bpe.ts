import { Bpe, BYTE_PIECES, joinPair, MAX_PIECES, type Merge, pairKey } from "./bpe.ts";
import { countWords } from "./count_words.ts";
import { PairQueue } from "./pair_queue.ts";
import { SPECIAL_TOKENS } from "./token_rules.ts";

/** How a byte-pair code is trained. */
export interface BpeOptions {
  /** Entries of the token table: 256 bytes, merged pieces and two special tokens. Default 8192. */
  vocabulary?: number;
  /** Pairs seen less often are not merged. Default 2. */
  minCount?: number;
}

/**
 * Learn a byte-pair code from captions: join the most frequent pair of neighbouring pieces, again and
 * again, until the vocabulary is full or no pair is frequent enough (Sennrich et al. 2016). Ties
 * go to the pair that is first in byte order, so the result depends on the captions only, not on their
 * order.
 *
 * @throws {RangeError} when an option is out of range or the captions hold no word.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { trainBpe } from "./train_bpe.ts";
 *
 * const bpe = trainBpe(["red cat", "black cat", "cat"], { vocabulary: 262 });
 * assert.deepEqual(bpe.encodeWord(" cat"), [bpe.size - 1]);
 * ```
 */
export function trainBpe(captions: Iterable<string>, options: BpeOptions = {}): Bpe {
  const { vocabulary = 8192, minCount = 2 } = options;
  const smallest = BYTE_PIECES + SPECIAL_TOKENS;
  if (!Number.isInteger(vocabulary) || vocabulary < smallest || vocabulary > MAX_PIECES) {
    throw new RangeError(
      `vocabulary: seen ${vocabulary}; allowed: a whole number from ${smallest} to ${MAX_PIECES}`,
    );
  }
  if (!Number.isInteger(minCount) || minCount < 1) {
    throw new RangeError(`minCount: seen ${minCount}; allowed: a whole number from 1`);
  }
  const words = countWords(captions);
  if (words.size === 0) {
    throw new RangeError(
      "captions: seen no word; give captions with at least one visible character",
    );
  }
  return new Bpe(learnMerges(words, vocabulary - SPECIAL_TOKENS, minCount));
}

function learnMerges(words: Map<string, number>, pieces: number, minCount: number): Merge[] {
  const corpus = new Corpus(words);
  const spelling = Array.from({ length: BYTE_PIECES }, (_, byte) => String.fromCharCode(byte));
  const numbers = new Map(spelling.map((text, piece) => [text, piece]));
  const queue = new PairQueue();
  const enqueue = (keys: Iterable<number>) => {
    for (const key of keys) {
      const [left, right] = [Math.floor(key / MAX_PIECES), key % MAX_PIECES];
      const count = corpus.count(key);
      if (count < minCount) continue;
      queue.push({ count, left, right, leftText: spelling[left], rightText: spelling[right] });
    }
  };
  enqueue(corpus.pairs());
  const merges: Merge[] = [];
  while (spelling.length < pieces) {
    const entry = queue.pop();
    if (entry === undefined) break;
    // Every change of a count added a new entry, so one with another count is stale.
    if (entry.count !== corpus.count(pairKey(entry.left, entry.right))) continue;
    const text = entry.leftText + entry.rightText;
    const joined = numbers.get(text) ?? spelling.push(text) - 1;
    numbers.set(text, joined);
    merges.push([entry.left, entry.right]);
    enqueue(corpus.merge([entry.left, entry.right], joined));
  }
  return merges;
}

/** The distinct words as pieces, with the counts of all neighbouring pairs kept up to date. */
class Corpus {
  readonly #words: number[][] = [];
  readonly #wordCounts: number[] = [];
  readonly #pairCounts = new Map<number, number>();
  /** Words in which a pair stands, or stood once. */
  readonly #pairWords = new Map<number, Set<number>>();

  constructor(words: Map<string, number>) {
    const encoder = new TextEncoder();
    for (const [word, count] of words) {
      this.#words.push(Array.from(encoder.encode(word)));
      this.#wordCounts.push(count);
      this.#add(this.#words.length - 1, 1);
    }
  }

  /** Keys of the pairs that stand somewhere. */
  pairs(): Iterable<number> {
    return this.#pairCounts.keys();
  }

  count(key: number): number {
    return this.#pairCounts.get(key) ?? 0;
  }

  /** Join a pair everywhere; returns the keys of all pairs whose count may have changed. */
  merge(pair: Merge, joined: number): Set<number> {
    const changed = new Set<number>();
    const holders = this.#pairWords.get(pairKey(...pair)) ?? [];
    for (const index of [...holders]) {
      this.#add(index, -1, changed);
      joinPair(this.#words[index], pair, joined);
      this.#add(index, 1, changed);
    }
    this.#pairWords.delete(pairKey(...pair));
    return changed;
  }

  /** Add (`sign` 1) or take away (-1) the pairs of a word. */
  #add(index: number, sign: 1 | -1, changed?: Set<number>) {
    const pieces = this.#words[index];
    const count = sign * this.#wordCounts[index];
    for (let i = 1; i < pieces.length; i++) {
      const key = pairKey(pieces[i - 1], pieces[i]);
      const total = (this.#pairCounts.get(key) ?? 0) + count;
      if (total === 0) this.#pairCounts.delete(key);
      else this.#pairCounts.set(key, total);
      changed?.add(key);
      if (sign < 0) continue;
      const holders = this.#pairWords.get(key);
      if (holders === undefined) this.#pairWords.set(key, new Set([index]));
      else holders.add(index);
    }
  }
}
