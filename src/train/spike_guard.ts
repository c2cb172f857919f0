import type { SpikeRecipe } from "../config/recipe.ts";
import type { StepLimits, StepReport } from "./step_block.ts";

/** What a guard remembers; plain JSON. */
export interface SpikeState {
  /** Losses of the last steps that were taken, oldest first. */
  readonly losses: readonly number[];
  /** Gradient norms of the same steps. */
  readonly norms: readonly number[];
  /** Steps that were skipped lately, ascending. */
  readonly skips: readonly number[];
  /** Times that the stage went back. */
  readonly rewinds: number;
}

// A loss that hardly moves has a deviation near nothing; then this share of its mean counts instead.
const LEAST_DEVIATION = 0.01;

/**
 * Watches the loss and the gradient norm of a stage. A step whose loss or norm lies far above those of
 * the steps before is a spike: it is to be skipped. When skipping does not help, the stage shall go back.
 *
 * What it says is a function of the steps that it was shown, so a run that goes on from a saved
 * {@linkcode SpikeState} takes the same path.
 *
 * ```ts
 * const guard = new SpikeGuard({ sigma: 6, window: 2, skips: 1, within: 5, rewinds: 1 });
 * guard.limits(); // { loss: null, gradientNorm: null }
 * guard.add(1, { loss: 1, gradientNorm: 1, skipped: false });
 * guard.add(2, { loss: 3, gradientNorm: 1, skipped: false });
 * guard.limits().loss; // 8: the mean, 2, and 6 times the deviation, 1
 * guard.add(3, { loss: 9, gradientNorm: 1, skipped: true }); // 3: go back to before this step
 * ```
 */
export class SpikeGuard {
  readonly #policy: SpikeRecipe;
  #losses: number[];
  #norms: number[];
  #skips: number[];
  #rewinds: number;

  /** @param state Where it goes on; default the start of a stage. */
  constructor(policy: SpikeRecipe, state?: SpikeState) {
    this.#policy = policy;
    this.#losses = [...state?.losses ?? []];
    this.#norms = [...state?.norms ?? []];
    this.#skips = [...state?.skips ?? []];
    this.#rewinds = state?.rewinds ?? 0;
  }

  /** Largest loss and gradient norm of the next step; null until the window is full. */
  limits(): StepLimits {
    const { window, sigma } = this.#policy;
    if (this.#losses.length < window) return { loss: null, gradientNorm: null };
    return { loss: limit(this.#losses, sigma), gradientNorm: limit(this.#norms, sigma) };
  }

  /**
   * Takes note of a step.
   *
   * @param step Steps done, this one included.
   * @returns The first of the skipped steps when there were too many: the stage shall go back to before
   *   it. Else null.
   */
  add(
    step: number,
    { loss, gradientNorm, skipped }: Pick<StepReport, "gradientNorm" | "skipped"> & {
      readonly loss: number;
    },
  ): number | null {
    const { window, skips, within } = this.#policy;
    if (skipped) {
      this.#skips.push(step);
    } else {
      this.#losses.push(loss);
      this.#norms.push(gradientNorm);
      if (this.#losses.length > window) {
        this.#losses.shift();
        this.#norms.shift();
      }
    }
    while (this.#skips[0] <= step - within) this.#skips.shift();
    return this.#skips.length >= skips ? this.#skips[0] : null;
  }

  /** True when the stage has gone back as often as it may. */
  get exhausted(): boolean {
    return this.#rewinds >= this.#policy.rewinds;
  }

  /** Goes back to an earlier state; counts it. */
  rewind(earlier: SpikeState): void {
    this.#losses = [...earlier.losses];
    this.#norms = [...earlier.norms];
    this.#skips = [];
    this.#rewinds++;
  }

  get state(): SpikeState {
    return {
      losses: [...this.#losses],
      norms: [...this.#norms],
      skips: [...this.#skips],
      rewinds: this.#rewinds,
    };
  }
}

/** Null where there is no sensible one: values that are not above 0. */
function limit(values: readonly number[], sigma: number): number | null {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.max(Math.sqrt(squares / values.length), LEAST_DEVIATION * Math.abs(mean));
  const most = mean + sigma * deviation;
  return most > 0 ? most : null;
}
