import { fillNormal, fillUniform } from "../tensor/fill_random.ts";

/** Fills a parameter's initial values. */
export type Fill = (values: Float32Array) => void;

/** How the parameters of one block start. */
export interface BlockInit {
  readonly zeros: Fill;
  readonly ones: Fill;
  /** Query, key and value projections. */
  readonly attentionIn: Fill;
  readonly attentionOut: Fill;
  readonly mlpIn: Fill;
  readonly mlpOut: Fill;
}

/** Random fills of a model, each parameter with its own stream of the seed. */
export class Initializers {
  readonly zeros: Fill = (values) => values.fill(0);
  readonly ones: Fill = (values) => values.fill(1);
  readonly #seed: number;
  #stream = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Normal with this standard deviation. */
  normal(std: number): Fill {
    const stream = this.#stream++;
    return (values) => fillNormal(values, std, this.#seed, stream);
  }

  /** Uniform in ±sqrt(6 / (fanIn + fanOut)) (Glorot & Bengio 2010). */
  xavier(fanIn: number, fanOut: number): Fill {
    const stream = this.#stream++;
    const bound = Math.sqrt(6 / (fanIn + fanOut));
    return (values) => fillUniform(values, bound, this.#seed, stream);
  }

  /** A constant. */
  constant(value: number): Fill {
    return (values) => values.fill(value);
  }

  /**
   * Blocks as OpenAI's CLIP starts its text tower: q/k/v width^-0.5, outputs width^-0.5·(2·depth)^-0.5,
   * hidden layer (2·width)^-0.5. The JAX code always takes depth 12.
   */
  clipBlock(width: number, depth: number): BlockInit {
    const out = width ** -0.5 * (2 * depth) ** -0.5;
    return {
      zeros: this.zeros,
      ones: this.ones,
      attentionIn: this.normal(width ** -0.5),
      attentionOut: this.normal(out),
      mlpIn: this.normal((2 * width) ** -0.5),
      mlpOut: this.normal(out),
    };
  }

  /** Blocks as the JAX vision tower starts: Xavier-uniform kernels (q, k and v each a square one). */
  xavierBlock(width: number, mlp: number): BlockInit {
    return {
      zeros: this.zeros,
      ones: this.ones,
      attentionIn: this.xavier(width, width),
      attentionOut: this.xavier(width, width),
      mlpIn: this.xavier(width, mlp),
      mlpOut: this.xavier(mlp, width),
    };
  }
}
