import { Flag, OpKind } from "../../native/op_kinds.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { anyGradient, expectShape, rowsOf } from "./shapes.ts";

/**
 * Layer normalisation over the last dimension (Ba et al. 2016), biased variance:
 * y = gamma * (x - mean) / sqrt(variance + eps) + beta.
 *
 * @param eps 1e-6 in CLIPA's JAX code, 1e-5 in its PyTorch code.
 */
export function layerNorm(
  tape: Tape,
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  eps: number,
): Tensor {
  const [rows, width] = rowsOf("layerNorm", x);
  expectShape("layerNorm", "gamma", gamma, [width]);
  expectShape("layerNorm", "beta", beta, [width]);
  const mean = tape.create([rows]);
  const rstd = tape.create([rows]);
  const y = tape.create(x.shape, { requiresGradient: anyGradient(x, gamma, beta) });
  const dims = [rows, width];
  tape.emit(OpKind.LAYER_NORM, { dims, scalars: [eps] }, [x, gamma, beta], [y, mean, rstd]);
  tape.node(y, (gradient) => {
    const dy = gradient.tensor();
    const dgamma = tape.gradientTarget(gamma);
    const dbeta = tape.gradientTarget(beta);
    const acc = tape.pendingGradient(x);
    const dx = tape.create(x.shape);
    tape.emit(
      OpKind.LAYER_NORM_BACKWARD,
      { dims, flags: dgamma.accumulate ? Flag.ACCUMULATE : 0, inPlaceOf: 5 },
      [dy, x, gamma, mean, rstd, acc],
      [dx, dgamma.tensor, dbeta.tensor],
    );
    if (!gamma.gradient) tape.addGradient(gamma, dgamma.tensor);
    if (!beta.gradient) tape.addGradient(beta, dbeta.tensor);
    tape.setGradient(x, dx);
  });
  return y;
}
