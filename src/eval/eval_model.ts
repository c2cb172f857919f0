/** What an evaluation asks of a model, whatever computes it. */
export interface EvalModel {
  /** Features of an embedding. */
  readonly width: number;
  /** Side of the square picture that the model sees, in pixels. */
  readonly resolution: number;
  /** Tokens of a text, special tokens included. */
  readonly textTokens: number;
  /** Similarity scale as a factor, where the model carries it; the loss of pairs needs it. */
  readonly logitScale?: number;
  /** Rows of the benchmark's split, seen at `resolution` → [rows, width] unit vectors. */
  embedImages(
    rows: readonly number[],
    resolution: number,
  ): Float32Array | Promise<Float32Array>;
  /** Texts → [texts, width] unit vectors. */
  embedTexts(texts: readonly string[]): EmbeddedTexts | Promise<EmbeddedTexts>;
}

/** Embeddings of texts. */
export interface EmbeddedTexts {
  /** [texts, width] */
  features: Float32Array;
  /** Share of the texts that were cut to fit, 0 to 1. */
  truncated: number;
}
