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

  /** Runs one op and returns its outputs in order. */
  run(op: RawOp): Float32Array[] {
    const { symbols: native } = this.#library;
    const buffers: bigint[] = [];
    const operands = op.operands.map((value) => {
      if (value === null) return null;
      const bytes = typeof value === "number" ? 4 * value : value.byteLength;
      const out = new BigUint64Array(1);
      this.#check(native.clipa_buffer_create(this.#context, BigInt(bytes), out));
      buffers.push(out[0]);
      if (typeof value !== "number") {
        const view = new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, bytes);
        this.#check(native.clipa_buffer_write(out[0], 0n, view, BigInt(bytes)));
      }
      return { buffer: out[0], offset: 0, bytes };
    });
    const { kind, flags, dims, scalars } = op;
    this.#check(
      native.clipa_execute(
        this.#context,
        encodeOps([{ kind, flags, dims, scalars, operands }]),
        1n,
      ),
    );
    const outputs = op.operands.flatMap((value, i) => {
      if (typeof value !== "number") return [];
      const bytes = new Uint8Array(4 * value);
      this.#check(
        native.clipa_buffer_read(operands[i]!.buffer, 0n, bytes, BigInt(bytes.byteLength)),
      );
      return [new Float32Array(bytes.buffer)];
    });
    for (const buffer of buffers) this.#check(native.clipa_buffer_destroy(buffer));
    return outputs;
  }

  [Symbol.dispose](): void {
    this.#check(this.#library.symbols.clipa_context_destroy(this.#context));
  }

  #check(status: number): void {
    if (status === 0) return;
    const text = new Uint8Array(2048);
    this.#library.symbols.clipa_error_message(0n, text, 2048n);
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
