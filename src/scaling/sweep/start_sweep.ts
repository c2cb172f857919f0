import type { Recipe } from "../../config/recipe.ts";
import { loadSweep } from "../../config/load_sweep.ts";
import type { DataSet } from "../../run/shard_data_set.ts";
import { type CellJob, type JobOptions, runJob } from "./cell_job.ts";
import { runJobInProcess } from "./job_process.ts";
import { type PlanCost, planCost, planSweep } from "./plan_sweep.ts";
import { measureSteps, predictStages } from "./predict_seconds.ts";
import { readResults } from "./results_file.ts";
import { rowOrigin } from "./row_origin.ts";
import { runSweep, type SweepState } from "./run_sweep.ts";
import { sweepCells } from "./sweep_cell.ts";
import { formatPlan, formatState } from "./sweep_table.ts";

/** What a sweep is asked for, and where its parts are. */
export interface StartOptions {
  /** Name of a sweep or a path. */
  readonly file: string;
  /** Results file; default `notebooks/results/<sweep>.jsonl` below `root`. */
  readonly results?: string;
  /** Insist that there are results already. */
  readonly resume: boolean;
  /** Id, label or beginning of labels of the cells to run; default all. */
  readonly only?: string;
  /** Cells at a time; more than one have one CPU thread each. */
  readonly parallel: number;
  readonly retryFailed: boolean;
  /** Plan only. */
  readonly dryRun: boolean;
  /** Folder of the repository. */
  readonly root: string;
  /** Folder of what is built once; shared pre-trainings are kept there. */
  readonly cacheDir: string;
  /** Deno's configuration file for processes; null runs the jobs here. */
  readonly config: string | null;
  /** Name of the processor, for the rows. */
  readonly cpu: string;
  readonly dataSetOf: (recipe: Recipe) => Promise<DataSet>;
  readonly signal: AbortSignal;
  /** Shows lines once. */
  readonly print: (lines: readonly string[]) => void;
  /** Shows lines in place of those before; `last` lets them stand. */
  readonly show: (lines: readonly string[], last: boolean) => void;
}

/** What `deno task sweep --json` prints. */
export interface SweepSummary {
  /** Cells of the sweep. */
  readonly cells: number;
  readonly done: number;
  readonly failed: number;
  /** Results file. */
  readonly results: string;
}

/**
 * A sweep from its file to its rows: the plan with its predicted cost first, then the open cells.
 *
 * @throws {RangeError} when the sweep is not allowed or its cells collide; {SyntaxError} when the results
 * are damaged; {Error} when there is nothing to resume.
 */
export async function startSweep(options: StartOptions): Promise<SweepSummary> {
  const { file, root, parallel, signal, print, show, config } = options;
  const sweep = loadSweep(file);
  const cells = sweepCells(sweep);
  const results = options.results ?? `${root}/notebooks/results/${sweep.name}.jsonl`;
  const found = readResults(results, (message) => print([message]));
  if (options.resume && found.rows.length === 0) {
    throw new Error(`${results} has no rows to go on from; leave --resume out to start`);
  }
  const plan = planSweep(cells, found, options);
  const cores = navigator.hardwareConcurrency;
  const threads = parallel > 1 ? 1 : null;
  const cost = await cheapCost(plan.cells.some(({ state }) => state === "open"), () => {
    const stepSeconds = measureSteps(threads);
    return planCost(plan, (recipe) => {
      signal.throwIfAborted();
      return predictStages(recipe, stepSeconds);
    });
  });
  print([`sweep ${sweep.name}`, ...formatPlan(plan, cost, parallel)]);
  const before = (state: string) => plan.cells.filter((cell) => cell.state === state).length;
  const summary = { cells: cells.length, done: before("done"), failed: before("failed"), results };
  if (options.dryRun || before("open") === 0) return summary;
  const given = Number(Deno.env.get("CLIPA_THREADS") ?? 0) || cores;
  const { done, failed } = await runSweep(plan, {
    name: sweep.name,
    results,
    runs: `${root}/runs/sweeps/${sweep.name}`,
    shared: `${options.cacheDir}/pretrained`,
    parallel,
    cost,
    origin: await rowOrigin(root, { cpu: options.cpu, cores, threads: threads ?? given }),
    dataSetOf: oncePerData(options.dataSetOf),
    runJob: (job: CellJob, jobOptions: JobOptions) =>
      config === null
        ? runJob(job, jobOptions)
        : runJobInProcess(job, jobOptions, { config, threads }),
    signal,
    onState: (state: SweepState) => {
      if (state.event !== undefined) show([state.event], true);
      show(formatState(sweep.name, state), state.done + state.failed === state.total);
    },
  });
  return { ...summary, done, failed };
}

async function cheapCost(needed: boolean, measure: () => Promise<PlanCost>): Promise<PlanCost> {
  return needed ? await measure() : { cells: new Map(), shared: new Map(), total: 0 };
}

/** Opens each data set once, also when several lanes ask for it at the same time. */
function oncePerData(open: StartOptions["dataSetOf"]): StartOptions["dataSetOf"] {
  const opened = new Map<string, Promise<DataSet>>();
  return (recipe) => {
    const { set, shards, limit } = recipe.data;
    const key = JSON.stringify([set, shards, limit]);
    let dataSet = opened.get(key);
    if (dataSet === undefined) opened.set(key, dataSet = open(recipe));
    return dataSet;
  };
}
