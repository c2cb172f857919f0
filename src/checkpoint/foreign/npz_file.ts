import { readInto } from "../read_at.ts";
import { decodeFloats, FLOAT_BYTES, isFloatType } from "./number_types.ts";
import { notFloats, readStoredFloats } from "./stored_floats.ts";
import type { WeightFile, WeightTensor } from "./weight_file.ts";
import { openZip, readZipEntry, type ZipEntry, type ZipFile } from "./zip_file.ts";
import { inflateRawSync } from "node:zlib";

/** Longest header of an array. */
const MAX_HEADER_BYTES = 4096;
/** Largest array that is unpacked; released ones are not packed at all. */
const MAX_PACKED_ARRAY_BYTES = 2 ** 30;

/** Number types by numpy's names. Two raw bytes are how JAX programs store bfloat16. */
const TYPES: Readonly<Record<string, string>> = {
  "<f8": "F64",
  "<f4": "F32",
  "<f2": "F16",
  "|V2": "BF16",
  "<i8": "I64",
  "<i4": "I32",
  "<u8": "U64",
  "<u4": "U32",
  "|i1": "I8",
  "|u1": "U8",
  "|b1": "BOOL",
};
const TYPE_BYTES: Readonly<Record<string, number>> = {
  ...FLOAT_BYTES,
  ...{ I64: 8, U64: 8, I32: 4, U32: 4, I8: 1, U8: 1, BOOL: 1 },
};

/**
 * Opens numpy's archive of arrays. Arrays of Python objects, which are pickles, are refused.
 *
 * @throws {SyntaxError} when the archive is unsound or a member is no plain array.
 */
export function openNpzWeights(path: string): WeightFile {
  const zip = openZip(path);
  try {
    const tensors = new Map<string, WeightTensor>();
    for (const entry of zip.entries.values()) {
      if (!entry.name.endsWith(".npy")) {
        throw new SyntaxError(`${path}: seen member ${entry.name}; allowed: arrays, *.npy`);
      }
      tensors.set(entry.name.slice(0, -".npy".length), arrayOf(zip, entry));
    }
    return { path, form: "npz", tensors, [Symbol.dispose]: () => zip[Symbol.dispose]() };
  } catch (error) {
    zip[Symbol.dispose]();
    throw error;
  }
}

interface ArrayHeader {
  readonly type: string;
  readonly shape: readonly number[];
  readonly fortran: boolean;
  /** Where the numbers start in the member. */
  readonly start: number;
}

function arrayOf(zip: ZipFile, entry: ZipEntry): WeightTensor {
  const what = `${zip.path}: ${entry.name}`;
  const { type, shape, fortran, start } = readHeader(zip, entry, what);
  const count = shape.reduce((product, size) => product * size, 1);
  const bytes = count * TYPE_BYTES[type];
  if (!Number.isSafeInteger(bytes) || start + bytes !== entry.bytes) {
    throw new SyntaxError(
      `${what}: seen ${entry.bytes} bytes; [${shape}] of ${type} has ${
        start + bytes
      }; copy it anew`,
    );
  }
  if (entry.stored && !fortran) {
    const at = entry.offset + start;
    return {
      shape,
      type,
      read: (from, out) => readStoredFloats(zip.file, what, type, at, from, out),
    };
  }
  return {
    shape,
    type,
    read(from, out) {
      if (!isFloatType(type)) throw notFloats(what, type);
      const all = readZipEntry(zip, entry, MAX_PACKED_ARRAY_BYTES).subarray(start);
      const values = new Float32Array(count);
      decodeFloats(type, all, values);
      const ordered = fortran ? toRowMajor(values, shape) : values;
      out.set(ordered.subarray(from, from + out.length));
    },
  };
}

function readHeader(zip: ZipFile, entry: ZipEntry, what: string): ArrayHeader {
  const bad = (seen: string) => new SyntaxError(`${what} is no plain array: ${seen}`);
  const head = firstBytes(zip, entry);
  if (head.length < 12 || String.fromCharCode(...head.subarray(0, 6)) !== "\x93NUMPY") {
    throw bad("seen no numpy header");
  }
  const view = new DataView(head.buffer);
  const long = head[6] >= 2;
  const length = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = (long ? 12 : 10) + length;
  if (start > head.length) throw bad(`a header of ${length} bytes; allowed: ${MAX_HEADER_BYTES}`);
  const text = new TextDecoder("latin1").decode(head.subarray(long ? 12 : 10, start));
  // The header is a Python dictionary; this is the only form that numpy writes.
  const found =
    /^\{'descr': '([^']*)', 'fortran_order': (True|False), 'shape': \(((?:\d+, ?)*\d*)\),? ?\}\s*$/
      .exec(text);
  if (!found) throw bad(`seen ${JSON.stringify(text.trim().slice(0, 80))}`);
  const [, descr, fortran, dims] = found;
  if (!Object.hasOwn(TYPES, descr)) {
    const why = descr.includes("O") ? ", Python objects, which are never read" : "";
    throw bad(
      `seen type ${JSON.stringify(descr)}${why}; allowed: ${Object.keys(TYPES).join(", ")}`,
    );
  }
  const shape = dims.split(",").map((dim) => dim.trim()).filter((dim) => dim !== "").map(Number);
  return { type: TYPES[descr], shape, fortran: fortran === "True", start };
}

/** The first bytes of a member; of a packed one no more than the header is unpacked. */
function firstBytes(zip: ZipFile, { offset, bytes, packedBytes, stored }: ZipEntry): Uint8Array {
  const wanted = Math.min(bytes, MAX_HEADER_BYTES);
  const packed = new Uint8Array(Math.min(stored ? wanted : 2 * MAX_HEADER_BYTES, packedBytes));
  readInto(zip.file, offset, packed);
  if (stored) return packed;
  try {
    // SYNC_FLUSH accepts input that ends in the middle.
    return new Uint8Array(inflateRawSync(packed, { finishFlush: 2 })).slice(0, wanted);
  } catch {
    return new Uint8Array(0);
  }
}

function toRowMajor(values: Float32Array, shape: readonly number[]): Float32Array {
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    let rest = i, from = 0, step = values.length;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      step /= shape[axis];
      from += (rest % shape[axis]) * step;
      rest = Math.floor(rest / shape[axis]);
    }
    out[i] = values[from];
  }
  return out;
}
