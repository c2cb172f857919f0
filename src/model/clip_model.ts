import type { NativeContext } from "../native/context.ts";
import { FixedTensor } from "../tensor/fixed_tensor.ts";
import { ParameterStore } from "../tensor/parameter_store.ts";
import type { ShardPlace } from "../tensor/shard.ts";
import type { Tape } from "../tensor/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { clipParameters } from "./clip_parameters.ts";
import { imageTower } from "./image_tower.ts";
import { gridOf, type ModelShape } from "./model_shape.ts";
import { sinCosPositions } from "./position_table.ts";
import { type BlockType, type Lookup, residualBlock } from "./residual_block.ts";
import { recomputed } from "./recomputed_block.ts";
import { textTower } from "./text_tower.ts";

/** Mean and standard deviation of red, green and blue, by name. */
export const PIXEL_STATISTICS = {
  imagenet: [0.485, 0.456, 0.406, 0.229, 0.224, 0.225],
  openai: [0.48145466, 0.4578275, 0.40821073, 0.26862954, 0.26130258, 0.27577711],
} as const;

/** Options of {@linkcode ClipModel}. */
export interface ClipModelOptions {
  /** Seed of the initial weights. */
  readonly seed?: number;
  /** Keep gradients and optimizer state; default true. */
  readonly training?: boolean;
  /** Fill the weights at random; without, they are zero until they are written. Default true. */
  readonly initialize?: boolean;
  /** Adds `logit_bias` with this initial value, the bias of the sigmoid loss. */
  readonly logitBias?: number;
  /** What weight decay applies to; default the rule of the spec's flavour. */
  readonly decayed?: "kernels" | "matrices";
  /** Keep only a rank's share of the optimizer's state. */
  readonly shard?: ShardPlace;
  /** Block type of both towers; default the papers' residual block. */
  readonly block?: BlockType;
  /** Compute each block again in the backward pass instead of keeping its activations. Default false. */
  readonly recompute?: boolean;
}

/**
 * A CLIP model at one token budget: its parameters and constants on a device, and its two towers as
 * functions on a tape.
 */
export class ClipModel implements Disposable {
  readonly context: NativeContext;
  readonly shape: ModelShape;
  readonly parameters: ParameterStore;
  readonly block: BlockType;
  readonly #meanStd: FixedTensor;
  readonly #positions: FixedTensor | null = null;

  constructor(context: NativeContext, shape: ModelShape, options: ClipModelOptions = {}) {
    const { seed = 0, training = true, block = residualBlock } = options;
    const { image } = shape.spec;
    this.context = context;
    this.shape = shape;
    this.block = options.recompute ? recomputed(block) : block;
    const decayed = options.decayed ?? (shape.spec.flavour === "torch" ? "matrices" : "kernels");
    const specs = clipParameters(shape, seed, block, decayed);
    const { logitBias } = options;
    if (logitBias !== undefined) {
      const init = (values: Float32Array) => values.fill(logitBias);
      specs.push({ name: "logit_bias", shape: [1], decay: false, init });
    }
    this.parameters = new ParameterStore(context, specs, { training, shard: options.shard });
    if (options.initialize ?? true) this.parameters.initialize();
    const statistics = Float32Array.from(PIXEL_STATISTICS[image.pixels]);
    this.#meanStd = new FixedTensor(context, [6], { values: statistics });
    if (image.position !== "learned") {
      const grid = gridOf(shape);
      const table = sinCosPositions(grid, image.width, image.position, image.classToken);
      const rows = table.length / image.width;
      this.#positions = new FixedTensor(context, [rows, image.width], { values: table });
    }
  }

  /** Pictures, u8 [batch, size, size, 3] → unit vectors [batch, embed]. */
  embedImages(tape: Tape, pixels: Tensor, options: { kept?: Tensor; get?: Lookup } = {}): Tensor {
    const get = options.get ?? ((name) => this.parameters.get(name));
    const inputs = {
      pixels,
      meanStd: this.#meanStd,
      positions: this.#positions ?? undefined,
      kept: options.kept,
    };
    return imageTower(tape, get, this.shape, inputs, this.block);
  }

  /** Token ids, i32 [batch, textTokens] → unit vectors [batch, embed]. */
  embedTexts(tape: Tape, ids: Tensor, options: { get?: Lookup } = {}): Tensor {
    const get = options.get ?? ((name) => this.parameters.get(name));
    return textTower(tape, get, this.shape, ids, this.block);
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
    this.#meanStd[Symbol.dispose]();
    this.#positions?.[Symbol.dispose]();
  }
}
