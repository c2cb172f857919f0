import type { NativeContext } from "../../native/context.ts";
import { add, mul } from "../../tensor/ops/elementwise.ts";
import { layerNorm } from "../../tensor/ops/layer_norm.ts";
import { linear } from "../../tensor/ops/linear.ts";
import { residualLayerNorm } from "../../tensor/ops/residual_layer_norm.ts";
import type { Program } from "../../tensor/program.ts";
import { Tape } from "../../tensor/tape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { patterned } from "./sgemm_rate.ts";

/** How a block joins a branch to the stream and norms the sum. */
export interface NormPassOptions {
  readonly rows: number;
  readonly width: number;
  /** With LayerScale. */
  readonly scaled: boolean;
  /** In one op; else by separate ones, the sum in the product where there are no factors. */
  readonly fused: boolean;
}

/** The end of a block's branch, forward and backward: its last product, the sum and the norm. */
export class NormPass implements Disposable {
  readonly #program: Program;
  readonly #owned: Disposable[] = [];

  constructor(context: NativeContext, { rows, width, scaled, fused }: NormPassOptions) {
    const fixed = (shape: readonly number[]) => {
      const made = patterned(context, shape);
      this.#owned.push(made);
      return new Tensor(shape, made.storage, { requiresGradient: true });
    };
    const [x, mixed, dsum, dnormed] = Array.from({ length: 4 }, () => fixed([rows, width]));
    const w = fixed([width, width]);
    const [bias, gamma, beta, factor] = Array.from({ length: 4 }, () => fixed([width]));
    const tape = new Tape(context);
    const eps = 1e-6;
    const parts = () => {
      if (fused) {
        const branch = linear(tape, mixed, w, { bias });
        const norm = { gamma, beta, eps, factor: scaled ? factor : undefined };
        return residualLayerNorm(tape, x, branch, norm);
      }
      const sum = scaled
        ? add(tape, mul(tape, linear(tape, mixed, w, { bias }), factor), x)
        : linear(tape, mixed, w, { bias, residual: x });
      return { sum, normed: layerNorm(tape, sum, gamma, beta, eps) };
    };
    const { sum, normed } = parts();
    tape.backward([sum, dsum], [normed, dnormed]);
    this.#program = tape.compile();
  }

  /** Runs once and returns the seconds. */
  async seconds(): Promise<number> {
    const start = performance.now();
    await this.#program.run();
    return (performance.now() - start) / 1000;
  }

  [Symbol.dispose](): void {
    this.#program[Symbol.dispose]();
    for (const owned of this.#owned) owned[Symbol.dispose]();
  }
}
