import type { HostArray, NativeContext } from "../native/context.ts";
import { byteLength, type DType, Storage, Tensor } from "./tensor.ts";

/** A tensor with memory of its own, at a fixed address: inputs, constants, results between programs. */
export class FixedTensor extends Tensor implements Disposable {
  constructor(
    context: NativeContext,
    shape: readonly number[],
    options: { dtype?: DType; values?: HostArray } = {},
  ) {
    const { dtype = "f32", values } = options;
    const bytes = byteLength(shape, dtype);
    super(shape, new Storage(bytes, context.buffer(bytes)), { dtype });
    if (values) this.write(values);
  }

  /** A part of the rows of the first dimension, sharing memory. */
  rows(offset: number, count: number): Tensor {
    const { buffer, offset: start, bytes } = this.storage;
    const row = bytes / this.shape[0];
    const storage = new Storage(row * count, buffer, start + row * offset);
    return new Tensor([count, ...this.shape.slice(1)], storage, { dtype: this.dtype });
  }

  [Symbol.dispose](): void {
    this.storage.buffer?.[Symbol.dispose]();
  }
}
