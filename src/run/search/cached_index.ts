import { createHash } from "node:crypto";
import { sha256, writeWhole } from "../../checkpoint/safetensors.ts";
import { lockFile } from "../../data/icons/lock_file.ts";
import { SearchIndex } from "../../eval/search/search_index.ts";
import { writeSearchIndex } from "../../eval/search/write_index.ts";
import type { NativeContext } from "../../native/context.ts";

const PART_ROWS = 8192;
/** Indexes that stay in the cache, the last used ones; each of the icon set takes about 200 MB. */
const KEEP = 4;

/** Embeds rows of whatever is indexed. */
export type EmbedRows = (
  first: number,
  count: number,
  onRows: (done: number) => void,
) => Promise<Float32Array>;

/** What an index is made of, and how. */
export interface CachedIndexOptions {
  /** Folder of all indexes. */
  readonly dir: string;
  /** What the rows are, for example `pictures`. */
  readonly kind: string;
  /** All that decides the vectors: model, data set, form. */
  readonly identity: readonly unknown[];
  readonly count: number;
  readonly width: number;
  /** Vectors of rows `first` to `first + count - 1`, f32 [count, width]; tells `onRows` how far it is. */
  readonly embed: EmbedRows;
  /** Rows that are kept on the way, a multiple of 16: what an interrupted build loses at most. */
  readonly partRows?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** Takes a line for the user. */
  readonly say?: (line: string) => void;
}

/**
 * Opens an index of the cache, or builds it when it is not there, damaged or made of something else.
 * A build keeps its finished parts, so an interrupted one goes on where it stopped. Two processes that
 * want the same index build it once.
 *
 * @throws the reason of the signal when it is aborted.
 */
export async function cachedIndex(
  context: NativeContext,
  options: CachedIndexOptions,
): Promise<SearchIndex> {
  const { dir, kind, signal, say = () => {} } = options;
  const plan = { count: options.count, width: options.width };
  const partRows = options.partRows ?? PART_ROWS;
  const identity = createHash("sha256")
    .update(JSON.stringify([kind, plan, ...options.identity])).digest("hex");
  const path = `${dir}/${kind}-${identity.slice(0, 16)}.index`;
  const found = tryOpen(path, identity, context, say);
  if (found) return found;
  Deno.mkdirSync(dir, { recursive: true });
  using _lock = await lockFile(`${path}.lock`, signal);
  const built = tryOpen(path, identity, context, () => {});
  if (built) return built;
  const parts = `${path}.parts`;
  Deno.mkdirSync(parts, { recursive: true });
  await embedParts(parts, partRows, options);
  signal?.throwIfAborted();
  await writeSearchIndex(path, { ...plan, identity }, readParts(parts, partRows, plan));
  Deno.removeSync(parts, { recursive: true });
  removeOld(dir);
  return SearchIndex.open(path, context, { identity });
}

function tryOpen(
  path: string,
  identity: string,
  context: NativeContext,
  say: (line: string) => void,
): SearchIndex | undefined {
  try {
    const index = SearchIndex.open(path, context, { identity });
    // The time says which indexes are in use; a cache that cannot be written is no harm.
    try {
      Deno.utimeSync(path, new Date(), new Date());
    } catch { /* said above */ }
    return index;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    say(
      `search  ${error.message.replace(/; remove it and build it again$/, "")}; building it again`,
    );
    return undefined;
  }
}

async function embedParts(
  parts: string,
  partRows: number,
  options: CachedIndexOptions,
): Promise<void> {
  const { count, width, embed, signal, onProgress, say = () => {} } = options;
  let kept = 0;
  for (let first = 0; first < count; first += partRows) {
    const rows = Math.min(partRows, count - first);
    const path = partPath(parts, first);
    if (readPart(path, rows * width) !== undefined) {
      kept += rows;
      continue;
    }
    if (kept > 0) say(`search  ${kept} of ${count} vectors are there from an earlier build`);
    kept = 0;
    signal?.throwIfAborted();
    const vectors = await embed(first, rows, (done) => onProgress?.(first + done, count));
    const bytes = new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength);
    writeWhole(path, [new TextEncoder().encode(sha256(bytes)), bytes]);
  }
}

function* readParts(
  parts: string,
  partRows: number,
  { count, width }: { count: number; width: number },
): Generator<Float32Array> {
  for (let first = 0; first < count; first += partRows) {
    const rows = Math.min(partRows, count - first);
    const vectors = readPart(partPath(parts, first), rows * width);
    if (!vectors) throw new Error(`${partPath(parts, first)} is gone; run the same command again`);
    yield vectors;
  }
}

function partPath(parts: string, first: number): string {
  return `${parts}/${String(first).padStart(10, "0")}.f32`;
}

/** The vectors of a part, or `undefined` when it is missing, cut or changed. */
function readPart(path: string, values: number): Float32Array | undefined {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const content = bytes.slice(64);
  if (content.length !== 4 * values) return undefined;
  const whole = sha256(content) === new TextDecoder().decode(bytes.subarray(0, 64));
  return whole ? new Float32Array(content.buffer) : undefined;
}

/** Takes the least recently used indexes out of the cache, and what builds left that never went on. */
function removeOld(dir: string): void {
  const entries = [...Deno.readDirSync(dir)].map(({ name }) => {
    const path = `${dir}/${name}`;
    return { path, time: Deno.statSync(path).mtime?.getTime() ?? 0 };
  });
  const indexes = entries
    .filter(({ path }) => /\/[a-z]+-[0-9a-f]{16}\.index$/.test(path))
    .sort((a, b) => b.time - a.time);
  const unused = indexes.slice(KEEP).flatMap(({ path }) => [path, `${path}.lock`]);
  const forgotten = entries
    .filter(({ path, time }) => /\.index\.(parts|\d+\.part)$/.test(path) && time < weekAgo())
    .map(({ path }) => path);
  for (const path of [...unused, ...forgotten]) {
    try {
      Deno.removeSync(path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function weekAgo(): number {
  return Date.now() - 7 * 24 * 3600 * 1000;
}
