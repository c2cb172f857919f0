import type { NativeContext } from "../../native/context.ts";
import { OpKind } from "../../native/op_kinds.ts";
import { FixedTensor } from "../../tensor/fixed_tensor.ts";
import { linear } from "../../tensor/ops/linear.ts";
import { softmax } from "../../tensor/ops/elementwise.ts";
import { Tape } from "../../tensor/tape.ts";

/** Most scores (rows × classes) held at once: 1 GiB of them. */
const MAX_SCORES = 2 ** 28;

/** Labelled features. */
export interface LabelledRows {
  /** [n, width] */
  readonly features: Float32Array;
  /** [n] Index of each row's class. */
  readonly labels: ArrayLike<number>;
  readonly width: number;
  readonly classes: number;
}

/**
 * The mean cross-entropy of a softmax classifier and its gradient, on the native library's matrix
 * products. Parameters: weights [classes, width], then biases [classes].
 */
export class SoftmaxLoss implements Disposable {
  readonly #rows: LabelledRows;
  readonly #count: number;
  readonly #stack = new DisposableStack();
  readonly #weights: FixedTensor;
  readonly #bias: FixedTensor;
  readonly #slopes: FixedTensor;
  readonly #weightGradient: FixedTensor;
  readonly #biasGradient: FixedTensor;
  readonly #forward: () => Promise<Float32Array>;
  readonly #backward: () => Promise<void>;

  /** @throws {RangeError} when rows times classes would not fit into memory. */
  constructor(context: NativeContext, rows: LabelledRows) {
    const { features, width, classes } = rows;
    const count = features.length / width;
    if (count * classes > MAX_SCORES) {
      throw new RangeError(
        `probe of ${count} pictures and ${classes} classes; allowed: ${MAX_SCORES} scores in all; ` +
          "take fewer pictures of each class (--shots)",
      );
    }
    this.#rows = rows;
    this.#count = count;
    const fixed = (shape: number[], values?: Float32Array) =>
      this.#stack.use(new FixedTensor(context, shape, { values }));
    const x = fixed([count, width], features);
    this.#weights = fixed([classes, width]);
    this.#bias = fixed([classes]);
    this.#slopes = fixed([count, classes]);
    this.#weightGradient = fixed([classes, width]);
    this.#biasGradient = fixed([classes]);

    const forward = new Tape(context);
    const logits = linear(forward, x, this.#weights, { bias: this.#bias });
    const shares = forward.retain(softmax(forward, logits));
    const forwardProgram = this.#stack.use(forward.compile());
    this.#forward = async () => {
      await forwardProgram.run();
      return shares.read();
    };
    const backward = new Tape(context);
    backward.emit(
      OpKind.LINEAR_BACKWARD_WEIGHT,
      { dims: [count, classes, width] },
      [this.#slopes, x],
      [this.#weightGradient, this.#biasGradient],
    );
    const backwardProgram = this.#stack.use(backward.compile());
    this.#backward = () => backwardProgram.run();
  }

  /** The loss at these parameters; its gradient is written into `gradient`. */
  async at(parameters: Float64Array, gradient: Float64Array): Promise<number> {
    const { width, classes, labels } = this.#rows;
    const weights = classes * width;
    this.#weights.write(Float32Array.from(parameters.subarray(0, weights)));
    this.#bias.write(Float32Array.from(parameters.subarray(weights)));
    const shares = await this.#forward();
    let loss = 0;
    for (let row = 0; row < this.#count; row++) {
      const own = row * classes + labels[row];
      // The smallest normal float stands for a share that rounds to nothing.
      loss -= Math.log(Math.max(shares[own], 1.2e-38));
      shares[own] -= 1;
    }
    this.#slopes.write(shares);
    await this.#backward();
    gradient.set(this.#weightGradient.read());
    gradient.set(this.#biasGradient.read(), weights);
    for (let i = 0; i < gradient.length; i++) gradient[i] /= this.#count;
    return loss / this.#count;
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}
