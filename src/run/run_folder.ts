import { formatRecipe, loadRecipe } from "../config/load_recipe.ts";
import type { Recipe } from "../config/recipe.ts";
import { type Checkpoint, loadCheckpoint } from "../checkpoint/checkpoint_store.ts";
import { sha256 } from "../checkpoint/safetensors.ts";
import type { RunState } from "./run_state.ts";

/** A run's folder, ready to be written, and the checkpoint it goes on from. */
export interface RunFolder {
  readonly dir: string;
  /** Null when the run starts from nothing. */
  readonly checkpoint: Checkpoint<RunState> | null;
}

/** SHA-256 of everything a recipe says. */
export function recipeHash(recipe: Recipe): string {
  return sha256(new TextEncoder().encode(formatRecipe(recipe)));
}

/**
 * Makes or opens the folder of a run. An unfinished run of the same recipe goes on. Whatever else
 * is there is moved aside, never overwritten.
 *
 * @param resume Insist on going on: an error when there is nothing to go on from.
 */
export function openRunFolder(dir: string, recipe: Recipe, resume: boolean): RunFolder {
  const hash = recipeHash(recipe);
  const found = readRun(dir);
  const unfinished = found !== null && !found.finished && found.hash === hash;
  if (resume && !unfinished) {
    const seen = found === null
      ? "no run there"
      : found.finished
      ? "its run is finished"
      : "its run has another recipe";
    throw new Error(
      `${dir}: cannot resume (${seen}); leave --resume out to start anew, or name another --out`,
    );
  }
  if (unfinished) {
    return { dir, checkpoint: loadCheckpoint<RunState>(`${dir}/checkpoints`) };
  }
  try {
    if (found !== null) moveAside(dir);
    Deno.mkdirSync(`${dir}/checkpoints`, { recursive: true });
    Deno.writeTextFileSync(`${dir}/recipe.yaml`, formatRecipe(recipe));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${dir} cannot be written (${reason}); name another folder with --out`, {
      cause,
    });
  }
  return { dir, checkpoint: null };
}

/** The recipe of a run. @throws {Error} when the folder holds no run. */
export function readRunRecipe(dir: string): Recipe {
  try {
    return loadRecipe(`${dir}/recipe.yaml`);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(`${dir} holds no run (no recipe.yaml); train one with "deno task train"`, {
      cause,
    });
  }
}

function readRun(dir: string): { hash: string; finished: boolean } | null {
  try {
    Deno.statSync(dir);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  let hash = "";
  try {
    hash = recipeHash(loadRecipe(`${dir}/recipe.yaml`));
  } catch { /* a folder without a readable recipe is moved aside */ }
  let finished = false;
  try {
    finished = Deno.statSync(`${dir}/result.json`).isFile;
  } catch { /* not finished */ }
  return { hash, finished };
}

function moveAside(dir: string): void {
  if ([...Deno.readDirSync(dir)].length === 0) return;
  let n = 1;
  const taken = (path: string) => {
    try {
      Deno.lstatSync(path);
      return true;
    } catch {
      return false;
    }
  };
  while (taken(`${dir}.old-${n}`)) n++;
  Deno.renameSync(dir, `${dir}.old-${n}`);
}
