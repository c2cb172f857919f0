import type { EvalEncoder } from "../eval/eval_encoder.ts";
import { openOrt } from "../onnx/ort_library.ts";
import { type EncoderSource, openEncoder, type OpenEncoderOptions } from "./open_encoder.ts";

/** An encoder, and a line for each choice that was made for the user. */
export interface BestEncoder {
  readonly encoder: EvalEncoder & Disposable;
  readonly notes: readonly string[];
}

/**
 * Opens a run or an exported model in ONNX Runtime, or in the training library where that engine is
 * asked for or the runtime does not load here.
 *
 * @throws what `openEncoder` throws.
 */
export async function openBestEncoder(
  source: EncoderSource,
  options: OpenEncoderOptions = {},
): Promise<BestEncoder> {
  const { engine, graph } = options;
  const missing = engine === undefined && graph === undefined ? runtimeFault() : null;
  // Only a runtime that is not here is passed over: a fault of the model itself stands.
  if (missing !== null) {
    const encoder = await openEncoder(source, { ...options, engine: "native" });
    return { encoder, notes: [`the library's own forward pass runs: ${missing}`] };
  }
  const encoder = await openEncoder(source, { ...options, engine: engine ?? "ort" });
  const { parity, providerNote } = encoder;
  const notes = providerNote === undefined ? [] : [providerNote];
  if (parity) {
    const { cosineMin, maxAbs } = parity;
    notes.push(
      `${encoder.graph} graphs against the library's own forward pass: cosine at least ` +
        `${cosineMin.toFixed(7)}, largest difference ${maxAbs.toExponential(1)}`,
    );
  }
  return { encoder, notes };
}

/** Why ONNX Runtime cannot be loaded; null when it can. */
function runtimeFault(): string | null {
  try {
    openOrt();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
