import { createHash } from "node:crypto";
import { relative } from "node:path";
import { encodePng } from "../../data/icons/png.ts";
import { RECORD_LAYOUT } from "../../data/records/record_layout.ts";
import { openRecords, type Records } from "../../data/records/records.ts";
import type { DataSet } from "../shard_data_set.ts";

/** A picture of the gallery in words. */
export interface GalleryPicture {
  /** What it shows: its level 1 caption. */
  readonly name: string;
  /** Designer family. */
  readonly family: string;
  /** Unique within the data set, such as `lucide:umbrella`. */
  readonly key: string;
  /** Record file, relative to the data set's folder, and row: `baked/train-64.bin#17`. */
  readonly file: string;
}

/** All pictures of a data set in one row of numbers: those of training, validation and test. */
export class IconGallery {
  /** Record files, without repetition. */
  readonly splits: readonly Records[];
  /** Pictures. */
  readonly count: number;
  readonly #dir: string;
  readonly #starts: number[];

  constructor(set: Pick<DataSet, "dir" | "train" | "val" | "test">) {
    this.#dir = set.dir;
    // Foreign shards have one file for all splits.
    this.splits = [...new Set([set.train, set.val, set.test])].map((path) => openRecords(path));
    this.#starts = [0];
    for (const { count } of this.splits) this.#starts.push(this.#starts.at(-1)! + count);
    this.count = this.#starts.at(-1)!;
    if (this.count === 0) throw new RangeError(`${set.dir} holds no picture; build the data set`);
  }

  /** SHA-256 of what the pictures and captions are, by the checksums of the record files. */
  identity(): string {
    const hash = createHash("sha256");
    for (const { path } of this.splits) {
      using file = Deno.openSync(path, { read: true });
      const header = new Uint8Array(RECORD_LAYOUT.headerBytes);
      file.readSync(header);
      hash.update(header);
    }
    return hash.digest("hex");
  }

  /** Where a picture is kept. */
  place(number: number): { records: Records; row: number } {
    if (!(Number.isInteger(number) && number >= 0 && number < this.count)) {
      throw new RangeError(`picture ${number}; allowed: 0 to ${this.count - 1}`);
    }
    const split = this.#starts.findLastIndex((start) => start <= number);
    return { records: this.splits[split], row: number - this.#starts[split] };
  }

  /** Name, family, key and file of a picture. */
  describe(number: number): GalleryPicture {
    const { records, row } = this.place(number);
    return {
      name: records.phraseOf(row),
      family: records.families[records.family[row]],
      key: records.key(row),
      file: `${relative(this.#dir, records.path)}#${row}`,
    };
  }

  /** A picture as PNG. */
  png(number: number): Uint8Array {
    const { records, row } = this.place(number);
    return encodePng(records.readPixels(row), records.size, records.channels[row] === 1 ? 1 : 3);
  }

  /** The distinct names of all pictures, sorted. */
  names(): string[] {
    const names = new Set<string>();
    for (const records of this.splits) {
      for (const id of records.phraseText) names.add(records.text(id));
    }
    return [...names].sort();
  }
}
