import { type Corruption, corruptPicture } from "../data/images/corrupt_picture.ts";
import { type ResizeFilter, resizeImage } from "../data/images/resize_image.ts";
import { writeRgb } from "../data/images/square_picture.ts";
import { openRecords, type Records } from "../data/records/records.ts";
import type { Bench } from "../eval/bench.ts";
import { frequentClasses } from "../eval/frequent_classes.ts";
import { loadBench } from "../eval/load_bench.ts";
import { SHIFT_SUITE } from "../eval/shift_suite.ts";
import { HARD_BASE, HARD_BENCH, hardBench, type HardBenchOptions } from "./hard_bench.ts";
import { PAIR_BENCHES, pairBench } from "./pair_bench.ts";
import { recordPicture } from "./record_picture.ts";
import type { DataSet } from "./shard_data_set.ts";

/** A benchmark with its pictures. */
export interface OpenBench {
  readonly bench: Bench;
  readonly records: Records;
  /** How its pictures are spoilt; null shows them as they are. */
  readonly corruption: Corruption | null;
}

/** The most frequent classes of another benchmark. */
const FREQUENT = { name: "icons-100", base: "icons-592", classes: 100 };

/** Benchmarks that are made from another one, by name: the one they are made from. */
const DERIVED: Readonly<Record<string, string>> = {
  [HARD_BENCH]: HARD_BASE,
  [FREQUENT.name]: FREQUENT.base,
  // Made from a whole split; every built icon set has the other benchmark too.
  ...Object.fromEntries(Object.keys(PAIR_BENCHES).map((name) => [name, "icons-592"])),
  ...Object.fromEntries(Object.entries(SHIFT_SUITE).map(([name, { base }]) => [name, base])),
};

/** Names of the benchmarks of a data set: its own, and those that are derived from them. */
export function benchNames(set: DataSet): string[] {
  const own = Object.keys(set.benches);
  const derived = Object.keys(DERIVED)
    .filter((name) => own.includes(DERIVED[name]) && !own.includes(name));
  return [...own, ...derived];
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

/** Options of {@linkcode openBench}. */
export interface OpenBenchOptions extends HardBenchOptions {
  /** Record files opened so far; this one is added. */
  readonly splits?: Map<string, Records>;
}

/**
 * Opens a benchmark of a data set. The shift suite's corruptions, `shift-hard`, `icons-100` and the
 * groups of pairs (`heldout-loss`, `retrieval-256`) are made here from the built files of another one, so a data set that was built before has them too.
 *
 * @throws {RangeError} when the data set has no such benchmark.
 */
export async function openBench(
  set: DataSet,
  name: string,
  options: OpenBenchOptions = {},
): Promise<OpenBench> {
  expandBenches(set, [name]);
  const { splits = new Map<string, Records>() } = options;
  const own = Object.hasOwn(set.benches, name);
  if (!own && name in PAIR_BENCHES) {
    const { split } = PAIR_BENCHES[name];
    const records = splits.get(split) ?? openSplit(set, split);
    splits.set(split, records);
    return { bench: pairBench(name, records), records, corruption: null };
  }
  const base = loadBench(set.benches[own ? name : DERIVED[name]]);
  const records = splits.get(base.split) ?? openSplit(set, base.split);
  splits.set(base.split, records);
  if (!own && name === HARD_BENCH && base.kind === "classification") {
    const bench = await hardBench(set, base, records, options);
    return { bench, records, corruption: null };
  }
  if (!own && name === FREQUENT.name && base.kind === "classification") {
    const bench = { ...frequentClasses(base, FREQUENT.classes), name };
    return { bench, records, corruption: null };
  }
  const corruption = own ? null : SHIFT_SUITE[name].corruption;
  return { bench: { ...base, name }, records, corruption };
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

function openSplit(set: DataSet, split: string): Records {
  const path = { train: set.train, val: set.val, test: set.test }[split];
  if (path === undefined) {
    throw new RangeError(`unknown split "${split}"; allowed: train, val, test`);
  }
  return openRecords(path);
}
