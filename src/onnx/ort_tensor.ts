/** Memory of a tensor; its type is the tensor's: f32, u8, i32 or i64. */
export type OrtArray = Float32Array | Uint8Array | Int32Array | BigInt64Array;

/** A tensor of a forward pass: values in row-major order. */
export interface OrtTensor {
  readonly data: OrtArray;
  readonly shape: readonly number[];
}

/** An input or output of a model as it declares it. */
export interface OrtSlot {
  readonly name: string;
  /** `f32`, `u8`, `i32`, `i64`, or the number of another ONNX type. */
  readonly type: string;
  /** A number, or the name of a free dimension ("" when it has none). */
  readonly shape: readonly (number | string)[];
}

interface ElementType {
  readonly code: number;
  readonly name: string;
  readonly array: new (length: number) => OrtArray;
}

const TYPES: readonly ElementType[] = [
  { code: 1, name: "f32", array: Float32Array },
  { code: 2, name: "u8", array: Uint8Array },
  { code: 6, name: "i32", array: Int32Array },
  { code: 7, name: "i64", array: BigInt64Array },
];

/** Name of an ONNX element type. */
export function typeName(code: number): string {
  return TYPES.find((type) => type.code === code)?.name ?? `ONNX type ${code}`;
}

/** Number of an ONNX element type. */
export function typeCode(name: string): number {
  const type = TYPES.find((type) => type.name === name);
  if (type) return type.code;
  throw new TypeError(`the element type is ${name}; allowed are f32, u8, i32, i64`);
}

/** ONNX element type of an array. */
export function typeOf(data: OrtArray): ElementType {
  const type = TYPES.find(({ array }) => data instanceof array);
  if (type) return type;
  throw new TypeError(
    `a tensor's data is ${Object.prototype.toString.call(data)}; allowed are Float32Array, ` +
      "Uint8Array, Int32Array and BigInt64Array",
  );
}

/** A new array of `length` elements of an ONNX type. */
export function arrayOf(code: number, length: number): OrtArray {
  const type = TYPES.find((type) => type.code === code);
  if (type) return new type.array(length);
  throw new TypeError(
    `an output has ${typeName(code)}; supported are ${TYPES.map(({ name }) => name).join(", ")}`,
  );
}

/** Throws unless the tensor has the type and shape that the model declares. */
export function checkTensor(tensor: OrtTensor, slot: OrtSlot): void {
  const { data, shape } = tensor;
  checkSlot("input", typeOf(data).name, shape, slot);
  const length = shape.reduce((product, dim) => product * dim, 1);
  if (length !== data.length) {
    throw new RangeError(
      `input ${slot.name} has ${data.length} values; its shape [${shape.join(",")}] has ${length}`,
    );
  }
}

/** Throws unless a type and a shape are those that the model declares for an input or output. */
export function checkSlot(
  what: "input" | "output",
  type: string,
  shape: readonly number[],
  slot: OrtSlot,
): void {
  const allowed = `${slot.type} [${slot.shape.map((dim) => dim === "" ? "?" : dim).join(",")}]`;
  const seen = `${type} [${shape.join(",")}]`;
  const fits = type === slot.type && shape.length === slot.shape.length &&
    shape.every((dim, i) => typeof slot.shape[i] === "string" || dim === slot.shape[i]);
  if (!fits) throw new TypeError(`${what} ${slot.name} is ${seen}; allowed is ${allowed}`);
  if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) {
    throw new RangeError(
      `${what} ${slot.name} has shape [${shape.join(",")}]; ` +
        "allowed are whole numbers from 0",
    );
  }
}
