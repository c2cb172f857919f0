import { isAddress } from "../shards/list_shards.ts";
import type { OpenShard } from "../shards/shard_file.ts";
import { decodeTarHeader, TAR_BLOCK } from "../shards/tar_header.ts";
import { Lanes } from "./lanes.ts";

/** Shards looked at beside each other. */
const AT_ONCE = 32;
/** Addresses that are asked for: a range with a wrong end shows at once, and no server is flooded. */
const MOST_ADDRESSES = 16;
/** Problems that a message names. */
const NAMED = 3;

/**
 * Looks at shards before a run starts, so that one that is missing, cut or no tar is found now and not
 * after hours: first header, length and end mark of every shard on disk; of shards on servers those of a few,
 * the first and the last among them. Reads about 2 kB of each on disk, and never a sample.
 *
 * @throws {SyntaxError} naming the first shards that cannot be used, and why.
 */
export async function checkShards(names: readonly string[], open: OpenShard): Promise<void> {
  const far = names.filter(isAddress);
  const spread = Math.min(far.length, MOST_ADDRESSES);
  const asked = new Set(
    Array.from(
      { length: spread },
      (_, i) => far[Math.round(i * (far.length - 1) / Math.max(1, spread - 1))],
    ),
  );
  const looked = names.filter((name) => !isAddress(name) || asked.has(name));
  const lanes = new Lanes(Array.from({ length: AT_ONCE }, (_, i) => i));
  const found = await Promise.all(
    looked.map((name) => lanes.run(() => problemOf(name, open))),
  );
  const problems = found.filter((problem) => problem !== null);
  if (problems.length === 0) return;
  const more = problems.length - NAMED;
  throw new SyntaxError(
    `data.shards: ${problems.length} of ${looked.length} shards cannot be used: ` +
      `${problems.slice(0, NAMED).join("; ")}${
        more > 0 ? `; and ${more} more` : ""
      }; allowed: whole, ` +
      "readable webdataset tars; fetch or build these again, or leave them out",
  );
}

async function problemOf(name: string, open: OpenShard): Promise<string | null> {
  try {
    const file = await open(name);
    // Opening a shard on a server has read its beginning already.
    const head = decodeTarHeader(await file.read(0, TAR_BLOCK));
    const size = isAddress(name) ? null : (await Deno.stat(name)).size;
    if (size === null || head === undefined) return null;
    const end = await file.read(Math.max(0, size - 2 * TAR_BLOCK), 2 * TAR_BLOCK);
    return end.every((byte) => byte === 0) ? null : `${name}: its end is cut off`;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    if (error instanceof Deno.errors.NotFound) return `${name}: not found`;
    if (error instanceof Deno.errors.PermissionDenied) return `${name}: this user may not read it`;
    const message = error instanceof Error ? error.message : String(error);
    return message.startsWith(name) ? message : `${name}: ${message}`;
  }
}
