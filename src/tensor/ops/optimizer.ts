import { OpKind } from "../../native/op_kinds.ts";
import type { ParameterStore } from "../parameter_store.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/**
 * One AdamW update (Loshchilov & Hutter 2019) of all parameters: gradient norm, clipping and
 * the update itself. Does nothing when a gradient is not finite.
 *
 * @param step The step block, [16].
 * @param weightDecay Decoupled, multiplied by the learning rate; only for decayed parameters.
 */
export function adamw(
  tape: Tape,
  parameters: ParameterStore,
  step: Tensor,
  weightDecay: number,
): void {
  const { gradients } = parameters;
  if (!gradients) throw new TypeError("adamw: the parameter store was made without training state");
  tape.emit(OpKind.GRADIENT_NORM, { dims: [gradients.size] }, [gradients, step], []);
  for (const { decay, copies } of parameters.groups) {
    const n = copies.value.size;
    tape.emit(
      OpKind.ADAMW,
      { dims: [n], scalars: [decay ? weightDecay : 0, 1] },
      [copies.value, copies.gradient, copies.m, copies.v, step],
      [],
    );
  }
}

/** Moves the weight average towards the weights, with the step block's decay. */
export function averageWeights(tape: Tape, parameters: ParameterStore, step: Tensor): void {
  for (const { copies } of parameters.groups) {
    tape.emit(OpKind.AVERAGE, { dims: [copies.value.size] }, [copies.value, step], [
      copies.average,
    ]);
  }
}

/** Keeps a parameter within the step block's bounds for the logarithm of the similarity scale. */
export function clampLogitScale(tape: Tape, logitScale: Tensor, step: Tensor): void {
  tape.emit(OpKind.CLAMP, { dims: [logitScale.size] }, [logitScale, step], []);
}
