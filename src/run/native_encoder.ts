import type { EvalEncoder } from "../eval/eval_encoder.ts";
import type { ClipModel } from "../model/clip_model.ts";
import { Embedder } from "../model/embedder.ts";
import { nativeLibrary } from "../native/library.ts";
import type { ParameterCopy } from "../tensor/parameter_store.ts";
import { encodeTexts } from "../text/encode_texts.ts";
import type { CaptionTokenizer } from "../text/caption_tokenizer.ts";

/**
 * A model in memory as an encoder: the training library's own forward pass. Disposing it leaves the
 * model alone.
 */
export function nativeEncoder(
  model: ClipModel,
  tokenizer: CaptionTokenizer,
  weights: ParameterCopy,
): EvalEncoder & Disposable {
  const { imageSize, textTokens, spec } = model.shape;
  const embedder = new Embedder(model, 64, weights);
  return {
    engine: "native",
    provider: String(nativeLibrary().info.device),
    width: spec.embed,
    resolution: imageSize,
    textTokens,
    logitScale: Math.exp(model.parameters.copy("logit_scale", weights).read()[0]),
    filter: spec.image.filter,
    embedPixels: (pixels) => embedder.images(pixels),
    async embedTexts(texts) {
      const { ids, truncated } = encodeTexts(tokenizer, texts, textTokens);
      return { features: await embedder.texts(ids), truncated };
    },
    [Symbol.dispose]: () => embedder[Symbol.dispose](),
  };
}
