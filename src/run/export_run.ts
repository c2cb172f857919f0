import { basename } from "node:path";
import { NativeContext } from "../native/context.ts";
import { type ExportForm, exportModel, type ExportResult } from "../onnx/export_model.ts";
import { openRun } from "./open_run.ts";
import { recipeHash } from "./run_folder.ts";
import type { SourceVersion } from "./source_version.ts";

/** Options of {@linkcode exportRun}. */
export interface ExportRunOptions {
  /** Folder of the model. */
  readonly out: string;
  /** Default both kinds of graphs. */
  readonly form?: ExportForm;
  readonly source: SourceVersion;
}

/** An export and what the run had done by then. */
export interface ExportedRun extends ExportResult {
  /** False when the newest checkpoint of a run was exported that goes on. */
  readonly finished: boolean;
}

/**
 * Exports a run's newest checkpoint as a model; the run need not be finished.
 *
 * @throws {Error} when there is no run or no checkpoint yet, and what {@linkcode exportModel} throws.
 *
 * @example
 * ```ts ignore
 * const source = await sourceVersion(Deno.cwd());
 * const { parity } = await exportRun("runs/quick", { out: "models/quick", source });
 * ```
 */
export async function exportRun(dir: string, options: ExportRunOptions): Promise<ExportedRun> {
  using context = new NativeContext();
  using run = openRun(dir, context);
  const { recipe, state, weights } = run;
  const stage = recipe.stages[state.stage];
  const finished = isFinished(dir);
  const provenance = {
    run: dir,
    recipe: recipe.name,
    recipeHash: recipeHash(recipe),
    samples: state.done.reduce((sum, { samples }) => sum + samples, 0) + state.step * stage.batch,
    stage: stage.name,
    finished,
    weights: weights === "average" ? "average" : "value",
    dataSet: recipe.data.set ?? recipe.data.shards ?? "",
    ...options.source,
  } as const;
  const name = basename(options.out.replace(/\/+$/, "")) || recipe.name;
  const { model, tokenizer } = run;
  const source = { name, model, weights, tokenizer, provenance };
  return { ...await exportModel(source, options.out, options.form), finished };
}

function isFinished(dir: string): boolean {
  try {
    return Deno.statSync(`${dir}/result.json`).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
