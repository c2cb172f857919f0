/** Texts kept with their ids; the icon captions hold about 20k distinct words. */
const CACHE_TEXTS = 100_000;
/** Longer texts are rare and would fill the cache. */
const CACHE_LENGTH = 64;

/** Remembers the ids of short texts, since captions repeat their words. */
export class TextCache {
  readonly #known = new Map<string, readonly number[]>();

  /** The ids of a text: remembered, or from `encode`. */
  get(text: string, encode: (text: string) => readonly number[]): readonly number[] {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const ids = encode(text);
    if (text.length <= CACHE_LENGTH) {
      if (this.#known.size >= CACHE_TEXTS) this.#known.clear();
      this.#known.set(text, ids);
    }
    return ids;
  }
}
