import {
  decodeHeader,
  RECORD_LAYOUT,
  RECORD_SECTIONS,
  recordChecksum,
  type RecordHead,
  type RecordHeader,
  type RecordSection,
} from "./record_layout.ts";

/** One caption of a row. Level 1 is the real name; the higher levels are richer and weaker. */
export interface Caption {
  /** 1 to 5 for the icon set; foreign data has level 1 only. */
  level: number;
  text: string;
}

/**
 * A baked record file, opened: the columns are in memory, the pixels stay in the file.
 *
 * Row `i` has its pixels at `offset[i]` of `path`: `size * size * channels[i]` bytes, uint8,
 * row-major, channels last. One channel is luminance, dark ink on white paper.
 */
export interface Records {
  /** The file that holds the pixels, to be mapped by the loader. */
  readonly path: string;
  /** Rows. */
  readonly count: number;
  /** Pixels per side of every picture. */
  readonly size: number;
  /** [count] byte offset of each picture in the file; whole numbers below 2^53. */
  readonly offset: Float64Array;
  /** [count] 1 (monochrome) or 3 (RGB). */
  readonly channels: Uint8Array;
  /** [count] index into `sets`. */
  readonly set: Uint16Array;
  /** [count] index into `families`. */
  readonly family: Uint32Array;
  /** [count] id of the phrase (level 1 caption), 0 … `phraseText.length` - 1. */
  readonly phrase: Uint32Array;
  /** [phrases] text id of each phrase. */
  readonly phraseText: Uint32Array;
  /** Names of the designer families; the same list in every split of one data set. */
  readonly families: readonly string[];
  /** Names of the sets; the same list in every split of one data set. */
  readonly sets: readonly string[];
  /** [count + 1] row `i` owns captions `captionStart[i]` … `captionStart[i + 1] - 1`, level ascending. */
  readonly captionStart: Uint32Array;
  /** [captions] level of each caption. */
  readonly captionLevel: Uint8Array;
  /** [captions] text id of each caption; equal captions share an id, so tokenise each id once. */
  readonly captionText: Uint32Array;
  /** Distinct texts. */
  readonly textCount: number;
  /** Text of an id below `textCount`. */
  text(id: number): string;
  /** Captions of a row, level ascending. */
  captions(row: number): Caption[];
  /** Key of a row, unique within the data set, such as `lucide:umbrella`. */
  key(row: number): string;
  /** Phrase of a row. */
  phraseOf(row: number): string;
  /** A copy of one picture, [size, size, channels] uint8. For looking at data, not for training. */
  readPixels(row: number): Uint8Array;
}

/**
 * Open a baked record file: read and check its index, leave its pixels on disk.
 *
 * @throws {SyntaxError} when the file is not a record file, is truncated or its index is damaged.
 *
 * @example
 * ```ts ignore
 * const records = openRecords("icons/baked/train-64.bin");
 * console.log(records.count, records.key(0), records.captions(0));
 * ```
 */
export function openRecords(path: string): Records {
  using file = Deno.openSync(path, { read: true });
  const headerBytes = readAt(file, 0, RECORD_LAYOUT.headerBytes);
  const header = decodeHeader(headerBytes, path);
  const fileBytes = file.statSync().size;
  if (header.indexAt + header.indexBytes !== fileBytes) {
    throw damaged(path, `${fileBytes} bytes`, `${header.indexAt + header.indexBytes} expected`);
  }
  const index = readAt(file, header.indexAt, header.indexBytes);
  const sum = recordChecksum(headerBytes, index);
  if (sum.some((byte, i) => byte !== header.checksum[i])) {
    throw damaged(
      path,
      "a header or index that does not match its checksum",
      "the same bytes as written",
    );
  }
  return readIndex(path, header, index);
}

