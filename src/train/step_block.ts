import type { NativeContext } from "../native/context.ts";
import { Skip, StepSlot } from "../native/op_kinds.ts";
import { Storage, Tensor } from "../tensor/tensor.ts";

/** What the host says of a step before it runs. */
export interface StepSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Updates made so far plus one: the t of the bias corrections. */
  readonly update: number;
  /** Largest gradient norm; null = no clipping. */
  readonly clipNorm: number | null;
  /** Bounds of the logarithm of the similarity scale. */
  readonly logitScale: readonly [min: number, max: number];
  /** Decay of the weight average; 0 makes the average follow the weights. */
  readonly averageDecay: number;
  /** Largest loss, and largest gradient norm before clipping, that is no spike. Default: none. */
  readonly limits?: StepLimits;
}

/** Above either, a step changes nothing; null = no limit. */
export interface StepLimits {
  readonly loss: number | null;
  readonly gradientNorm: number | null;
}

/** Why a step changed nothing, in the words of a message. */
export type SkipReason = (typeof REASONS)[number];

// In the order of the codes behind `Skip.NO`.
const REASONS = [
  "the gradient is not finite",
  "the loss is not finite",
  "the loss is a spike",
  "the gradient norm is a spike",
] as const;

/** What a step reports. */
export interface StepReport {
  /** Euclidean norm of all gradients. */
  readonly gradientNorm: number;
  /** True when nothing was updated. */
  readonly skipped: boolean;
  /** Why, or null. */
  readonly reason: SkipReason | null;
}

/** The step block: numbers that change between steps of a program that does not. */
export class StepBlock implements Disposable {
  /** [16], as `clipa.h` lists the slots. */
  readonly tensor: Tensor;
  readonly #values = new Float32Array(StepSlot.SLOTS);

  constructor(context: NativeContext) {
    const bytes = StepSlot.SLOTS * 4;
    this.tensor = new Tensor([StepSlot.SLOTS], new Storage(bytes, context.buffer(bytes)));
  }

  /** Writes the settings of the next step. */
  write(settings: StepSettings): void {
    const values = this.#values.fill(0);
    values[StepSlot.LEARNING_RATE] = settings.learningRate;
    values[StepSlot.BETA1] = settings.beta1;
    values[StepSlot.BETA2] = settings.beta2;
    values[StepSlot.EPSILON] = settings.epsilon;
    values[StepSlot.BIAS_CORRECTION1] = 1 - settings.beta1 ** settings.update;
    values[StepSlot.BIAS_CORRECTION2] = 1 - settings.beta2 ** settings.update;
    values[StepSlot.CLIP_NORM] = settings.clipNorm ?? 0;
    values[StepSlot.LOGIT_SCALE_MIN] = settings.logitScale[0];
    values[StepSlot.LOGIT_SCALE_MAX] = settings.logitScale[1];
    values[StepSlot.AVERAGE_DECAY] = settings.averageDecay;
    values[StepSlot.LOSS_LIMIT] = settings.limits?.loss ?? 0;
    values[StepSlot.NORM_LIMIT] = settings.limits?.gradientNorm ?? 0;
    this.tensor.write(values);
  }

  /** Reads what the step wrote. */
  read(): StepReport {
    const values = this.tensor.read();
    const skip = values[StepSlot.SKIP];
    return {
      gradientNorm: values[StepSlot.GRADIENT_NORM],
      skipped: skip !== Skip.NO,
      reason: REASONS[skip - 1] ?? null,
    };
  }

  [Symbol.dispose](): void {
    this.tensor.storage.buffer?.[Symbol.dispose]();
  }
}
