import { Flag, OpKind } from "../../native/op_kinds.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { ACTIVATION_FLAGS, type Gelu } from "./activation.ts";
import { anyGradient, expectShape, rowsOf } from "./shapes.ts";

/** Options of {@linkcode linear}. */
export interface LinearOptions {
  /** [out] */
  readonly bias?: Tensor;
  /** [..., out], added to the result: the residual stream. */
  readonly residual?: Tensor;
  /** Layout of the weight: `out-in` [out, in] (default), or `in-out` [in, out], applied as x w. */
  readonly layout?: "out-in" | "in-out";
}

/**
 * y = x wᵀ + bias + residual, with x [..., in] and w [out, in]; y [..., out].
 *
 * @throws {TypeError} when shapes do not fit.
 */
export function linear(tape: Tape, x: Tensor, w: Tensor, options: LinearOptions = {}): Tensor {
  const { bias, residual } = options;
  const inOut = options.layout === "in-out";
  const [m, k] = rowsOf("linear", x);
  const n = w.shape[inOut ? 1 : 0];
  expectShape("linear", "weight", w, inOut ? [k, n] : [n, k]);
  if (bias) expectShape("linear", "bias", bias, [n]);
  const shape = [...x.shape.slice(0, -1), n];
  if (residual) expectShape("linear", "residual", residual, shape);
  const y = tape.create(shape, { requiresGradient: anyGradient(x, w, bias, residual) });
  tape.emit(
    OpKind.LINEAR,
    { dims: [m, n, k], flags: inOut ? Flag.IN_OUT : 0 },
    [x, w, bias ?? null, residual ?? null],
    [y, null],
  );
  tape.node(y, (gradient) => {
    const dy = gradient.tensor();
    if (residual) tape.addGradient(residual, dy);
    linearBackward(tape, dy, x, w, bias, inOut);
  });
  return y;
}

/**
 * A transformer's feed-forward layer: gelu(x w1ᵀ + b1) w2ᵀ + b2 + residual. One node, so that the
 * derivative of the activation is applied inside the matrix product before it.
 *
 * Shapes: x [..., width], w1 [hidden, width], w2 [width, hidden].
 */
export function mlp(
  tape: Tape,
  x: Tensor,
  weights: { w1: Tensor; b1: Tensor; w2: Tensor; b2: Tensor },
  gelu: Gelu,
  residual?: Tensor,
): Tensor {
  const { w1, b1, w2, b2 } = weights;
  const [m, k] = rowsOf("mlp", x);
  const hidden = w1.shape[0];
  const n = w2.shape[0];
  expectShape("mlp", "w1", w1, [hidden, k]);
  expectShape("mlp", "b1", b1, [hidden]);
  expectShape("mlp", "w2", w2, [n, hidden]);
  expectShape("mlp", "b2", b2, [n]);
  const lead = x.shape.slice(0, -1);
  if (residual) expectShape("mlp", "residual", residual, [...lead, n]);
  const flags = ACTIVATION_FLAGS[gelu];
  const requiresGradient = anyGradient(x, w1, b1, w2, b2, residual);
  const a = tape.create([...lead, hidden]);
  const pre = tape.create([...lead, hidden]);
  tape.emit(OpKind.LINEAR, { dims: [m, hidden, k], flags }, [x, w1, b1, null], [a, pre]);
  const y = tape.create([...lead, n], { requiresGradient });
  tape.emit(OpKind.LINEAR, { dims: [m, n, hidden] }, [a, w2, b2, residual ?? null], [y, null]);
  tape.node(y, (gradient) => {
    const dy = gradient.tensor();
    if (residual) tape.addGradient(residual, dy);
    weightGradient(tape, dy, a, w2, b2, false);
    const dpre = tape.create(pre.shape);
    tape.emit(
      OpKind.LINEAR_BACKWARD_INPUT,
      { dims: [m, n, hidden], flags },
      [dy, w2, pre, null],
      [dpre],
    );
    linearBackward(tape, dpre, x, w1, b1, false);
  });
  return y;
}

function linearBackward(
  tape: Tape,
  dz: Tensor,
  x: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  inOut: boolean,
): void {
  weightGradient(tape, dz, x, w, bias, inOut);
  if (!x.requiresGradient) return;
  const [m, k] = rowsOf("linear", x);
  const acc = tape.pendingGradient(x);
  const dx = tape.create(x.shape);
  tape.emit(
    OpKind.LINEAR_BACKWARD_INPUT,
    { dims: [m, w.size / k, k], flags: inOut ? Flag.IN_OUT : 0, inPlaceOf: 3 },
    [dz, w, null, acc],
    [dx],
  );
  tape.setGradient(x, dx);
}

function weightGradient(
  tape: Tape,
  dz: Tensor,
  x: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  inOut: boolean,
): void {
  if (!anyGradient(w, bias)) return;
  const [m, k] = rowsOf("linear", x);
  const dw = tape.gradientTarget(w);
  const db = bias ? tape.gradientTarget(bias) : null;
  if (db && db.accumulate !== dw.accumulate) {
    throw new Error("linear: weight and bias must be used equally often within one tape");
  }
  const flags = (dw.accumulate ? Flag.ACCUMULATE : 0) | (inOut ? Flag.IN_OUT : 0);
  tape.emit(
    OpKind.LINEAR_BACKWARD_WEIGHT,
    { dims: [m, w.size / k, k], flags },
    [dz, x],
    [dw.tensor, db?.tensor ?? null],
  );
  if (!w.gradient) tape.addGradient(w, dw.tensor);
  if (bias && db && !bias.gradient) tape.addGradient(bias, db.tensor);
}
