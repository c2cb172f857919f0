import { basename, dirname, extname, join } from "node:path";
import { decodeImage, type DecodeLimits } from "../images/decode_image.ts";
import { type DecodeKind, decodeScaled } from "../images/scaled_jpeg.ts";
import { writeWhole } from "../icons/write_whole.ts";
import { createShardWriter, type ShardWriter } from "../shards/write_tar.ts";
import { type BrokenItem, pictureExtension, type SourceItem } from "./source_item.ts";

/** Options of {@linkcode packShards}. */
export interface PackOptions {
  /** Folder to make; it must not hold anything yet. */
  readonly out: string;
  /** Samples of a shard. Default 1000. */
  readonly perShard?: number;
  /**
   * How pictures are checked. `scaled` decodes JPEGs at an eighth of their sides: every byte of them is
   * read, and most of the arithmetic left out. Default exact.
   */
  readonly decode?: DecodeKind;
  readonly limits?: DecodeLimits;
  /** Pictures checked at the same time. Default: twice the cores. */
  readonly parallel?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (samples: number) => void;
}

/** What was packed. */
export interface PackReport {
  /** File names of the shards, in order. */
  readonly shards: readonly string[];
  readonly samples: number;
  readonly skipped: readonly { reason: string; count: number; first: string }[];
}

interface Sample {
  readonly item: SourceItem;
  readonly picture: Uint8Array;
}

const MAX_BYTES = 32 << 20;

/**
 * Packs pictures with their captions into webdataset shards `00000.tar`, ... (`key.png|jpg|webp`,
 * `key.txt`, `key.json` with the source), in the order of the source. Every picture is decoded once: one
 * that cannot be read, or has no caption, is counted and left out. The folder appears when it is whole.
 *
 * @throws {RangeError} when the folder holds something already.
 * @throws {SyntaxError} when no sample is left.
 * @throws the reason of the signal when it is aborted; nothing is left behind.
 */
export async function packShards(
  items: Iterable<SourceItem | BrokenItem> | AsyncIterable<SourceItem | BrokenItem>,
  options: PackOptions,
): Promise<PackReport> {
  const { perShard = 1000, signal, onProgress } = options;
  const parallel = options.parallel ?? 2 * navigator.hardwareConcurrency;
  const out = options.out.replace(/(?<=.)\/+$/, "");
  checkEmpty(out);
  const partial = join(dirname(out), `.${basename(out)}.partial`);
  removeFolder(partial);
  Deno.mkdirSync(partial, { recursive: true });
  const skipped = new Map<string, { count: number; first: string }>();
  const shards: string[] = [];
  let samples = 0, shard: ShardWriter | undefined;
  const skip = (at: string, problem: string) => {
    const reason = problem.split(":")[0];
    const entry = skipped.get(reason) ?? { count: 0, first: `${at}: ${problem}` };
    entry.count++;
    skipped.set(reason, entry);
  };
  const write = (sample: Sample | BrokenItem) => {
    if ("problem" in sample) return skip(sample.at, sample.problem);
    if (shard === undefined) {
      const name = `${String(shards.length).padStart(5, "0")}.tar`;
      shard = createShardWriter(join(partial, name));
      shards.push(name);
    }
    addSample(shard, samples++, sample);
    if (shard.count === perShard) {
      shard.close();
      shard = undefined;
    }
    if (samples % 100 === 0) onProgress?.(samples);
  };
  try {
    // The oldest is waited for and written, so the order is the source's; the later ones decode meanwhile.
    const pending: Promise<Sample | BrokenItem>[] = [];
    for await (const item of items) {
      signal?.throwIfAborted();
      const sample = "problem" in item ? Promise.resolve(item) : readSample(item, options);
      // Whoever waits for it in turn gets the error.
      sample.catch(() => {});
      pending.push(sample);
      if (pending.length >= parallel) write(await pending.shift()!);
    }
    for (const sample of pending) write(await sample);
    signal?.throwIfAborted();
    shard?.close();
    const report = {
      shards,
      samples,
      skipped: [...skipped].map(([reason, rest]) => ({ reason, ...rest })),
    };
    if (samples === 0) {
      const first = report.skipped[0]?.first ?? "no picture was found";
      throw new SyntaxError(
        `no sample is left (${first}); allowed: png, jpg and webp files with captions`,
      );
    }
    writeWhole(join(partial, "shards.json"), `${JSON.stringify(report, null, 2)}\n`);
    removeFolder(out);
    Deno.renameSync(partial, out);
    return report;
  } catch (error) {
    shard?.[Symbol.dispose]();
    removeFolder(partial);
    throw error;
  }
}

function addSample(shard: ShardWriter, index: number, { item, picture }: Sample): void {
  const text = (value: string) => new TextEncoder().encode(value);
  const extension = pictureExtension(picture) ?? extname(item.path).slice(1).toLowerCase();
  shard.add(String(index).padStart(9, "0"), [
    [extension, picture],
    ["txt", text(item.caption)],
    ["json", text(JSON.stringify({ source: item.at }))],
  ]);
}

/** The picture's bytes, or what is wrong with the pair; an error of the system is thrown. */
async function readSample(
  item: SourceItem,
  { decode, limits }: PackOptions,
): Promise<Sample | BrokenItem> {
  const broken = (problem: string) => ({ at: item.at, problem });
  if (item.caption === "") return broken("empty text: a caption needs a visible character");
  try {
    const { size, isFile } = item.bytes
      ? { size: item.bytes.length, isFile: true }
      : await Deno.stat(item.path);
    if (!isFile) return broken(`no picture: ${item.path} is not a file`);
    if (size > MAX_BYTES) return broken(`too large: ${size} bytes; at most ${MAX_BYTES} allowed`);
    const picture = item.bytes ?? await Deno.readFile(item.path);
    await (decode === "scaled"
      ? decodeScaled(picture, () => 8, limits)
      : decodeImage(picture, limits));
    return { item, picture };
  } catch (error) {
    if (error instanceof SyntaxError) return broken(error.message);
    if (error instanceof Deno.errors.NotFound) return broken(`no picture: ${item.path} is missing`);
    if (error instanceof Deno.errors.PermissionDenied) {
      return broken(`no permission: ${item.path} cannot be read by this user`);
    }
    throw error;
  }
}

function checkEmpty(out: string): void {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(out)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (entries.length === 0) return;
  throw new RangeError(
    `${out} holds ${
      entries[0].name
    } already; allowed: a new or empty folder; name another with --out`,
  );
}

function removeFolder(folder: string): void {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
