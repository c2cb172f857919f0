/** What BERT's code asks of a word: how long it may be, in bytes or in characters. */
export type WordLength = (word: string) => number;

/** Longer words are unknown to both code bases, one counting bytes and one characters. */
const LONGEST_WORD = 100;
const CONTINUED = "##";
const UNKNOWN = "[UNK]";

/**
 * WordPiece: a word is cut from the left into the longest pieces of the vocabulary; a word that cannot
 * be cut so is unknown as a whole.
 */
export class WordPieces {
  readonly pieces: readonly string[];
  readonly #first = new Map<string, number>();
  readonly #next = new Map<string, number>();
  readonly #unknown: readonly number[];
  readonly #longest: number;

  /** @param pieces Index = id; "##" in front of those that go on a word. */
  constructor(pieces: readonly string[]) {
    this.pieces = pieces;
    pieces.forEach((piece, id) => {
      if (piece.startsWith(CONTINUED)) this.#next.set(piece.slice(CONTINUED.length), id);
      // "##" in front may also be the word itself.
      this.#first.set(piece, id);
    });
    this.#longest = Math.max(...pieces.map((piece) => piece.length));
    this.#unknown = [pieces.indexOf(UNKNOWN)];
  }

  /** Id of a piece that is there. */
  idOf(piece: string): number {
    return this.#first.get(piece)!;
  }

  /** Ids of one word. */
  encodeWord(word: string, lengthOf: WordLength): readonly number[] {
    if (lengthOf(word) > LONGEST_WORD) return this.#unknown;
    const ids: number[] = [];
    for (let start = 0; start < word.length;) {
      const table = start === 0 ? this.#first : this.#next;
      let end = Math.min(word.length, start + this.#longest);
      let id: number | undefined;
      for (; end > start; end--) {
        id = table.get(word.slice(start, end));
        if (id !== undefined) break;
      }
      if (id === undefined) return this.#unknown;
      ids.push(id);
      start = end;
    }
    return ids;
  }
}
