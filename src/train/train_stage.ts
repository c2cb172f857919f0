import type { Recipe } from "../config/recipe.ts";
import type { ClipModel } from "../model/clip_model.ts";
import type { NativeBuffer } from "../native/context.ts";
import { learningRate, type Schedule } from "./schedule.ts";
import type { StepLimits } from "./step_block.ts";
import type { TrainReport, TrainStep } from "./train_step.ts";

/** A batch of pairs as the step takes them. */
export interface PairBatch {
  /** u8 [batch, size, size, 3] */
  readonly images: Uint8Array;
  /** The same on the model's device, where the loader has made them there. */
  readonly pixels?: NativeBuffer;
  /** i32 [batch, textTokens] */
  readonly tokens: Int32Array;
  /** i32 [batch, kept]: patches that the image tower sees; absent = all. */
  readonly kept?: Int32Array;
}

/** Where batches come from; `next` may overwrite the arrays of earlier batches. */
export interface PairSource {
  next(): Promise<PairBatch>;
}

/** What a stage reports after every step. */
export interface StageEvent extends TrainReport {
  /** Steps done in this stage. */
  readonly step: number;
  readonly steps: number;
  readonly learningRate: number;
  /** Seconds spent waiting for the batch. */
  readonly waited: number;
  /** Seconds spent in the step itself. */
  readonly seconds: number;
}

/** Options of {@linkcode trainStage}. */
export interface StageOptions {
  readonly schedule: Schedule;
  readonly optimizer: Recipe["optimizer"];
  /** Upper bound of the similarity scale as a factor; null = none. */
  readonly logitScaleMax: number | null;
  /** Steps already done, when a run goes on. */
  readonly firstStep?: number;
  /** Ends the stage before the next step, or cancels the running one. */
  readonly signal?: AbortSignal;
  /**
   * Called after every step; awaited, so that it may save a checkpoint. A number that it returns is
   * how many steps count as done from now on: it has put the model back to an earlier one.
   */
  readonly onStep?: (event: StageEvent) => void | number | Promise<void | number>;
  /** Asked before every step; above its limits a step changes nothing. Default: no limits. */
  readonly limits?: () => StepLimits;
  /**
   * Where ranks end together: told before every step whether this one shall end, and answers whether any
   * shall. All then end before the same step, and none is cancelled.
   */
  readonly ending?: (asked: boolean) => Promise<boolean>;
  /** Watches what is waited for: `data` or `step`. Default: nobody does. */
  readonly watch?: <T>(what: "data" | "step", work: Promise<T>) => Promise<T>;
}

/**
 * Trains one stage: the loop over batches. The optimizer's state is the model's; a fresh stage
 * starts from a fresh model.
 *
 * @throws {DOMException} AbortError when the signal fires; the step that was running is not counted,
 *   but where ranks end together.
 */
export async function trainStage(
  model: ClipModel,
  step: TrainStep,
  source: PairSource,
  options: StageOptions,
): Promise<void> {
  const { schedule, optimizer, signal } = options;
  const watch = options.watch ?? ((_what, work) => work);
  const { ending } = options;
  const stop = () => ending || model.context.cancel();
  signal?.addEventListener("abort", stop);
  try {
    for (let i = options.firstStep ?? 0; i < schedule.steps;) {
      if (!ending) signal?.throwIfAborted();
      else if (await ending(signal?.aborted ?? false)) {
        signal?.throwIfAborted();
        throw new DOMException("another rank was stopped by the user", "AbortError");
      }
      const asked = performance.now();
      const batch = await watch("data", source.next());
      const started = performance.now();
      if (!ending) signal?.throwIfAborted();
      const rate = learningRate(schedule, i);
      const running = step.run(batch.pixels ?? batch.images, batch.tokens, {
        learningRate: rate,
        beta1: optimizer.beta1,
        beta2: optimizer.beta2,
        epsilon: optimizer.eps,
        update: i + 1,
        clipNorm: optimizer.clipNorm,
        logitScale: scaleBounds(options.logitScaleMax),
        averageDecay: averageDecay(optimizer.averaging, i, schedule.steps),
        limits: options.limits?.(),
      }, batch.kept);
      const report = await watch("step", running);
      i++;
      const back = await options.onStep?.({
        ...report,
        step: i,
        steps: schedule.steps,
        learningRate: rate,
        waited: (started - asked) / 1000,
        seconds: (performance.now() - started) / 1000,
      });
      if (typeof back === "number") i = back;
    }
  } catch (error) {
    // A cancelled program surfaces as a native error; callers see the abort they asked for.
    if (signal?.aborted) throw signal.reason;
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
    if (signal?.aborted && !ending) model.context.cancel(false);
  }
}

// The PyTorch code clamps the logarithm to [0, ln 100] after every step; the JAX code does not clamp.
function scaleBounds(max: number | null): [number, number] {
  return max === null ? [-1e30, 1e30] : [0, Math.log(max)];
}

/**
 * Decay of the weight average at a step. `ema` starts quickly, (1 + t)/(10 + t), and settles at its
 * decay; `tail` is the plain mean over the last share of the steps.
 */
export function averageDecay(
  averaging: Recipe["optimizer"]["averaging"],
  step: number,
  steps: number,
): number {
  if (averaging === null) return 0;
  if (averaging.kind === "ema") return Math.min(averaging.decay, (1 + step) / (10 + step));
  const first = Math.floor(steps * (1 - averaging.share));
  if (step < first) return 0;
  return (step - first) / (step - first + 1);
}
