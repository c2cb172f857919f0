import type { NativeContext } from "../../native/context.ts";
import { countRows } from "../check_rows.ts";
import { minimize } from "./minimize.ts";
import { type LabelledRows, SoftmaxLoss } from "./softmax_loss.ts";

/** Share of the slope at the start that is left at a minimum; float32 products allow no smaller one. */
const FLAT = 1e-5;

/** A linear classifier on frozen features. */
export interface Probe {
  /** [classes, width] */
  readonly weights: Float64Array;
  /** [classes] */
  readonly bias: Float64Array;
  /** Steps of the solver. */
  readonly iterations: number;
}

/** Options of {@linkcode ProbeFitter.fit}. */
export interface FitProbeOptions {
  /** Inverse strength of the regularisation, as in scikit-learn and liblinear. */
  readonly c: number;
  /** Where to start: the probe of a neighbouring `c`. Default zeros. */
  readonly start?: Probe;
  readonly maxIterations?: number;
  readonly signal?: AbortSignal;
}

/**
 * Fits multinomial logistic regression to features: the minimum of
 * mean cross-entropy + |weights|² / (2 c n), biases free, which is scikit-learn's `LogisticRegression`.
 *
 * The solver sees features that are centred and scaled by one number. As biases are free, that changes
 * the way to the minimum and not the minimum.
 */
export class ProbeFitter implements Disposable {
  readonly #loss: SoftmaxLoss;
  readonly #count: number;
  readonly #rows: LabelledRows;
  readonly #mean: Float64Array;
  readonly #scale: number;
  #tolerance: number | null = null;

  /** @throws {TypeError} when shapes differ; {RangeError} for a label that is no class. */
  constructor(context: NativeContext, rows: LabelledRows) {
    const { features, labels, width, classes } = rows;
    this.#count = countRows("features", features, width);
    if (labels.length !== this.#count) {
      throw new TypeError(
        `labels: seen ${labels.length}; allowed: one for each of ${this.#count} rows`,
      );
    }
    for (let i = 0; i < labels.length; i++) {
      if (Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < classes) continue;
      throw new RangeError(`labels[${i}]: seen ${labels[i]}; allowed: 0 to ${classes - 1}`);
    }
    this.#rows = rows;
    this.#mean = meanOf(features, this.#count, width);
    const centred = features.map((value, i) => value - this.#mean[i % width]);
    const squares = centred.reduce((sum, value) => sum + value * value, 0);
    this.#scale = squares === 0 ? 1 : Math.sqrt(centred.length / squares);
    const seen = centred.map((value) => value * this.#scale);
    this.#loss = new SoftmaxLoss(context, { ...rows, features: seen });
  }

  /** @throws {RangeError} when `c` is not above 0; the reason of `signal` when it is aborted. */
  async fit({ c, start, maxIterations, signal }: FitProbeOptions): Promise<Probe> {
    if (!(c > 0 && Number.isFinite(c))) {
      throw new RangeError(`c: seen ${c}; allowed: a number above 0`);
    }
    const { width, classes } = this.#rows;
    const weights = classes * width;
    // The weights that the solver sees are smaller by the factor by which its features are larger.
    const strength = this.#scale ** 2 / (c * this.#count);
    const { x, iterations } = await minimize(
      async (parameters, gradient) => {
        const loss = await this.#loss.at(parameters, gradient);
        let squares = 0;
        for (let i = 0; i < weights; i++) {
          squares += parameters[i] ** 2;
          gradient[i] += strength * parameters[i];
        }
        return loss + strength * squares / 2;
      },
      start ? this.#inside(start) : new Float64Array(weights + classes),
      { maxIterations, signal, tolerance: this.#tolerance ??= await this.#flatness() },
    );
    return { ...this.#outside(x), iterations };
  }

  /** A slope that counts as none: small beside that of equal shares, as more classes make all small. */
  async #flatness(): Promise<number> {
    const { width, classes } = this.#rows;
    const gradient = new Float64Array(classes * width + classes);
    await this.#loss.at(new Float64Array(gradient.length), gradient);
    return FLAT * gradient.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
  }

  #inside({ weights, bias }: Probe): Float64Array {
    const { width } = this.#rows;
    const inner = weights.map((weight) => weight / this.#scale);
    const shifted = bias.map((value, c) => value + this.#shift(weights, c * width));
    return Float64Array.from([...inner, ...shifted]);
  }

  #outside(x: Float64Array): { weights: Float64Array; bias: Float64Array } {
    const { width, classes } = this.#rows;
    const weights = x.subarray(0, classes * width).map((weight) => weight * this.#scale);
    const bias = x.slice(classes * width).map((value, c) =>
      value - this.#shift(weights, c * width)
    );
    return { weights, bias };
  }

  /** What centring takes from the score of the class whose weights begin at `at`. */
  #shift(weights: Float64Array, at: number): number {
    let sum = 0;
    for (let k = 0; k < this.#mean.length; k++) sum += weights[at + k] * this.#mean[k];
    return sum;
  }

  [Symbol.dispose](): void {
    this.#loss[Symbol.dispose]();
  }
}

function meanOf(features: Float32Array, count: number, width: number): Float64Array {
  const mean = new Float64Array(width);
  for (let i = 0; i < features.length; i++) mean[i % width] += features[i];
  return mean.map((sum) => sum / count);
}
