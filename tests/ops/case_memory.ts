import type { NativeBuffer, NativeContext } from "../../src/native/context.ts";
import { Flag, OpKind } from "../../src/native/op_kinds.ts";
import type { OperandRange, OpRecord } from "../../src/native/op_record.ts";
import { type GoldenCase, type GoldenOp, inputValues } from "../goldens/golden_case.ts";

// Bytes between tensors, all ones: as float32 a NaN, so that a stray read shows in the result and a
// stray write in the guard. Not a multiple of a vector, so that tensors start at odd addresses.
const GUARD_BYTES = 68;

/** Replaces input values of a case, by tensor name. */
export type Override = Readonly<Record<string, Float32Array | Int32Array>>;

/**
 * The tensors of a case in one device buffer with guards between them. What no input fills is NaN
 * before the ops run.
 */
export class CaseMemory implements Disposable {
  readonly #case: GoldenCase;
  readonly #buffer: NativeBuffer;
  readonly #ranges = new Map<string, { offset: number; bytes: number }>();
  readonly #start: Uint8Array<ArrayBuffer>;

  constructor(context: NativeContext, golden: GoldenCase) {
    this.#case = golden;
    let end = GUARD_BYTES;
    for (const [name, { n, bytes: u8 }] of Object.entries(golden.tensors)) {
      const bytes = u8 ? n : 4 * n;
      this.#ranges.set(name, { offset: end, bytes });
      end += Math.ceil(bytes / 4) * 4 + GUARD_BYTES;
    }
    this.#start = new Uint8Array(end).fill(255);
    for (const [name, tensor] of Object.entries(golden.tensors)) {
      const values = inputValues(`${golden.name}/${name}`, tensor);
      if (values) this.#start.set(bytesOf(values), this.#ranges.get(name)!.offset);
    }
    this.#buffer = context.buffer(end);
    this.reset();
  }

  /** Writes the inputs again, some of them with other values. */
  reset(override: Override = {}): void {
    this.#buffer.write(0, this.#start);
    for (const [name, values] of Object.entries(override)) {
      this.#buffer.write(this.#range(name).offset, values);
    }
  }

  /** The ops of the case as records over this memory. */
  records(ops: readonly GoldenOp[] = this.#case.ops): OpRecord[] {
    return ops.map((op) => ({
      kind: OpKind[op.kind],
      flags: (op.flags ?? []).reduce((bits, flag) => bits | Flag[flag], 0),
      dims: op.dims,
      scalars: op.scalars,
      operands: op.operands.map((name) => name === null ? null : this.operand(name)),
    }));
  }

  /** A tensor as an operand. */
  operand(name: string): OperandRange {
    return { buffer: this.#buffer.handle, ...this.#range(name) };
  }

  /** The float32 values of a tensor. */
  read(name: string): Float32Array {
    const { offset, bytes } = this.#range(name);
    return this.#buffer.read(offset, new Float32Array(bytes / 4));
  }

  /** Everything, guards included. */
  bytes(): Uint8Array {
    return this.#buffer.read(0, new Uint8Array(this.#start.length));
  }

  /** Names of tensors next to which something was written, or that were inputs only and changed. */
  damage(): string[] {
    const now = this.bytes();
    const found: string[] = [];
    let last = 0;
    for (const [name, { offset, bytes }] of this.#ranges) {
      if (now.subarray(last, offset).some((byte) => byte !== 255)) found.push(`before ${name}`);
      last = offset + bytes;
      if (this.#isConstant(name) && !equal(now, this.#start, offset, last)) {
        found.push(`input ${name}`);
      }
    }
    if (now.subarray(last).some((byte) => byte !== 255)) found.push("after the last tensor");
    return found;
  }

  [Symbol.dispose](): void {
    this.#buffer[Symbol.dispose]();
  }

  #range(name: string) {
    const range = this.#ranges.get(name);
    if (!range) throw new RangeError(`case ${this.#case.name} has no tensor ${name}`);
    return range;
  }

  // An input without an expectation is never written; the step block's slots are an exception.
  #isConstant(name: string): boolean {
    const { want, literal, floats, integers, bytes, kept } = this.#case.tensors[name];
    if (want || /^step\d/.test(name)) return false;
    return [literal, floats, integers, bytes, kept].some((made) => made !== undefined);
  }
}

function equal(a: Uint8Array, b: Uint8Array, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) if (a[i] !== b[i]) return false;
  return true;
}

function bytesOf(values: Float32Array | Int32Array | Uint8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
