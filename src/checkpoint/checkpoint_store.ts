import {
  bytesOf,
  openSafetensors,
  sha256,
  type StoredTensor,
  writeSafetensors,
  writeWhole,
} from "./safetensors.ts";

/** Everything a run needs to go on. */
export interface Checkpoint<State> {
  /** All arrays: weights, moments, average. */
  readonly tensors: readonly StoredTensor[];
  /** Everything else, as JSON. */
  readonly state: State;
}

interface StateFile<State> {
  readonly state: State;
  /** SHA-256 of each tensor. */
  readonly sha256: Readonly<Record<string, string>>;
}

/**
 * Saves a checkpoint in a folder of its own, then moves the pointer `latest` to it in one step. A kill
 * at any instant leaves the old pointer and a whole old checkpoint.
 *
 * @param dir Folder of all checkpoints of a run; made if missing.
 * @param name Name of this checkpoint, such as `short-000400`.
 * @param keep Checkpoints to keep, this one included.
 */
export function saveCheckpoint<State>(
  dir: string,
  name: string,
  checkpoint: Checkpoint<State>,
  keep: number,
): void {
  const folder = `${dir}/${name}`;
  try {
    Deno.mkdirSync(folder, { recursive: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${folder} cannot be made (${reason}); choose another folder with --out`, {
      cause,
    });
  }
  const hashes = writeSafetensors(`${folder}/arrays.safetensors`, checkpoint.tensors);
  const file: StateFile<State> = { state: checkpoint.state, sha256: hashes };
  const text = JSON.stringify(file, null, 1);
  const sealed = JSON.stringify({ sha256: sha256(new TextEncoder().encode(text)), file: text });
  writeWhole(`${folder}/state.json`, [new TextEncoder().encode(sealed)]);
  syncFolder(folder);
  writeWhole(`${dir}/latest`, [new TextEncoder().encode(name)]);
  syncFolder(dir);
  const old = listCheckpoints(dir).filter((other) => other !== name);
  for (const other of old.slice(0, Math.max(0, old.length - (keep - 1)))) {
    Deno.removeSync(`${dir}/${other}`, { recursive: true });
  }
}

/**
 * Loads the checkpoint that `latest` points to, or one by name, and checks every byte of it.
 *
 * @returns null when there is none.
 * @throws {SyntaxError} when a byte differs from what was written; the message names the tensor.
 */
export function loadCheckpoint<State>(dir: string, name?: string): Checkpoint<State> | null {
  const chosen = name ?? readText(`${dir}/latest`);
  if (chosen === null) return null;
  const folder = `${dir}/${chosen}`;
  const text = readText(`${folder}/state.json`);
  const advice = "remove it and point latest to an older one, or start the run anew";
  if (text === null) throw new SyntaxError(`${folder} has no state.json; ${advice}`);
  const file = unseal<State>(`${folder}/state.json`, text, advice);
  const arrays = openSafetensors(`${folder}/arrays.safetensors`);
  const names = Object.keys(file.sha256);
  if (names.length !== arrays.names.length) {
    throw new SyntaxError(
      `${arrays.path} has ${arrays.names.length} tensors, ${names.length} were written; ${advice}`,
    );
  }
  const tensors = arrays.names.map((tensorName) => {
    const tensor = arrays.tensor(tensorName);
    if (sha256(bytesOf(tensor.data)) !== file.sha256[tensorName]) {
      throw new SyntaxError(`${arrays.path}: tensor ${tensorName} is damaged; ${advice}`);
    }
    return tensor;
  });
  return { tensors, state: file.state };
}

/** Names of the checkpoints in a folder, oldest first. */
export function listCheckpoints(dir: string): string[] {
  const whole: { name: string; time: number }[] = [];
  for (const entry of Deno.readDirSync(dir)) {
    if (!entry.isDirectory) continue;
    try {
      const { mtime } = Deno.statSync(`${dir}/${entry.name}/state.json`);
      whole.push({ name: entry.name, time: mtime?.getTime() ?? 0 });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return whole.sort((a, b) => a.time - b.time || (a.name < b.name ? -1 : 1)).map((c) => c.name);
}

function unseal<State>(path: string, text: string, advice: string): StateFile<State> {
  try {
    const { sha256: expected, file } = JSON.parse(text);
    if (sha256(new TextEncoder().encode(file)) === expected) return JSON.parse(file);
  } catch { /* said below */ }
  throw new SyntaxError(`${path} is damaged; ${advice}`);
}

function readText(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function syncFolder(path: string): void {
  using folder = Deno.openSync(path);
  folder.syncSync();
}
