import type { HostArray, NativeBuffer } from "../native/context.ts";
import type { OperandRange } from "../native/op_record.ts";

/** Element types of tensors. No op takes `i64`: it is for inputs of ONNX Runtime, such as token ids. */
export type DType = "f32" | "i32" | "i64" | "u8";

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<DType, number>> = { f32: 4, i32: 4, i64: 8, u8: 1 };

/**
 * Where a tensor's values lie. `buffer` is null while a tape records: the planner decides later.
 * Tensors that are views of each other share one storage.
 */
export class Storage {
  buffer: NativeBuffer | null;
  /** First byte within the buffer. */
  offset: number;
  /** Length in bytes. */
  readonly bytes: number;

  constructor(bytes: number, buffer: NativeBuffer | null = null, offset = 0) {
    this.bytes = bytes;
    this.buffer = buffer;
    this.offset = offset;
  }
}

/**
 * An n-dimensional array in device memory. Row-major. It owns nothing: memory belongs to the tape,
 * the parameter store or the input set that made it.
 */
export class Tensor {
  /** Sizes of the dimensions, outermost first. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly storage: Storage;
  /** True when the tape computes a gradient for it. */
  readonly requiresGradient: boolean;
  /** Parameters only: where their gradient is accumulated. */
  readonly gradient: Tensor | null;

  constructor(
    shape: readonly number[],
    storage: Storage,
    options: { dtype?: DType; requiresGradient?: boolean; gradient?: Tensor | null } = {},
  ) {
    this.shape = shape;
    this.storage = storage;
    this.dtype = options.dtype ?? "f32";
    this.gradient = options.gradient ?? null;
    this.requiresGradient = options.requiresGradient ?? this.gradient !== null;
    if (byteLength(shape, this.dtype) !== storage.bytes) {
      throw new TypeError(
        `a tensor [${shape}] of ${this.dtype} needs ${byteLength(shape, this.dtype)} bytes, ` +
          `its storage has ${storage.bytes}`,
      );
    }
  }

  /** Number of elements. */
  get size(): number {
    return elementCount(this.shape);
  }

  /** The tensor's byte range, once its memory is known. */
  range(): OperandRange {
    const { buffer, offset, bytes } = this.storage;
    if (!buffer) {
      throw new Error(`tensor [${this.shape}] has no memory yet: compile its tape first`);
    }
    return { buffer: buffer.handle, offset, bytes };
  }

  /** Copies the values to the host. */
  read(): Float32Array {
    return this.readInto(new Float32Array(this.size));
  }

  /** Copies the values into host memory of the tensor's length, and returns it. */
  readInto<T extends Float32Array>(out: T): T {
    this.#expect("f32");
    const { buffer, offset } = this.storage;
    if (!buffer) {
      throw new Error(`tensor [${this.shape}] has no memory yet: compile its tape first`);
    }
    if (out.length !== this.size) {
      throw new TypeError(`reading tensor [${this.shape}] into ${out.length} numbers`);
    }
    return buffer.read(offset, out);
  }

  /** Copies values from the host; the length must be the tensor's. */
  write(values: HostArray): void {
    const { buffer, offset, bytes } = this.storage;
    if (values.byteLength !== bytes) {
      throw new TypeError(
        `writing ${values.byteLength} bytes to tensor [${this.shape}] of ${this.dtype}, which has ${bytes}`,
      );
    }
    if (!buffer) {
      throw new Error(`tensor [${this.shape}] has no memory yet: compile its tape first`);
    }
    buffer.write(offset, values);
  }

  /** Copies float32 values from the host to those from index `first` on. */
  writeFrom(first: number, values: Float32Array): void {
    this.#expect("f32");
    const { buffer, offset } = this.storage;
    if (first < 0 || first + values.length > this.size) {
      throw new TypeError(
        `writing values ${first} to ${first + values.length} of tensor [${this.shape}]`,
      );
    }
    if (!buffer) {
      throw new Error(`tensor [${this.shape}] has no memory yet: compile its tape first`);
    }
    buffer.write(offset + 4 * first, values);
  }

  #expect(dtype: DType): void {
    if (this.dtype !== dtype) {
      throw new TypeError(`tensor [${this.shape}] holds ${this.dtype}, not ${dtype}`);
    }
  }
}

/** Product of the sizes. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}

/** Bytes of a tensor of that shape. */
export function byteLength(shape: readonly number[], dtype: DType): number {
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 0) {
      throw new TypeError(`shape [${shape}] has a size that is not a whole number`);
    }
  }
  return elementCount(shape) * ELEMENT_BYTES[dtype];
}
