import { createHash } from "node:crypto";

/** A tensor of a file: float32, row-major. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Largest header that is read; a model of 10,000 tensors needs about 1 MB. */
const MAX_HEADER_BYTES = 100_000_000;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * Writes float32 tensors as a safetensors file: an 8-byte header length, a JSON header, the data. The
 * file is written under a temporary name, flushed to disk and renamed, so a file that is there is whole.
 *
 * @returns SHA-256 of each tensor's bytes, by name.
 */
export function writeSafetensors(
  path: string,
  tensors: Iterable<StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const list = [...tensors];
  const header: Record<string, unknown> = { __metadata__: metadata };
  const hashes: Record<string, string> = {};
  let offset = 0;
  for (const { name, shape, data } of list) {
    if (name in header) throw new TypeError(`${path}: tensor ${name} is given twice`);
    const count = shape.reduce((product, size) => product * size, 1);
    if (count !== data.length) {
      throw new TypeError(`${path}: tensor ${name} [${shape}] has ${data.length} values`);
    }
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
    hashes[name] = sha256(bytesOf(data));
  }
  const text = JSON.stringify(header);
  // Padded with spaces, so that the data starts at a multiple of 8.
  const json = new TextEncoder().encode(text + " ".repeat((8 - text.length % 8) % 8));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  writeWhole(path, [length, json, ...list.map(({ data }) => bytesOf(data))]);
  return hashes;
}

/** A safetensors file, its header read and checked; tensors are read when they are asked for. */
export interface SafetensorsFile {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly names: readonly string[];
  /** Reads one tensor. @throws {RangeError} for an unknown name. */
  tensor(name: string): StoredTensor;
  /** Where a tensor's bytes stand in the file. @throws {RangeError} for an unknown name. */
  place(name: string): TensorPlace;
}

/** The bytes of a tensor in a file. */
export interface TensorPlace {
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Opens a safetensors file of float32 tensors.
 *
 * @throws {SyntaxError} when the header is damaged, ranges overlap or leave holes, or the file is cut.
 */
export function openSafetensors(path: string): SafetensorsFile {
  const bad = (what: string) =>
    new SyntaxError(`${path} is not a whole safetensors file: ${what}; copy or write it anew`);
  using file = Deno.openSync(path);
  const size = file.statSync().size;
  if (size < 8) throw bad(`${size} bytes`);
  const headerBytes = Number(new DataView(readAt(file, 0, 8).buffer).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || headerBytes > size - 8) {
    throw bad(`a header of ${headerBytes} bytes in a file of ${size}`);
  }
  let header: Record<string, Entry>;
  try {
    header = JSON.parse(new TextDecoder().decode(readAt(file, 8, headerBytes)));
  } catch (cause) {
    throw new SyntaxError(`${path}: the header is not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, Entry> & {
    __metadata__?: Record<string, string>;
  };
  const start = 8 + headerBytes;
  let end = 0;
  const sorted = Object.entries(entries).sort(([, a], [, b]) =>
    first(a) - first(b) || last(a) - last(b)
  );
  for (const [name, entry] of sorted) {
    if (entry?.dtype !== "F32" || !isShape(entry.shape) || !Array.isArray(entry.data_offsets)) {
      throw bad(`tensor ${name} is not float32 with shape and offsets`);
    }
    const bytes = 4 * entry.shape.reduce((product, dim) => product * dim, 1);
    if (first(entry) !== end || last(entry) - first(entry) !== bytes) {
      throw bad(`tensor ${name} spans bytes ${entry.data_offsets}, expected ${end}+${bytes}`);
    }
    end = last(entry);
  }
  if (start + end !== size) throw bad(`${size} bytes, the header needs ${start + end}`);
  const place = (name: string): TensorPlace => {
    const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (!entry) throw new RangeError(`${path} has no tensor ${name}`);
    const { shape, data_offsets: [from, to] } = entry;
    return { shape, offset: start + from, bytes: to - from };
  };
  return {
    path,
    metadata,
    names: sorted.map(([name]) => name),
    place,
    tensor(name) {
      const { shape, offset, bytes } = place(name);
      using again = Deno.openSync(path);
      return { name, shape, data: new Float32Array(readAt(again, offset, bytes).buffer) };
    },
  };
}

/** SHA-256 of bytes, in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The bytes of an array, without a copy. */
export function bytesOf(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Writes parts to a new file, flushes it to disk and renames it into place. */
export function writeWhole(path: string, parts: readonly Uint8Array[]): void {
  const temporary = `${path}.${Deno.pid}.part`;
  try {
    using file = Deno.openSync(temporary, { write: true, create: true, truncate: true });
    for (const part of parts) {
      for (let at = 0; at < part.length;) at += file.writeSync(part.subarray(at));
    }
    file.syncSync();
    Deno.renameSync(temporary, path);
  } catch (cause) {
    try {
      Deno.removeSync(temporary);
    } catch { /* it was never made */ }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${path} cannot be written (${reason}); free space or choose another folder`, {
      cause,
    });
  }
}

function first(entry: Entry): number {
  return entry?.data_offsets?.[0] ?? -1;
}

function last(entry: Entry): number {
  return entry?.data_offsets?.[1] ?? -1;
}

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0);
}

function readAt(file: Deno.FsFile, at: number, bytes: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes);
  file.seekSync(at, Deno.SeekMode.Start);
  for (let done = 0; done < bytes;) {
    const read = file.readSync(out.subarray(done));
    if (read === null) throw new SyntaxError(`the file ends at byte ${at + done}`);
    done += read;
  }
  return out;
}
