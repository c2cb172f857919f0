import { createHash } from "node:crypto";
import { check, nativeLibrary } from "../../native/library.ts";
import {
  BLOCK,
  codeBytes,
  encodeIndexHeader,
  HEADER_BYTES,
  type IndexParts,
  indexParts,
  MAX_WIDTH,
  scaleBytes,
} from "./index_layout.ts";

/** What {@linkcode writeSearchIndex} needs to know before the first row. */
export interface IndexPlan {
  readonly count: number;
  readonly width: number;
  /** SHA-256 of what the vectors were made of, hexadecimal. */
  readonly identity: string;
}

/**
 * Writes an index file from vectors that come in parts: scales them to unit length (a row of zeros
 * stays), encodes them and puts every part where it belongs. The file appears when it is whole.
 *
 * @param parts Rows, f32 [n, width] each; every n but the last is a multiple of 16. Scaled in place.
 * @throws {RangeError} when count or width is out of range, or the parts hold another number of rows.
 * @throws {NativeError} when a value is not finite.
 */
export async function writeSearchIndex(
  path: string,
  plan: IndexPlan,
  parts: Iterable<Float32Array> | AsyncIterable<Float32Array>,
): Promise<void> {
  const { count, width } = plan;
  if (!(Number.isInteger(width) && width >= 1 && width <= MAX_WIDTH)) {
    throw new RangeError(`vectors of width ${width}; allowed: 1 to ${MAX_WIDTH}`);
  }
  if (!(Number.isInteger(count) && count >= 1 && count < 2 ** 32)) {
    throw new RangeError(`an index of ${count} rows; allowed: 1 to ${2 ** 32 - 1}`);
  }
  const places = indexParts(count, width);
  const temporary = `${path}.${Deno.pid}.part`;
  try {
    using file = Deno.openSync(temporary, {
      read: true,
      write: true,
      create: true,
      truncate: true,
    });
    file.truncateSync(places.end);
    let done = 0;
    for await (const rows of parts) {
      const n = rows.length / width;
      if (!Number.isInteger(n) || done % BLOCK !== 0 || done + n > count) {
        throw new RangeError(
          `a part of ${rows.length} values behind ${done} of ${count} rows; allowed: whole rows of ` +
            `${width}, in multiples of ${BLOCK} rows but for the last`,
        );
      }
      writePart(file, places, rows, done, width);
      done += n;
    }
    if (done !== count) throw new RangeError(`${done} rows; ${count} were announced`);
    const content = hashFrom(file, HEADER_BYTES);
    writeAt(file, 0, encodeIndexHeader({ ...plan, content }));
    file.syncSync();
    Deno.renameSync(temporary, path);
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch { /* it was never made */ }
    throw error;
  }
}

function writePart(
  file: Deno.FsFile,
  places: IndexParts,
  rows: Float32Array,
  first: number,
  width: number,
): void {
  const n = rows.length / width;
  if (n === 0) return;
  const codes = new Uint8Array(codeBytes(n, width));
  const scales = new Uint8Array(scaleBytes(n)), errors = new Uint8Array(scaleBytes(n));
  const bytes = new Uint8Array(rows.buffer as ArrayBuffer, rows.byteOffset, rows.byteLength);
  const status = nativeLibrary().symbols.clipa_search_encode(
    bytes,
    BigInt(n),
    width,
    codes,
    BigInt(codes.length),
    scales,
    errors,
    BigInt(scales.length),
  );
  check(status, `search index, rows from ${first}`);
  writeAt(file, places.rows + 4 * first * width, bytes);
  writeAt(file, places.codes + codeBytes(first, width), codes);
  writeAt(file, places.scales + 4 * first, scales);
  writeAt(file, places.errors + 4 * first, errors);
}

function writeAt(file: Deno.FsFile, at: number, bytes: Uint8Array): void {
  file.seekSync(at, Deno.SeekMode.Start);
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}

/** SHA-256 of an open file from a byte on, in hexadecimal. */
export function hashFrom(file: Deno.FsFile, at: number): string {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(4 << 20);
  file.seekSync(at, Deno.SeekMode.Start);
  for (let n = file.readSync(buffer); n !== null; n = file.readSync(buffer)) {
    hash.update(buffer.subarray(0, n));
  }
  return hash.digest("hex");
}
