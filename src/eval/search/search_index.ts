import { MappedFile } from "../../data/images/mapped_file.ts";
import type { NativeBuffer, NativeContext } from "../../native/context.ts";
import { check, nativeLibrary } from "../../native/library.ts";
import { decodeIndexHeader, HEADER_BYTES, indexParts } from "./index_layout.ts";
import { hashFrom } from "./write_index.ts";

/** A row that was found. */
export interface RowHit {
  readonly row: number;
  /** Cosine with the query. */
  readonly score: number;
}

/** The answer to a query. */
export interface RowHits {
  /** Best first; equal scores by row. */
  readonly hits: readonly RowHit[];
  /** Rows that the scan could not rule out. */
  readonly candidates: number;
  /** Rows scored exactly. */
  readonly scored: number;
}

/** Options of {@linkcode SearchIndex.open}. */
export interface OpenIndexOptions {
  /** What the vectors must have been made of; any when absent. */
  readonly identity?: string;
}

const REPORT_BYTES = 16;
const HIT_BYTES = 8;
const STALE_HANDLE = 4;
const PORTABLE = 1;

/**
 * An index file, mapped: exact nearest neighbours by cosine. A scan of 8-bit codes rules rows out by
 * bounds that hold for any data; what is left is scored in float64. The answer equals that of a full
 * scan by {@linkcode exactScore}, whatever the number of threads.
 *
 * ```ts ignore
 * using context = new NativeContext();
 * using index = SearchIndex.open("icons.index", context);
 * const { hits } = await index.search(query, 10);
 * ```
 */
export class SearchIndex implements Disposable {
  readonly path: string;
  /** Rows. */
  readonly count: number;
  /** Values of a row. */
  readonly width: number;
  readonly #context: NativeContext;
  readonly #map: MappedFile;
  readonly #handle: bigint;
  readonly #query: NativeBuffer;
  #hits: NativeBuffer;
  #busy: Promise<unknown> = Promise.resolve();
  #disposed = false;

  private constructor(path: string, context: NativeContext, count: number, width: number) {
    this.path = path;
    this.count = count;
    this.width = width;
    this.#context = context;
    this.#map = new MappedFile(path);
    const places = indexParts(count, width);
    const layout = new BigUint64Array([
      ...[places.rows, places.codes, places.scales, places.errors, count, width].map(BigInt),
    ]);
    const out = new BigUint64Array(1);
    const bytes = new Uint8Array(layout.buffer);
    const status = nativeLibrary().symbols.clipa_search_open(this.#map.handle, bytes, out);
    if (status !== 0) this.#map[Symbol.dispose]();
    check(status, "clipa_search_open");
    this.#handle = out[0];
    this.#query = context.buffer(4 * width);
    this.#hits = context.buffer(REPORT_BYTES + HIT_BYTES * 64);
  }

  /**
   * Opens an index file and checks every byte of it.
   *
   * @throws {Deno.errors.NotFound} when there is none.
   * @throws {SyntaxError} when it is damaged, no index, or made of something else.
   */
  static open(path: string, context: NativeContext, options: OpenIndexOptions = {}): SearchIndex {
    const bad = (what: string) =>
      new SyntaxError(`${path} is not a whole search index: ${what}; remove it and build it again`);
    using file = Deno.openSync(path, { read: true });
    const head = new Uint8Array(HEADER_BYTES);
    let header;
    try {
      header = decodeIndexHeader(head.subarray(0, file.readSync(head) ?? 0));
    } catch (error) {
      throw bad(error instanceof Error ? error.message : String(error));
    }
    const { count, width, identity, content } = header;
    if (options.identity !== undefined && options.identity !== identity) {
      throw bad("it was made of another model or data set");
    }
    const { size } = file.statSync(), { end } = indexParts(count, width);
    if (size !== end) throw bad(`${size} bytes instead of ${end}`);
    if (hashFrom(file, HEADER_BYTES) !== content) throw bad("its content does not match its sum");
    return new SearchIndex(path, context, count, width);
  }

  /**
   * The `top` rows nearest to a vector of any length.
   *
   * @throws {RangeError} when `top` is not 1 to {@linkcode count}, or the vector has another width, a
   * value that is not finite, or no direction.
   */
  search(
    query: Float32Array,
    top: number,
    options: { readonly portable?: boolean } = {},
  ): Promise<RowHits> {
    if (!(Number.isInteger(top) && top >= 1 && top <= this.count)) {
      throw new RangeError(`top is ${top}; allowed: 1 to ${this.count}, the rows of the index`);
    }
    if (query.length !== this.width) {
      throw new RangeError(`a query of ${query.length} values; this index has ${this.width}`);
    }
    const unit = unitVector(query);
    // One after the other: queries share the buffers.
    const answer = this.#busy.then(() => this.#run(unit, top, options.portable ? PORTABLE : 0));
    this.#busy = answer.catch(() => {});
    return answer;
  }

  async #run(unit: Float32Array, top: number, flags: number): Promise<RowHits> {
    if (this.#disposed) throw new Error("the search index was disposed; open it again");
    const bytes = REPORT_BYTES + HIT_BYTES * top;
    if (this.#hits.bytes < bytes) {
      this.#hits[Symbol.dispose]();
      this.#hits = this.#context.buffer(bytes);
    }
    this.#query.write(0, unit);
    const status = await nativeLibrary().symbols.clipa_search_run(
      this.#context.handle,
      this.#handle,
      this.#query.handle,
      this.#hits.handle,
      top,
      flags,
    );
    check(status, "clipa_search_run", status === STALE_HANDLE ? 0n : this.#context.handle);
    const words = new Uint32Array(bytes / 4);
    this.#hits.read(0, new Uint8Array(words.buffer));
    const scores = new Float32Array(words.buffer);
    const hits = Array.from({ length: words[0] }, (_, i) => ({
      row: words[4 + 2 * i],
      score: scores[5 + 2 * i],
    }));
    return { hits, candidates: words[1], scored: words[2] };
  }

  /** Closes the index. Safe to call twice. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    check(nativeLibrary().symbols.clipa_search_close(this.#handle), "clipa_search_close");
    this.#map[Symbol.dispose]();
    this.#query[Symbol.dispose]();
    this.#hits[Symbol.dispose]();
  }
}

/**
 * A vector scaled to length 1, as the index scales its rows.
 *
 * @throws {RangeError} when it has no direction or a value that is not finite.
 */
export function unitVector(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (!(squares > 0 && squares < Infinity)) {
    const seen = squares === 0 ? "only zeros" : "a value that is not finite";
    throw new RangeError(`the query has ${seen}; allowed: finite values that are not all zero`);
  }
  const norm = Math.sqrt(squares);
  return vector.map((value) => value / norm);
}
