import { globSync } from "node:fs";
import { resolve } from "node:path";

/**
 * Files that fit a path or a glob, in name order.
 *
 * @param option Name of the option or field, for the error.
 * @throws {RangeError} when no file fits.
 */
export function findShards(pattern: string, option: string): string[] {
  const shards = globSync(pattern).map((path) => resolve(path)).sort();
  if (shards.length > 0) return shards;
  throw new RangeError(
    `${option}: no file fits ${pattern}; allowed: a path or glob of tar files; ` +
      "quote the glob so that the shell leaves it alone",
  );
}
