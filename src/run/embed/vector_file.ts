/** Number types of a vector file. */
export type VectorType = "f32" | "f16";

/** Options of {@linkcode VectorFile}. */
export interface VectorFileOptions {
  /** Values of a row. */
  readonly width: number;
  readonly type: VectorType;
  /** What a reader may want to know; kept in safetensors files only. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A finished file. */
export interface WrittenVectors {
  readonly path: string;
  /** File of the keys: a JSON array, or lines of text. */
  readonly keysPath: string;
  readonly count: number;
}

const NPY_HEADER = 128;
const SAFETENSORS_HEADER = 4096;

/** Name of the keys' file. @throws {RangeError} when the ending is not known. */
export function keysPathOf(path: string): string {
  if (path.endsWith(".safetensors")) return path.replace(/\.safetensors$/, ".keys.json");
  if (path.endsWith(".npy")) return path.replace(/\.npy$/, ".keys.txt");
  throw new RangeError(`${path}: unknown ending; allowed: .safetensors, .npy`);
}

/**
 * A file of vectors that grows row by row, so its length need not be known: safetensors with the tensor
 * `embeddings` [n, width] and a JSON array of keys beside it, or npy with a text file of keys, one a
 * line, where a backslash and line breaks inside a key are written `\\`, `\n` and `\r`. Both files
 * appear in {@linkcode close}, whole, and not at all when it is disposed before.
 *
 * @example
 * ```ts ignore
 * using file = new VectorFile("icons.npy", { width: 128, type: "f16" });
 * file.add(["a.png"], features);
 * file.close();
 * ```
 */
export class VectorFile implements Disposable {
  readonly #path: string;
  readonly #keysPath: string;
  readonly #options: VectorFileOptions;
  readonly #temporary: string[];
  readonly #data: Deno.FsFile;
  readonly #keys: Deno.FsFile;
  readonly #npy: boolean;
  #count = 0;
  #open = true;

  /** @throws {RangeError} for an unknown ending; {Error} when the folder cannot be written. */
  constructor(path: string, options: VectorFileOptions) {
    this.#path = path;
    this.#keysPath = keysPathOf(path);
    this.#options = options;
    this.#npy = path.endsWith(".npy");
    this.#temporary = [path, this.#keysPath].map((name) => `${name}.${Deno.pid}.part`);
    const create = { write: true, create: true, truncate: true };
    try {
      this.#data = Deno.openSync(this.#temporary[0], create);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`${path} cannot be written (${reason}); name a file in another folder`, {
        cause,
      });
    }
    this.#keys = Deno.openSync(this.#temporary[1], create);
    writeAll(this.#data, new Uint8Array(this.#npy ? NPY_HEADER : SAFETENSORS_HEADER));
  }

  /** Rows so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Appends rows with their keys.
   *
   * @param vectors f32 [keys, width]
   * @throws {RangeError} when a value is not finite; names the key.
   */
  add(keys: readonly string[], vectors: Float32Array): void {
    const { width, type } = this.#options;
    if (vectors.length !== keys.length * width) {
      throw new TypeError(`${vectors.length} values for ${keys.length} keys of width ${width}`);
    }
    const broken = vectors.findIndex((value) => !Number.isFinite(value));
    if (broken >= 0) {
      throw new RangeError(
        `the model gives ${vectors[broken]} for ${keys[Math.floor(broken / width)]}; its weights ` +
          "are broken: take an earlier checkpoint or train it anew",
      );
    }
    const values = type === "f16" ? new Float16Array(vectors) : vectors;
    writeAll(this.#data, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    const text = keys.map((key, i) => {
      if (this.#npy) return `${escapeKey(key)}\n`;
      return `${this.#count + i === 0 ? "[\n" : ",\n"}${JSON.stringify(key)}`;
    });
    writeAll(this.#keys, new TextEncoder().encode(text.join("")));
    this.#count += keys.length;
  }

  /** Writes the header, flushes both files to the disk and gives them their names. */
  close(): WrittenVectors {
    if (!this.#npy) {
      writeAll(this.#keys, new TextEncoder().encode(this.#count === 0 ? "[]\n" : "\n]\n"));
    }
    this.#data.seekSync(0, Deno.SeekMode.Start);
    writeAll(this.#data, this.#npy ? this.#npyHeader() : this.#safetensorsHeader());
    for (const file of [this.#data, this.#keys]) {
      file.syncSync();
      file.close();
    }
    this.#open = false;
    // An older file goes first: keys must never stand beside the vectors of others.
    removeIfThere(this.#path);
    Deno.renameSync(this.#temporary[1], this.#keysPath);
    Deno.renameSync(this.#temporary[0], this.#path);
    return { path: this.#path, keysPath: this.#keysPath, count: this.#count };
  }

  #npyHeader(): Uint8Array {
    const { width, type } = this.#options;
    const descr = type === "f16" ? "<f2" : "<f4";
    const text =
      `{'descr': '${descr}', 'fortran_order': False, 'shape': (${this.#count}, ${width}), }`;
    const bytes = new Uint8Array(NPY_HEADER).fill(0x20);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, NPY_HEADER - 10, 0]);
    bytes.set(new TextEncoder().encode(text), 10);
    bytes[NPY_HEADER - 1] = 0x0a;
    return bytes;
  }

  #safetensorsHeader(): Uint8Array {
    const { width, type, metadata = {} } = this.#options;
    const end = this.#count * width * (type === "f16" ? 2 : 4);
    const header = {
      __metadata__: {
        ...metadata,
        keys: this.#keysPath.slice(this.#keysPath.lastIndexOf("/") + 1),
      },
      embeddings: {
        dtype: type === "f16" ? "F16" : "F32",
        shape: [this.#count, width],
        data_offsets: [0, end],
      },
    };
    const json = new TextEncoder().encode(JSON.stringify(header));
    if (json.length > SAFETENSORS_HEADER - 8) {
      throw new RangeError(`metadata of ${json.length} bytes; at most 4000 allowed`);
    }
    const bytes = new Uint8Array(SAFETENSORS_HEADER).fill(0x20);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(SAFETENSORS_HEADER - 8), true);
    bytes.set(json, 8);
    return bytes;
  }

  /** Takes an unfinished file away. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#data.close();
    this.#keys.close();
    this.#temporary.forEach(removeIfThere);
  }
}

function escapeKey(key: string): string {
  return key.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
