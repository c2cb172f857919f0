import { CUSTOM_OPS } from "../../src/onnx/custom_ops.ts";
import { type OrtArray, OrtSession, type OrtTensor } from "../../src/onnx/ort_session.ts";
import { chosenDevice } from "../../src/native/library.ts";
import { typeOf } from "../../src/onnx/ort_tensor.ts";
import { hashedFloats } from "../goldens/hashed.ts";
import { tinyModel, type TinyNode, type TinyTensor, tinyWeights } from "./tiny_model.ts";

/** Inputs by name; `null` = not given. */
export type OpInputs = Readonly<Record<string, OrtTensor | null>>;

export interface OpRun {
  readonly attributes?: TinyNode["attributes"];
  /** Inputs of one of these names are constants of the graph. */
  readonly constants?: readonly string[];
  readonly threads?: number;
  /** Constants lie in this file beside the model. */
  readonly external?: string;
}

/** A model of one custom op whose dimensions are all unknown to the graph, and its constants. */
export function customOpModel(op: string, inputs: OpInputs, options: OpRun) {
  const schema = CUSTOM_OPS.find(({ name }) => name === op)!;
  const names = schema.inputs.map(({ name }) => inputs[name] ? name : "");
  while (names.at(-1) === "") names.pop();
  const constants = options.constants ?? [];
  const given = names.filter((name) => name !== "");
  const value = (name: string): TinyTensor => {
    const { data, shape } = inputs[name]!;
    const type = typeOf(data).name as TinyTensor["type"];
    return { name, type, shape: shape.map((_, i) => `${name}${i}`) };
  };
  const output = schema.outputs[0];
  const description = {
    inputs: given.filter((name) => !constants.includes(name)).map(value),
    outputs: [{ name: "out", type: output.type, shape: output.shape.map((_, i) => `out${i}`) }],
    nodes: [{
      op,
      domain: "clipa",
      inputs: names,
      outputs: ["out"],
      attributes: options.attributes,
    }],
    weights: Object.fromEntries(
      given.filter((name) => constants.includes(name)).map((name) => {
        const { data, shape } = inputs[name]!;
        return [name, { data: data as Float32Array<ArrayBuffer>, shape }];
      }),
    ),
    external: options.external,
  };
  return { model: tinyModel(description), weights: tinyWeights(description) };
}

/** Runs one custom op on the device that `CLIPA_DEVICE` names, and gives its output. */
export async function runCustomOp(
  op: string,
  inputs: OpInputs,
  options: OpRun = {},
): Promise<OrtTensor> {
  using session = await OrtSession.open(customOpModel(op, inputs, options).model, {
    threads: options.threads ?? 2,
    provider: chosenDevice().kind,
  });
  const feeds = session.inputs.map((name) => [name, inputs[name]!]);
  return (await session.run(Object.fromEntries(feeds))).out;
}

/** A tensor of hashed numbers. */
export function floats(name: string, shape: readonly number[], low = -1, high = 1): OrtTensor {
  const count = shape.reduce((product, dim) => product * dim, 1);
  return { data: hashedFloats(name, count, low, high), shape };
}

export function tensor(data: OrtArray, shape: readonly number[]): OrtTensor {
  return { data, shape };
}
