import type { EvalEncoder } from "../eval/eval_encoder.ts";
import { NativeContext } from "../native/context.ts";
import { exportRun } from "./export_run.ts";
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
  /** `cpu` or `cuda:<index>`. */
  readonly device: string;
  /**
   * What computes: ONNX Runtime, or the training library's own forward pass. Default ONNX Runtime for
   * an exported model, and the library for a run, which has to be exported first for the other.
   */
  readonly engine?: EvalEncoder["engine"];
  /** Which graphs of an exported model; default the fast ones where it has them. */
  readonly graph?: "fast" | "portable";
}

/**
 * Opens a run or an exported model as an encoder. A run for ONNX Runtime is exported to a
 * temporary folder first.
 *
 * @throws {RangeError} for a device that this build does not have.
 * @throws {Error} when there is no run, no checkpoint yet, or no model.
 */
export async function openEncoder(
  source: EncoderSource,
  { device, engine, graph }: OpenEncoderOptions,
): Promise<EvalEncoder & Disposable> {
  const chosen = engine ?? (source.kind === "model" ? "ort" : "native");
  if (chosen === "native") return openNative(source, device);
  const provider = device.startsWith("cuda") ? "cuda" : "cpu";
  if (source.kind === "model") return await ortEncoder(source.dir, { provider, graph });
  const dir = await Deno.makeTempDir({ prefix: "clipa-model-" });
  try {
    const out = `${dir}/model`;
    await exportRun(source.dir, { out, source: { commit: null, dirty: null } });
    // The graphs are in memory once they are open.
    return await ortEncoder(out, { provider, graph });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function openNative(source: EncoderSource, device: string): EvalEncoder & Disposable {
  if (device !== "cpu") {
    throw new RangeError(`device ${device} is not in this build; allowed: cpu`);
  }
  using stack = new DisposableStack();
  const context = stack.use(new NativeContext());
  const { model, tokenizer, weights } = source.kind === "run"
    ? stack.use(openRun(source.dir, context))
    : { ...stack.use(openModel(source.dir, context)), weights: "value" as const };
  const encoder = stack.use(nativeEncoder(model, tokenizer, weights));
  const owned = stack.move();
  return { ...encoder, [Symbol.dispose]: () => owned.dispose() };
}
