import { decodeFloats, isFloatType } from "./number_types.ts";
import { readInto } from "../read_at.ts";
import { PickleCall, PickleGlobal, PickleStorage, readPickle } from "./pickle.ts";
import { notFloats, readStoredFloats } from "./stored_floats.ts";
import type { WeightFile, WeightTensor } from "./weight_file.ts";
import { openZip, readZipEntry, type ZipFile } from "./zip_file.ts";

const MAX_PICKLE_BYTES = 16 * 2 ** 20;

/** Number types by PyTorch's storage names: safetensors' name and bytes. */
const STORAGES: Readonly<Record<string, readonly [type: string, bytes: number]>> = {
  "torch.DoubleStorage": ["F64", 8],
  "torch.FloatStorage": ["F32", 4],
  "torch.HalfStorage": ["F16", 2],
  "torch.BFloat16Storage": ["BF16", 2],
  "torch.LongStorage": ["I64", 8],
  "torch.IntStorage": ["I32", 4],
  "torch.ShortStorage": ["I16", 2],
  "torch.CharStorage": ["I8", 1],
  "torch.ByteStorage": ["U8", 1],
  "torch.BoolStorage": ["BOOL", 1],
};

/**
 * Opens what `torch.save` writes since PyTorch 1.6: a zip archive with a pickle of names and shapes and
 * one member for each storage. The pickle is read as data by {@linkcode readPickle}; nothing is executed.
 *
 * A training dictionary (`{epoch, name, state_dict, optimizer}`) gives the tensors of its `state_dict`.
 *
 * @throws {SyntaxError} when the archive or the pickle is unsound, and for TorchScript archives.
 */
export function openTorchWeights(path: string): WeightFile {
  const zip = openZip(path);
  try {
    return {
      path,
      form: "torch",
      tensors: readTensors(zip),
      [Symbol.dispose]: () => zip[Symbol.dispose](),
    };
  } catch (error) {
    zip[Symbol.dispose]();
    throw error;
  }
}

function readTensors(zip: ZipFile): Map<string, WeightTensor> {
  const { path, entries } = zip;
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) {
    throw new SyntaxError(`${path} holds no data.pkl; allowed: a file that torch.save wrote`);
  }
  const root = pickles[0].slice(0, -"data.pkl".length);
  if ([...entries.keys()].some((name) => name.startsWith(`${root}code/`))) {
    throw new SyntaxError(
      `${path} is a TorchScript program, which is not run; save its state_dict() instead`,
    );
  }
  const order = entries.get(`${root}byteorder`);
  if (order && new TextDecoder().decode(readZipEntry(zip, order, 16)) !== "little") {
    throw new SyntaxError(`${path}: seen big-endian numbers; allowed: little-endian`);
  }
  const bytes = readZipEntry(zip, entries.get(pickles[0])!, MAX_PICKLE_BYTES);
  const top = stateDict(readPickle(bytes, `${path}: ${pickles[0]}`), path);
  const tensors = new Map<string, WeightTensor>();
  for (const [name, value] of top) {
    const call = tensorCall(value);
    if (call) tensors.set(String(name), tensorOf(zip, root, String(name), call));
  }
  return tensors;
}

/** The dictionary of tensors: the value itself, or the one it holds under the usual names. */
function stateDict(value: unknown, path: string): Map<unknown, unknown> {
  if (value instanceof Map) {
    for (const key of ["state_dict", "model"]) {
      const inner = value.get(key);
      if (inner instanceof Map) return inner;
    }
    if ([...value.values()].some((entry) => tensorCall(entry))) return value;
  }
  const keys = value instanceof Map ? [...value.keys()].slice(0, 5).join(", ") : "no dictionary";
  throw new SyntaxError(
    `${path}: seen ${keys}; allowed: tensors by name, or a dictionary with state_dict`,
  );
}

function tensorCall(value: unknown): PickleCall | null {
  if (!(value instanceof PickleCall)) return null;
  return value.name.endsWith("_rebuild_parameter") ? tensorCall(value.parts[0]) : value;
}

function tensorOf(zip: ZipFile, root: string, name: string, call: PickleCall): WeightTensor {
  const bad = (what: string) => new SyntaxError(`${zip.path}: ${name}: ${what}; save it anew`);
  const [storage, offset, shape, strides] = call.parts;
  if (!(storage instanceof PickleStorage) || storage.parts.length !== 5) throw bad("no storage");
  const [kind, global, key, , count] = storage.parts;
  if (kind !== "storage" || !(global instanceof PickleGlobal)) throw bad("an odd storage");
  const [type, size] = STORAGES[global.name] ?? [];
  if (type === undefined || size === undefined) throw bad(`numbers of ${global.name}`);
  if (!isCount(offset) || !isCount(count) || !isCounts(shape) || !isCounts(strides)) {
    throw bad("an odd shape");
  }
  if (shape.length !== strides.length) throw bad(`shape [${shape}] with strides [${strides}]`);
  const entry = typeof key === "string" ? zip.entries.get(`${root}data/${key}`) : undefined;
  if (!entry) throw bad(`no member ${root}data/${key}`);
  if (!entry.stored || entry.bytes !== count * size) {
    throw bad(
      `${entry.bytes} bytes (${entry.stored ? "stored" : "packed"}) for ${count} of ${type}`,
    );
  }
  const values = shape.reduce((product, dim) => product * dim, 1);
  // The furthest number that the tensor reaches, and no more numbers than its storage has.
  const reach = values === 0 ? 0 : shape.reduce((sum, dim, i) => sum + (dim - 1) * strides[i], 1);
  if (offset + reach > count || values > count) {
    throw bad(`[${shape}] at ${offset} reaches beyond its ${count} numbers`);
  }
  const what = `${zip.path}: ${name}`;
  const at = entry.offset + offset * size;
  if (isRowMajor(shape, strides)) {
    return {
      shape,
      type,
      read: (from, out) => readStoredFloats(zip.file, what, type, at, from, out),
    };
  }
  return { shape, type, read: strided(zip.file, what, { type, size, at, reach, shape, strides }) };
}

interface Strided {
  readonly type: string;
  readonly size: number;
  readonly at: number;
  readonly reach: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Reads a tensor that lies in another order, such as a transposed one. */
function strided(file: Deno.FsFile, what: string, tensor: Strided): WeightTensor["read"] {
  const { type, size, at, reach, shape, strides } = tensor;
  return (first, out) => {
    if (!isFloatType(type)) throw notFloats(what, type);
    const bytes = new Uint8Array(reach * size);
    readInto(file, at, bytes);
    const all = new Float32Array(reach);
    decodeFloats(type, bytes, all);
    for (let i = 0; i < out.length; i++) {
      let rest = first + i, from = 0;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        from += (rest % shape[axis]) * strides[axis];
        rest = Math.floor(rest / shape[axis]);
      }
      out[i] = all[from];
    }
  };
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis];
  }
  return true;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 8 && value.every(isCount);
}
