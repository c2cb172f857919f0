import type { Recipe } from "../config/recipe.ts";
import { stageSteps } from "../config/stage_numbers.ts";
import { openSafetensors, writeSafetensors, writeWhole } from "../checkpoint/safetensors.ts";
import type { DataSet } from "./shard_data_set.ts";
import type { EvalResult } from "../eval/eval_result.ts";
import { standardError } from "../eval/standard_error.ts";
import { type RankGroup, SOLO } from "../dist/rank_group.ts";
import { ClipModel } from "../model/clip_model.ts";
import type { ModelShape } from "../model/model_shape.ts";
import { transferWeights } from "../model/transfer_weights.ts";
import { NativeContext } from "../native/context.ts";
import { useDevice } from "../native/library.ts";
import type { ParameterCopy } from "../tensor/parameter_store.ts";
import { saveTokenizer } from "../text/tokenizer_file.ts";
import { logitBiasOf } from "../train/batch_loss.ts";
import { EventLog } from "../train/event_log.ts";
import { MetricsLog } from "../train/metrics_log.ts";
import { TensorBoardLog } from "../train/tensorboard_log.ts";
import { watchdog } from "../train/watchdog.ts";
import { agreeOnRun } from "./agree_on_run.ts";
import { checkDevice } from "./check_device.ts";
import { checkBenches, evaluateIcons } from "./evaluate_icons.ts";
import { compareLibraries, libraryIdentity } from "./library_identity.ts";
import { loadInitialWeights } from "./initial_weights.ts";
import { peakMemoryBytes } from "./peak_memory.ts";
import { preflight } from "./preflight.ts";
import { recipeBenches } from "./recipe_benches.ts";
import { openRunFolder, recipeHash } from "./run_folder.ts";
import { restoreArrays, type RunState, type StageResult, type WholeMoments } from "./run_state.ts";
import { shareModel } from "./share_model.ts";
import { openStreamData, type StreamData } from "./stream_data.ts";
import { openTrainingData, type TrainingData } from "./training_data.ts";
import { type RunStageReport, trainRunStage } from "./train_run_stage.ts";

/** How far a run is. */
export interface RunProgress {
  /** Stage or benchmark. */
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly note?: string;
}

/** Options of {@linkcode runExperiment}. */
export interface ExperimentOptions {
  /** Folder of the run. */
  readonly out: string;
  /** Insist on going on from the newest checkpoint. */
  readonly resume: boolean;
  /** `cpu`, `cuda` or `cuda:<index>`; default `CLIPA_DEVICE`, else `cpu`. */
  readonly device?: string;
  readonly dataSet: DataSet;
  /** The ranks that train together; only rank 0 writes and evaluates. Default alone. */
  readonly group?: RankGroup;
  /**
   * Every rank keeps its share of the optimizer's state alone. A run of which a rank fails then goes back
   * to its last checkpoint; one that is stopped saves as others do. Default false.
   */
  readonly shardOptimizer?: boolean;
  /** Weights of earlier stages that were trained before, by a run with the same stages. */
  readonly start?: StartingPoint;
  /** Seconds of set-up before the run, for the result. */
  readonly setupSeconds: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
  /** Gets what a user should know besides the progress, a sentence each. Default: stderr. */
  readonly onNote?: (note: string) => void;
}

/** Stages that a run does not train again. */
export interface StartingPoint {
  /** Results of the stages that are done, from the first on. */
  readonly done: readonly StageResult[];
  /** Weights after them, as `weights.safetensors` of a run that ended there. */
  readonly weights: string;
}

/** Accuracy of a zero-shot benchmark; fractions. */
export interface BenchScore {
  readonly top1: number;
  readonly top5: number;
  readonly n: number;
  readonly classes: number;
  /** Standard error of top1. */
  readonly se: number;
  readonly resolution: number;
  readonly textTokens: number;
  readonly truncatedPrompts: number;
}

/** What a run found: `result.json`. */
export interface ExperimentResult extends Record<string, unknown> {
  readonly run: string;
  readonly samples: number;
  readonly setupSeconds: number;
  /** Training only. */
  readonly seconds: number;
  readonly stages: readonly StageResult[];
  readonly eval: Record<string, BenchScore>;
  readonly retrieval: Record<string, unknown>;
  readonly peakMemoryBytes: number;
  /** Share of the training time spent waiting for data. */
  readonly dataWaitShare: number;
  /** Share of the time that saving checkpoints kept the training waiting. */
  readonly checkpointStallShare: number;
}

