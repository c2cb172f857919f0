/** A tensor of a foreign weight file; its values are read when they are asked for. */
export interface WeightTensor {
  /** Outermost first, row-major. */
  readonly shape: readonly number[];
  /** Number type by safetensors' names; anything but F64, F32, F16 and BF16 cannot be read. */
  readonly type: string;
  /**
   * Reads the values `first` to `first + out.length`, as float32.
   *
   * @throws {SyntaxError} when the type is no float or the file is damaged there.
   */
  read(first: number, out: Float32Array): void;
}

/** Tensors by name. */
export type WeightTensors = ReadonlyMap<string, WeightTensor>;

/** An open file of foreign weights. Nothing but names and shapes was read; nothing is executed. */
export interface WeightFile extends Disposable {
  readonly path: string;
  readonly form: "safetensors" | "torch" | "npz";
  readonly tensors: WeightTensors;
}

/** Number of values. */
export function countOf({ shape }: Pick<WeightTensor, "shape">): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** All values of a tensor. */
export function readAll(tensor: WeightTensor): Float32Array<ArrayBuffer> {
  const out = new Float32Array(countOf(tensor));
  tensor.read(0, out);
  return out;
}