function readIndex(path: string, header: RecordHeader, index: Uint8Array): Records {
  const head = readHead(path, index);
  const { count, side } = header;
  const section = (name: RecordSection): ArrayBuffer => {
    const { at, bytes } = head.sections[name];
    return index.buffer.slice(index.byteOffset + at, index.byteOffset + at + bytes) as ArrayBuffer;
  };
  const u8 = (name: RecordSection) => new Uint8Array(section(name));
  const u32 = (name: RecordSection) => new Uint32Array(section(name));
  const offset = joinOffsets(u32("offset"));
  const channels = u8("channels");
  const set = new Uint16Array(section("set"));
  const family = u32("family"), phrase = u32("phrase"), phraseText = u32("phraseText");
  const keyStart = u32("keyStart"), keyBytes = u8("keyBytes");
  const captionStart = u32("captionStart"), captionLevel = u8("captionLevel");
  const captionText = u32("captionText"), textStart = u32("textStart"), textBytes = u8("textBytes");
  const textCount = textStart.length - 1;

  const expect = (name: string, seen: number, wanted: number) => {
    if (seen !== wanted) throw damaged(path, `${name}: ${seen}`, `${wanted} expected`);
  };
  for (const column of [offset, channels, set, family, phrase]) {
    expect("rows", column.length, count);
  }
  expect("key table", keyStart.length, count + 1);
  expect("key bytes", keyStart[count], keyBytes.length);
  expect("caption table", captionStart.length, count + 1);
  expect("captions", captionStart[count], captionLevel.length);
  expect("caption texts", captionText.length, captionLevel.length);
  expect("text bytes", textStart[textCount], textBytes.length);
  checkBounds(path, header, offset, channels);
  for (const [name, starts] of Object.entries({ keyStart, captionStart, textStart })) {
    const at = starts.findIndex((start, i) => i > 0 && start < starts[i - 1]);
    if (at >= 0) throw damaged(path, `${name} falls at ${at}`, "a table that never falls");
  }
  const ids = {
    set: [set, head.sets.length],
    family: [family, head.families.length],
    phrase: [phrase, phraseText.length],
    phraseText: [phraseText, textCount],
    captionText: [captionText, textCount],
  } as const;
  for (const [name, [column, limit]] of Object.entries(ids)) {
    const wrong = column.find((id: number) => id >= limit);
    if (wrong !== undefined) throw damaged(path, `${name} ${wrong}`, `below ${limit} allowed`);
  }

  const decoder = new TextDecoder();
  const checkRow = (row: number) => {
    if (!(Number.isInteger(row) && row >= 0 && row < count)) {
      throw new RangeError(`${path}: row ${row}; 0 to ${count - 1} allowed`);
    }
  };
  const text = (id: number) => {
    if (!(Number.isInteger(id) && id >= 0 && id < textCount)) {
      throw new RangeError(`${path}: text ${id}; 0 to ${textCount - 1} allowed`);
    }
    return decoder.decode(textBytes.subarray(textStart[id], textStart[id + 1]));
  };
  return Object.freeze({
    path,
    count,
    size: side,
    offset,
    channels,
    set,
    family,
    phrase,
    phraseText,
    families: Object.freeze(head.families),
    sets: Object.freeze(head.sets),
    captionStart,
    captionLevel,
    captionText,
    textCount,
    text,
    captions(row: number) {
      checkRow(row);
      const captions: Caption[] = [];
      for (let c = captionStart[row]; c < captionStart[row + 1]; c++) {
        captions.push({ level: captionLevel[c], text: text(captionText[c]) });
      }
      return captions;
    },
    key(row: number) {
      checkRow(row);
      return decoder.decode(keyBytes.subarray(keyStart[row], keyStart[row + 1]));
    },
    phraseOf(row: number) {
      checkRow(row);
      return text(phraseText[phrase[row]]);
    },
    readPixels(row: number) {
      checkRow(row);
      using file = Deno.openSync(path, { read: true });
      return readAt(file, offset[row], side * side * channels[row]);
    },
  });
}

function readHead(path: string, index: Uint8Array): RecordHead {
  const view = new DataView(index.buffer, index.byteOffset, index.byteLength);
  const headBytes = index.length >= 4 ? view.getUint32(0, true) : Infinity;
  if (headBytes > index.length - 4) {
    throw damaged(
      path,
      `an index head of ${headBytes} bytes`,
      `at most ${index.length - 4} allowed`,
    );
  }
  const head = parseHead(path, new TextDecoder().decode(index.subarray(4, 4 + headBytes)));
  for (const [name, type] of Object.entries(RECORD_SECTIONS)) {
    const { at, bytes } = head.sections[name as RecordSection] ?? {};
    const inside = Number.isSafeInteger(at) && Number.isSafeInteger(bytes) && at >= 0 &&
      bytes >= 0 && at + bytes <= index.length;
    if (!inside || at % 8 !== 0 || bytes % ELEMENT_BYTES[type] !== 0) {
      throw damaged(
        path,
        `section ${name} of ${bytes} bytes at ${at}`,
        `${type} values inside ${index.length} index bytes`,
      );
    }
  }
  return head;
}

const ELEMENT_BYTES = { u8: 1, u16: 2, u32: 4, u64: 8 } as const;

function parseHead(path: string, text: string): RecordHead {
  const isNames = (names: unknown) =>
    Array.isArray(names) && names.every((name) => typeof name === "string");
  try {
    const head = JSON.parse(text);
    if (isNames(head.families) && isNames(head.sets) && typeof head.sections === "object") {
      return { ...head, sections: head.sections ?? {} };
    }
  } catch { /* said below */ }
  throw damaged(path, "an index head that is no list of sections", "the head as it was written");
}

// A double holds every whole number below 2^53, and unlike a BigInt costs nothing to read per batch.
function joinOffsets(halves: Uint32Array): Float64Array {
  const offset = new Float64Array(halves.length / 2);
  for (let i = 0; i < offset.length; i++) offset[i] = halves[2 * i] + halves[2 * i + 1] * 2 ** 32;
  return offset;
}

function checkBounds(path: string, header: RecordHeader, offset: Float64Array, ch: Uint8Array) {
  const pixels = header.side * header.side;
  for (let i = 0; i < offset.length; i++) {
    if (ch[i] !== 1 && ch[i] !== 3) {
      throw damaged(path, `row ${i}: ${ch[i]} channels`, "1 or 3 allowed");
    }
    if (offset[i] < RECORD_LAYOUT.headerBytes || offset[i] + pixels * ch[i] > header.indexAt) {
      throw damaged(path, `row ${i}: pixels at byte ${offset[i]}`, `end before ${header.indexAt}`);
    }
  }
}

function readAt(file: Deno.FsFile, at: number, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  file.seekSync(at, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < bytes) {
    const n = file.readSync(out.subarray(filled));
    if (n === null) break;
    filled += n;
  }
  return out.subarray(0, filled);
}

function damaged(path: string, seen: string, allowed: string): SyntaxError {
  return new SyntaxError(
    `${path}: ${seen}; ${allowed}; delete the file and build the data set again`,
  );
}
