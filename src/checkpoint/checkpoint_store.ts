import { checkpointNames, isLeftover, REPLACED } from "./checkpoint_names.ts";
import {
  bytesOf,
  openSafetensors,
  sha256,
  type StoredTensor,
  writeSafetensors,
  writeWhole,
} from "./safetensors.ts";
import { readAt } from "./read_at.ts";

/** Everything a run needs to go on. */
export interface Checkpoint<State> {
  /** All arrays: weights, moments, average. */
  readonly tensors: readonly StoredTensor[];
  /** Everything else, as JSON. */
  readonly state: State;
}

interface StateFile<State> {
  readonly state: State;
  /** One higher than that of every checkpoint before; absent in files of earlier versions. */
  readonly serial?: number;
  /** SHA-256 of the array file up to its data; absent in files of earlier versions. */
  readonly header?: string;
  /** SHA-256 of each tensor. */
  readonly sha256: Readonly<Record<string, string>>;
}

/** What to do about a checkpoint that cannot be used. */
const ADVICE = "go on with --resume, which takes an older whole one, or start the run anew";

/**
 * Saves a checkpoint: writes it to a folder of its own under a temporary name, flushes it to disk,
 * renames the folder, then moves the pointer `latest` to it in one step. A kill at any instant leaves
 * the old pointer and a whole old checkpoint.
 *
 * @param dir Folder of all checkpoints of a run; made if missing.
 * @param name Name of this checkpoint, such as `short-000400`.
 * @param keep Checkpoints to keep, this one included.
 * @param spare Names of others that stay, without being counted.
 * @throws {Error} when it cannot be written; what was there before stays.
 */
export function saveCheckpoint<State>(
  dir: string,
  name: string,
  checkpoint: Checkpoint<State>,
  keep: number,
  spare: readonly string[] = [],
): void {
  const folder = `${dir}/${name}`;
  const temporary = `${folder}.${Deno.pid}.part`;
  try {
    makeFolder(temporary);
    writeFiles(temporary, checkpoint, nextSerial(dir));
    putInPlace(temporary, folder);
    syncFolder(dir);
    pointTo(dir, name);
  } catch (error) {
    removeIfThere(temporary);
    throw error;
  }
  const old = listCheckpoints(dir).filter((other) => other !== name && !spare.includes(other));
  for (const other of old.slice(0, Math.max(0, old.length - (keep - 1)))) {
    // Renamed first: a kill while its files go must not leave something that looks whole.
    const leaving = `${dir}/${other}.removed.part`;
    Deno.renameSync(`${dir}/${other}`, leaving);
    Deno.removeSync(leaving, { recursive: true });
  }
}

/**
 * Loads the checkpoint that `latest` points to, or one by name, and checks every byte of it.
 *
 * @returns null when there is none.
 * @throws {SyntaxError} when a byte differs from what was written; the message names the file.
 */
export function loadCheckpoint<State>(dir: string, name?: string): Checkpoint<State> | null {
  const chosen = name ?? readPointer(dir);
  if (chosen === null) {
    const lost = listCheckpoints(dir).at(-1);
    if (lost === undefined) return null;
    throw new SyntaxError(`${dir}/latest is missing, but ${lost} is there; ${ADVICE}`);
  }
  const folder = `${dir}/${chosen}`;
  const file = readState<State>(folder);
  const arrays = openSafetensors(`${folder}/arrays.safetensors`);
  if (file.header !== undefined && headerHash(arrays.path) !== file.header) {
    throw new SyntaxError(`${arrays.path}: its header is damaged; ${ADVICE}`);
  }
  const names = Object.keys(file.sha256);
  if (names.length !== arrays.names.length) {
    throw new SyntaxError(
      `${arrays.path} has ${arrays.names.length} tensors, ${names.length} were written; ${ADVICE}`,
    );
  }
  const tensors = arrays.names.map((tensorName) => {
    const tensor = arrays.tensor(tensorName);
    if (sha256(bytesOf(tensor.data)) !== file.sha256[tensorName]) {
      throw new SyntaxError(`${arrays.path}: tensor ${tensorName} is damaged; ${ADVICE}`);
    }
    return tensor;
  });
  return { tensors, state: file.state };
}

