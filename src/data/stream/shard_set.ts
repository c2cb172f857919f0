import { createHash } from "node:crypto";
import { readSample, type ShardSample } from "../shards/read_tar.ts";
import { Lanes } from "./lanes.ts";
import { type OpenShard, type ShardFile, shardName } from "../shards/shard_file.ts";

/** Samples read again beside each other. */
const READERS = 32;
/** Shards known at a time; more are opened again. */
const MOST_OPEN = 512;

/**
 * The shards of a stream, opened when they are first read. Each keeps the version that it was first
 * seen with: a file that has changed would make a resumed run another one.
 */
export class ShardSet {
  readonly names: readonly string[];
  readonly #open: OpenShard;
  readonly #signal: AbortSignal | undefined;
  readonly #files = new Map<number, Promise<ShardFile>>();
  readonly #readers = new Lanes(Array.from({ length: READERS }, (_, i) => i));
  readonly #versions = new Map<number, string>();

  constructor(names: readonly string[], open: OpenShard, signal?: AbortSignal) {
    this.names = names;
    this.#open = open;
    this.#signal = signal;
  }

  /** Tells lists of shards apart, wherever they lie. */
  get identity(): string {
    const names = this.names.map(shardName).join("\n");
    return createHash("sha256").update(names).digest("hex").slice(0, 16);
  }

  /** The versions of some shards, as they were seen. */
  versions(shards: Iterable<number>): Record<string, string> {
    const seen = [...new Set(shards)].filter((shard) => this.#versions.has(shard)).sort();
    return Object.fromEntries(seen.map((shard) => [shard, this.#versions.get(shard)!]));
  }

  /** Expects the versions that an earlier process saw. */
  expect(versions: Readonly<Record<string, string>>): void {
    for (const [shard, version] of Object.entries(versions)) {
      this.#versions.set(Number(shard), version);
    }
  }

  /**
   * A shard by its number.
   *
   * @throws {SyntaxError} when it is not the file that it was.
   */
  file(shard: number): Promise<ShardFile> {
    const known = this.#files.get(shard);
    if (known) return known;
    const opened = this.#openChecked(shard);
    this.#files.set(shard, opened);
    // A failure may pass: the next one who asks tries again.
    opened.catch(() => this.#files.delete(shard));
    if (this.#files.size > MOST_OPEN) this.#files.delete(this.#files.keys().next().value!);
    return opened;
  }

  /** Reads a sample again. */
  async sample(shard: number, at: number, bytes: number): Promise<ShardSample> {
    const file = await this.file(shard);
    const part = await this.#readers.run(() => file.read(at, bytes));
    const sample = await readSample(`${file.name}, byte ${at}`, part, { from: at });
    if (sample?.at === at && sample.end === at + bytes) return sample;
    throw new SyntaxError(
      `${file.name}: another sample stands at byte ${at} than when it was read before; put the old ` +
        "shard back, or start anew with another --out",
    );
  }

  async #openChecked(shard: number): Promise<ShardFile> {
    const file = await this.#open(this.names[shard], this.#signal);
    const version = this.#versions.get(shard);
    if (version !== undefined && version !== file.version) {
      throw new SyntaxError(
        `${file.name}: the shard has changed: seen ${file.version}, before ${version}; put the old ` +
          "one back, or start anew with another --out",
      );
    }
    this.#versions.set(shard, file.version);
    return file;
  }
}
