import type { EvalEncoder } from "../eval/eval_encoder.ts";
import { ClipOnnx, type ClipOnnxOptions } from "../onnx/clip_onnx.ts";

/** An exported model as an encoder: its graphs in ONNX Runtime. */
export async function ortEncoder(
  dir: string,
  options: ClipOnnxOptions = {},
): Promise<EvalEncoder & Disposable> {
  const onnx = await ClipOnnx.open(dir, options);
  const { width, imageSize, textTokens, preprocessing, logitScale, parity } = onnx.card;
  return {
    engine: "ort",
    provider: onnx.provider,
    providerNote: onnx.providerNote,
    graph: onnx.graph,
    parity: parity[onnx.graph],
    logitScale,
    width,
    resolution: imageSize,
    textTokens,
    filter: preprocessing.filter,
    embedPixels: (pixels) => onnx.embedImages(pixels),
    embedTexts: (texts) => onnx.embedTexts(texts),
    [Symbol.dispose]: () => onnx[Symbol.dispose](),
  };
}
