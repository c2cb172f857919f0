import { FLAVOURS } from "../../config/flavours.ts";
import type { ModelSpec } from "../../config/model_spec.ts";
import type { NativeContext } from "../../native/context.ts";
import type { RankPlace } from "../../dist/collectives.ts";
import { ClipModel } from "../../model/clip_model.ts";
import { pairMacs } from "../../model/model_cost.ts";
import { TrainStep } from "../../train/train_step.ts";
import type { StepSettings } from "../../train/step_block.ts";

/** A training step to be timed: towers of equal width, depth 4, patch 8. */
export interface StepShape {
  readonly width: number;
  /** Image tokens, class token included: 5, 10, 17, 37, 65. */
  readonly imageTokens: number;
  readonly textTokens: number;
  readonly batch: number;
  readonly layers?: number;
  readonly vocabulary?: number;
  /** Other towers than those above. */
  readonly spec?: ModelSpec;
}

/** The settings of a step in the middle of a run. */
export const BENCH_SETTINGS: StepSettings = {
  learningRate: 1e-4,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  update: 100,
  clipNorm: 1,
  logitScale: [0, Math.log(100)],
  averageDecay: 0.99,
};

/** The model of a step shape: its own, or heads of 32 features in the JAX flavour. */
export function benchSpec({ width, layers = 4, vocabulary = 8192, spec }: StepShape): ModelSpec {
  if (spec) return spec;
  const { image, text, ...fields } = FLAVOURS.jax;
  const tower = { width, layers, heads: width / 32, mlp: 4 * width };
  return {
    preset: null,
    flavour: "jax",
    embed: width,
    ...fields,
    image: { ...image, ...tower, patch: 8 },
    text: { ...text, ...tower, vocabulary },
  };
}

/** A step with random inputs, ready to run again and again. */
export class BenchStep implements Disposable {
  /** Multiply-accumulates of a forward pass over the batch, linear layers only. */
  readonly macs: number;
  readonly step: TrainStep;
  readonly #model: ClipModel;
  readonly #pixels: Uint8Array;
  readonly #ids: Int32Array;

  /** @param ranks With several ranks each has its share of the batch. */
  constructor(context: NativeContext, shape: StepShape, ranks?: RankPlace) {
    const spec = benchSpec(shape);
    const patches = shape.imageTokens - 1;
    const imageSize = Math.sqrt(patches) * spec.image.patch;
    this.#model = new ClipModel(context, { spec, imageSize, textTokens: shape.textTokens });
    this.step = new TrainStep(this.#model, {
      batch: shape.batch,
      weightDecay: 0.2,
      average: true,
      ranks,
    });
    this.macs = shape.batch * pairMacs(spec, { patches, text: shape.textTokens });
    const local = shape.batch / (ranks?.size ?? 1);
    this.#pixels = new Uint8Array(local * imageSize ** 2 * 3);
    this.#ids = new Int32Array(local * shape.textTokens);
    let state = 12345;
    const next = () => state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    for (let i = 0; i < this.#pixels.length; i++) this.#pixels[i] = next() >>> 24;
    for (let i = 0; i < this.#ids.length; i++) this.#ids[i] = next() % spec.text.vocabulary;
  }

  /** Runs one step and returns its seconds. */
  async seconds(): Promise<number> {
    const start = performance.now();
    await this.step.run(this.#pixels, this.#ids, BENCH_SETTINGS);
    return (performance.now() - start) / 1000;
  }

  [Symbol.dispose](): void {
    this.step[Symbol.dispose]();
    this.#model[Symbol.dispose]();
  }
}
