import type { EvalEncoder } from "../eval/eval_encoder.ts";
import { NativeContext } from "../native/context.ts";
import { cachedModel } from "./cached_model.ts";
import { nativeEncoder } from "./native_encoder.ts";
import { openModel } from "./open_model.ts";
import { openRun } from "./open_run.ts";
import { ortEncoder } from "./ort_encoder.ts";

/** What is evaluated: a run's newest checkpoint, or an exported model. */
export type EncoderSource =
  | { readonly kind: "run"; readonly dir: string }
  | { readonly kind: "model"; readonly dir: string };

/** Options of {@linkcode openEncoder}. */
export interface OpenEncoderOptions {
  /** `cpu` or `cuda:<index>`; default CUDA where ONNX Runtime loads it, else the CPU. */
  readonly device?: string;
  /**
   * What computes: ONNX Runtime, or the training library's own forward pass. Default ONNX Runtime for
   * an exported model, and the library for a run, which has to be exported first for the other.
   */
  readonly engine?: EvalEncoder["engine"];
  /** Which graphs of an exported model; default the fast ones where it has them. */
  readonly graph?: "fast" | "portable";
  readonly signal?: AbortSignal;
}

/**
 * Opens a run or an exported model as an encoder. A run for ONNX Runtime is exported to a cache folder
 * inside the run first.
 *
 * @throws {RangeError} for a name that is no device, and for graphs without ONNX Runtime.
 * @throws {Error} when there is no run, no checkpoint yet, or no model.
 */
export async function openEncoder(
  source: EncoderSource,
  { device, engine, graph, signal }: OpenEncoderOptions = {},
): Promise<EvalEncoder & Disposable> {
  const chosen = engineOf(source, engine);
  if (chosen === "native") {
    if (graph === undefined) return openNative(source, device);
    throw new RangeError(`graph ${graph}: seen with engine native; allowed: with engine ort`);
  }
  const provider = device === undefined ? "auto" : device.startsWith("cuda") ? "cuda" : "cpu";
  const dir = source.kind === "model" ? source.dir : await cachedModel(source.dir, signal);
  return await ortEncoder(dir, { provider, graph });
}

/** What computes when an engine was asked for, or none was. */
export function engineOf(
  source: EncoderSource,
  engine: EvalEncoder["engine"] | undefined,
): EvalEncoder["engine"] {
  return engine ?? (source.kind === "model" ? "ort" : "native");
}

function openNative(source: EncoderSource, device?: string): EvalEncoder & Disposable {
  using stack = new DisposableStack();
  const context = stack.use(new NativeContext({ device }));
  const { model, tokenizer, weights } = source.kind === "run"
    ? stack.use(openRun(source.dir, context))
    : { ...stack.use(openModel(source.dir, context)), weights: "value" as const };
  const encoder = stack.use(nativeEncoder(model, tokenizer, weights));
  const owned = stack.move();
  return { ...encoder, [Symbol.dispose]: () => owned.dispose() };
}
