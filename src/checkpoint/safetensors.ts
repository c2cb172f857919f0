import { createHash } from "node:crypto";
import { readAt } from "./read_at.ts";
import { readSafetensorsHeader } from "./safetensors_header.ts";

/** A tensor of a file: float32, row-major. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * Writes float32 tensors as a safetensors file: an 8-byte header length, a JSON header, the data. The
 * file is written under a temporary name, flushed to disk and renamed, so a file that is there is whole.
 * Tensors are asked for their `data` one after the other, each once; a getter need not keep it.
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
  for (const { name, shape } of list) {
    if (name in header) throw new TypeError(`${path}: tensor ${name} is given twice`);
    const bytes = 4 * shape.reduce((product, size) => product * size, 1);
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const text = JSON.stringify(header);
  // Padded with spaces, so that the data starts at a multiple of 8.
  const json = new TextEncoder().encode(text + " ".repeat((8 - text.length % 8) % 8));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  writeWhole(path, parts());
  return hashes;

  function* parts(): Generator<Uint8Array> {
    yield length;
    yield json;
    for (const tensor of list) {
      // Read once: it may be a getter that copies the values from a device.
      const { name, shape, data } = tensor;
      if (data.length !== shape.reduce((product, size) => product * size, 1)) {
        throw new TypeError(`${path}: tensor ${name} [${shape}] has ${data.length} values`);
      }
      hashes[name] = sha256(bytesOf(data));
      yield bytesOf(data);
    }
  }
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
  const { metadata, entries } = readSafetensorsHeader(path);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  for (const { name, type } of entries) {
    if (type === "F32") continue;
    throw new SyntaxError(
      `${path} is not a whole safetensors file: tensor ${name} is not float32 with shape and offsets; ` +
        "copy or write it anew",
    );
  }
  const place = (name: string): TensorPlace => {
    const entry = byName.get(name);
    if (!entry) throw new RangeError(`${path} has no tensor ${name}`);
    const { shape, offset, bytes } = entry;
    return { shape, offset, bytes };
  };
  return {
    path,
    metadata,
    names: [...byName.keys()],
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

/** What to do about a place that cannot be written, by the system's words for it. */
export function storageAdvice(reason: string): string {
  if (/os error 30\b/.test(reason)) {
    return "mount its disk for writing or choose another folder; what was written before is whole";
  }
  return /os error (1|13)\b/.test(reason)
    ? "allow writing there or choose another folder; what was written before is whole"
    : "free space or choose another folder";
}

/** Writes parts to a new file, flushes it to disk and renames it into place. */
export function writeWhole(path: string, parts: Iterable<Uint8Array>): void {
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
    // A fault of what is written, not of the place.
    if (cause instanceof TypeError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${path} cannot be written (${reason}); ${storageAdvice(reason)}`, { cause });
  }
}
