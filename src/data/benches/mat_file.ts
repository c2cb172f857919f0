import { inflateSync } from "node:zlib";

/** Most bytes of a file, and of what is unpacked from it. */
const MOST_BYTES = 64 << 20;
/** Bytes in front of the first element. */
const HEADER_BYTES = 128;

/** Types of elements that occur here. */
const INT8 = 1, UINT8 = 2, INT16 = 3, UINT16 = 4, INT32 = 5, UINT32 = 6, SINGLE = 7, DOUBLE = 9;
const MATRIX = 14, COMPRESSED = 15, UTF8 = 16, UTF16 = 17;
/** Classes of matrices. */
const STRUCT = 2, CHAR = 4, FIRST_NUMBER = 6, LAST_NUMBER = 15;

interface Element {
  readonly type: number;
  readonly data: Uint8Array;
}

/** A number or a text; others have no value here. */
export type MatValue = number | string | undefined;

/**
 * Some fields of an array of structs in a MATLAB file (version 5 to 7.2), such as ImageNet's `meta.mat`. The
 * format is read as MathWorks describes it; nothing in it is run.
 *
 * @param variable Name of the array.
 * @throws {SyntaxError} when the file is no such file, is cut or damaged, or lacks the array or a field; the
 * message has no file name in it.
 */
export function readMatStructs<Field extends string>(
  bytes: Uint8Array,
  variable: string,
  fields: readonly Field[],
): Record<Field, MatValue>[] {
  if (bytes.length > MOST_BYTES) throw wrong(`${bytes.length} bytes`);
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, HEADER_BYTES));
  if (!text.startsWith("MATLAB 5.0 MAT-file") || text.slice(126) !== "IM") {
    throw wrong(`a file that begins ${JSON.stringify(text.slice(0, 20))}`);
  }
  for (const element of elements(bytes.subarray(HEADER_BYTES))) {
    const matrix = element.type === COMPRESSED ? unpack(element.data) : element;
    if (matrix.type !== MATRIX) continue;
    const [flags, dims, name, ...rest] = elements(matrix.data);
    if (name === undefined || latin(name) !== variable) continue;
    if (flags.data[0] !== STRUCT) throw wrong(`${variable} of class ${flags.data[0]}`);
    return structs(dims, rest, variable, fields);
  }
  throw wrong(`no variable ${variable}`);
}

function structs<Field extends string>(
  dims: Element,
  [width, names, ...values]: Element[],
  variable: string,
  fields: readonly Field[],
): Record<Field, MatValue>[] {
  const count = numbers(dims).reduce((product, side) => product * side, 1);
  const [bytes] = width === undefined ? [] : numbers(width);
  if (names === undefined || !(bytes >= 1)) throw wrong(`${variable} without fields`);
  const all = Array.from({ length: Math.floor(names.data.length / bytes) }, (_, i) => {
    const name = names.data.subarray(i * bytes, (i + 1) * bytes);
    return latin({ type: INT8, data: name }).replace(/\0.*$/s, "");
  });
  if (values.length !== count * all.length) {
    throw wrong(`${values.length} values for ${count} times ${all.length} fields`);
  }
  const places = fields.map((field) => {
    const place = all.indexOf(field);
    if (place < 0) throw wrong(`${variable} without ${field}: ${all.join(", ")}`);
    return place;
  });
  return Array.from({ length: count }, (_, i) => {
    const row = places.map((place, f) => [fields[f], valueOf(values[i * all.length + place])]);
    return Object.fromEntries(row);
  });
}

function valueOf({ type, data }: Element): MatValue {
  if (type !== MATRIX) return undefined;
  const [flags, , , value] = elements(data);
  if (value === undefined) return undefined;
  const kind = flags.data[0];
  if (kind === CHAR) return latin(value);
  return kind >= FIRST_NUMBER && kind <= LAST_NUMBER ? numbers(value)[0] : undefined;
}

/** The elements that a stretch of bytes holds, one behind the other. */
function elements(bytes: Uint8Array): Element[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 8 > bytes.length) throw wrong("an element that is cut");
    const word = view.getUint32(at, true);
    // Up to four bytes stand in the tag itself.
    const small = word >>> 16;
    const type = small > 0 ? word & 0xffff : word;
    const length = small > 0 ? small : view.getUint32(at + 4, true);
    const from = small > 0 ? at + 4 : at + 8;
    if (small > 4 || from + length > bytes.length) throw wrong("an element that is cut");
    found.push({ type, data: bytes.subarray(from, from + length) });
    const end = from + length;
    at = small > 0 ? at + 8 : type === COMPRESSED ? end : Math.ceil(end / 8) * 8;
  }
  return found;
}

function unpack(data: Uint8Array): Element {
  let bytes: Uint8Array;
  try {
    bytes = inflateSync(data, { maxOutputLength: MOST_BYTES });
  } catch (cause) {
    throw wrong("a compressed element that cannot be unpacked", cause);
  }
  const [element] = elements(bytes);
  if (element === undefined) throw wrong("a compressed element without content");
  return element;
}

function numbers({ type, data }: Element): number[] {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const readers: Record<number, [number, (at: number) => number]> = {
    [INT8]: [1, (at) => view.getInt8(at)],
    [UINT8]: [1, (at) => view.getUint8(at)],
    [INT16]: [2, (at) => view.getInt16(at, true)],
    [UINT16]: [2, (at) => view.getUint16(at, true)],
    [INT32]: [4, (at) => view.getInt32(at, true)],
    [UINT32]: [4, (at) => view.getUint32(at, true)],
    [SINGLE]: [4, (at) => view.getFloat32(at, true)],
    [DOUBLE]: [8, (at) => view.getFloat64(at, true)],
  };
  const [bytes, read] = readers[type] ?? [1, () => NaN];
  return Array.from({ length: Math.floor(data.length / bytes) }, (_, i) => read(i * bytes));
}

function latin({ type, data }: Element): string {
  if (type === UTF8) return new TextDecoder().decode(data);
  if (type === UINT16 || type === UTF16) return new TextDecoder("utf-16le").decode(data);
  return new TextDecoder("latin1").decode(data);
}

function wrong(seen: string, cause?: unknown): SyntaxError {
  return new SyntaxError(
    `seen ${seen}; allowed: a whole MATLAB file of version 5 to 7.2, at most ${MOST_BYTES} bytes`,
    { cause },
  );
}
