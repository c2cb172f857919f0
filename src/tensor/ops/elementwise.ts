import { OpKind } from "../../native/op_kinds.ts";
import type { Tape } from "../tape.ts";
import { elementCount, Tensor } from "../tensor.ts";
import { type Activation, ACTIVATION_FLAGS } from "./activation.ts";
import { anyGradient, rowsOf } from "./shapes.ts";

/**
 * y = a + b. `b` may be smaller: a suffix of a's shape, repeated (a bias or a position table).
 *
 * @throws {TypeError} when the shape of `b` is not a suffix of that of `a`.
 */
export function add(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const dims = suffixDims("add", a, b);
  const y = tape.create(a.shape, { requiresGradient: anyGradient(a, b) });
  tape.emit(OpKind.ADD, { dims, inPlaceOf: 0 }, [a, b], [y]);
  tape.node(y, (gradient) => {
    const dy = gradient.tensor();
    tape.addGradient(a, dy);
    reduceInto(tape, b, dy);
  });
  return y;
}

/** y = a * b, element by element; `b` may be a suffix of a's shape, as in {@linkcode add}. */
export function mul(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const dims = suffixDims("mul", a, b);
  const y = tape.create(a.shape, { requiresGradient: anyGradient(a, b) });
  tape.emit(OpKind.MUL, { dims }, [a, b], [y]);
  tape.node(y, (gradient) => {
    const dy = gradient.tensor();
    if (a.requiresGradient) {
      const da = tape.create(a.shape);
      tape.emit(OpKind.MUL, { dims }, [dy, b], [da]);
      tape.addGradient(a, da);
    }
    if (b.requiresGradient) {
      const db = tape.create(a.shape);
      tape.emit(OpKind.MUL, { dims: [a.size, a.size] }, [dy, a], [db]);
      reduceInto(tape, b, db);
    }
  });
  return y;
}

/** y = factor * x. */
export function scale(tape: Tape, x: Tensor, factor: number): Tensor {
  const options = { dims: [x.size], scalars: [factor] };
  const y = tape.create(x.shape, { requiresGradient: x.requiresGradient });
  tape.emit(OpKind.SCALE, options, [x, null], [y]);
  tape.node(y, (gradient) => {
    const dx = tape.create(x.shape);
    tape.emit(OpKind.SCALE, options, [gradient.tensor(), null], [dx]);
    tape.addGradient(x, dx);
  });
  return y;
}

/** y = activation(x), element by element. */
export function unary(tape: Tape, x: Tensor, activation: Activation): Tensor {
  const options = { dims: [x.size], flags: ACTIVATION_FLAGS[activation] };
  const y = tape.create(x.shape, { requiresGradient: x.requiresGradient });
  tape.emit(OpKind.UNARY, options, [x], [y]);
  tape.node(y, (gradient) => {
    const dy = gradient.tensor();
    const acc = tape.pendingGradient(x);
    const dx = tape.create(x.shape);
    tape.emit(OpKind.UNARY_BACKWARD, options, [x, dy, acc], [dx]);
    tape.setGradient(x, dx);
  });
  return y;
}

/** Sum of all elements, shape [1]: the end of a loss of your own. */
export function sum(tape: Tape, x: Tensor): Tensor {
  const y = tape.create([1], { requiresGradient: x.requiresGradient });
  tape.emit(OpKind.COLUMN_SUM, { dims: [x.size, 1] }, [x], [y]);
  tape.node(y, (gradient) => {
    const dx = tape.create(x.shape);
    const constant = gradient.constant();
    if (constant !== null) {
      tape.emit(OpKind.FILL, { dims: [x.size], scalars: [constant] }, [], [dx]);
    } else {
      const ones = tape.create(x.shape);
      tape.emit(OpKind.FILL, { dims: [x.size], scalars: [1] }, [], [ones]);
      tape.emit(OpKind.MUL, { dims: [x.size, 1] }, [ones, gradient.tensor()], [dx]);
    }
    tape.addGradient(x, dx);
  });
  return y;
}

/** Softmax over the last dimension. */
export function softmax(tape: Tape, x: Tensor): Tensor {
  const dims = rowsOf("softmax", x);
  const y = tape.create(x.shape, { requiresGradient: x.requiresGradient });
  tape.emit(OpKind.SOFTMAX, { dims }, [x], [y]);
  tape.node(y, (gradient) => {
    const dy = gradient.tensor();
    const acc = tape.pendingGradient(x);
    const dx = tape.create(x.shape);
    tape.emit(OpKind.SOFTMAX_BACKWARD, { dims }, [y, dy, acc], [dx]);
    tape.setGradient(x, dx);
  });
  return y;
}

/** The same values with another shape; no copy. */
export function reshape(tape: Tape, x: Tensor, shape: readonly number[]): Tensor {
  if (elementCount(shape) !== x.size) {
    throw new TypeError(`reshape: [${x.shape}] has ${x.size} elements, [${shape}] has not`);
  }
  const options = { dtype: x.dtype, requiresGradient: x.requiresGradient };
  const y = new Tensor(shape, x.storage, options);
  tape.node(y, (gradient) => {
    const dy = gradient.tensor();
    tape.addGradient(x, new Tensor(x.shape, dy.storage));
  });
  return y;
}

function suffixDims(op: string, a: Tensor, b: Tensor): number[] {
  const tail = a.shape.slice(a.shape.length - b.shape.length);
  if (b.shape.length > a.shape.length || b.shape.some((size, i) => size !== tail[i])) {
    throw new TypeError(
      `${op}: the second shape [${b.shape}] is not the end of the first [${a.shape}]`,
    );
  }
  return [a.size, b.size];
}

// The gradient of a repeated operand is the sum over its repetitions.
function reduceInto(tape: Tape, b: Tensor, dy: Tensor): void {
  if (!b.requiresGradient) return;
  if (b.size === dy.size && !b.gradient) {
    tape.addGradient(b, new Tensor(b.shape, dy.storage));
    return;
  }
  const target = tape.gradientTarget(b);
  const flags = target.accumulate ? 16 : 0;
  tape.emit(OpKind.COLUMN_SUM, { dims: [dy.size / b.size, b.size], flags }, [dy], [target.tensor]);
  if (!b.gradient) tape.addGradient(b, target.tensor);
}
