import { type Corruption, corruptPicture } from "../data/images/corrupt_picture.ts";
import { type Picture, type ResizeFilter, resizeImage } from "../data/images/resize_image.ts";
import { writeRgb } from "../data/images/square_picture.ts";
import { openRecords, type Records } from "../data/records/records.ts";
import type { Bench } from "../eval/bench.ts";
import { loadBench } from "../eval/load_bench.ts";
import { SHIFT_SUITE } from "../eval/shift_suite.ts";
import type { DataSet } from "./shard_data_set.ts";

/** A benchmark with its pictures. */
export interface OpenBench {
  readonly bench: Bench;
  readonly records: Records;
  /** How its pictures are spoilt; null shows them as they are. */
  readonly corruption: Corruption | null;
}

/** Names of the benchmarks of a data set: its own, and those that are derived from them. */
export function benchNames(set: DataSet): string[] {
  const derived = Object.entries(SHIFT_SUITE)
    .filter(([name, { base }]) => base in set.benches && !(name in set.benches));
  return [...Object.keys(set.benches), ...derived.map(([name]) => name)];
}

/**
 * Benchmarks by name, where a name that ends in `*` stands for all that begin so.
 *
 * @throws {RangeError} lists the benchmarks when a name fits none.
 */
export function expandBenches(set: DataSet, names: readonly string[]): string[] {
  const known = benchNames(set);
  const found = names.flatMap((name) => {
    const fits = name.endsWith("*")
      ? known.filter((candidate) => candidate.startsWith(name.slice(0, -1)))
      : known.filter((candidate) => candidate === name);
    if (fits.length > 0) return fits;
    throw new RangeError(`unknown benchmark "${name}"; allowed: ${known.join(", ")}`);
  });
  return [...new Set(found)];
}

/**
 * Opens a benchmark of a data set. Those of the shift suite that spoil pictures are made here from the
 * built files of another one, so a data set that was built before has them too.
 *
 * @param splits Record files opened so far; this one is added.
 * @throws {RangeError} when the data set has no such benchmark.
 */
export function openBench(
  set: DataSet,
  name: string,
  splits: Map<string, Records> = new Map(),
): OpenBench {
  expandBenches(set, [name]);
  const derived = Object.hasOwn(set.benches, name) ? null : SHIFT_SUITE[name];
  const bench = loadBench(set.benches[derived?.base ?? name]);
  const records = splits.get(bench.split) ?? openSplit(set, bench.split);
  splits.set(bench.split, records);
  return { bench: { ...bench, name }, records, corruption: derived?.corruption ?? null };
}

/**
 * Whole pictures of rows at a size, uint8 [rows, size, size, 3], black on white where one-coloured.
 * A corruption acts on the pictures as stored, before they are resized.
 */
export async function benchPictures(
  records: Records,
  rows: readonly number[],
  size: number,
  filter: ResizeFilter,
  corruption: Corruption | null = null,
): Promise<Uint8Array> {
  const one = size * size * 3;
  const out = new Uint8Array(rows.length * one);
  const spoilt = corruption === null
    ? rows.map((row) => recordPicture(records, row))
    : await Promise.all(
      rows.map((row) => corruptPicture(recordPicture(records, row), corruption, row)),
    );
  spoilt.forEach((picture, i) => writeRgb(resizeImage(picture, size, size, filter), out, i * one));
  return out;
}

/** A picture of a record file. */
export function recordPicture(records: Records, row: number): Picture {
  const { size } = records;
  const channels = records.channels[row] === 1 ? 1 : 3;
  const pixels = new Uint8Array(records.readPixels(row));
  return { width: size, height: size, channels, pixels };
}

function openSplit(set: DataSet, split: string): Records {
  const path = { train: set.train, val: set.val, test: set.test }[split];
  if (path === undefined) {
    throw new RangeError(`unknown split "${split}"; allowed: train, val, test`);
  }
  return openRecords(path);
}
