import type { Caption } from "./records.ts";
import {
  encodeHeader,
  RECORD_LAYOUT,
  RECORD_SECTIONS,
  recordChecksum,
  type RecordHead,
  type RecordSection,
  type SectionPlace,
} from "./record_layout.ts";

/** One row to be baked. */
export interface RecordRow {
  /** Unique within the data set. */
  key: string;
  set: string;
  /** Designer family; splits are made by it. */
  family: string;
  /** Level 1 caption; rows with an equal phrase are false negatives of each other. */
  phrase: string;
  /** [side, side, channels] uint8. */
  pixels: Uint8Array;
  captions: readonly Caption[];
}

/** Writes one baked record file; see {@link createRecordWriter}. */
export interface RecordWriter extends Disposable {
  /** Rows so far. */
  readonly count: number;
  /**
   * Append a row.
   *
   * @throws {TypeError} when the pixels are not side × side × 1 or 3 bytes.
   * @throws {RangeError} when the family or set is not in the lists given at the start.
   */
  add(row: RecordRow): void;
  /** Write index and header, flush to the disk and give the file its name. */
  close(): { path: string; bytes: number; count: number };
}

/** What a record file needs to know before its first row. */
export interface RecordWriterOptions {
  /** Pixels per side. */
  side: number;
  /** All families of the data set, in the order of their ids. */
  families: readonly string[];
  /** All sets of the data set, in the order of their ids. */
  sets: readonly string[];
}

/**
 * Start a baked record file. It grows under a temporary name and gets its own only in `close`,
 * so a half-written file is never taken for a whole one; disposing without `close` deletes it.
 *
 * @example
 * ```ts ignore
 * using writer = createRecordWriter("train-64.bin", { side: 64, families: ["a"], sets: ["a"] });
 * writer.add({ key: "a:bee", set: "a", family: "a", phrase: "bee", pixels, captions });
 * writer.close();
 * ```
 */
export function createRecordWriter(path: string, options: RecordWriterOptions): RecordWriter {
  const { side } = options;
  if (!(Number.isInteger(side) && side >= 1 && side <= RECORD_LAYOUT.maxSide)) {
    throw new RangeError(`side of ${side} pixels; 1 to ${RECORD_LAYOUT.maxSide} allowed`);
  }
  const temporary = `${path}.partial`;
  const file = Deno.openSync(temporary, { write: true, create: true, truncate: true });
  const out = bufferedOutput(file);
  out.write(new Uint8Array(RECORD_LAYOUT.headerBytes));

  const families = ids(options.families), sets = ids(options.sets);
  const texts = textPool();
  const phrases = new Map<string, number>();
  const columns = {
    offset: [] as number[],
    channels: [] as number[],
    set: [] as number[],
    family: [] as number[],
    phrase: [] as number[],
    phraseText: [] as number[],
    captionStart: [0],
    captionLevel: [] as number[],
    captionText: [] as number[],
  };
  const keys: string[] = [];
  let open = true;

  const idOf = (table: Map<string, number>, what: string, name: string) => {
    const id = table.get(name);
    if (id === undefined) {
      throw new RangeError(`${path}: ${what} "${name}"; only the ${table.size} listed are allowed`);
    }
    return id;
  };

  return {
    get count() {
      return keys.length;
    },
    add(row) {
      const channels = row.pixels.length / (side * side);
      if (channels !== 1 && channels !== 3) {
        throw new TypeError(
          `${path}: ${row.key} has ${row.pixels.length} bytes; ${side}×${side}×1 or ×3 allowed`,
        );
      }
      const family = idOf(families, "family", row.family), set = idOf(sets, "set", row.set);
      columns.family.push(family);
      columns.set.push(set);
      columns.offset.push(out.bytes);
      columns.channels.push(channels);
      let phrase = phrases.get(row.phrase);
      if (phrase === undefined) {
        phrases.set(row.phrase, phrase = phrases.size);
        columns.phraseText.push(texts.add(row.phrase));
      }
      columns.phrase.push(phrase);
      for (const caption of row.captions) {
        columns.captionLevel.push(caption.level);
        columns.captionText.push(texts.add(caption.text));
      }
      columns.captionStart.push(columns.captionLevel.length);
      keys.push(row.key);
      out.write(row.pixels);
    },
    close() {
      const indexAt = out.bytes;
      const keyTable = concatTexts(keys), textTable = concatTexts(texts.list);
      const index = encodeIndex([...options.families], [...options.sets], {
        offset: new BigUint64Array(columns.offset.map(BigInt)),
        channels: new Uint8Array(columns.channels),
        set: new Uint16Array(columns.set),
        family: new Uint32Array(columns.family),
        phrase: new Uint32Array(columns.phrase),
        phraseText: new Uint32Array(columns.phraseText),
        keyStart: keyTable.start,
        keyBytes: keyTable.bytes,
        captionStart: new Uint32Array(columns.captionStart),
        captionLevel: new Uint8Array(columns.captionLevel),
        captionText: new Uint32Array(columns.captionText),
        textStart: textTable.start,
        textBytes: textTable.bytes,
      });
      out.write(index);
      out.flush();
      const header = { side, count: keys.length, indexAt, indexBytes: index.length };
      const checksum = recordChecksum(
        encodeHeader({ ...header, checksum: new Uint8Array(0) }),
        index,
      );
      file.seekSync(0, Deno.SeekMode.Start);
      writeAll(file, encodeHeader({ ...header, checksum }));
      file.syncSync();
      file.close();
      open = false;
      Deno.renameSync(temporary, path);
      return { path, bytes: out.bytes, count: keys.length };
    },
    [Symbol.dispose]() {
      if (!open) return;
      open = false;
      file.close();
      Deno.removeSync(temporary);
    },
  };
}

