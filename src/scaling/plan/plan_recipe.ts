import type { Recipe } from "../../config/recipe.ts";
import type { StageRecipe } from "../../config/stage_recipe.ts";
import { stageSteps } from "../../config/stage_numbers.ts";
import { parameterCounts } from "../../model/model_cost.ts";
import {
  calibrate,
  type Calibration,
  flopUtilisation,
  publishedRuns,
  roofSeconds,
} from "./calibration.ts";
import type { Hardware } from "./hardware.ts";
import { forwardPasses, pairWork } from "./pair_work.ts";
import { type LoaderNeed, loaderNeed } from "./loader_cores.ts";
import { type MemoryEstimate, stageMemory } from "./plan_memory.ts";
import { HEADLINE_RUNS } from "./published_runs.ts";

/** Device hours of a stage by what they are spent on. */
export interface HoursSplit {
  /** Matrix products. */
  readonly arithmetic: number;
  /** Everything between the products: norms, sums, activations, attention scores. */
  readonly memory: number;
  /** AdamW: seven passes over the parameters a step. */
  readonly optimizer: number;
  /** Reading and decoding pictures. */
  readonly input: number;
}

/** One stage of a plan. */
export interface StagePlan {
  readonly name: string;
  /** Pairs in whole batches. */
  readonly samples: number;
  readonly steps: number;
  readonly gmacsPerPair: number;
  readonly gmacsPerPairWithAttention: number;
  /** Device hours. */
  readonly gpuHours: number;
  readonly spent: HoursSplit;
  readonly pairsPerSecondPerDevice: number;
  /** Cores for its pictures. */
  readonly loader: LoaderNeed;
  readonly memory: MemoryEstimate;
  /** Whether the memory is enough. */
  readonly fits: boolean;
  /** Smallest `accumulate` with which a device's share fits; the recipe's own when it fits. */
  readonly accumulateToFit: number | null;
}

/** What a recipe costs on some hardware. */
export interface CostPlan {
  /** At the picture size and caption length of the last stage. */
  readonly parameters: { readonly image: number; readonly text: number; readonly total: number };
  /**
   * Giga multiply-accumulates of a forward pass of a pair without the attention products: the papers'
   * count, as a mean over the pairs of all stages.
   */
  readonly gmacsPerPair: number;
  readonly gmacsPerPairWithAttention: number;
  /** The largest of the stages. */
  readonly memoryBytesPerDevice: number;
  readonly fits: boolean;
  readonly gpuHours: number;
  /** By the clock: GPU hours over the number of devices. */
  readonly hours: number;
  /** Null when the price of the hardware is not known. */
  readonly dollars: number | null;
  /** Share of the hardware's speeds that the plan reckons with; the same for every recipe. */
  readonly utilisation: number;
  /** 6 x multiply-accumulates of the plan over its device time and the hardware's peak. */
  readonly modelFlopUtilisation: number;
  /** GPU hours by the simplest model, one share of the peak for all; null where it has no such share. */
  readonly gpuHoursByFlopsAlone: number | null;
  readonly stages: readonly StagePlan[];
  readonly hardware: string;
  readonly devices: number;
}

/** Options of {@linkcode planRecipe}. */
export interface PlanOptions {
  readonly hardware: Hardware;
  readonly devices: number;
  /** Overrides the price of the hardware. */
  readonly dollarsPerHour?: number;
  /** Pictures/s that a core decodes and prepares; default as measured, see {@linkcode loaderNeed}. */
  readonly decodeRate?: number;
  /** Overrides the calibration of the hardware. */
  readonly calibration?: Calibration;
}

/**
 * Parameters, compute, memory, hours and dollars of a recipe before it is run.
 *
 * The time is a roofline: matrix products at the peak plus memory traffic between them at the memory's
 * speed, both divided by one utilisation, plus seconds per pair for its picture. The two numbers are
 * fitted to the GPU hours of the papers (see `calibration.ts`), or measured for a laptop. Not in it:
 * traffic between devices, evaluation, restarts.
 *
 * @throws {RangeError} when a device would get no pair, or for a price or a rate that is not above 0.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadRecipe } from "../../config/load_recipe.ts";
 * import { readHardware } from "./hardware.ts";
 * import { planRecipe } from "./plan_recipe.ts";
 *
 * const plan = planRecipe(loadRecipe("paper/clipa-b16-i50-t16"), readHardware("a100-80gb:8"));
 * assert.ok(Math.abs(plan.gpuHours / 444 - 1) < 0.1); // paper 1, table 1
 * ```
 */