/** Names of the checkpoints in a folder, oldest first; none when the folder is missing. */
export function listCheckpoints(dir: string): string[] {
  const whole = checkpointNames(dir).flatMap((name) => {
    const path = `${dir}/${name}/state.json`;
    try {
      return [{ name, serial: serialOf(path), time: Deno.statSync(path).mtime?.getTime() ?? 0 }];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  });
  return whole
    .sort((a, b) => a.serial - b.serial || a.time - b.time || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}

/**
 * The name that `latest` holds, null when the file is missing.
 *
 * @throws {SyntaxError} when the file is damaged.
 */
export function readPointer(dir: string): string | null {
  let text: string;
  try {
    text = Deno.readTextFileSync(`${dir}/latest`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const [name, seal, ...rest] = text.split(" ");
  // Earlier versions wrote the name alone.
  if (rest.length === 0 && (seal === undefined || seal === sealOf(name))) return name;
  throw new SyntaxError(`${dir}/latest is damaged; ${ADVICE}`);
}

/** Moves the pointer `latest`, in one step. */
export function pointTo(dir: string, name: string): void {
  writeWhole(`${dir}/latest`, [new TextEncoder().encode(`${name} ${sealOf(name)}`)]);
  syncFolder(dir);
}

function sealOf(name: string): string {
  return sha256(new TextEncoder().encode(name)).slice(0, 16);
}

function writeFiles<State>(folder: string, checkpoint: Checkpoint<State>, serial: number): void {
  const arrays = `${folder}/arrays.safetensors`;
  const hashes = writeSafetensors(arrays, checkpoint.tensors);
  const file: StateFile<State> = {
    state: checkpoint.state,
    serial,
    header: headerHash(arrays),
    sha256: hashes,
  };
  const text = JSON.stringify(file, null, 1);
  const sealed = JSON.stringify({ sha256: sha256(new TextEncoder().encode(text)), file: text });
  writeWhole(`${folder}/state.json`, [new TextEncoder().encode(sealed)]);
  syncFolder(folder);
}

// A checkpoint of this name may be there already, of the same step before the run went on.
function putInPlace(temporary: string, folder: string): void {
  const replaced = `${folder}${REPLACED}`;
  const exchange = exists(folder);
  if (exchange) {
    removeIfThere(replaced);
    Deno.renameSync(folder, replaced);
  }
  try {
    Deno.renameSync(temporary, folder);
  } catch (error) {
    if (exchange) Deno.renameSync(replaced, folder);
    throw error;
  }
  if (exchange) removeIfThere(replaced);
}

function readState<State>(folder: string): StateFile<State> {
  const path = `${folder}/state.json`;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(path));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new SyntaxError(`${folder} has no state.json; ${ADVICE}`, { cause });
    }
    if (!(cause instanceof TypeError)) throw cause;
    throw new SyntaxError(`${path} is damaged; ${ADVICE}`, { cause });
  }
  try {
    const { sha256: expected, file } = JSON.parse(text);
    const same = JSON.stringify({ sha256: expected, file }) === text;
    if (same && sha256(new TextEncoder().encode(file)) === expected) return JSON.parse(file);
  } catch { /* said below */ }
  throw new SyntaxError(`${path} is damaged; ${ADVICE}`);
}

/** SHA-256 of the length and the header of a safetensors file. */
function headerHash(path: string): string {
  using file = Deno.openSync(path);
  const length = readAt(file, 0, 8);
  const bytes = Number(new DataView(length.buffer).getBigUint64(0, true));
  return sha256(readAt(file, 0, 8 + bytes));
}

function nextSerial(dir: string): number {
  const serials = checkpointNames(dir).map((name) => serialOf(`${dir}/${name}/state.json`));
  return 1 + Math.max(0, ...serials);
}

/** 0 for what is missing, damaged or of an earlier version: it counts as old. */
function serialOf(path: string): number {
  try {
    const { serial } = JSON.parse(JSON.parse(Deno.readTextFileSync(path)).file);
    return Number.isSafeInteger(serial) ? serial : 0;
  } catch {
    return 0;
  }
}

function makeFolder(folder: string): void {
  try {
    removeIfThere(folder);
    Deno.mkdirSync(folder, { recursive: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${folder} cannot be made (${reason}); choose another folder with --out`, {
      cause,
    });
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function removeIfThere(path: string): void {
  if (!isLeftover(path)) throw new TypeError(`${path} is not the name of a leftover`);
  try {
    Deno.removeSync(path, { recursive: true });
  } catch { /* it was never made, or the disk refuses: the next start tries again */ }
}

function syncFolder(path: string): void {
  using folder = Deno.openSync(path);
  folder.syncSync();
}
