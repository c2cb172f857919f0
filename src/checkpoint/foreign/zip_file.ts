import { inflateRawSync } from "node:zlib";
import { readAt } from "../read_at.ts";

/** What an archive may have at most; a model of 10,000 tensors has 30,000 members. */
const MAX_ENTRIES = 100_000;
const MAX_DIRECTORY_BYTES = 32 * 2 ** 20;
const MAX_COMMENT_BYTES = 65_535;

/** A member of an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly stored: boolean;
  /** Where its bytes stand in the archive, and how many. */
  readonly offset: number;
  readonly packedBytes: number;
  /** Length when unpacked, as the directory says. */
  readonly bytes: number;
}

/** An open archive; members are found by name and read where they stand. */
export interface ZipFile extends Disposable {
  readonly path: string;
  readonly file: Deno.FsFile;
  readonly entries: ReadonlyMap<string, ZipEntry>;
}

/**
 * Opens a zip archive without unpacking anything. Refused: names that lead out of a folder or stand
 * twice, encrypted members, other methods than stored and deflate, members that overlap or lie outside
 * the file, split archives.
 *
 * @throws {SyntaxError} saying what was found.
 */
export function openZip(path: string): ZipFile {
  const file = Deno.openSync(path);
  try {
    const size = file.statSync().size;
    const directory = findDirectory(file, path, size);
    return {
      path,
      file,
      entries: readEntries(file, path, directory),
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * The bytes of a member, at most `limit`; a compressed one is unpacked no further than that, whatever its
 * directory says.
 *
 * @throws {SyntaxError} when it is longer, or its length is not the directory's.
 */
export function readZipEntry(
  zip: ZipFile,
  entry: ZipEntry,
  limit: number,
): Uint8Array<ArrayBuffer> {
  const { name, stored, offset, packedBytes, bytes } = entry;
  if (bytes > limit || packedBytes > limit + 1024) {
    throw bad(zip.path, `${name} has ${bytes} bytes (${packedBytes} packed); allowed: ${limit}`);
  }
  const packed = readAt(zip.file, offset, packedBytes);
  if (stored) return packed;
  let out: Uint8Array;
  try {
    out = inflateRawSync(packed, { maxOutputLength: Math.max(1, bytes) });
  } catch (cause) {
    throw bad(
      zip.path,
      `${name} does not unpack to its ${bytes} bytes: ${(cause as Error).message}`,
    );
  }
  if (out.length !== bytes) {
    throw bad(zip.path, `${name} unpacks to ${out.length} bytes, not ${bytes}`);
  }
  return new Uint8Array(out);
}

interface Directory {
  readonly offset: number;
  readonly bytes: number;
  readonly count: number;
}

function findDirectory(file: Deno.FsFile, path: string, size: number): Directory {
  if (size < 22) throw bad(path, `${size} bytes`);
  const tailStart = Math.max(0, size - 22 - MAX_COMMENT_BYTES);
  const tail = readAt(file, tailStart, size - tailStart);
  const view = new DataView(tail.buffer);
  let at = tail.length - 22;
  // The record ends the file with its comment: a signature inside a comment does not fit its length.
  while (at >= 0 && !(view.getUint32(at, true) === 0x06054b50 && commentFits(view, at))) at--;
  if (at < 0) throw bad(path, "no directory at its end; it was cut");
  const disks = view.getUint16(at + 4, true) + view.getUint16(at + 6, true);
  let count = view.getUint16(at + 10, true);
  let bytes = view.getUint32(at + 12, true);
  let offset = view.getUint32(at + 16, true);
  const end = tailStart + at;
  let limit = end;
  if (count === 0xffff || bytes === 0xffffffff || offset === 0xffffffff) {
    if (end < 20) throw bad(path, "no 64-bit directory");
    const locator = new DataView(readAt(file, end - 20, 20).buffer);
    const at64 = Number(locator.getBigUint64(8, true));
    if (locator.getUint32(0, true) !== 0x07064b50 || at64 + 56 > end - 20) {
      throw bad(path, "no 64-bit directory");
    }
    const record = new DataView(readAt(file, at64, 56).buffer);
    if (record.getUint32(0, true) !== 0x06064b50) throw bad(path, "no 64-bit directory");
    count = Number(record.getBigUint64(32, true));
    bytes = Number(record.getBigUint64(40, true));
    offset = Number(record.getBigUint64(48, true));
    limit = at64;
  }
  if (disks !== 0 && disks !== 2 * 0xffff) throw bad(path, "it is one part of several");
  if (count > MAX_ENTRIES || bytes > MAX_DIRECTORY_BYTES) {
    throw bad(path, `${count} members in a directory of ${bytes} bytes; allowed: ${MAX_ENTRIES}`);
  }
  if (offset + bytes > limit) throw bad(path, `its directory lies outside, at ${offset}+${bytes}`);
  return { offset, bytes, count };
}

function commentFits(view: DataView, at: number): boolean {
  return at + 22 + view.getUint16(at + 20, true) === view.byteLength;
}

function readEntries(file: Deno.FsFile, path: string, directory: Directory): Map<string, ZipEntry> {
  const bytes = readAt(file, directory.offset, directory.bytes);
  const view = new DataView(bytes.buffer);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < directory.count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) {
      throw bad(path, `member ${i + 1} of ${directory.count} is not in the directory`);
    }
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((o) =>
      view.getUint16(at + o, true)
    );
    const next = at + 46 + nameLength + extraLength + commentLength;
    if (next > bytes.length) throw bad(path, `member ${i + 1} is longer than the directory`);
    const name = checkedName(path, bytes.subarray(at + 46, at + 46 + nameLength));
    if (entries.has(name)) throw bad(path, `${JSON.stringify(name)} stands twice`);
    const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
    const sizes = longSizes(path, name, extra, {
      bytes: view.getUint32(at + 24, true),
      packedBytes: view.getUint32(at + 20, true),
      header: view.getUint32(at + 42, true),
    });
    const method = view.getUint16(at + 10, true);
    if ((view.getUint16(at + 8, true) & 0x41) !== 0) throw bad(path, `${name} is encrypted`);
    if (method !== 0 && method !== 8) {
      throw bad(path, `${name} is packed by method ${method}; allowed: 0 (stored), 8 (deflate)`);
    }
    if (method === 0 && sizes.bytes !== sizes.packedBytes) {
      throw bad(path, `${name} is stored, with ${sizes.packedBytes} of ${sizes.bytes} bytes`);
    }
    const { bytes: length, packedBytes } = sizes;
    const offset = dataOffset(file, path, name, sizes.header, directory.offset);
    entries.set(name, { name, stored: method === 0, offset, packedBytes, bytes: length });
    at = next;
  }
  checkOverlaps(path, [...entries.values()], directory.offset);
  return entries;
}

// Names are only looked up, never opened; a hostile one is still a sign of a hostile file.
function checkedName(path: string, bytes: Uint8Array): string {
  let name: string;
  try {
    name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw bad(path, "a member's name is not UTF-8");
  }
  // deno-lint-ignore no-control-regex
  if (name === "" || /[\\\x00-\x1f]|^[A-Za-z]:|^\//.test(name) || name.split("/").includes("..")) {
    throw bad(path, `a member is called ${JSON.stringify(name)}, which leads elsewhere`);
  }
  return name;
}

interface Sizes {
  readonly bytes: number;
  readonly packedBytes: number;
  readonly header: number;
}

/** Replaces 32-bit sizes that are all ones by those of the 64-bit extra field. */
function longSizes(path: string, name: string, extra: Uint8Array, short: Sizes): Sizes {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  const wanted = (["bytes", "packedBytes", "header"] as const)
    .filter((key) => short[key] === 0xffffffff);
  if (wanted.length === 0) return short;
  for (let at = 0; at + 4 <= extra.length;) {
    const length = view.getUint16(at + 2, true);
    if (
      view.getUint16(at, true) === 1 && length >= 8 * wanted.length &&
      at + 4 + length <= extra.length
    ) {
      const values = wanted.map((key, i) => [key, Number(view.getBigUint64(at + 4 + 8 * i, true))]);
      return { ...short, ...Object.fromEntries(values) };
    }
    at += 4 + length;
  }
  throw bad(path, `${name} has no 64-bit sizes`);
}

function dataOffset(
  file: Deno.FsFile,
  path: string,
  name: string,
  header: number,
  end: number,
): number {
  if (header + 30 > end) throw bad(path, `${name} lies outside, at ${header}`);
  const local = new DataView(readAt(file, header, 30).buffer);
  if (local.getUint32(0, true) !== 0x04034b50) {
    throw bad(path, `${name} has no header at ${header}`);
  }
  return header + 30 + local.getUint16(26, true) + local.getUint16(28, true);
}

function checkOverlaps(path: string, entries: ZipEntry[], end: number): void {
  let free = 0;
  for (const { name, offset, packedBytes } of entries.sort((a, b) => a.offset - b.offset)) {
    if (offset < free) throw bad(path, `${name} overlaps another member`);
    free = offset + packedBytes;
    if (free > end) throw bad(path, `${name} lies outside, at ${offset}+${packedBytes}`);
  }
}

function bad(path: string, what: string): SyntaxError {
  return new SyntaxError(`${path} is not a sound zip archive: ${what}; copy or write it anew`);
}