export function planRecipe(recipe: Recipe, options: PlanOptions): CostPlan {
  const { hardware, devices, dollarsPerHour = hardware.dollarsPerHour } = options;
  if (dollarsPerHour !== null && !(dollarsPerHour > 0 && dollarsPerHour < Infinity)) {
    throw new RangeError(
      `price: seen ${dollarsPerHour}; allowed: dollars per device hour, above 0`,
    );
  }
  const { decodeRate = 1 } = options;
  if (!(decodeRate > 0 && decodeRate < Infinity)) {
    throw new RangeError(`decode rate: seen ${decodeRate}; allowed: pictures/s of a core, above 0`);
  }
  const fitted = options.calibration ?? calibrationOf(hardware);
  const stages = recipe.stages.map((stage) => planStage(recipe, stage, options, fitted));
  const sum = (of: (stage: StagePlan) => number) =>
    stages.reduce((total, stage) => total + of(stage), 0);
  const pairs = sum(({ samples }) => samples);
  const gpuHours = sum((stage) => stage.gpuHours);
  const withAttention = sum((stage) => stage.samples * stage.gmacsPerPairWithAttention);
  const last = recipe.stages[recipe.stages.length - 1];
  const trainFlops = 6 * 1e9 * withAttention;
  return {
    parameters: parameterCounts(recipe.model, last.image.size, last.text.tokens),
    gmacsPerPair: sum((stage) => stage.samples * stage.gmacsPerPair) / pairs,
    gmacsPerPairWithAttention: withAttention / pairs,
    memoryBytesPerDevice: Math.max(...stages.map(({ memory }) => memory.total)),
    fits: stages.every(({ fits }) => fits),
    gpuHours,
    hours: gpuHours / devices,
    dollars: dollarsPerHour === null ? null : gpuHours * dollarsPerHour,
    utilisation: fitted.utilisation,
    modelFlopUtilisation: trainFlops / (3600 * gpuHours * hardware.peakFlops),
    gpuHoursByFlopsAlone: hardware.calibration === "published runs"
      ? trainFlops / (3600 * hardware.peakFlops * flopUtilisation(HEADLINE_RUNS).utilisation)
      : null,
    stages,
    hardware: hardware.name,
    devices,
  };
}

/** The calibration that belongs to a device. */
export function calibrationOf({ calibration }: Hardware): Calibration {
  return calibration === "published runs" ? calibrate(publishedRuns()) : calibration;
}

/** Bytes that AdamW moves for a parameter: weight, gradient and two moments in, all but the gradient out. */
const OPTIMIZER_BYTES = 7 * 4;

function planStage(
  recipe: Recipe,
  stage: StageRecipe,
  { hardware, devices, decodeRate }: PlanOptions,
  { utilisation, secondsPerPair }: Calibration,
): StagePlan {
  const steps = stageSteps(stage);
  const samples = steps * stage.batch;
  const tokens = { patches: stage.image.tokens, text: stage.text.tokens };
  const work = pairWork(recipe.model, tokens, hardware.valueBytes);
  const { accumulate, recompute = hardware.recompute } = stage;
  const passes = forwardPasses({ recompute, accumulate });
  const { arithmetic, memory } = roofSeconds(work, passes, hardware);
  const parameters = parameterCounts(recipe.model, stage.image.size, stage.text.tokens).total;
  // Every device updates the whole model.
  const update = devices * steps * parameters * OPTIMIZER_BYTES / hardware.bytesPerSecond;
  const spent: HoursSplit = {
    arithmetic: samples * arithmetic / utilisation / 3600,
    memory: samples * memory / utilisation / 3600,
    optimizer: update / utilisation / 3600,
    input: samples * secondsPerPair / 3600,
  };
  const needed = stageMemory(recipe, stage, hardware, devices);
  const gpuHours = spent.arithmetic + spent.memory + spent.optimizer + spent.input;
  return {
    name: stage.name,
    samples,
    steps,
    gmacsPerPair: work.macs / 1e9,
    gmacsPerPairWithAttention: work.macsWithAttention / 1e9,
    gpuHours,
    spent,
    pairsPerSecondPerDevice: samples / (3600 * gpuHours),
    loader: loaderNeed(stage, devices * samples / (3600 * gpuHours), decodeRate),
    memory: needed,
    fits: needed.total <= hardware.memoryBytes,
    accumulateToFit: accumulateToFit(recipe, stage, hardware, devices),
  };
}

/** The recipe's `accumulate`, doubled until a device's share fits; null when even single pairs do not. */
function accumulateToFit(
  recipe: Recipe,
  stage: StageRecipe,
  hardware: Hardware,
  devices: number,
): number | null {
  for (let accumulate = stage.accumulate; accumulate <= stage.batch / devices; accumulate *= 2) {
    const { total } = stageMemory(recipe, { ...stage, accumulate }, hardware, devices);
    if (total <= hardware.memoryBytes) return accumulate;
  }
  return null;
}
