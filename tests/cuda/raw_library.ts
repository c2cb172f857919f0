import { encodeOps } from "../../src/native/op_record.ts";
import { symbols } from "../../src/native/symbols.ts";

/** An op with the values of its operands: an array is an input, a number the length of an output. */
export interface RawOp {
  readonly name: string;
  readonly kind: number;
  readonly flags?: number;
  readonly dims: readonly number[];
  readonly scalars?: readonly number[];
  readonly operands: readonly (Float32Array | Int32Array | Uint8Array | number | null)[];
}

/** A native library beside the one that the process uses: for comparing two builds. */
export class RawLibrary implements Disposable {
  readonly #library: Deno.DynamicLibrary<typeof symbols>;
  readonly #context: bigint;

  constructor(path: string, precision: 0 | 1 = 0) {
    this.#library = Deno.dlopen(path, symbols);
    const out = new BigUint64Array(1);
    this.#check(
      this.#library.symbols.clipa_context_create(new Int32Array([16, 0, 1, precision]), out),
    );
    this.#context = out[0];
  }

  /** Runs ops together and returns their outputs in order. The same array is the same memory. */
  run(...ops: readonly RawOp[]): Float32Array[] {
    const { symbols: native } = this.#library;
    const buffers: bigint[] = [];
    const create = (bytes: number) => {
      const out = new BigUint64Array(1);
      this.#check(native.clipa_buffer_create(this.#context, BigInt(bytes), out));
      buffers.push(out[0]);
      return { buffer: out[0], offset: 0, bytes };
    };
    const inputs = new Map<object, ReturnType<typeof create>>();
    const outputs: ReturnType<typeof create>[] = [];
    const records = ops.map(({ kind, flags, dims, scalars, operands }) => ({
      ...{ kind, flags, dims, scalars },
      operands: operands.map((value) => {
        if (value === null) return null;
        if (typeof value === "number") {
          outputs.push(create(4 * value));
          return outputs.at(-1)!;
        }
        const known = inputs.get(value);
        if (known) return known;
        const made = create(value.byteLength);
        const view = new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, made.bytes);
        this.#check(native.clipa_buffer_write(made.buffer, 0n, view, BigInt(made.bytes)));
        inputs.set(value, made);
        return made;
      }),
    }));
    this.#check(native.clipa_execute(this.#context, encodeOps(records), BigInt(ops.length)));
    const values = outputs.map(({ buffer, bytes }) => {
      const out = new Uint8Array(bytes);
      this.#check(native.clipa_buffer_read(buffer, 0n, out, BigInt(bytes)));
      return new Float32Array(out.buffer);
    });
    for (const buffer of buffers) this.#check(native.clipa_buffer_destroy(buffer));
    return values;
  }

  /** Prepares pictures of a file: what the loader calls. `jobs` as `clipa_image_job` lies in memory. */
  async pictures(
    file: string,
    jobs: Uint8Array<ArrayBuffer>,
    count: number,
    size: number,
    filter: number,
  ): Promise<Uint8Array> {
    const { symbols: native } = this.#library;
    const map = new BigUint64Array(1), bytes = new BigUint64Array(1);
    this.#check(native.clipa_map_open(new TextEncoder().encode(`${file}\0`), map, bytes));
    const buffers = [jobs.length, count * size * size * 3].map((length) => {
      const out = new BigUint64Array(1);
      this.#check(native.clipa_buffer_create(this.#context, BigInt(length), out));
      return out[0];
    });
    try {
      const [work, pixels] = buffers;
      this.#check(native.clipa_buffer_write(work, 0n, jobs, BigInt(jobs.length)));
      this.#check(
        await native.clipa_image_batch(map[0], work, BigInt(count), pixels, size, filter),
        this.#context,
      );
      const out = new Uint8Array(count * size * size * 3);
      this.#check(native.clipa_buffer_read(pixels, 0n, out, BigInt(out.length)));
      return out;
    } finally {
      for (const buffer of buffers) this.#check(native.clipa_buffer_destroy(buffer));
      this.#check(native.clipa_map_close(map[0]));
    }
  }

  [Symbol.dispose](): void {
    this.#check(this.#library.symbols.clipa_context_destroy(this.#context));
  }

  #check(status: number, context = 0n): void {
    if (status === 0) return;
    const text = new Uint8Array(2048);
    this.#library.symbols.clipa_error_message(context, text, 2048n);
    throw new Error(new TextDecoder().decode(text.subarray(0, text.indexOf(0))));
  }
}

/** Norm of the difference over the norm of `want`. */
export function difference(seen: Float32Array, want: Float32Array): number {
  let square = 0, total = 0;
  for (let i = 0; i < want.length; i++) {
    square += (seen[i] - want[i]) ** 2;
    total += want[i] ** 2;
  }
  return Math.sqrt(square) / Math.max(Math.sqrt(total), 1e-30);
}

/** Values in [-1, 1) that only the seed decides. */
export function noise(count: number, seed: number): Float32Array {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
