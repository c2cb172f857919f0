import type { DataSet } from "../../run/shard_data_set.ts";
import type { Recipe } from "../../config/recipe.ts";
import type { RunProgress, StartingPoint } from "../../run/run_experiment.ts";
import { type CellJob, finishedRun, type JobOptions } from "./cell_job.ts";
import { doneRow, failedRow } from "./make_row.ts";
import type { PlanCost, PlannedCell, SweepPlan } from "./plan_sweep.ts";
import { appendRow } from "./results_file.ts";
import { cellLabel, prefixRecipe } from "./sweep_cell.ts";
import type { RowOrigin, SweepRow } from "./sweep_row.ts";

/** A job that is under way. */
export interface RunningJob {
  readonly label: string;
  readonly progress: RunProgress | null;
}

/** How far a sweep is. */
export interface SweepState {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly running: readonly RunningJob[];
  /** Seconds that are left; null before anything can be said. */
  readonly etaSeconds: number | null;
  /** What has just happened, for the record. */
  readonly event?: string;
}

/** Options of {@linkcode runSweep}. */
export interface SweepOptions {
  readonly name: string;
  /** File that the rows are added to. */
  readonly results: string;
  /** Folder of the runs of the cells. */
  readonly runs: string;
  /** Folder of shared pre-trainings, which other sweeps may use too. */
  readonly shared: string;
  /** Jobs at a time. */
  readonly parallel: number;
  readonly cost: PlanCost;
  readonly origin: RowOrigin;
  readonly dataSetOf: (recipe: Recipe) => Promise<DataSet>;
  /** Does a job, here or in a process of its own. */
  readonly runJob: (job: CellJob, options: JobOptions) => Promise<void>;
  readonly signal: AbortSignal;
  readonly onState: (state: SweepState) => void;
}

/** What a sweep did. */
export interface SweepOutcome {
  readonly done: number;
  readonly failed: number;
}

/**
 * Runs the open cells of a plan, several at a time. A finished cell is one row on disk before the next
 * begins; a failed one is a row with its reason, and the others go on.
 *
 * @throws the reason of `signal` when it was aborted; rows written so far stay, and running cells go on
 * from their checkpoints at the next call.
 */
export async function runSweep(plan: SweepPlan, options: SweepOptions): Promise<SweepOutcome> {
  const sweep = new RunningSweep(plan, options);
  const lanes = Array.from({ length: options.parallel }, () => sweep.work());
  const ends = await Promise.allSettled(lanes);
  options.signal.throwIfAborted();
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return { done: sweep.done, failed: sweep.failed };
}

class RunningSweep {
  done: number;
  failed: number;
  readonly #plan: SweepPlan;
  readonly #options: SweepOptions;
  readonly #open: PlannedCell[];
  readonly #running = new Map<string, RunningJob>();
  /** Shared key → its pre-training, started once. */
  readonly #shared = new Map<string, Promise<StartingPoint>>();
  /** Keys whose pre-training has ended, well or not. */
  readonly #ready = new Set<string>();
  readonly #startedMs = performance.now();
  #spent = 0;
  #broken = false;

  constructor(plan: SweepPlan, options: SweepOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#open = plan.cells.filter(({ state }) => state === "open");
    this.done = plan.cells.filter(({ state }) => state === "done").length;
    this.failed = plan.cells.filter(({ state }) => state === "failed").length;
  }

  /** Takes cells until none is left. */
  async work(): Promise<void> {
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      this.#options.signal.throwIfAborted();
      await this.#runCell(next);
    }
  }

  /** A cell that need not wait for another lane's pre-training, if there is one. */
  #take(): PlannedCell | undefined {
    if (this.#broken) return undefined;
    const waits = ({ shared }: PlannedCell) =>
      shared !== null && this.#shared.has(shared) && !this.#ready.has(shared);
    const index = this.#open.findIndex((planned) => !waits(planned));
    return this.#open.splice(Math.max(0, index), 1)[0];
  }

  async #runCell({ cell, shared }: PlannedCell): Promise<void> {
    const { name, runs, dataSetOf, origin, results, cost } = this.#options;
    const label = cellLabel(cell);
    const context = { sweep: name, cell, origin, shared };
    let row: SweepRow;
    try {
      const dataSet = await dataSetOf(cell.recipe);
      const start = shared === null ? undefined : await this.#before(cell.recipe, shared, dataSet);
      const job = { recipe: cell.recipe, out: `${runs}/${cell.id}`, dataSet, start };
      await this.#run(label, job);
      row = doneRow(context, finishedRun(job)!);
    } catch (error) {
      this.#options.signal.throwIfAborted();
      row = failedRow(context, error);
    }
    try {
      appendRow(results, row);
    } catch (error) {
      // Rows that cannot be kept are not worth training for.
      this.#broken = true;
      throw error;
    }
    this.#spent += cost.cells.get(cell.id) ?? 0;
    if (row.status === "done") this.done++;
    else this.failed++;
    this.#tell(row.status === "done" ? `${label} done` : `${label} FAILED: ${row.reason}`);
  }

  /** The stages before the last, trained for all cells that share them. */
  #before(recipe: Recipe, key: string, dataSet: DataSet): Promise<StartingPoint> {
    let point = this.#shared.get(key);
    if (point === undefined) {
      point = this.#pretrain(recipe, key, dataSet).finally(() => this.#ready.add(key));
      this.#shared.set(key, point);
    }
    return point;
  }

  async #pretrain(recipe: Recipe, key: string, dataSet: DataSet): Promise<StartingPoint> {
    const { shared, origin, cost } = this.#options;
    const before = prefixRecipe(recipe, key);
    // Another library may round differently: its weights are another pre-training.
    const job = { recipe: before, out: `${shared}/${key}-${origin.library.slice(0, 12)}`, dataSet };
    try {
      await this.#run(`pre-training ${key}`, job);
    } catch (cause) {
      this.#options.signal.throwIfAborted();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`shared pre-training ${key}: ${reason}`, { cause });
    }
    this.#spent += cost.shared.get(key) ?? 0;
    return { done: finishedRun(job)!.stages, weights: `${job.out}/weights.safetensors` };
  }

  async #run(label: string, job: CellJob): Promise<void> {
    const { runJob, signal } = this.#options;
    this.#running.set(label, { label, progress: null });
    this.#tell();
    try {
      await runJob(job, {
        signal,
        onProgress: (progress) => {
          this.#running.set(label, { label, progress });
          this.#tell();
        },
      });
    } finally {
      this.#running.delete(label);
    }
  }

  #tell(event?: string): void {
    const { cost } = this.#options;
    const elapsed = (performance.now() - this.#startedMs) / 1000;
    // The prediction times how right it was so far; before the first end, the prediction alone.
    const factor = this.#spent > 0
      ? elapsed / this.#spent
      : 1 / Math.min(this.#options.parallel, Math.max(1, this.#open.length));
    this.#options.onState({
      total: this.#plan.cells.filter(({ state }) => state !== "left").length,
      done: this.done,
      failed: this.failed,
      running: [...this.#running.values()],
      etaSeconds: cost.total > 0 ? Math.max(0, cost.total - this.#spent) * factor : null,
      event,
    });
  }
}
