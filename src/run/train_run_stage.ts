import type { Recipe } from "../config/recipe.ts";
import { peakLr, stageSteps, warmupSteps } from "../config/stage_numbers.ts";
import { listCheckpoints, saveCheckpoint } from "../checkpoint/checkpoint_store.ts";
import { CheckpointWriter } from "../checkpoint/checkpoint_writer.ts";
import type { LoadedBatch } from "../data/loader/pair_loader.ts";
import { describeCounts } from "../data/stream/stream_counts.ts";
import { type RankGroup, SOLO } from "../dist/rank_group.ts";
import type { ClipModel } from "../model/clip_model.ts";
import { planImage } from "../tokens/image_reduction.ts";
import { batchLoss } from "../train/batch_loss.ts";
import { passes } from "../train/due.ts";
import type { EventLog } from "../train/event_log.ts";
import type { MetricsLog } from "../train/metrics_log.ts";
import { SpikeGuard } from "../train/spike_guard.ts";
import { StepMean } from "../train/step_mean.ts";
import type { TensorBoardLog } from "../train/tensorboard_log.ts";
import { trainStage } from "../train/train_stage.ts";
import { TrainStep } from "../train/train_step.ts";
import type { Watch } from "../train/watchdog.ts";
import { modelArrays, type RunState, type StageResult } from "./run_state.ts";
import { libraryIdentity } from "./library_identity.ts";
import { gatherMoments } from "./share_model.ts";
import { anchorSteps, rewindModel, rewindStep } from "./rewind_stage.ts";
import { type DataCursor, stageLoader } from "./stage_loader.ts";
import type { StreamData } from "./stream_data.ts";
import type { TrainingData } from "./training_data.ts";

/** What a stage of a run works with. */
export interface RunStageOptions {
  readonly recipe: Recipe;
  readonly recipeHash: string;
  /** Index of the stage. */
  readonly stage: number;
  readonly data: TrainingData | StreamData;
  /** Folder of the run. */
  readonly dir: string;
  /** Where the stage stands when the run goes on; null at its start. */
  readonly from: RunState | null;
  readonly done: readonly StageResult[];
  /** Pairs seen in earlier stages. */
  readonly samplesBefore: number;
  /** Null on ranks that write nothing, as the two behind it. */
  readonly metrics: MetricsLog | null;
  readonly board: TensorBoardLog | null;
  readonly events: EventLog | null;
  readonly watch: Watch;
  /** The ranks that train together; rank 0 writes. Default alone. */
  readonly group?: RankGroup;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number, note: string) => void;
  /** Measures the model as it is, when the recipe asks for it during training. */
  readonly evaluate: (model: ClipModel) => Promise<Readonly<Record<string, number>>>;
}

/** What a finished stage of a run reports. */
export interface RunStageReport extends StageResult {
  /** Seconds spent waiting for data. */
  readonly waited: number;
  /** Seconds that saving kept the training waiting. */
  readonly stalled: number;
}

// So many skipped steps in a row, and a run will not come back.
const HOPELESS = 100;

// Broken samples that a stage names; all are counted.
const NAMED = 50;

// Lines of metrics a stage writes; the loss of every step is in their means.
const LINES = 500;

