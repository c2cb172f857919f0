import { checkpointNames, DAMAGED, isLeftover, REPLACED } from "./checkpoint_names.ts";
import {
  type Checkpoint,
  listCheckpoints,
  loadCheckpoint,
  pointTo,
  readPointer,
} from "./checkpoint_store.ts";

/** A checkpoint to go on from. */
export interface RecoveredCheckpoint<State> {
  readonly name: string;
  readonly checkpoint: Checkpoint<State>;
}

/** What {@linkcode recoverCheckpoint} found. */
export interface Recovery<State> {
  /** Null when the folder holds no checkpoint at all. */
  readonly found: RecoveredCheckpoint<State> | null;
  /** What was not as it should be and what was done about it, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * The newest whole checkpoint of a run that goes on. The one that `latest` names is tried first; when it
 * is damaged, older ones are, and the damaged one is kept aside with `.damaged` behind its name.
 * What a killed process left half-written is removed. Nothing of that is silent: see
 * {@linkcode Recovery.notes}.
 *
 * Only for the process that goes on with the run: a run that is being written has such leftovers too.
 *
 * @throws {SyntaxError} when there are checkpoints and none is whole; the message names them all.
 */
export function recoverCheckpoint<State>(dir: string): Recovery<State> {
  const { pointer, problem } = openPointer(dir);
  const notes = removeLeftovers(dir, pointer);
  if (problem !== null) notes.push(problem);
  const names = listCheckpoints(dir).reverse();
  if (problem === null && pointer === null && names.length > 0) {
    notes.push(`${dir}/latest is missing`);
  }
  // A pointer to what is not there fails like a damaged checkpoint.
  const first = pointer === null ? [] : [pointer];
  const damaged: { name: string; why: string }[] = [];
  for (const name of [...first, ...names.filter((name) => name !== pointer)]) {
    try {
      const checkpoint = loadCheckpoint<State>(dir, name)!;
      for (const { name: bad, why } of damaged) notes.push(why + setAside(dir, bad));
      if (name !== pointer) {
        pointTo(dir, name);
        notes.push(`going on from ${name}`);
      }
      return { found: { name, checkpoint }, notes };
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof Deno.errors.NotFound)) throw error;
      damaged.push({ name, why: error.message.split(";")[0] });
    }
  }
  damaged.push(...asideNames(dir).map((name) => ({ name, why: `${name} was found damaged` })));
  if (damaged.length === 0 && problem === null) return { found: null, notes };
  const why = [...damaged.map(({ why }) => why), ...(problem === null ? [] : [problem])].join("; ");
  throw new SyntaxError(
    `${dir} has no whole checkpoint (${why}); put a copy in place, or remove the folder to start ` +
      "the run anew",
  );
}

function openPointer(dir: string): { pointer: string | null; problem: string | null } {
  try {
    return { pointer: readPointer(dir), problem: null };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { pointer: null, problem: `${dir}/latest is damaged` };
  }
}

function asideNames(dir: string): string[] {
  return entriesOf(dir).map(({ name }) => name).filter((name) => name.endsWith(DAMAGED));
}

/** @returns What was done, as the end of a sentence. */
function setAside(dir: string, name: string): string {
  const aside = `${name}${DAMAGED}`;
  try {
    Deno.removeSync(`${dir}/${aside}`, { recursive: true });
  } catch { /* there is none of that name yet */ }
  try {
    Deno.renameSync(`${dir}/${name}`, `${dir}/${aside}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
  return `: it is kept as ${aside}`;
}

/** Removes what a killed process left half-written; what it was about to replace comes back. */
function removeLeftovers(dir: string, pointer: string | null): string[] {
  const notes: string[] = [];
  const remove = (path: string) => {
    Deno.removeSync(path, { recursive: true });
    notes.push(`removed ${path}, which was never finished`);
  };
  const found = entriesOf(dir).map(({ name }) => name);
  for (const name of found.filter((name) => name.endsWith(REPLACED))) {
    const whole = name.slice(0, -REPLACED.length);
    if (found.includes(whole)) remove(`${dir}/${name}`);
    else Deno.renameSync(`${dir}/${name}`, `${dir}/${whole}`);
  }
  for (const { name } of entriesOf(dir)) if (isLeftover(name)) remove(`${dir}/${name}`);
  for (const name of checkpointNames(dir)) {
    const files = entriesOf(`${dir}/${name}`).map((file) => file.name);
    for (const file of files.filter(isLeftover)) remove(`${dir}/${name}/${file}`);
    // Earlier versions wrote into the folder itself, the state last. Nothing else may be removed.
    const ours = files.every((file) => file === "arrays.safetensors" || isLeftover(file));
    if (ours && name !== pointer) remove(`${dir}/${name}`);
  }
  return notes;
}

function entriesOf(path: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(path)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
