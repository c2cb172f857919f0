import type { EmbeddedTexts } from "./eval_model.ts";
import type { EvalEncoder } from "./eval_encoder.ts";

/** Texts embedded in one call: bounds memory, and a cancelled run stops soon. */
const TEXTS = 512;

/**
 * Embeds any number of texts, part by part.
 *
 * @throws {TypeError} when the encoder returns another shape; the reason of `signal` when that was aborted.
 */
export async function embedTexts(
  encoder: EvalEncoder,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<EmbeddedTexts> {
  const { width } = encoder;
  const all = new Float32Array(texts.length * width);
  let cut = 0;
  for (let first = 0; first < texts.length; first += TEXTS) {
    signal?.throwIfAborted();
    const part = texts.slice(first, first + TEXTS);
    const { features, truncated } = await encoder.embedTexts(part);
    if (features.length !== part.length * width) {
      throw new TypeError(
        `embedTexts: seen ${features.length} values; allowed: [${part.length}, ${width}]`,
      );
    }
    all.set(features, first * width);
    cut += truncated * part.length;
  }
  // Back to whole texts, since the parts' shares were rounded.
  return { features: all, truncated: texts.length === 0 ? 0 : Math.round(cut) / texts.length };
}
