import { basename, join } from "node:path";
import { runCommand } from "../setup/run_command.ts";
import { checkNotebook } from "./check_notebook.ts";
import { normalise, type Notebook, readNotebook } from "./notebook_file.ts";
import type { ScratchTree } from "./scratch_tree.ts";

/** An executed notebook. */
export interface ExecutedNotebook {
  readonly notebook: Notebook;
  readonly seconds: number;
}

/** A notebook that could not be executed or left wrong outputs. */
export class NotebookError extends Error {
  override name = "NotebookError";
}

/** A cell of a committed notebook must end sooner; they are meant to take a minute in all. */
const CELL_SECONDS = 900;

/**
 * Executes a notebook with Jupyter and the Deno kernel in a scratch tree, and checks its outputs.
 *
 * @param signal Ends Jupyter, which ends the kernel.
 * @throws {NotebookError} with the cell, its error and its traceback when a cell fails, and with a list
 * of what is wrong when the outputs are not as they must be.
 */
export async function runNotebook(
  path: string,
  tree: ScratchTree,
  root: string,
  signal?: AbortSignal,
): Promise<ExecutedNotebook> {
  const name = basename(path);
  const copy = join(tree.notebooks, name);
  Deno.copyFileSync(path, copy);
  const startedMs = performance.now();
  const { code, output } = await runCommand("jupyter", [
    "nbconvert",
    "--to=notebook",
    "--execute",
    "--inplace",
    "--ExecutePreprocessor.kernel_name=deno",
    `--ExecutePreprocessor.timeout=${CELL_SECONDS}`,
    copy,
  ], { cwd: tree.notebooks, env: { ...tree.env }, signal });
  signal?.throwIfAborted();
  if (code !== 0) throw new NotebookError(`${name}: ${reason(output)}`);
  const notebook = normalise(readNotebook(copy));
  const problems = checkNotebook(notebook, [root, tree.notebooks]);
  if (problems.length > 0) throw new NotebookError(`${name}: ${problems.join("; ")}`);
  return { notebook, seconds: (performance.now() - startedMs) / 1000 };
}

/** Jupyter's own traceback is Python's; the one of the cell stands behind it. */
function reason(output: string): string {
  const at = output.lastIndexOf("CellExecutionError: ");
  return (at < 0 ? output : output.slice(at + "CellExecutionError: ".length)).trim();
}
