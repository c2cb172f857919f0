import { OpKind } from "../../native/op_kinds.ts";
import type { ParameterCopy, ParameterStore } from "../parameter_store.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/** What {@linkcode adamw} may do besides. */
export interface AdamwOptions {
  /** The loss, [1]: when it is not finite, or above the step block's limit, nothing is updated. */
  readonly loss?: Tensor;
  /**
   * Update clipping (Wortsman et al. 2023, section 3.4): the learning rate of a tensor is divided by how
   * far the root mean square of g / sqrt(v) exceeds this, 1 in the paper.
   */
  readonly clipUpdate?: number;
}

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
  options: AdamwOptions = {},
): void {
  const { loss = null, clipUpdate } = options;
  const { gradients } = parameters;
  if (!gradients) throw new TypeError("adamw: the parameter store was made without training state");
  tape.emit(OpKind.GRADIENT_NORM, { dims: [gradients.size] }, [gradients, step, loss], []);
  if (clipUpdate !== undefined) {
    clippedUpdates(tape, parameters, step, weightDecay, clipUpdate);
    return;
  }
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

// Tensor by tensor, since each has a rate of its own. All excesses first: a program may be cancelled
// behind them, but never between two updates.
function clippedUpdates(
  tape: Tape,
  parameters: ParameterStore,
  step: Tensor,
  weightDecay: number,
  most: number,
): void {
  const of = (name: string, copy: ParameterCopy) => parameters.copy(name, copy);
  const excesses = parameters.specs.map(({ name }) => {
    const excess = tape.create([1]);
    const gradient = of(name, "gradient");
    tape.emit(
      OpKind.UPDATE_EXCESS,
      { dims: [gradient.size] },
      [gradient, of(name, "v"), step],
      [excess],
    );
    return excess;
  });
  parameters.specs.forEach(({ name, decay }, i) => {
    const value = of(name, "value");
    tape.emit(
      OpKind.ADAMW,
      { dims: [value.size], scalars: [decay ? weightDecay : 0, 1, 1 / (value.size * most ** 2)] },
      [value, of(name, "gradient"), of(name, "m"), of(name, "v"), step, excesses[i]],
      [],
    );
  });
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
