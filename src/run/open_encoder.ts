import type { EvalEncoder } from "../eval/eval_encoder.ts";
import { NativeContext } from "../native/context.ts";
import { nativeEncoder } from "./native_encoder.ts";
import { openRun } from "./open_run.ts";

/** What is evaluated: a run's newest checkpoint, or an exported model. */
export type EncoderSource =
  | { readonly kind: "run"; readonly dir: string }
  | { readonly kind: "model"; readonly dir: string };

/** Options of {@linkcode openEncoder}. */
export interface OpenEncoderOptions {
  /** `cpu` or `cuda:<index>`. */
  readonly device: string;
}

/**
 * Opens a run as an encoder.
 *
 * @throws {RangeError} for a device that this build does not have.
 * @throws {Error} when there is no run or no checkpoint yet.
 */
export function openEncoder(
  source: EncoderSource,
  { device }: OpenEncoderOptions,
): EvalEncoder & Disposable {
  if (device !== "cpu") {
    throw new RangeError(`device ${device} is not in this build; allowed: cpu`);
  }
  using stack = new DisposableStack();
  const context = stack.use(new NativeContext());
  const { model, tokenizer, weights } = stack.use(openRun(source.dir, context));
  const encoder = stack.use(nativeEncoder(model, tokenizer, weights));
  const owned = stack.move();
  return { ...encoder, [Symbol.dispose]: () => owned.dispose() };
}
