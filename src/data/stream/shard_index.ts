import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { pause } from "../fetch/http_parts.ts";
import { lockFile } from "../icons/lock_file.ts";
import { isAddress } from "../shards/list_shards.ts";
import type { SampleDemands } from "./sample_filter.ts";
import { type EntrySource, readEntries, type ShardEntry } from "./shard_entries.ts";
import type { ShardSet } from "./shard_set.ts";

/** Raised whenever the same shard gives another index. */
const FORMAT = 1;
/** Largest index that is read, unpacked. */
const MOST_BYTES = 1 << 30;
/** Longest time that one waits for the rank whose turn it is to begin, ms. */
const PATIENCE = 3000;

const pack = promisify(gzip), unpack = promisify(gunzip);

/** Options of {@linkcode indexedEntries}. */
export interface IndexOptions {
  readonly shards: ShardSet;
  readonly demands: SampleDemands;
  /** Folder of the indexes, which the ranks have in common. */
  readonly dir: string;
  /** Which rank of how many this is. */
  readonly share: { readonly rank: number; readonly size: number };
  readonly signal: AbortSignal;
}

/**
 * Entries by way of an index of each shard: where its samples stand, with captions and reasons to leave
 * one out, without pictures. Every rank needs all of that, since the global batch is planned from it, but
 * each shard is read through by one rank only, which leaves the index in a folder for the others. They
 * take turns, each reading ahead of its need; where one does not begin within three seconds, or has
 * another folder, whoever needs a shard first reads it, and does not wait again. So a rank of n reads an n-th of the shards and the pictures of its own rows.
 *
 * An index holds for the shard's version and for what the recipe asks of samples. It stays, so later
 * epochs and runs read pictures alone.
 */
export function indexedEntries(options: IndexOptions): EntrySource & AsyncDisposable {
  const { shards, share, signal } = options;
  const direct = readEntries(shards, options.demands, false);
  /** Those of the shards that come soon. */
  const known = new Map<number, Promise<ShardEntry[]>>();
  let building: Promise<unknown> = Promise.resolve();
  let soon = new Set<number>(), own = new Set<number>();
  let patient = true;

  const load = (shard: number) => {
    const found = known.get(shard);
    if (found) return found;
    const begun = async (path: string) => {
      if (!own.has(shard) && patient) patient = await appears(path, signal);
    };
    const loaded = loadOrBuild(options, direct, shard, begun);
    known.set(shard, loaded);
    // Whoever needs the shard gets the error, or tries again.
    loaded.catch(() => known.delete(shard));
    return loaded;
  };
  return {
    async *entries(shard, from) {
      for (const entry of await load(shard)) {
        if (entry.sample !== null && entry.sample.at < from) continue;
        yield entry;
      }
      if (!soon.has(shard)) known.delete(shard);
    },
    ahead(turn, shardAt) {
      // One's own next shard, and those until there, which others read.
      const turns = Array.from({ length: 2 * share.size }, (_, i) => turn + i);
      const mine = turns.filter((next) => next % share.size === share.rank).map(shardAt);
      soon = new Set(turns.map(shardAt));
      own = new Set(mine);
      for (const shard of known.keys()) if (!soon.has(shard)) known.delete(shard);
      for (const shard of mine) {
        building = building.then(() => signal.aborted || !soon.has(shard) ? undefined : load(shard))
          .catch(() => {});
      }
    },
    async [Symbol.asyncDispose]() {
      await building;
      await Promise.allSettled(known.values());
    },
  };
}

async function loadOrBuild(
  options: IndexOptions,
  direct: EntrySource,
  shard: number,
  begun: (lock: string) => Promise<void>,
): Promise<ShardEntry[]> {
  const { shards, demands, dir, signal } = options;
  const { name, version } = await shards.file(shard);
  // Files on disk tell their versions by size alone; an index must notice an edit as well.
  const date = isAddress(name) ? null : (await Deno.stat(name)).mtime?.getTime() ?? null;
  const { captions, filter } = demands;
  const identity = JSON.stringify([FORMAT, name, version, date, captions, filter]);
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, 32);
  const path = join(dir, `${hash}.index`);
  const found = await readIndex(path);
  if (found) return found;
  using _lock = await lockIndex(`${path}.lock`, begun, options);
  const made = await readIndex(path);
  if (made) return made;
  const entries: ShardEntry[] = [];
  for await (const entry of direct.entries(shard, 0)) {
    signal.throwIfAborted();
    entries.push(withoutPicture(entry));
  }
  await writeIndex(path, entries);
  return entries;
}

/** The right to make an index; a disk that cannot be written, or knows no locks, gives none and needs none. */
async function lockIndex(
  path: string,
  begun: (lock: string) => Promise<void>,
  { dir, signal }: IndexOptions,
): Promise<Disposable | null> {
  try {
    await Deno.mkdir(dir, { recursive: true });
    await begun(path);
    return await lockFile(path, signal);
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

/** Whether a file is there, or comes within the time that one is patient. */
async function appears(path: string, signal: AbortSignal): Promise<boolean> {
  for (const end = performance.now() + PATIENCE; performance.now() < end;) {
    if (existsSync(path)) return true;
    await pause(0.02, signal);
  }
  return false;
}

function withoutPicture({ sample, damaged }: ShardEntry): ShardEntry {
  if (sample === null || !("captions" in sample.examined)) return { sample, damaged };
  const examined = { captions: sample.examined.captions, picture: null };
  return { sample: { ...sample, examined }, damaged };
}

/** The index of an earlier reader; `undefined` when it is not there or damaged, so that it is made anew. */
async function readIndex(path: string): Promise<ShardEntry[] | undefined> {
  try {
    // What is cut or flipped fails gzip's checksum.
    const text = await unpack(await Deno.readFile(path), { maxOutputLength: MOST_BYTES });
    const entries = JSON.parse(new TextDecoder().decode(text));
    return Array.isArray(entries) && entries.at(-1)?.sample === null ? entries : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all; where the disk is full the others read the shard for themselves. */
async function writeIndex(path: string, entries: readonly ShardEntry[]): Promise<void> {
  const temporary = `${path}.${Deno.pid}.partial`;
  try {
    const packed = await pack(new TextEncoder().encode(JSON.stringify(entries)), { level: 1 });
    await Deno.writeFile(temporary, packed);
    await Deno.rename(temporary, path);
  } catch {
    await Deno.remove(temporary).catch(() => {});
  }
}