function encodeIndex(
  families: string[],
  sets: string[],
  columns: Record<RecordSection, ArrayBufferView>,
): Uint8Array {
  const names = Object.keys(RECORD_SECTIONS) as RecordSection[];
  // The head holds the places of the sections, whose places depend on the length of the head: so
  // reserve room for the widest numbers and pad with spaces, which JSON ignores.
  const widest = { at: 2 ** 40, bytes: 2 ** 40 };
  const sections = Object.fromEntries(names.map((name) => [name, widest])) as Record<
    RecordSection,
    SectionPlace
  >;
  const head: RecordHead = { families, sets, sections };
  const encoder = new TextEncoder();
  const headBytes = align8(4 + encoder.encode(JSON.stringify(head)).length) - 4;
  let at = 4 + headBytes;
  for (const name of names) {
    sections[name] = { at, bytes: columns[name].byteLength };
    at = align8(at + columns[name].byteLength);
  }
  const index = new Uint8Array(at);
  index.fill(0x20, 4, 4 + headBytes);
  new DataView(index.buffer).setUint32(0, headBytes, true);
  index.set(encoder.encode(JSON.stringify(head)), 4);
  for (const name of names) {
    const column = columns[name];
    index.set(
      new Uint8Array(column.buffer, column.byteOffset, column.byteLength),
      sections[name].at,
    );
  }
  return index;
}

function textPool(): { list: string[]; add(text: string): number } {
  const known = new Map<string, number>();
  const list: string[] = [];
  return {
    list,
    add(text) {
      let id = known.get(text);
      if (id === undefined) {
        known.set(text, id = list.length);
        list.push(text);
      }
      return id;
    },
  };
}

function concatTexts(texts: readonly string[]): { start: Uint32Array; bytes: Uint8Array } {
  const encoder = new TextEncoder();
  const start = new Uint32Array(texts.length + 1);
  const encoded = texts.map((text) => encoder.encode(text));
  encoded.forEach((bytes, i) => start[i + 1] = start[i] + bytes.length);
  const bytes = new Uint8Array(start[texts.length]);
  encoded.forEach((part, i) => bytes.set(part, start[i]));
  return { start, bytes };
}

function bufferedOutput(file: Deno.FsFile) {
  const buffer = new Uint8Array(4 << 20);
  let used = 0, bytes = 0;
  const flush = () => {
    writeAll(file, buffer.subarray(0, used));
    used = 0;
  };
  return {
    /** Bytes handed in so far: the place of the next one in the file. */
    get bytes() {
      return bytes;
    },
    write(data: Uint8Array) {
      bytes += data.length;
      if (used + data.length > buffer.length) flush();
      if (data.length > buffer.length) return writeAll(file, data);
      buffer.set(data, used);
      used += data.length;
    },
    flush,
  };
}

function writeAll(file: Deno.FsFile, data: Uint8Array): void {
  for (let at = 0; at < data.length;) at += file.writeSync(data.subarray(at));
}

function ids(names: readonly string[]): Map<string, number> {
  return new Map(names.map((name, id) => [name, id]));
}

function align8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
