import type { SafetensorsFile } from "../../checkpoint/safetensors.ts";
import { CUSTOM_OP_DOMAIN, CUSTOM_OP_VERSION } from "../custom_ops.ts";
import {
  type Attribute,
  type ElementType,
  onnxBytes,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from "./onnx_message.ts";

/**
 * Version of the standard operators: the first that has both LayerNormalization (17) and Gelu with
 * `approximate` (20). It is the oldest possible, so any ONNX Runtime from 1.17 on loads the graphs.
 */
export const OPSET = 20;

/** Version of the file format that belongs to {@linkcode OPSET}. */
export const IR_VERSION = 9;

const TYPES = new Map<unknown, ElementType>([
  [Float32Array, "float32"],
  [Uint8Array, "uint8"],
  [Int32Array, "int32"],
  [BigInt64Array, "int64"],
]);

/** How a node is written. */
export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Our own operator. */
  readonly custom?: boolean;
}

/**
 * Collects nodes, constants and weights of one graph. Weights are not copied: the graph points at
 * their bytes in a safetensors file beside it, so graphs share one file and nothing is stored twice.
 *
 * ```ts ignore
 * const b = new GraphBuilder("double", weights, "weights.safetensors");
 * const x = b.input("x", "float32", ["batch", 8]);
 * b.output("y", b.node("Add", [x, x]), "float32", ["batch", 8]);
 * writeWhole("double.onnx", [b.bytes()]);
 * ```
 */
export class GraphBuilder {
  readonly name: string;
  readonly #weights: SafetensorsFile;
  readonly #file: string;
  readonly #nodes: OnnxNode[] = [];
  readonly #tensors = new Map<string, OnnxTensor>();
  readonly #inputs: OnnxValue[] = [];
  readonly #outputs: OnnxValue[] = [];

  /** @param file Name of the weights' file as the graph's reader finds it, relative to the graph. */
  constructor(name: string, weights: SafetensorsFile, file: string) {
    this.name = name;
    this.#weights = weights;
    this.#file = file;
  }

  /** An operator with one output; returns the output's name. */
  node(type: string, inputs: readonly string[], options: NodeOptions = {}): string {
    return this.nodes(type, inputs, 1, options)[0];
  }

  /** An operator with several outputs. */
  nodes(
    type: string,
    inputs: readonly string[],
    outputs: number,
    { attributes = {}, custom = false }: NodeOptions = {},
  ): string[] {
    const name = `${type}_${this.#nodes.length}`;
    const names = Array.from({ length: outputs }, (_, i) => outputs === 1 ? name : `${name}.${i}`);
    const domain = custom ? CUSTOM_OP_DOMAIN : "";
    this.#nodes.push({ type, domain, name, inputs, outputs: names, attributes });
    return names;
  }

  /**
   * A weight of the file.
   *
   * @param shape Another shape with as many values; default the stored one.
   */
  weight(name: string, shape?: readonly number[]): string {
    const place = this.#weights.place(name);
    const dims = shape ?? place.shape;
    const count = dims.reduce((product, size) => product * size, 1);
    if (4 * count !== place.bytes) {
      throw new TypeError(`weight ${name} [${place.shape}] cannot be seen as [${dims}]`);
    }
    const known = this.#tensors.get(name);
    if (known && known.shape.join() !== dims.join()) {
      throw new TypeError(`weight ${name} is used as [${known.shape}] and as [${dims}]`);
    }
    const data = { file: this.#file, offset: place.offset, bytes: place.bytes };
    this.#tensors.set(name, { name, type: "float32", shape: dims, data });
    return name;
  }

  /** A small constant that stands in the graph itself; the same values are stored once. */
  constant(
    values: Float32Array | Int32Array | BigInt64Array,
    shape: readonly number[] = [values.length],
  ): string {
    const type = TYPES.get(values.constructor)!;
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const key = `${type}[${shape}]`;
    for (const known of this.#tensors.values()) {
      const same = known.name.startsWith(key) && known.data instanceof Uint8Array &&
        known.data.every((byte, i) => byte === data[i]);
      if (same) return known.name;
    }
    const name = `${key}_${this.#tensors.size}`;
    this.#tensors.set(name, { name, type, shape, data });
    return name;
  }

  /** Whole numbers as the standard's operators read them. */
  integers(...values: number[]): string {
    return this.constant(BigInt64Array.from(values, BigInt));
  }

  /** One float. */
  float(value: number): string {
    return this.constant(Float32Array.of(value), []);
  }

  input(name: string, type: ElementType, shape: readonly (number | string)[]): string {
    this.#inputs.push({ name, type, shape });
    return name;
  }

  /** Gives a value of the graph the name under which callers read it. */
  output(
    name: string,
    value: string,
    type: ElementType,
    shape: readonly (number | string)[],
  ): void {
    const last = this.#nodes.findIndex(({ outputs }) => outputs.includes(value));
    const node = this.#nodes[last];
    const outputs = node.outputs.map((output) => output === value ? name : output);
    this.#nodes[last] = { ...node, outputs };
    this.#outputs.push({ name, type, shape });
  }

  /** The graph as the bytes of a model file. */
  bytes(metadata: Readonly<Record<string, string>> = {}): Uint8Array<ArrayBuffer> {
    const custom = this.#nodes.some(({ domain }) => domain === CUSTOM_OP_DOMAIN);
    return onnxBytes({
      name: this.name,
      irVersion: IR_VERSION,
      domains: { "": OPSET, ...(custom ? { [CUSTOM_OP_DOMAIN]: CUSTOM_OP_VERSION } : {}) },
      nodes: this.#nodes,
      tensors: [...this.#tensors.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
      metadata,
    });
  }
}
