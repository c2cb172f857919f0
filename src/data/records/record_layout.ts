import { createHash } from "node:crypto";

/**
 * The baked record file, byte by byte. Everything is little-endian.
 *
 * ```
 * 0   8  magic "CLIPAREC"
 * 8   4  version
 * 12  4  pixels per side
 * 16  4  rows
 * 20  4  reserved, 0
 * 24  8  offset of the index
 * 32  8  bytes of the index
 * 40 24  first 24 bytes of the SHA-256 of bytes 0 to 39 and the index
 * 64     pixels: row after row, [side, side, channels] uint8
 * index: u32 length of the JSON head, the JSON head, then the sections it names, each 8-byte aligned
 * ```
 *
 * Pixels start at byte 64 so that every record of a power-of-two side lies on a cache line.
 */
export const RECORD_LAYOUT = Object.freeze({
  magic: "CLIPAREC",
  version: 1,
  headerBytes: 64,
  checksumBytes: 24,
  /** A square picture above this side is not a small picture; a file that says so is damaged. */
  maxSide: 4096,
  /** Upper limit of one index, so that a damaged length cannot ask for all memory. */
  maxIndexBytes: 2 ** 31,
});

/** Element type of each section of the index. */
export const RECORD_SECTIONS = Object.freeze(
  {
    offset: "u64",
    channels: "u8",
    set: "u16",
    family: "u32",
    phrase: "u32",
    phraseText: "u32",
    keyStart: "u32",
    keyBytes: "u8",
    captionStart: "u32",
    captionLevel: "u8",
    captionText: "u32",
    textStart: "u32",
    textBytes: "u8",
  } as const,
);

/** Name of one section of the index. */
export type RecordSection = keyof typeof RECORD_SECTIONS;

/** Where a section lies: bytes from the start of the index. */
export interface SectionPlace {
  at: number;
  bytes: number;
}

/** JSON head of the index. */
export interface RecordHead {
  families: string[];
  sets: string[];
  sections: Record<RecordSection, SectionPlace>;
}

/** The 64-byte header as numbers. */
export interface RecordHeader {
  side: number;
  count: number;
  indexAt: number;
  indexBytes: number;
  /** See {@link recordChecksum}. */
  checksum: Uint8Array;
}

/** Checksum of a record file: of its header and index, not of its pixels. */
export function recordChecksum(header: Uint8Array, index: Uint8Array): Uint8Array {
  const sum = createHash("sha256").update(header.subarray(0, 40)).update(index).digest();
  return new Uint8Array(sum.subarray(0, RECORD_LAYOUT.checksumBytes));
}

/** Header to its 64 bytes. */
export function encodeHeader(header: RecordHeader): Uint8Array {
  const bytes = new Uint8Array(RECORD_LAYOUT.headerBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(RECORD_LAYOUT.magic), 0);
  view.setUint32(8, RECORD_LAYOUT.version, true);
  view.setUint32(12, header.side, true);
  view.setUint32(16, header.count, true);
  view.setBigUint64(24, BigInt(header.indexAt), true);
  view.setBigUint64(32, BigInt(header.indexBytes), true);
  bytes.set(header.checksum.subarray(0, RECORD_LAYOUT.checksumBytes), 40);
  return bytes;
}

/**
 * The 64 bytes to a header.
 *
 * @throws {SyntaxError} when the bytes are not a header that this version can read; `file` names the file.
 */
export function decodeHeader(bytes: Uint8Array, file: string): RecordHeader {
  const bad = (seen: string, allowed: string) =>
    new SyntaxError(`${file}: ${seen}; ${allowed}; build or bake the records again`);
  if (bytes.length < RECORD_LAYOUT.headerBytes) {
    throw bad(`${bytes.length} bytes`, `a record file has at least ${RECORD_LAYOUT.headerBytes}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = new TextDecoder("latin1").decode(bytes.subarray(0, 8));
  if (magic !== RECORD_LAYOUT.magic) {
    throw bad(
      `starts with ${JSON.stringify(magic)}`,
      `a record file with "${RECORD_LAYOUT.magic}"`,
    );
  }
  const version = view.getUint32(8, true);
  if (version !== RECORD_LAYOUT.version) {
    throw bad(`record version ${version}`, `this program reads version ${RECORD_LAYOUT.version}`);
  }
  const side = view.getUint32(12, true);
  if (side < 1 || side > RECORD_LAYOUT.maxSide) {
    throw bad(`side of ${side} pixels at byte 12`, `1 to ${RECORD_LAYOUT.maxSide} allowed`);
  }
  const header = {
    side,
    count: view.getUint32(16, true),
    indexAt: Number(view.getBigUint64(24, true)),
    indexBytes: Number(view.getBigUint64(32, true)),
    checksum: bytes.slice(40, 40 + RECORD_LAYOUT.checksumBytes),
  };
  if (
    header.indexAt < RECORD_LAYOUT.headerBytes || header.indexBytes > RECORD_LAYOUT.maxIndexBytes
  ) {
    throw bad(
      `index of ${header.indexBytes} bytes at byte ${header.indexAt}`,
      `at most ${RECORD_LAYOUT.maxIndexBytes} bytes from byte ${RECORD_LAYOUT.headerBytes} on allowed`,
    );
  }
  return header;
}
