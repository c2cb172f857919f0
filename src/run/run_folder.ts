import { formatRecipe, loadRecipe } from "../config/load_recipe.ts";
import type { Recipe } from "../config/recipe.ts";
import type { Checkpoint } from "../checkpoint/checkpoint_store.ts";
import { recoverCheckpoint } from "../checkpoint/recover_checkpoint.ts";
import { sha256, writeWhole } from "../checkpoint/safetensors.ts";
import { describeDifference } from "./describe_difference.ts";
import { LOCK_FILE, RunLock } from "./run_lock.ts";
import type { RunState } from "./run_state.ts";

/** A run's folder, ready to be written, and the checkpoint it goes on from. Dispose it to let go. */
export interface RunFolder extends Disposable {
  readonly dir: string;
  /** Null when the run starts from nothing. */
  readonly checkpoint: Checkpoint<RunState> | null;
  /** What was not as it should be, and what was done about it; a sentence each. */
  readonly notes: readonly string[];
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
 * @throws {Error} when another process trains in it, or when it cannot be written.
 */
export function openRunFolder(dir: string, recipe: Recipe, resume: boolean): RunFolder {
  let lock = isFolder(dir) ? RunLock.take(dir) : null;
  const whole = (folder: Pick<RunFolder, "checkpoint" | "notes">): RunFolder => ({
    dir,
    ...folder,
    [Symbol.dispose]: () => lock?.[Symbol.dispose](),
  });
  try {
    const old = goOn(dir, recipe, resume);
    if (old !== null) {
      checkCheckpoints(dir);
      return whole(old);
    }
    const notes = makeFolder(dir, recipe);
    // What was there has been moved aside, and its lock with it.
    lock?.[Symbol.dispose]();
    lock = RunLock.take(dir);
    return whole({ checkpoint: null, notes });
  } catch (error) {
    lock?.[Symbol.dispose]();
    throw error;
  }
}

/** The unfinished run of the same recipe in a folder, or null. */
function goOn(
  dir: string,
  recipe: Recipe,
  resume: boolean,
): Pick<RunFolder, "checkpoint" | "notes"> | null {
  const hash = recipeHash(recipe);
  const found = readRun(dir);
  const unfinished = found !== null && !found.finished && found.hash === hash;
  if (resume && !unfinished) {
    const seen = found === null
      ? "no run there"
      : found.finished
      ? "its run is finished"
      : `its run has another recipe: ${
        found.recipe === null
          ? "none that can be read"
          : describeDifference(found.recipe, recipe).join("; ")
      }`;
    throw new Error(
      `${dir}: cannot resume (${seen}); leave --resume out to start anew, or name another --out`,
    );
  }
  if (unfinished) {
    const { found: newest, notes } = recoverCheckpoint<RunState>(`${dir}/checkpoints`);
    const checkpoint = newest?.checkpoint ?? null;
    if (checkpoint !== null && checkpoint.state.recipe !== hash) {
      throw new Error(
        `${dir}/checkpoints/${newest!.name} was written by a run with another recipe (SHA-256 ` +
          `${checkpoint.state.recipe.slice(0, 12)}, here ${
            hash.slice(0, 12)
          }); put the recipe.yaml ` +
          "and the checkpoints of one run together, or name another --out",
      );
    }
    return { checkpoint, notes };
  }
  return null;
}

/** A folder of checkpoints that takes none would be found out after the first interval of training. */
function checkCheckpoints(dir: string): void {
  const folder = `${dir}/checkpoints`;
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.removeSync(Deno.makeTempDirSync({ dir: folder, prefix: ".clipa-" }));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `${folder} cannot be written (${reason}); allow writing there, or name another folder with --out`,
      { cause },
    );
  }
}

/** Makes the folder of a new run; returns what was done about what was there. */
function makeFolder(dir: string, recipe: Recipe): string[] {
  const notes: string[] = [];
  try {
    const aside = isFolder(dir) ? moveAside(dir) : null;
    if (aside !== null) notes.push(`what was in ${dir} is kept as ${aside}`);
    Deno.mkdirSync(`${dir}/checkpoints`, { recursive: true });
    writeWhole(`${dir}/recipe.yaml`, [new TextEncoder().encode(formatRecipe(recipe))]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${dir} cannot be written (${reason}); name another folder with --out`, {
      cause,
    });
  }
  return notes;
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

interface FoundRun {
  /** Null when it cannot be read. */
  readonly recipe: Recipe | null;
  readonly hash: string;
  readonly finished: boolean;
}

function isFolder(dir: string): boolean {
  try {
    return Deno.statSync(dir).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function readRun(dir: string): FoundRun | null {
  if (!isFolder(dir)) return null;
  let recipe: Recipe | null = null;
  try {
    recipe = loadRecipe(`${dir}/recipe.yaml`);
  } catch { /* a folder without a readable recipe is moved aside */ }
  let finished = false;
  try {
    finished = Deno.statSync(`${dir}/result.json`).isFile;
  } catch { /* not finished */ }
  return { recipe, hash: recipe === null ? "" : recipeHash(recipe), finished };
}

/** @returns The new name, or null when there was nothing to move. */
function moveAside(dir: string): string | null {
  if ([...Deno.readDirSync(dir)].every(({ name }) => name === LOCK_FILE)) return null;
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
  return `${dir}.old-${n}`;
}