/** Trains one stage of a run: batches in, metrics and checkpoints out. */
export async function trainRunStage(
  model: ClipModel,
  options: RunStageOptions,
): Promise<RunStageReport> {
  const { recipe, from, signal, group = SOLO } = options;
  const stage = recipe.stages[options.stage];
  const steps = stageSteps(stage);
  const { optimizer, checkpoint } = recipe;
  const { tokens, mask } = planImage(stage.image, recipe.model.image.patch);
  using step = new TrainStep(model, {
    batch: stage.batch,
    ranks: group,
    accumulate: stage.accumulate,
    kept: mask === null ? undefined : tokens,
    weightDecay: optimizer.weightDecay,
    clipUpdate: optimizer.clipUpdate,
    average: optimizer.averaging !== null,
    loss: batchLoss(recipe, model),
  });
  await using loader = stageLoader(
    model.context,
    recipe,
    options.stage,
    options.data,
    from?.cursor ?? undefined,
    group,
  );

  let cursor: DataCursor | null = from?.cursor ?? null;
  let seconds = from?.seconds ?? 0;
  let waited = from?.waited ?? 0;
  let stalled = from?.stalled ?? 0;
  // JSON has no NaN: earlier versions left null where a step had no finite loss.
  const tail = (from?.tail ?? []).filter(Number.isFinite);
  const every = Math.max(1, Math.ceil(steps / LINES));
  const mean = new StepMean(from?.mean);
  const guard = recipe.guards && new SpikeGuard(recipe.guards.spike, from?.guard);

  const state = (done: number): RunState => ({
    recipe: options.recipeHash,
    stage: options.stage,
    step: done,
    cursor,
    seconds,
    waited,
    tail: [...tail],
    done: options.done,
    stalled,
    guard: guard?.state,
    mean: mean.sums,
    library: libraryIdentity(),
  });
  const folder = `${options.dir}/checkpoints`;
  const nameOf = (done: number) => `${stage.name}-${String(done).padStart(7, "0")}`;
  // A stage that is done does not go back.
  const anchors = (done: number) => done === steps ? [] : anchorSteps(recipe, done).map(nameOf);
  using writer = new CheckpointWriter(folder, checkpoint.keep);
  if (checkpoint.everySteps !== null && checkpoint.everySteps < steps) writer.prepare();
  /** Saves beside the training: it waits for the copy only, and for a write that is not done yet. */
  const saveAside = async (done: number) => {
    const asked = performance.now();
    const moments = await gatherMoments(group, model);
    if (group.rank > 0) return;
    await writer.finish();
    const tensors = modelArrays(model, writer.takeSpare(), moments);
    await writer.begin(nameOf(done), { tensors, state: state(done) }, anchors(done));
    stalled += (performance.now() - asked) / 1000;
    saved = done;
  };
  /** Saves and waits for it. */
  const saveNow = async (done: number) => {
    const moments = await gatherMoments(group, model);
    if (group.rank > 0) return;
    await writer.finish();
    if (done === saved) return;
    const tensors = modelArrays(model, writer.takeSpare(), moments);
    const whole = { tensors, state: state(done) };
    saveCheckpoint(folder, nameOf(done), whole, checkpoint.keep, anchors(done));
    saved = done;
  };

  let skips = 0;
  let named = 0;
  let completed = from?.step ?? 0;
  let saved = from?.step ?? 0;
  let batch: LoadedBatch;
  /** Goes back to before `first`; the loader does not: what lies between is not seen again. */
  const rewind = async (first: number, reason: string): Promise<number> => {
    const { spike } = recipe.guards!;
    const what = `stage ${stage.name}, step ${completed}: ${spike.skips} of the last ` +
      `${spike.within} steps were skipped, the last because ${reason}`;
    if (guard!.exhausted) {
      throw new Error(
        `${what}; the stage has gone back ${spike.rewinds} times already (guards.spike.rewinds); take a ` +
          "lower lr, a clipNorm or optimizer.clipUpdate: 1, or look at the pictures that " +
          "events.jsonl names, and start anew with another --out",
      );
    }
    await writer.finish();
    const to = rewindStep(recipe, first);
    const earlier = await rewindModel(model, group, folder, nameOf(to));
    guard!.rewind(earlier.guard!);
    tail.splice(0, tail.length, ...earlier.tail);
    mean.reset(earlier.mean);
    skips = 0;
    options.metrics?.rewind((line) => line.stage !== stage.name || Number(line.step) <= to);
    options.events?.write({
      kind: "rewind",
      stage: stage.name,
      step: to,
      note:
        `${what}; back to the checkpoint ${nameOf(to)}, without the ${completed - to} batches ` +
        "since then",
    });
    completed = saved = to;
    return to;
  };
  // Where each rank has a share of the state, it is whole only behind the same step on all.
  const together = model.parameters.shard !== null;
  let ended = false;
  const ending = async (asked: boolean): Promise<boolean> =>
    ended = (await group.collect(Float32Array.of(asked ? 1 : 0))).some((vote) => vote !== 0);
  const source = { next: async () => batch = await loader.next() };
  group.endsTogether = together;
  try {
    // A stage may have to go back to its very start.
    if (guard && from === null) await saveAside(0);
    await trainStage(model, step, source, {
      schedule: {
        peak: peakLr(stage),
        warmupSteps: warmupSteps(stage),
        steps,
        kind: stage.schedule,
        endShare: stage.endLr,
      },
      optimizer,
      logitScaleMax: recipe.model.logitScaleMax,
      firstStep: completed,
      signal,
      watch: options.watch,
      ending: together ? ending : undefined,
      limits: guard && (() => guard.limits()),
      onStep: async (event) => {
        writer.check();
        completed = event.step;
        cursor = batch.cursor;
        for (const note of batch.broken ?? []) {
          if (named++ < NAMED) {
            options.events?.write({ kind: "broken", stage: stage.name, step: event.step, note });
          }
        }
        seconds += event.seconds + event.waited;
        waited += event.waited;
        const inTail = event.step > steps - Math.max(1, Math.floor(steps / 10));
        if (inTail && Number.isFinite(event.loss)) tail.push(event.loss);
        mean.add(event.loss, event.hits[0]);
        if (event.skipped) {
          options.events?.write({
            kind: "skip",
            stage: stage.name,
            step: event.step,
            note: `nothing was updated, ${event.reason}: loss ${event.loss}, gradient norm ` +
              `${event.gradientNorm}, pictures ${batch.rows.slice(0, 3)} and on`,
          });
        }
        const samples = event.step * stage.batch;
        options.onProgress(samples, steps * stage.batch, `loss ${event.loss.toFixed(3)}`);
        if (event.step % every === 0 || event.step === steps || event.skipped) {
          const line = {
            stage: stage.name,
            step: event.step,
            samples: options.samplesBefore + samples,
            loss: mean.loss,
            hits: mean.hits,
            learningRate: event.learningRate,
            gradientNorm: event.gradientNorm,
            logitScale: Math.exp(model.parameters.get("logit_scale").read()[0]),
            skipped: event.skipped,
            seconds,
            waited,
          };
          options.metrics?.write(line);
          const { stage: _name, skipped: _skipped, ...scalars } = line;
          options.board?.write(line.samples, scalars);
          mean.reset();
        }
        const seen = options.samplesBefore + samples;
        if (group.rank === 0 && passes(seen - stage.batch, seen, recipe.eval.everySamples)) {
          const scores = await options.evaluate(model);
          options.metrics?.write({ stage: stage.name, step: event.step, samples: seen, ...scores });
          options.board?.write(seen, scores);
        }
        skips = event.skipped ? skips + 1 : 0;
        const first = guard?.add(event.step, event) ?? null;
        if (first !== null) return await rewind(first, event.reason ?? "nothing was updated");
        if (skips === HOPELESS) {
          throw new Error(
            `stage ${stage.name}, step ${event.step}: the last ${HOPELESS} steps changed nothing ` +
              `(${event.reason}); take a lower lr or a clipNorm, and start anew with another --out`,
          );
        }
        const { everySteps } = checkpoint;
        if (everySteps !== null && event.step % everySteps === 0 && event.step < steps) {
          await saveAside(event.step);
        }
      },
    });
  } catch (error) {
    // Whatever ended the stage, the steps that were done are kept; but not where the others, which have
    // a share of the state, may be anywhere.
    try {
      if (!together || ended) await saveNow(completed);
      // Whoever ends first ends all: the others wait for rank 0, which writes.
      if (together && ended) await group.barrier();
      else await writer.finish();
    } catch (failure) {
      const why = failure instanceof Error ? failure.message : String(failure);
      const last = listCheckpoints(folder).at(-1);
      const note = `stage ${stage.name}: step ${completed} is not saved: ${why}; ` +
        (last === undefined
          ? "there is no checkpoint yet: the same command starts anew"
          : `the checkpoint ${last} is whole: the same command goes on from there`);
      options.events?.write({ kind: "stop", stage: stage.name, step: completed, note });
      // Who stopped the run must not think that it is kept; another error is the one to be told.
      if (signal.aborted) throw new Error(note, { cause: failure });
    }
    throw error;
  } finally {
    group.endsTogether = false;
  }
  await saveNow(steps);
  const loss = tail.reduce((sum, value) => sum + value, 0) / tail.length;
  const result = { name: stage.name, samples: steps * stage.batch, seconds, loss, waited, stalled };
  if (cursor === null || !("counts" in cursor)) return result;
  const note = describeCounts(cursor.counts);
  options.events?.write({ kind: "data", stage: stage.name, step: steps, note });
  return { ...result, data: cursor.counts };
}
