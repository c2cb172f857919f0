import { Flag, OpKind } from "../../native/op_kinds.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { anyGradient, expectShape, rowsOf } from "./shapes.ts";

/** Parameters of {@linkcode residualLayerNorm}. */
export interface ResidualNorm {
  /** [width] */
  readonly gamma: Tensor;
  /** [width] */
  readonly beta: Tensor;
  readonly eps: number;
  /** [width] What the branch is multiplied with (LayerScale); default 1. */
  readonly factor?: Tensor;
}

/** What {@linkcode residualLayerNorm} gives. */
export interface ResidualSum {
  /** The stream behind the branch, of the shape of `x`. */
  readonly sum: Tensor;
  /** Its layer norm, of the same shape. */
  readonly normed: Tensor;
}

/**
 * Joins a branch to the residual stream and norms the sum, in one pass over the rows:
 * sum = x + factor * branch; normed = gamma * (sum - mean) / sqrt(variance + eps) + beta.
 *
 * Backward, the gradient that reaches `sum` from elsewhere is added in the pass of the norm. Without a
 * factor every bit is that of `add` and `layerNorm`, forward and backward.
 *
 * Shapes: x and branch [..., width].
 *
 * @example
 * ```ts
 * import { NativeContext } from "../../native/context.ts";
 * import { FixedTensor } from "../fixed_tensor.ts";
 * import { Tape } from "../tape.ts";
 * import { residualLayerNorm } from "./residual_layer_norm.ts";
 *
 * using context = new NativeContext({ threads: 1 });
 * const row = (...values: number[]) =>
 *   new FixedTensor(context, [values.length], { values: Float32Array.from(values) });
 * using tape = new Tape(context, { eager: true });
 * const norm = { gamma: row(1, 1), beta: row(0, 0), eps: 1e-5 };
 * const { sum, normed } = residualLayerNorm(tape, row(1, 2), row(2, 5), norm);
 * sum.read(); // 3, 7
 * normed.read(); // near -1, 1
 * ```
 *
 * @throws {TypeError} when shapes do not fit.
 */
export function residualLayerNorm(
  tape: Tape,
  x: Tensor,
  branch: Tensor,
  { gamma, beta, eps, factor }: ResidualNorm,
): ResidualSum {
  const dims = rowsOf("residualLayerNorm", x);
  const [rows, width] = dims;
  expectShape("residualLayerNorm", "branch", branch, x.shape);
  expectShape("residualLayerNorm", "gamma", gamma, [width]);
  expectShape("residualLayerNorm", "beta", beta, [width]);
  if (factor) expectShape("residualLayerNorm", "factor", factor, [width]);
  const sum = tape.create(x.shape, { requiresGradient: anyGradient(x, branch, factor) });
  const normed = tape.create(x.shape, {
    requiresGradient: sum.requiresGradient || anyGradient(gamma, beta),
  });
  const stats = tape.create([2, rows]);
  tape.emit(
    OpKind.RESIDUAL_LAYER_NORM,
    { dims, scalars: [eps], inPlaceOf: 1 },
    [x, branch, factor ?? null, gamma, beta],
    [sum, normed, stats],
  );

  // The gradient of the sum as the norm's op left it, and what that op made of it for the branch.
  let joined: { dsum: Tensor; dbranch: Tensor } | null = null;
  tape.node(sum, (gradient) => {
    const dsum = gradient.tensor();
    if (joined?.dsum === dsum) {
      tape.addGradient(x, dsum);
      tape.addGradient(branch, joined.dbranch);
      return;
    }
    // No gradient came through the norm.
    tape.addGradient(x, dsum);
    if (!factor) {
      tape.addGradient(branch, dsum);
      return;
    }
    const dbranch = tape.create(x.shape), terms = tape.create(x.shape);
    tape.emit(OpKind.MUL, { dims: [x.size, width] }, [dsum, factor], [dbranch]);
    tape.emit(OpKind.MUL, { dims: [x.size, x.size] }, [dsum, branch], [terms]);
    const target = tape.gradientTarget(factor);
    const flags = target.accumulate ? Flag.ACCUMULATE : 0;
    tape.emit(OpKind.COLUMN_SUM, { dims, flags }, [terms], [target.tensor]);
    if (!factor.gradient) tape.addGradient(factor, target.tensor);
    tape.addGradient(branch, dbranch);
  });
  tape.node(normed, (gradient) => {
    const dy = gradient.tensor();
    const dgamma = tape.gradientTarget(gamma);
    const dbeta = tape.gradientTarget(beta);
    const dfactor = factor ? tape.gradientTarget(factor) : null;
    if (dfactor && dfactor.accumulate !== dgamma.accumulate) {
      throw new Error("residualLayerNorm: gamma and factor must be used equally often on a tape");
    }
    const acc = tape.pendingGradient(sum);
    const dsum = tape.create(x.shape);
    const dbranch = factor ? tape.create(x.shape) : null;
    tape.emit(
      OpKind.RESIDUAL_LAYER_NORM_BACKWARD,
      { dims, flags: dgamma.accumulate ? Flag.ACCUMULATE : 0, inPlaceOf: 4 },
      [dy, sum, gamma, stats, acc, factor ? branch : null, factor ?? null],
      [dsum, dgamma.tensor, dbeta.tensor, dbranch, dfactor?.tensor ?? null],
    );
    for (const [of, target] of [[gamma, dgamma], [beta, dbeta], [factor, dfactor]] as const) {
      if (of && target && !of.gradient) tape.addGradient(of, target.tensor);
    }
    joined = { dsum, dbranch: dbranch ?? dsum };
    tape.setGradient(sum, dsum);
  });
  return { sum, normed };
}
