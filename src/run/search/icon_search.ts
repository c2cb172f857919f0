import { decodeImage } from "../../data/images/decode_image.ts";
import { squarePicture, writeRgb } from "../../data/images/square_picture.ts";
import type { EvalEncoder } from "../../eval/eval_encoder.ts";
import type { SearchIndex } from "../../eval/search/search_index.ts";
import { NativeContext } from "../../native/context.ts";
import { cleanCaption } from "../../text/clean_caption.ts";
import { openBestEncoder } from "../open_best_encoder.ts";
import type { EncoderSource } from "../open_encoder.ts";
import type { DataSet } from "../shard_data_set.ts";
import { sourceIdentity } from "../source_identity.ts";
import { cachedIndex } from "./cached_index.ts";
import { galleryEmbedder, textEmbedder } from "./embed_gallery.ts";
import { IconGallery } from "./icon_gallery.ts";

/** What is looked for: words, or a picture file. */
export type SearchQuery =
  | { readonly text: string }
  | { readonly image: string | Uint8Array };

/** What is looked through: the pictures of the data set, or their distinct names. */
export type SearchTarget = "pictures" | "text";

/** A picture or a name that was found. */
export interface SearchHit {
  /** From 1. */
  readonly rank: number;
  readonly name: string;
  /** Designer family; null for a name. */
  readonly family: string | null;
  /** Cosine, -1 to 1. */
  readonly score: number;
  /** Record file and row; null for a name. */
  readonly file: string | null;
  /** Key within the data set, such as `lucide:umbrella`; null for a name. */
  readonly key: string | null;
}

/** The answer to a query. */
export interface SearchAnswer {
  /** The words, or the name of the picture file. */
  readonly query: string;
  readonly target: SearchTarget;
  /** Embedding the query and searching. */
  readonly milliseconds: number;
  /** Searching alone. */
  readonly searchMilliseconds: number;
  /** Pictures or names looked through. */
  readonly count: number;
  readonly hits: readonly SearchHit[];
}

/** Options of {@linkcode IconSearch.open}. */
export interface IconSearchOptions {
  /** A run's folder or an exported model's. */
  readonly source: EncoderSource;
  readonly dataSet: DataSet;
  /** Folder of the indexes. */
  readonly cacheDir: string;
  readonly device?: string;
  /** What computes; default ONNX Runtime where it loads. */
  readonly engine?: EvalEncoder["engine"];
  readonly signal?: AbortSignal;
  /** How far the building of an index is. */
  readonly onProgress?: (label: string, done: number, total: number) => void;
  /** Takes a line for the user. */
  readonly say?: (line: string) => void;
}

/**
 * Search over all pictures of a data set by words or by a picture, and over their names. The vectors
 * are computed at the first query of a kind and kept in the cache for this model and data set.
 *
 * ```ts ignore
 * using search = await IconSearch.open({ source: { kind: "run", dir: "runs/quick" }, dataSet, cacheDir });
 * const { hits } = await search.find({ text: "a boat on water" }, { top: 10 });
 * ```
 */
export class IconSearch implements Disposable {
  readonly gallery: IconGallery;
  readonly encoder: EvalEncoder;
  readonly #options: IconSearchOptions;
  readonly #context: NativeContext;
  readonly #stack: DisposableStack;
  readonly #identity: readonly string[];
  readonly #indexes = new Map<SearchTarget, Promise<SearchIndex>>();
  #names: readonly string[] = [];

  private constructor(
    options: IconSearchOptions,
    gallery: IconGallery,
    encoder: EvalEncoder,
    context: NativeContext,
    stack: DisposableStack,
  ) {
    this.#options = options;
    this.gallery = gallery;
    this.encoder = encoder;
    this.#context = context;
    this.#stack = stack;
    this.#identity = [sourceIdentity(options.source), gallery.identity()];
  }

  /** @throws {Error} when model or data set is missing or damaged. */
  static async open(options: IconSearchOptions): Promise<IconSearch> {
    using stack = new DisposableStack();
    const { source, device, engine, signal, say } = options;
    const { encoder, notes } = await openBestEncoder(source, { device, engine, signal });
    stack.use(encoder);
    notes.forEach((note) => say?.(`search  ${note}`));
    const context = stack.use(new NativeContext());
    const gallery = new IconGallery(options.dataSet);
    return new IconSearch(options, gallery, encoder, context, stack.move());
  }