/**
 * One experiment from recipe to `result.json`: the stages one after the other, each from the weights
 * of the one before, then the evaluation.
 */
export async function runExperiment(
  recipe: Recipe,
  options: ExperimentOptions,
): Promise<ExperimentResult> {
  const { out, dataSet, signal, onProgress, group = SOLO } = options;
  const writes = group.rank === 0;
  if (options.device !== undefined) useDevice(options.device);
  const benches = recipeBenches(recipe);
  checkBenches(dataSet, benches);
  preflight(recipe, out);
  const hash = recipeHash(recipe);
  await agreeOnRun(group, recipe, options.shardOptimizer);
  using folder = writes ? openRunFolder(out, recipe, options.resume) : null;
  const checkpoint = folder?.checkpoint ?? null;
  const data = await group.inTurn<TrainingData | StreamData>(() =>
    recipe.data.stream ? openStreamData(dataSet, recipe) : openTrainingData(dataSet, recipe)
  );
  const state = await group.share(checkpoint?.state ?? null);
  using context = new NativeContext({ precision: recipe.precision });
  checkDevice(context);
  const library = compareLibraries(state?.library, libraryIdentity());
  using events = writes ? new EventLog(`${out}/events.jsonl`) : null;
  const note = (kind: string, text: string) => {
    if (!writes) return;
    events?.write({ kind, note: text });
    (options.onNote ?? console.error)(text);
  };
  for (const text of folder?.notes ?? []) note("repair", text);
  if (library !== null) note("library", library);
  events?.write(
    state === null ? { kind: "start", note: "from the start" } : {
      kind: "resume",
      stage: recipe.stages[state.stage].name,
      step: state.step,
      note: "from a checkpoint",
    },
  );
  using metrics = writes
    ? new MetricsLog(`${out}/metrics.jsonl`, (line) => isBefore(line, recipe, state))
    : null;
  using board = writes ? new TensorBoardLog(out) : null;
  if (writes) saveTokenizer(`${out}/tokenizer.json`, data.tokenizer);

  const weights: ParameterCopy = recipe.optimizer.averaging === null ? "value" : "average";
  const start = state === null ? options.start : undefined;
  const done: StageResult[] = [...state?.done ?? start?.done ?? []];
  let waited = 0;
  let stalled = 0;
  let model: ClipModel | null = null;
  try {
    if (start) model = loadStart(context, recipe, start);
    for (let i = state?.stage ?? done.length; i < recipe.stages.length; i++) {
      const stage = recipe.stages[i];
      const next: ClipModel = new ClipModel(context, stageShape(recipe, i), {
        seed: recipe.seed,
        decayed: recipe.optimizer.decayed,
        logitBias: logitBiasOf(recipe),
        recompute: stage.recompute,
        shard: options.shardOptimizer && group.size > 1 ? group : undefined,
      });
      let moments: WholeMoments | null = null;
      const from = state !== null && i === state.stage ? state : null;
      if (from) {
        if (checkpoint) moments = restoreArrays(next, checkpoint);
      } else if (model) {
        transferWeights(model, next, start && i === start.done.length ? "value" : weights);
      } else if (recipe.model.init !== undefined) loadInitialWeights(next, recipe.model.init);
      model?.[Symbol.dispose]();
      model = next;
      await shareModel(group, model, moments);
      const report: RunStageReport = await trainRunStage(model, {
        recipe,
        recipeHash: hash,
        stage: i,
        data,
        dir: out,
        from,
        done,
        samplesBefore: done.reduce((sum, { samples }) => sum + samples, 0),
        metrics,
        board,
        events,
        watch: watchdog((text) => note("wait", `${stage.name}: ${text}`)),
        group,
        signal,
        onProgress: (samples, total, note) =>
          onProgress({ label: stage.name, done: samples, total, note }),
        evaluate: async (current) => {
          const names = recipe.eval.benches;
          const found = await evaluateIcons(current, dataSet, data.tokenizer, names, {
            weights,
            signal,
          });
          return Object.fromEntries(
            Object.entries(benchScores(found)).map(([name, { top1 }]) => [`${name}.top1`, top1]),
          );
        },
      });
      waited += report.waited;
      stalled += report.stalled;
      const { waited: _waited, stalled: _stalled, ...result } = report;
      done.push(result);
    }
    if (!writes) return await group.share<ExperimentResult>({} as ExperimentResult);
    const trained = model!;
    saveWeights(`${out}/weights.safetensors`, trained, weights, hash);
    const found = await evaluateIcons(trained, dataSet, data.tokenizer, benches, {
      weights,
      signal,
      onProgress: (label, part, total) => onProgress({ label, done: part, total }),
    });
    const seconds = done.reduce((sum, stage) => sum + stage.seconds, 0);
    const result: ExperimentResult = {
      run: out,
      samples: done.reduce((sum, { samples }) => sum + samples, 0),
      setupSeconds: options.setupSeconds,
      seconds,
      stages: done,
      eval: benchScores(found),
      retrieval: retrievalScores(found),
      peakMemoryBytes: peakMemoryBytes(),
      dataWaitShare: waited / seconds,
      checkpointStallShare: stalled / (seconds + stalled),
    };
    const text = JSON.stringify({ ...result, recipe: hash, results: found }, null, 1);
    writeWhole(`${out}/result.json`, [new TextEncoder().encode(text)]);
    events?.write({ kind: "end", note: "finished" });
    return await group.share(result);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    events?.write({ kind: "stop", note: text });
    throw error;
  } finally {
    model?.[Symbol.dispose]();
  }
}

