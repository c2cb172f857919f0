import { bytes, type Field, float, integer, integers, message, text } from "./protobuf.ts";

/** Element types of tensors, by the numbers of `onnx.proto`. */
export const ELEMENT_TYPES = { float32: 1, uint8: 2, int32: 6, int64: 7 } as const;

/** Name of an element type. */
export type ElementType = keyof typeof ELEMENT_TYPES;

/** Value of a node's attribute; a JavaScript number is a float only when wrapped. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** An operator in a graph. */
export interface OnnxNode {
  readonly type: string;
  /** Empty for the operators of the standard. */
  readonly domain: string;
  readonly name: string;
  /** An empty name leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A constant of a graph, with its values or a place in a file beside the graph. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data:
    | Uint8Array
    | { readonly file: string; readonly offset: number; readonly bytes: number };
}

/** An input or output; names stand for sizes that a caller may choose. */
export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

/** A model file's content. */
export interface OnnxModel {
  readonly name: string;
  readonly irVersion: number;
  /** Version of each operator domain; "" is the standard. */
  readonly domains: Readonly<Record<string, number>>;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The bytes of a model file; field numbers are those of `onnx.proto` (ONNX 1.15). */
export function onnxBytes(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const graph = message([
    ...model.nodes.map((node) => bytes(1, nodeBytes(node))),
    text(2, model.name),
    ...model.tensors.map((tensor) => bytes(5, tensorBytes(tensor))),
    ...model.inputs.map((value) => bytes(11, valueBytes(value))),
    ...model.outputs.map((value) => bytes(12, valueBytes(value))),
  ]);
  return message([
    integer(1, model.irVersion),
    text(2, "clipa-kit"),
    bytes(7, graph),
    ...Object.entries(model.domains).map(([domain, version]) =>
      bytes(8, message([text(1, domain), integer(2, version)]))
    ),
    ...Object.entries(model.metadata).map(([key, value]) => bytes(14, pair(key, value))),
  ]);
}

function nodeBytes({ type, domain, name, inputs, outputs, attributes }: OnnxNode): Uint8Array {
  return message([
    ...inputs.map((input) => text(1, input)),
    ...outputs.map((output) => text(2, output)),
    text(3, name),
    text(4, type),
    ...Object.entries(attributes).map(([key, value]) => bytes(5, attributeBytes(key, value))),
    ...(domain === "" ? [] : [text(7, domain)]),
  ]);
}

function attributeBytes(name: string, value: Attribute): Uint8Array {
  const [type, field] = attributeField(value);
  return message([text(1, name), field, integer(20, type)]);
}

function attributeField(value: Attribute): [type: number, field: Field] {
  if (typeof value === "number") return [2, integer(3, value)];
  if (typeof value === "string") return [3, text(4, value)];
  if ("float" in value) return [1, float(2, value.float)];
  return [7, integers(8, value)];
}

function tensorBytes({ name, type, shape, data }: OnnxTensor): Uint8Array {
  const head = [integers(1, shape), integer(2, ELEMENT_TYPES[type]), text(8, name)];
  if (data instanceof Uint8Array) return message([...head, bytes(9, data)]);
  return message([
    ...head,
    bytes(13, pair("location", data.file)),
    bytes(13, pair("offset", String(data.offset))),
    bytes(13, pair("length", String(data.bytes))),
    integer(14, 1),
  ]);
}

function valueBytes({ name, type, shape }: OnnxValue): Uint8Array {
  const dims = shape.map((size) =>
    bytes(1, message([typeof size === "number" ? integer(1, size) : text(2, size)]))
  );
  const tensor = message([integer(1, ELEMENT_TYPES[type]), bytes(2, message(dims))]);
  return message([text(1, name), bytes(2, message([bytes(1, tensor)]))]);
}

function pair(key: string, value: string): Uint8Array {
  return message([text(1, key), text(2, value)]);
}
