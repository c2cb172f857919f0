/** An array of bytes from an idx file. */
export interface IdxArray {
  /** Sizes of the dimensions, outermost first. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Uint8Array;
}

/** Type code of unsigned bytes; the only one that MNIST and its relatives use. */
const UNSIGNED_BYTES = 0x08;
const MAX_DIMENSIONS = 4;

/**
 * Parse an idx file of unsigned bytes: two zero bytes, a type, the number of dimensions, each size as
 * a big-endian 32-bit number, then the values and nothing else.
 *
 * @param path For error messages.
 * @throws {SyntaxError} names the file and what was seen.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseIdx } from "./idx_file.ts";
 *
 * const labels = parseIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9), "labels");
 * assert.deepEqual([...labels.values], [7, 9]);
 * ```
 */
export function parseIdx(bytes: Uint8Array, path: string): IdxArray {
  const wrong = (seen: string, allowed: string) =>
    new SyntaxError(`${path}: seen ${seen}; allowed: ${allowed}; fetch the file again`);
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) {
    const start = [...bytes.subarray(0, 4)].join(", ");
    throw wrong(`the bytes ${start || "(none)"} first`, "an idx file, which begins with 0, 0");
  }
  const [, , type, dimensions] = bytes;
  if (type !== UNSIGNED_BYTES) throw wrong(`values of type ${type}`, "8, unsigned bytes");
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    throw wrong(`${dimensions} dimensions`, `1 to ${MAX_DIMENSIONS}`);
  }
  const start = 4 + 4 * dimensions;
  if (bytes.length < start) throw wrong(`${bytes.length} bytes`, `a head of ${start} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const count = shape.reduce((product, size) => product * size, 1);
  if (bytes.length !== start + count) {
    throw wrong(`${bytes.length} bytes`, `${start + count} for [${shape}]`);
  }
  return { shape, values: bytes.subarray(start) };
}
