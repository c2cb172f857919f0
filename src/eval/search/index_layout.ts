import { createHash } from "node:crypto";

/** Rows of a block of codes: `CLIPA_SEARCH_BLOCK`. */
export const BLOCK = 16;
/** Widest vectors: `CLIPA_SEARCH_MAX_WIDTH`. */
export const MAX_WIDTH = 2048;

const MAGIC = "CLIPASRC";
const VERSION = 1;
/** Bytes in front of the parts. */
export const HEADER_BYTES = 4096;
const ALIGN = 4096;

/** What an index file says of itself. */
export interface IndexHeader {
  readonly count: number;
  readonly width: number;
  /** SHA-256 of what the vectors were made of: model, data set, form. Hexadecimal. */
  readonly identity: string;
  /** SHA-256 of all bytes behind the header. */
  readonly content: string;
}

/** Where the parts of an index lie, in bytes. */
export interface IndexParts {
  readonly rows: number;
  readonly codes: number;
  readonly scales: number;
  readonly errors: number;
  /** Length of the file. */
  readonly end: number;
}

/**
 * Bytes of the codes of so many rows: blocks of 16 rows, features in groups of four; see
 * `clipa_search.h`.
 */
export function codeBytes(count: number, width: number): number {
  return Math.ceil(count / BLOCK) * Math.ceil(width / 4) * BLOCK * 4;
}

/** Bytes of the scales, and of the errors, of so many rows. */
export function scaleBytes(count: number): number {
  return Math.ceil(count / BLOCK) * BLOCK * 4;
}

/** The parts of an index of `count` rows: rows, codes, scales, errors, each on a page of its own. */
export function indexParts(count: number, width: number): IndexParts {
  const next = (at: number) => Math.ceil(at / ALIGN) * ALIGN;
  const rows = HEADER_BYTES;
  const codes = next(rows + 4 * count * width);
  const scales = next(codes + codeBytes(count, width));
  const errors = next(scales + scaleBytes(count));
  return { rows, codes, scales, errors, end: errors + scaleBytes(count) };
}

/** The 4096 bytes in front: magic, version, length of the JSON, its SHA-256, the JSON. */
export function encodeIndexHeader(header: IndexHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const { count, width, identity, content } = header;
  const json = new TextEncoder().encode(JSON.stringify({ count, width, identity, content }));
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC), 0);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, json.length, true);
  bytes.set(createHash("sha256").update(json).digest(), 16);
  bytes.set(json, 48);
  return bytes;
}

/**
 * Reads what {@linkcode encodeIndexHeader} wrote.
 *
 * @throws {SyntaxError} when the bytes are not the header of an index of this version.
 */
export function decodeIndexHeader(bytes: Uint8Array): IndexHeader {
  if (bytes.length < HEADER_BYTES) throw new SyntaxError(`${bytes.length} bytes`);
  const magic = new TextDecoder("latin1").decode(bytes.subarray(0, 8));
  if (magic !== MAGIC) throw new SyntaxError(`it starts with ${JSON.stringify(magic)}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== VERSION) throw new SyntaxError(`version ${version} instead of ${VERSION}`);
  const length = Math.min(view.getUint32(12, true), HEADER_BYTES - 48);
  const json = bytes.subarray(48, 48 + length);
  const sum = createHash("sha256").update(json).digest();
  if (sum.some((byte, i) => byte !== bytes[16 + i])) throw new SyntaxError("a damaged header");
  return JSON.parse(new TextDecoder().decode(json));
}