/** The model at the token budget of a stage. */
function stageShape({ model, stages }: Recipe, index: number): ModelShape {
  const { init: _init, ...spec } = model;
  const { image, text } = stages[index];
  return { spec, imageSize: image.size, textTokens: text.tokens };
}

/** The model after the stages that were trained before. */
function loadStart(context: NativeContext, recipe: Recipe, start: StartingPoint): ClipModel {
  const names = recipe.stages.slice(0, start.done.length).map(({ name }) => name).join();
  const seen = start.done.map(({ name }) => name).join();
  if (seen === "" || seen !== names || start.done.length >= recipe.stages.length) {
    throw new RangeError(`start: seen stages ${seen}; allowed: the first stages of the recipe`);
  }
  const shape = stageShape(recipe, start.done.length - 1);
  const model = new ClipModel(context, shape, {
    seed: recipe.seed,
    training: false,
    logitBias: logitBiasOf(recipe),
  });
  const file = openSafetensors(start.weights);
  for (const { name } of model.parameters.specs) {
    model.parameters.get(name).write(file.tensor(name).data);
  }
  return model;
}

/** Metrics up to the checkpoint stay when a run goes on. */
function isBefore(
  line: Readonly<Record<string, unknown>>,
  recipe: Recipe,
  state: RunState | null,
): boolean {
  if (state === null) return false;
  const stage = recipe.stages.findIndex(({ name }) => name === line.stage);
  return stage >= 0 &&
    (stage < state.stage || (stage === state.stage && Number(line.step) <= state.step));
}

/** Weights alone, in open_clip's names and layouts. */
function saveWeights(path: string, model: ClipModel, weights: ParameterCopy, recipe: string): void {
  const tensors = model.parameters.specs.map(({ name, shape }) => ({
    name,
    shape,
    data: model.parameters.copy(name, weights).read(),
  }));
  writeSafetensors(path, tensors, { recipe });
}

function benchScores(results: readonly EvalResult[]): Record<string, BenchScore> {
  const scores: Record<string, BenchScore> = {};
  for (const result of results) {
    if (result.kind !== "zero-shot") continue;
    const { top1, top5, n, classes, resolution, textTokens, truncatedPrompts } = result;
    const se = standardError(top1, n);
    scores[result.bench] = { top1, top5, n, classes, se, resolution, textTokens, truncatedPrompts };
  }
  return scores;
}

function retrievalScores(results: readonly EvalResult[]): Record<string, unknown> {
  const scores: Record<string, Record<string, unknown>> = {};
  for (const result of results) {
    if (result.kind !== "retrieval") continue;
    const { bench, captions, i2t, t2i, n } = result;
    (scores[bench] ??= {})[captions] = { i2t, t2i, n };
  }
  return scores;
}

/** Pairs that a recipe trains on, all stages together. */
export function recipeSamples(recipe: Recipe): number {
  return recipe.stages.reduce((sum, stage) => sum + stageSteps(stage) * stage.batch, 0);
}
