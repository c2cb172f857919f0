import { joinPair, MAX_PIECES, pairKey } from "./bpe.ts";

/** Marks the last symbol of a word. */
const WORD_END = "</w>";
/** One symbol for each byte, and one for each byte at the end of a word. */
const BYTE_SYMBOLS = 512;

/**
 * OpenAI's byte-pair code. It differs from the project's own in what it numbers: symbols 0 to 255 are
 * bytes (printable ones first), 256 to 511 the same at the end of a word, then one symbol for each
 * merge.
 */
export class ClipBpe {
  /** Spellings of the symbols, one character a byte, with "</w>" at the end of a word. */
  readonly #spellings: string[];
  /** Symbol of each byte. */
  readonly #symbolOf = new Uint16Array(256);
  /** Byte of each character of a spelling. */
  readonly #byteOf = new Map<string, number>();
  /** Order of a pair of symbols. */
  readonly #rank = new Map<number, number>();
  readonly #pairs: (readonly [number, number])[] = [];

  /**
   * @param merges In order of priority: two symbols and a space between them.
   * @throws {SyntaxError} when a merge names an unknown symbol, or two spell the same.
   */
  constructor(merges: readonly string[]) {
    this.#spellings = byteSpellings();
    this.#spellings.forEach((spelling, symbol) => {
      const byte = byteOrder()[symbol];
      this.#symbolOf[byte] = symbol;
      this.#byteOf.set(spelling, byte);
    });
    this.#spellings.push(...this.#spellings.map((spelling) => spelling + WORD_END));
    const numbers = new Map(this.#spellings.map((spelling, symbol) => [spelling, symbol]));
    merges.forEach((merge, rank) => {
      const [left, right, ...more] = merge.split(" ").map((part) => numbers.get(part));
      const spelling = merge.replace(" ", "");
      if (left === undefined || right === undefined || more.length > 0 || numbers.has(spelling)) {
        throw new SyntaxError(
          `merges[${rank}]: seen ${
            JSON.stringify(merge)
          }; allowed: two symbols of earlier merges, ` +
            "whose union is new",
        );
      }
      numbers.set(spelling, this.#spellings.push(spelling) - 1);
      this.#rank.set(pairKey(left, right), rank);
      this.#pairs.push([left, right]);
    });
    if (this.size > MAX_PIECES - 2) {
      throw new SyntaxError(`merges: seen ${merges.length}; allowed: ${MAX_PIECES - 2} symbols`);
    }
  }

  /** Number of symbols. */
  get size(): number {
    return this.#spellings.length;
  }

  /** Symbols of one word, by joining the pair of the highest priority until none is left. */
  encodeWord(word: string): number[] {
    const symbols = Array.from(new TextEncoder().encode(word), (byte) => this.#symbolOf[byte]);
    symbols[symbols.length - 1] += 256;
    while (symbols.length > 1) {
      let best = Infinity;
      for (let i = 1; i < symbols.length; i++) {
        const rank = this.#rank.get(pairKey(symbols[i - 1], symbols[i]));
        if (rank !== undefined && rank < best) best = rank;
      }
      if (best === Infinity) break;
      joinPair(symbols, this.#pairs[best], BYTE_SYMBOLS + best);
    }
    return symbols;
  }

  /** The text of symbols, a space behind each word; bytes that are no UTF-8 become U+FFFD. */
  decode(symbols: Iterable<number>): string {
    const bytes: number[] = [];
    for (const symbol of symbols) {
      const spelling = this.#spellings[symbol];
      if (spelling === undefined) {
        throw new RangeError(`symbol ${symbol} does not exist; allowed: 0 to ${this.size - 1}`);
      }
      const ends = spelling.endsWith(WORD_END);
      for (const character of ends ? spelling.slice(0, -WORD_END.length) : spelling) {
        bytes.push(this.#byteOf.get(character)!);
      }
      if (ends) bytes.push(0x20);
    }
    return new TextDecoder().decode(Uint8Array.from(bytes));
  }
}

/** The bytes in the order of their symbols: those that print in Latin-1, then the rest. */
function byteOrder(): number[] {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  return [...bytes.filter(isPrinted), ...bytes.filter((byte) => !isPrinted(byte))];
}

function isPrinted(byte: number): boolean {
  return (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
}

/** Bytes that print stand for themselves in a spelling, the rest for characters from U+0100 on. */
function byteSpellings(): string[] {
  let next = 0x100;
  return byteOrder().map((byte) => String.fromCharCode(isPrinted(byte) ? byte : next++));
}
