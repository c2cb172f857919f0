import type { ResizeFilter } from "../data/images/resize_image.ts";
import type { EmbeddedTexts } from "./eval_model.ts";

/** A model ready to embed pixels and texts, whichever engine computes it. */
export interface EvalEncoder {
  /** What computes: the training library's own forward pass, or ONNX Runtime. */
  readonly engine: "native" | "ort";
  /** Where: `cpu` or `cuda`. */
  readonly provider: string;
  /** ONNX Runtime only: which provider runs, and why not the other. */
  readonly providerNote?: string;
  /** ONNX Runtime only: which graphs run. */
  readonly graph?: "fast" | "portable";
  /** ONNX Runtime only: how near these graphs came to the library's forward when they were written. */
  readonly parity?: { readonly cosineMin: number; readonly maxAbs: number };
  /** Features of an embedding. */
  readonly width: number;
  /** Side of the square picture that the model sees, in pixels. */
  readonly resolution: number;
  /** Tokens of a text, special tokens included. */
  readonly textTokens: number;
  /** Similarity scale as a factor, where the model carries it. */
  readonly logitScale?: number;
  /** How pictures are brought to `resolution`. */
  readonly filter: ResizeFilter;
  /** Pictures, uint8 [n, resolution, resolution, 3] → unit vectors [n, width]. */
  embedPixels(pixels: Uint8Array): Promise<Float32Array>;
  /** Texts → unit vectors [texts, width]. */
  embedTexts(texts: readonly string[]): Promise<EmbeddedTexts>;
}
