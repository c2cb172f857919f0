/** Writes small ONNX files by hand, so that the sessions are tested without the graph writer. */

/** A dimension: a number, or the name of a free one. */
export type Dim = number | string;

export interface TinyTensor {
  readonly name: string;
  readonly type: "f32" | "u8" | "i32" | "i64";
  readonly shape: readonly Dim[];
}

export interface TinyNode {
  readonly op: string;
  /** "" = an optional input that is not given. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly domain?: string;
  /** Whole numbers are ints; write a float as `{ float: 1 }`. */
  readonly attributes?: Readonly<Record<string, number | string | { readonly float: number }>>;
}

export interface TinyModel {
  readonly inputs: readonly TinyTensor[];
  readonly outputs: readonly TinyTensor[];
  readonly nodes: readonly TinyNode[];
  readonly weights?: Readonly<Record<string, TinyWeight>>;
  /** Weights lie in this file beside the model, in their order. */
  readonly external?: string;
}

export interface TinyWeight {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

const CODES = { f32: 1, u8: 2, i32: 6, i64: 7 } as const;

/** The bytes of an `.onnx` file. */
export function tinyModel(model: TinyModel): Uint8Array<ArrayBuffer> {
  let offset = 0;
  const initializers = Object.entries(model.weights ?? {}).map(([name, { data, shape }]) => {
    const bytes = data.byteLength;
    const at = offset;
    offset += bytes;
    const entry = (key: string, value: string) => message(13, [text(1, key), text(2, value)]);
    return message(5, [
      ...shape.map((dim) => number(1, dim)),
      number(2, CODES.f32),
      text(8, name),
      ...(model.external === undefined
        ? [field(9, new Uint8Array(data.buffer, data.byteOffset, bytes))]
        : [
          entry("location", model.external),
          entry("offset", `${at}`),
          entry("length", `${bytes}`),
          number(14, 1),
        ]),
    ]);
  });
  const graph = message(7, [
    ...model.nodes.map(node),
    text(2, "tiny"),
    ...initializers,
    ...model.inputs.map((tensor) => value(11, tensor)),
    ...model.outputs.map((tensor) => value(12, tensor)),
  ]);
  return join([
    number(1, 10),
    graph,
    message(8, [text(1, ""), number(2, 17)]),
    message(8, [text(1, "clipa"), number(2, 1)]),
  ]);
}

/** The file of external weights. */
export function tinyWeights(model: TinyModel): Uint8Array<ArrayBuffer> {
  return join(
    Object.values(model.weights ?? {})
      .map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  );
}

function node({ op, inputs, outputs, domain, attributes }: TinyNode): Uint8Array {
  return message(1, [
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(3, `the ${op}`),
    text(4, op),
    ...Object.entries(attributes ?? {}).map(([name, value]) => attribute(name, value)),
    ...(domain === undefined ? [] : [text(7, domain)]),
  ]);
}

function attribute(name: string, value: number | string | { readonly float: number }): Uint8Array {
  if (typeof value === "string") return message(5, [text(1, name), text(4, value), number(20, 3)]);
  if (typeof value === "number") {
    return message(5, [text(1, name), number(3, value), number(20, 2)]);
  }
  const float = new Uint8Array(new Float32Array([value.float]).buffer);
  return message(5, [text(1, name), join([varint(2 << 3 | 5), float]), number(20, 1)]);
}

function value(id: number, { name, type, shape }: TinyTensor): Uint8Array {
  const dims = shape.map((dim) =>
    message(1, [typeof dim === "number" ? number(1, dim) : text(2, dim)])
  );
  return message(id, [
    text(1, name),
    message(2, [message(1, [number(1, CODES[type]), message(2, dims)])]),
  ]);
}

function message(id: number, parts: readonly Uint8Array[]): Uint8Array {
  return field(id, join(parts));
}

function text(id: number, value: string): Uint8Array {
  return field(id, new TextEncoder().encode(value));
}

function field(id: number, bytes: Uint8Array): Uint8Array {
  return join([varint(id << 3 | 2), varint(bytes.length), bytes]);
}

function number(id: number, value: number): Uint8Array {
  return join([varint(id << 3), varint(value)]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; bytes.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(rest % 128 + (rest >= 128 ? 128 : 0));
  }
  return Uint8Array.from(bytes);
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
