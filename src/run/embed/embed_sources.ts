import { globSync } from "node:fs";
import { basename } from "node:path";
import { findShards } from "../../data/shards/find_shards.ts";
import { readTar } from "../../data/shards/read_tar.ts";
import { pictureOf } from "../../data/shards/sample_parts.ts";

/** A picture file before it is read. */
export interface PictureItem {
  /** Its name in the keys' file. */
  readonly key: string;
  /** The file's bytes. @throws {SyntaxError} when the item has no picture. */
  read(): Promise<Uint8Array>;
  /** How far the source is with this item, of {@linkcode PictureSource.total}. */
  readonly at: number;
}

/** Pictures one after the other, and how many units of work they are. */
export interface PictureSource {
  /** Files, or bytes of shards. */
  readonly total: number;
  readonly items: AsyncIterable<PictureItem>;
}

const PICTURE = /\.(?:png|jpe?g|webp)$/i;

/**
 * Picture files that fit a glob, in name order; a folder stands for all pictures below it. The key of
 * a picture is its path.
 *
 * @throws {RangeError} when nothing fits.
 */
export function imageSource(pattern: string): PictureSource {
  const paths = isFolder(pattern)
    ? [...walk(pattern.replace(/(?<=.)\/+$/, ""))].filter((path) => PICTURE.test(path))
    : globSync(pattern).filter((path) => !isFolder(path));
  if (paths.length === 0) {
    throw new RangeError(
      `--images: no picture fits ${pattern}; allowed: a folder, a path or a glob of PNG, JPEG or WebP ` +
        "files; quote the glob so that the shell leaves it alone",
    );
  }
  paths.sort();
  const items = async function* () {
    for (const [i, path] of paths.entries()) {
      yield { key: path, read: () => Deno.readFile(path), at: i + 1 };
    }
  };
  return { total: paths.length, items: items() };
}

/**
 * Pictures of webdataset shards, in order. The key of a picture is the shard's name and the sample's
 * key, `cc3m-00000:000000017`.
 *
 * @param onBroken Takes key and fault of a sample that cannot be read.
 * @throws {RangeError} when no shard fits.
 */
export function shardSource(
  pattern: string,
  onBroken: (key: string, message: string) => void,
): PictureSource {
  const shards = findShards(pattern, "--shards");
  const sizes = shards.map((path) => Deno.statSync(path).size);
  const items = async function* () {
    let before = 0;
    for (const [i, shard] of shards.entries()) {
      const name = basename(shard, ".tar");
      const tar = readTar(shard, {
        onBroken: ({ key, reason }) => onBroken(`${name}:${key}`, `broken sample: ${reason}`),
      });
      for await (const sample of tar) {
        const read = () => Promise.resolve().then(() => pictureOf(sample));
        yield { key: `${name}:${sample.key}`, read, at: before + sample.at };
      }
      before += sizes[i];
    }
  };
  return { total: sizes.reduce((sum, size) => sum + size, 0), items: items() };
}

/** A line of a text file. */
export interface TextLine {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Bytes of the file read so far. */
  readonly at: number;
}

/**
 * Lines of a UTF-8 file, without their ends; memory stays within one line and one read.
 *
 * @throws {SyntaxError} when the file is not UTF-8.
 */
export async function* textLines(path: string): AsyncGenerator<TextLine, void, void> {
  using file = await Deno.open(path);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const buffer = new Uint8Array(1 << 16);
  let rest = "", number = 0, at = 0;
  const decode = (bytes: Uint8Array, stream: boolean) => {
    try {
      return decoder.decode(bytes, { stream });
    } catch (cause) {
      throw new SyntaxError(`${path}: not UTF-8 near byte ${at}; convert the file to UTF-8`, {
        cause,
      });
    }
  };
  for (let n = await file.read(buffer); n !== null; n = await file.read(buffer)) {
    const lines = (rest + decode(buffer.subarray(0, n), true)).split("\n");
    at += n;
    rest = lines.pop()!;
    for (const line of lines) yield { text: line.replace(/\r$/, ""), number: ++number, at };
  }
  rest += decode(new Uint8Array(0), false);
  if (rest !== "") yield { text: rest.replace(/\r$/, ""), number: ++number, at };
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

function* walk(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* walk(path);
    else yield path;
  }
}
