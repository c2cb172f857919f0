import type { NativeContext } from "../native/context.ts";
import { encodeTexts } from "../text/encode_texts.ts";
import type { CaptionTokenizer } from "../text/caption_tokenizer.ts";
import { loadTokenizer } from "../text/tokenizer_file.ts";
import type { GraphForm } from "./graph/tower_graph.ts";
import { checkModelFiles, type ModelCard, readModelCard } from "./model_card.ts";
import { OrtSession } from "./ort_session.ts";

/** Options of {@linkcode ClipOnnx.open}. */
export interface ClipOnnxOptions {
  /** Threads of a forward pass; default those that the runtime chooses. */
  readonly threads?: number;
  /** For how many milliseconds an idle thread waits awake; see {@linkcode OrtSession}. */
  readonly spinMilliseconds?: number;
  /** `auto` takes CUDA where it loads. */
  readonly provider?: "auto" | "cpu" | "cuda";
  /** Passes take turns with the programs of this context, on its stream; see {@linkcode OrtSession}. */
  readonly context?: NativeContext;
  /** Which graphs; default the fast ones where the model has them. */
  readonly graph?: GraphForm;
  /** Most samples of one call of the runtime; bounds the memory. Default 64. */
  readonly batch?: number;
}

/** An input of all samples: its values, and the shape of one. */
interface Rows {
  readonly values: Uint8Array | Int32Array;
  readonly one: readonly number[];
}

/**
 * An exported model ready to embed pictures and texts through ONNX Runtime.
 *
 * @example
 * ```ts ignore
 * using model = await ClipOnnx.open("models/quick");
 * const pixels = await preparePictures(["umbrella.png"], model.card.preprocessing);
 * const [image] = [await model.embedImages(pixels)];
 * const { features } = await model.embedTexts(["an umbrella", "a boat"]);
 * ```
 */
export class ClipOnnx implements Disposable {
  readonly card: ModelCard;
  readonly graph: GraphForm;
  /** Where it runs: `cpu` or `cuda`. */
  readonly provider: string;
  /** Which provider runs, and why not the other, for a reader. */
  readonly providerNote: string;
  readonly tokenizer: CaptionTokenizer;
  readonly #image: OrtSession;
  readonly #text: OrtSession;
  readonly #batch: number;
  /** Opened when it is first needed; a promise, so that two callers share one. */
  #masked: Promise<OrtSession> | null = null;
  readonly #openMasked: () => Promise<OrtSession>;

  private constructor(
    card: ModelCard,
    graph: GraphForm,
    tokenizer: CaptionTokenizer,
    sessions: { image: OrtSession; text: OrtSession; masked: () => Promise<OrtSession> },
    batch: number,
  ) {
    this.card = card;
    this.graph = graph;
    this.tokenizer = tokenizer;
    this.#image = sessions.image;
    this.#text = sessions.text;
    this.#openMasked = sessions.masked;
    this.#batch = batch;
    this.provider = sessions.image.provider;
    this.providerNote = sessions.image.providerNote;
  }

  /**
   * Opens a model's folder, as `deno task export` writes it.
   *
   * @throws {Error} when there is no model, a file is missing, or it has no graphs of this form;
   *   {SyntaxError} when a file is cut or changed.
   */
  static async open(dir: string, options: ClipOnnxOptions = {}): Promise<ClipOnnx> {
    const { batch = 64, graph, ...rest } = options;
    const card = readModelCard(dir);
    const form = graph ?? (card.graphs.fast ? "fast" : "portable");
    const graphs = card.graphs[form];
    if (!graphs) {
      const have = Object.keys(card.graphs).join(", ") || "none";
      throw new RangeError(
        `${dir} has no ${form} graphs; there are: ${have}; export it again with --form ${form}`,
      );
    }
    const weights = card.files.map(({ path }) => path).filter((p) => p.endsWith(".safetensors"));
    const { file } = card.tokenizer;
    checkModelFiles(dir, card, [...Object.values(graphs), file, ...weights]);
    const tokenizer = loadTokenizer(`${dir}/${file}`);
    const image = await OrtSession.open(`${dir}/${graphs.image}`, rest);
    try {
      const text = await OrtSession.open(`${dir}/${graphs.text}`, rest);
      const masked = () => OrtSession.open(`${dir}/${graphs.masked}`, rest);
      return new ClipOnnx(card, form, tokenizer, { image, text, masked }, batch);
    } catch (error) {
      image[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Pictures, uint8 [n, size, size, 3] → unit vectors [n, width].
   *
   * @param kept Patches that the tower sees, [n, patches of a picture], by their index in reading
   *   order; the others cost nothing. Default all.
   */
  async embedImages(pixels: Uint8Array, kept?: Int32Array): Promise<Float32Array> {
    const { imageSize: size } = this.card;
    const pictures = { values: pixels, one: [size, size, 3] };
    if (kept === undefined) return await this.#embed(this.#image, { pixels: pictures });
    this.#masked ??= this.#openMasked();
    const rows = pixels.length / (size * size * 3);
    const patches = { values: kept, one: [kept.length / rows] };
    return await this.#embed(await this.#masked, { pixels: pictures, kept: patches });
  }

  /** Token ids, [n, textTokens] → unit vectors [n, width]. */
  embedIds(ids: Int32Array): Promise<Float32Array> {
    return this.#embed(this.#text, { ids: { values: ids, one: [this.card.textTokens] } });
  }

  /** Texts → unit vectors [texts, width], and the share of the texts that were cut to fit. */
  async embedTexts(
    texts: readonly string[],
  ): Promise<{ features: Float32Array; truncated: number }> {
    const { ids, truncated } = encodeTexts(this.tokenizer, texts, this.card.textTokens);
    return { features: await this.embedIds(ids), truncated };
  }

  async #embed(
    session: OrtSession,
    inputs: Readonly<Record<string, Rows>>,
  ): Promise<Float32Array> {
    const { width } = this.card;
    const counts = Object.entries(inputs).map(([name, { values, one }]) => {
      const length = one.reduce((product, size) => product * size, 1);
      const count = values.length / length;
      if (Number.isInteger(count)) return count;
      throw new TypeError(
        `${name}: seen ${values.length} values; allowed: a multiple of ${length}, [n, ${one}]`,
      );
    });
    const features = new Float32Array(counts[0] * width);
    for (let first = 0; first < counts[0]; first += this.#batch) {
      const rows = Math.min(this.#batch, counts[0] - first);
      const feeds = Object.entries(inputs).map(([name, { values, one }]) => {
        const length = one.reduce((product, size) => product * size, 1);
        const data = values.subarray(first * length, (first + rows) * length);
        return [name, { data, shape: [rows, ...one] }];
      });
      const { embedding } = await session.run(Object.fromEntries(feeds));
      features.set(embedding.data as Float32Array, first * width);
    }
    return features;
  }

  [Symbol.dispose](): void {
    this.#image[Symbol.dispose]();
    this.#text[Symbol.dispose]();
    this.#masked?.then((session) => session[Symbol.dispose](), () => {});
  }
}
