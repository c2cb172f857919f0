import { createHash } from "node:crypto";
import { join } from "node:path";
import { lockFile } from "../icons/lock_file.ts";
import { writeWhole } from "../icons/write_whole.ts";
import { openRecords } from "../records/records.ts";
import { listShards } from "../shards/list_shards.ts";
import { type BakeOptions, type BakeReport, bakeShards } from "./bake_shards.ts";

/** Raised whenever the same shards give other records. */
const VERSION = 1;

/** Options of {@linkcode shardRecords}. */
export interface ShardRecordsOptions extends Omit<BakeOptions, "shards" | "out"> {
  /** A path, a glob or a range in braces of webdataset tars. */
  readonly shards: string;
  /** Folder that holds data sets, each in a folder of its own. */
  readonly cacheDir: string;
}

/** Records of foreign shards. */
export interface ShardRecords extends BakeReport {
  /** Folder of the records and of their `bake.json`. */
  readonly dir: string;
  /** The shards they were baked from. */
  readonly shards: readonly string[];
}

/**
 * The records of foreign shards: baked once, then found in the cache until a shard changes its size
 * or time, or another form is asked for. Open them with `openRecords(path)`.
 *
 * @throws {RangeError} when no file fits the glob.
 * @throws {SyntaxError} when the shards cannot be baked; see {@linkcode bakeShards}.
 */
export async function shardRecords(options: ShardRecordsOptions): Promise<ShardRecords> {
  const { cacheDir, side, filter, fit, signal, maxBroken = 0.01, limits = {} } = options;
  const shards = listShards(options.shards, "data.shards");
  const sources = shards.map((path) => {
    const { size, mtime } = Deno.statSync(path);
    return [path, size, mtime?.getTime() ?? 0];
  });
  const form: unknown[] = [VERSION, side, filter, fit, maxBroken, limits, sources];
  if (options.decode === "scaled") form.push("scaled");
  const identity = JSON.stringify(form);
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, 10);
  const dir = join(cacheDir, `shards-${hash}`);
  const found = openBaked(dir);
  if (found) return { ...found, dir, shards };
  signal?.throwIfAborted();
  await Deno.mkdir(dir, { recursive: true });
  // A second process that bakes the same shards waits for the first, then finds them baked.
  using _lock = await lockFile(join(dir, "lock"), signal);
  const baked = openBaked(dir);
  if (baked) return { ...baked, dir, shards };
  const report = await bakeShards({ ...options, shards, out: join(dir, `train-${side}.bin`) })
    .catch((cause) => {
      throw storageError(dir, cause);
    });
  // Written last: it says that the records are whole.
  writeWhole(join(dir, "bake.json"), `${JSON.stringify({ sources, report }, null, 2)}\n`);
  return { ...report, dir, shards };
}

function openBaked(dir: string): BakeReport | undefined {
  try {
    const text = Deno.readTextFileSync(join(dir, "bake.json"));
    const { report } = JSON.parse(text) as { report: BakeReport };
    return openRecords(report.path).count === report.count ? report : undefined;
  } catch {
    // Missing or damaged: it is baked again.
    return undefined;
  }
}

/** A full disk or quota in plain words; other errors as they are. */
function storageError(dir: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || !/os error (28|122)\b/.test(cause.message)) return cause;
  const advice = "free some space or set CLIPA_CACHE to another folder, then run again";
  return new Error(`cannot write to ${dir}: no space left (${cause.message}); ${advice}`, {
    cause,
  });
}
