import { join } from "node:path";
import { openSafetensors, sha256, writeSafetensors } from "../../checkpoint/safetensors.ts";

/** What is kept of a finished part. */
export interface StoredPart {
  readonly arrays: Readonly<Record<string, Float32Array>>;
  /** Anything that JSON holds. */
  readonly notes: unknown;
}

/** Folders of other evaluations that nobody went on with for so long are removed. */
const STALE_MS = 30 * 24 * 3600 * 1000;

/**
 * Results of the finished parts of an evaluation, on disk, so that a stopped evaluation goes on. Each
 * part is one file that is there whole or not at all. A part counts only for the very same question
 * (model, prompts, preparation) and for files that have not changed.
 */
export class PartialStore {
  readonly #dir: string;
  #fault: string | null = null;

  /**
   * @param root Folder for all evaluations.
   * @param question Everything that the numbers depend on besides the pictures.
   */
  constructor(root: string, question: Readonly<Record<string, unknown>>) {
    this.#dir = join(root, sha256(new TextEncoder().encode(JSON.stringify(question))).slice(0, 32));
    removeStale(root, this.#dir);
  }

  /** A finished part; null when it is not there, damaged, or of other files. */
  read(name: string, stamp: string): StoredPart | null {
    try {
      const file = openSafetensors(this.#path(name));
      const { stamp: seen, notes } = file.metadata;
      if (seen !== stamp) return null;
      const arrays = file.names.map((key) => [key, file.tensor(key).data] as const);
      return { arrays: Object.fromEntries(arrays), notes: JSON.parse(notes) };
    } catch (error) {
      // A damaged file is computed anew; a folder that cannot be read would fail at the next write.
      if (error instanceof SyntaxError || isMissing(error)) return null;
      throw error;
    }
  }

  /** Why parts could not be kept; null when they all were. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Keeps a finished part. A full disk must not cost the evaluation: it goes on without keeping. */
  write(name: string, stamp: string, { arrays, notes }: StoredPart): void {
    if (this.#fault !== null) return;
    const tensors = Object.entries(arrays)
      .map(([key, data]) => ({ name: key, shape: [data.length], data }));
    try {
      Deno.mkdirSync(this.#dir, { recursive: true });
      writeSafetensors(this.#path(name), tensors, { stamp, notes: JSON.stringify(notes) });
    } catch (error) {
      if (error instanceof TypeError) throw error;
      this.#fault = error instanceof Error ? error.message : String(error);
    }
  }

  /** Removes all parts: the evaluation has ended. */
  clear(): void {
    try {
      Deno.removeSync(this.#dir, { recursive: true });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  #path(name: string): string {
    return join(this.#dir, `${name}.safetensors`);
  }
}

function removeStale(root: string, own: string): void {
  let names: string[];
  try {
    names = [...Deno.readDirSync(root)].filter((entry) => entry.isDirectory).map(({ name }) =>
      name
    );
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  for (const name of names) {
    const dir = join(root, name);
    const touched = Deno.statSync(dir).mtime?.getTime() ?? Date.now();
    if (dir !== own && /^[0-9a-f]{32}$/.test(name) && Date.now() - touched > STALE_MS) {
      Deno.removeSync(dir, { recursive: true });
    }
  }
}

/** Nothing is there, or something that is no folder stands in the way. */
function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}
