import { expand } from "brace-expansion";
import { findShards } from "./find_shards.ts";

/** Most shards of one pattern. */
const MOST_SHARDS = 1_000_000;

/** Whether a pattern names shards on a web server. */
export function isAddress(pattern: string): boolean {
  return /^https?:\/\//i.test(pattern);
}

/**
 * Shards of a pattern, in a fixed order: braces in the order that they say, such as
 * `https://host/{00000..00127}.tar`; files that fit a path or a glob in name order.
 *
 * @param option Name of the option or field, for the error.
 * @throws {RangeError} when no file fits, an address is none, or there are more than a million.
 *
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(listShards("https://host/{08..09}.tar", "data.shards"), [
 *   "https://host/08.tar",
 *   "https://host/09.tar",
 * ]);
 * ```
 */
export function listShards(pattern: string, option: string): string[] {
  // Lists in braces are a glob's own; ranges are not.
  const expands = isAddress(pattern) || /\.\.[^{}]*\}/.test(pattern);
  const parts = expands ? expand(pattern, { max: MOST_SHARDS + 1 }) : [pattern];
  if (parts.length > MOST_SHARDS) {
    throw new RangeError(
      `${option}: ${pattern} names more than ${MOST_SHARDS} shards; give fewer`,
    );
  }
  const shards = parts.flatMap((part) =>
    isAddress(part) ? [checkedAddress(part, option)] : findShards(part, option)
  );
  const seen = new Set<string>();
  const twice = shards.find((shard) => seen.size === seen.add(shard).size);
  if (twice === undefined) return shards;
  throw new RangeError(`${option}: ${pattern} names ${twice} twice; allowed: each shard once`);
}

function checkedAddress(address: string, option: string): string {
  if (URL.parse(address)?.hostname) return address;
  throw new RangeError(
    `${option}: seen ${address}; allowed: an address such as https://host/path/{00000..00127}.tar`,
  );
}
