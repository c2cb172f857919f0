import { checkJsonKeys } from "./json_keys.ts";
import { readAt } from "./read_at.ts";

/** Largest header that is read; a model of 10,000 tensors needs about 1 MB. */
const MAX_HEADER_BYTES = 100_000_000;

/** Bytes of a number, by the format's type names. */
const TYPE_BYTES: Readonly<Record<string, number>> = {
  ...{ F64: 8, F32: 4, F16: 2, BF16: 2, F8_E4M3: 1, F8_E5M2: 1 },
  ...{ I64: 8, U64: 8, I32: 4, U32: 4, I16: 2, U16: 2, I8: 1, U8: 1, BOOL: 1 },
};

/** A tensor of a header, checked: its bytes lie in the file and fit its shape. */
export interface SafetensorsEntry {
  readonly name: string;
  /** Number type by the format's name, such as `F32`. */
  readonly type: string;
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** A whole header. */
export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes. */
  readonly entries: readonly SafetensorsEntry[];
}

interface RawEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * Reads and checks the header of a safetensors file; the data is not touched.
 *
 * @throws {SyntaxError} when the header is too long, damaged or names a tensor twice, when a type is
 * unknown, ranges overlap or leave holes, or the file is cut.
 */
export function readSafetensorsHeader(path: string): SafetensorsHeader {
  const bad = (what: string) =>
    new SyntaxError(`${path} is not a whole safetensors file: ${what}; copy or write it anew`);
  using file = Deno.openSync(path);
  const size = file.statSync().size;
  if (size < 8) throw bad(`${size} bytes`);
  const headerBytes = Number(new DataView(readAt(file, 0, 8).buffer).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || headerBytes > size - 8) {
    throw bad(`a header of ${headerBytes} bytes in a file of ${size}`);
  }
  const { __metadata__: metadata = {}, ...entries } = parse(path, readAt(file, 8, headerBytes));
  const start = 8 + headerBytes;
  let end = 0;
  const sorted = Object.entries(entries as Record<string, RawEntry>).sort(([, a], [, b]) =>
    first(a) - first(b) || last(a) - last(b)
  );
  const checked = sorted.map(([name, entry]): SafetensorsEntry => {
    const size = Object.hasOwn(TYPE_BYTES, entry?.dtype) ? TYPE_BYTES[entry.dtype] : 0;
    if (size === 0 || !isShape(entry.shape) || !Array.isArray(entry.data_offsets)) {
      throw bad(`tensor ${name} has no known number type with shape and offsets`);
    }
    const bytes = size * entry.shape.reduce((product, dim) => product * dim, 1);
    if (first(entry) !== end || last(entry) - first(entry) !== bytes) {
      throw bad(`tensor ${name} spans bytes ${entry.data_offsets}, expected ${end}+${bytes}`);
    }
    end = last(entry);
    return { name, type: entry.dtype, shape: entry.shape, offset: start + first(entry), bytes };
  });
  if (start + end !== size) throw bad(`${size} bytes, the header needs ${start + end}`);
  return { metadata: metadata as Record<string, string>, entries: checked };
}

function parse(path: string, bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    checkJsonKeys(text, 4);
    header = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`${path}: the header is not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (typeof header === "object" && header !== null && !Array.isArray(header)) {
    return header as Record<string, unknown>;
  }
  throw new SyntaxError(`${path}: the header is not JSON: seen no object; copy or write it anew`);
}

function first(entry: RawEntry): number {
  return entry?.data_offsets?.[0] ?? -1;
}

function last(entry: RawEntry): number {
  return entry?.data_offsets?.[1] ?? -1;
}

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0);
}