  /**
   * The best `top` pictures or names for a query.
   *
   * @throws {RangeError} when the query is empty or `top` is out of range.
   * @throws {SyntaxError} when the picture is unreadable.
   */
  async find(
    query: SearchQuery,
    options: { readonly top: number; readonly target?: SearchTarget },
  ): Promise<SearchAnswer> {
    const { top, target = "pictures" } = options;
    // What can be refused is refused before a long build.
    const limit = target === "pictures" ? this.gallery.count : this.names().length;
    if (!(Number.isInteger(top) && top >= 1 && top <= limit)) {
      throw new RangeError(`top is ${top}; allowed: 1 to ${limit}, all there is to find`);
    }
    const embed = "text" in query
      ? await this.#textQuery(query.text)
      : await this.#imageQuery(query.image);
    const index = await this.index(target);
    const start = performance.now();
    const vector = await embed();
    const searchStart = performance.now();
    const { hits } = await index.search(vector, top);
    const end = performance.now();
    return {
      query: "text" in query
        ? query.text
        : typeof query.image === "string"
        ? query.image
        : "a picture",
      target,
      milliseconds: end - start,
      searchMilliseconds: end - searchStart,
      count: index.count,
      hits: hits.map(({ row, score }, i) => ({
        rank: i + 1,
        score,
        ...this.#describe(target, row),
      })),
    };
  }

  /** The picture of a hit as PNG; null for a name. */
  png(hit: SearchHit): Uint8Array | null {
    const number = this.#numbers.get(hit.file ?? "");
    return number === undefined ? null : this.gallery.png(number);
  }

  /** The distinct names of all pictures, sorted. */
  names(): readonly string[] {
    if (this.#names.length === 0) this.#names = this.gallery.names();
    return this.#names;
  }

  /** The index of pictures or of names: opened, or built when the cache has none. */
  index(target: SearchTarget): Promise<SearchIndex> {
    let index = this.#indexes.get(target);
    if (!index) {
      index = this.#open(target);
      this.#indexes.set(target, index);
      // A build that was interrupted may be asked for again.
      index.catch(() => this.#indexes.delete(target));
    }
    return index;
  }

  /** Numbers of the pictures that were found, by file. */
  readonly #numbers = new Map<string, number>();

  #describe(target: SearchTarget, row: number) {
    if (target === "text") return { name: this.names()[row], family: null, file: null, key: null };
    const picture = this.gallery.describe(row);
    this.#numbers.set(picture.file, row);
    return picture;
  }

  async #open(target: SearchTarget): Promise<SearchIndex> {
    const { cacheDir, signal, onProgress, say } = this.#options;
    const { width } = this.encoder;
    const build = { dir: cacheDir, width, signal, say };
    const progress = (label: string) => (done: number, total: number) =>
      onProgress?.(label, done, total);
    if (target === "text") {
      const names = this.names();
      return this.#stack.use(
        await cachedIndex(this.#context, {
          ...build,
          kind: "names",
          identity: this.#identity,
          count: names.length,
          embed: textEmbedder(names, this.encoder, signal),
          onProgress: progress("names"),
        }),
      );
    }
    using pictures = galleryEmbedder(this.#context, this.gallery, this.encoder, signal);
    return this.#stack.use(
      await cachedIndex(this.#context, {
        ...build,
        kind: "pictures",
        identity: this.#identity,
        count: this.gallery.count,
        embed: pictures.embed,
        onProgress: progress("pictures"),
      }),
    );
  }

  #textQuery(text: string): Promise<() => Promise<Float32Array>> {
    if (cleanCaption(text) === "") {
      throw new RangeError(
        `the query ${JSON.stringify(text)} has no visible character; allowed: words such as ` +
          `"a boat on water"`,
      );
    }
    return Promise.resolve(async () => (await this.encoder.embedTexts([text])).features);
  }

  async #imageQuery(image: string | Uint8Array): Promise<() => Promise<Float32Array>> {
    const name = typeof image === "string" ? image : "the picture";
    let bytes: Uint8Array;
    try {
      bytes = typeof image === "string" ? await Deno.readFile(image) : image;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`${name} cannot be read (${reason}); give a PNG, JPEG or WebP file`, {
        cause,
      });
    }
    try {
      const { resolution: side, filter } = this.encoder;
      const pixels = new Uint8Array(side * side * 3);
      writeRgb(squarePicture(await decodeImage(bytes), { side, filter, fit: "squash" }), pixels, 0);
      return () => this.encoder.embedPixels(pixels);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      throw new SyntaxError(`${name}: ${cause.message}`, { cause });
    }
  }

  /** Closes model and indexes. Safe to call twice. */
  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}
