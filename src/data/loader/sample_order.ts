import type { Records } from "../records/records.ts";
import { mix32, permutation } from "./permutation.ts";

/** A row that an epoch shows. The epoch is the one in whose order the row stands. */
export interface EpochRow {
  readonly epoch: number;
  readonly row: number;
}

/** Where a loader is: enough to go on exactly. Plain JSON. */
export interface LoaderCursor {
  readonly epoch: number;
  /** Elements of the epoch's order already taken. */
  readonly position: number;
  /** Rows that were put off because their phrase was in the batch already, in order. */
  readonly deferred: readonly EpochRow[];
}

/** The start of a data set. */
export const FIRST_CURSOR: LoaderCursor = { epoch: 0, position: 0, deferred: [] };

/** What an epoch shows. */
export interface OrderOptions {
  readonly seed: number;
  /**
   * `none`: every row once. `phrase-family`: one row of each phrase and designer family, another
   * one every epoch.
   */
  readonly balance: "none" | "phrase-family";
  /** Most rows of one designer family in an epoch; null for no limit. */
  readonly familyCap: number | null;
}

type Table = Pick<Records, "count" | "phrase" | "family">;

/**
 * The order of rows: a pure function of (seed, epoch), so it does not depend on workers, and batches
 * whose phrases are distinct: two icons with one name would be each other's false negatives.
 *
 * A row whose phrase is in the batch already is put off to the next batch, where it comes first. A
 * phrase with more rows than an epoch has batches would put off ever more: a row that has waited for
 * a whole epoch is left out, and its phrase has its turn with the rows of the newer epochs.
 *
 * ```ts
 * const table = { count: 4, phrase: Uint32Array.of(0, 0, 1, 2), family: new Uint32Array(4) };
 * const order = new SampleOrder(table, { seed: 1, balance: "none", familyCap: null });
 * const first = order.next(FIRST_CURSOR, 2);
 * order.next(first.cursor, 2); // the other two rows, unless they share a phrase
 * ```
 */
export class SampleOrder {
  /** Rows that an epoch shows. */
  readonly epochLength: number;
  readonly #table: Table;
  readonly #options: OrderOptions;
  /** Rows of group g: `#rows[#starts[g]]` … `#rows[#starts[g + 1] - 1]`. */
  readonly #rows: Uint32Array;
  readonly #starts: Uint32Array;
  #epoch = -1;
  #at: (position: number) => number = () => 0;

  constructor(table: Table, options: OrderOptions) {
    if (table.count < 1) throw new RangeError("the data set has no rows; build it anew");
    this.#table = table;
    this.#options = options;
    const groups = groupRows(table, options);
    this.#rows = groups.rows;
    this.#starts = groups.starts;
    this.epochLength = groups.starts.length - 1;
  }

  /**
   * The rows of the next batch.
   *
   * @throws {RangeError} when the data set has fewer phrases than the batch has places.
   */
  next(cursor: LoaderCursor, batch: number): { rows: EpochRow[]; cursor: LoaderCursor } {
    let { epoch, position } = cursor;
    const rows: EpochRow[] = [];
    const phrases = new Set<number>();
    const deferred: EpochRow[] = [];
    const offer = (sample: EpochRow) => {
      const phrase = this.#table.phrase[sample.row];
      if (rows.length < batch && !phrases.has(phrase)) {
        phrases.add(phrase);
        rows.push(sample);
      } else {
        deferred.push(sample);
      }
    };
    for (const sample of cursor.deferred) {
      if (sample.epoch + 1 >= epoch) offer(sample);
    }
    let looked = 0;
    while (rows.length < batch) {
      // Two epochs hold every row at least once, wherever they start.
      if (looked++ > 2 * this.epochLength) {
        throw new RangeError(
          `a batch of ${batch} needs as many different phrases; the data set shows ` +
            `${phrases.size} in an epoch; use a smaller batch or more data`,
        );
      }
      if (position === this.epochLength) {
        epoch++;
        position = 0;
      }
      offer({ epoch, row: this.#row(epoch, position++) });
    }
    return { rows, cursor: { epoch, position, deferred } };
  }

  #row(epoch: number, position: number): number {
    const { seed } = this.#options;
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#at = permutation(this.epochLength, seed, epoch);
    }
    const group = this.#at(position);
    const start = this.#starts[group];
    const size = this.#starts[group + 1] - start;
    if (size === 1) return this.#rows[start];
    return this.#rows[start + mix32(mix32(seed ^ mix32(epoch)) + group) % size];
  }
}

function groupRows(
  table: Table,
  options: OrderOptions,
): { rows: Uint32Array; starts: Uint32Array } {
  const groups = new Map<number, number[]>();
  for (let row = 0; row < table.count; row++) {
    const key = options.balance === "none"
      ? row
      : table.phrase[row] * 65536 + table.family[row] % 65536;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  const kept = capFamilies([...groups.values()], table, options);
  const starts = new Uint32Array(kept.length + 1);
  kept.forEach((group, i) => starts[i + 1] = starts[i] + group.length);
  return { rows: Uint32Array.from(kept.flat()), starts };
}

// Which groups of a large family stay is decided once, by hash, so that an epoch is a fixed set.
function capFamilies(groups: number[][], table: Table, options: OrderOptions): number[][] {
  const { familyCap, seed } = options;
  if (familyCap === null) return groups;
  const byFamily = new Map<number, number[][]>();
  for (const group of groups) {
    const family = table.family[group[0]];
    const list = byFamily.get(family);
    if (list) list.push(group);
    else byFamily.set(family, [group]);
  }
  const rank = (group: number[]) => mix32(mix32(seed + 0x63617000) ^ group[0]);
  return [...byFamily.values()].flatMap((list) =>
    list.length <= familyCap
      ? list
      : [...list].sort((a, b) => rank(a) - rank(b) || a[0] - b[0]).slice(0, familyCap)
  );
}
