import * as ort from "onnxruntime-node";

/** Values of a tensor; the type of the array is the type of the elements. */
export type NodeArray = Float32Array | Uint8Array | Int32Array | BigInt64Array;

/** A tensor that goes into a session or comes out. */
export interface NodeTensor {
  readonly data: NodeArray;
  readonly shape: readonly number[];
}

/** A session of onnxruntime-node's own API: CPU, standard operators only, blocks while it runs. */
export class NodeSession implements Disposable {
  readonly provider = "cpu";
  readonly providerNote = "cpu: onnxruntime-node's own session";
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly #session: ort.InferenceSession;

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
    this.inputs = session.inputNames;
    this.outputs = session.outputNames;
  }

  /** Opens a model file; the file with its weights lies beside it. */
  static async open(path: string, options: { threads?: number } = {}): Promise<NodeSession> {
    const session = await ort.InferenceSession.create(path, {
      executionProviders: ["cpu"],
      intraOpNumThreads: options.threads ?? 0,
    });
    return new NodeSession(session);
  }

  async run(feeds: Readonly<Record<string, NodeTensor>>): Promise<Record<string, NodeTensor>> {
    const inputs = Object.entries(feeds).map(([name, { data, shape }]) => {
      const type = data instanceof Float32Array
        ? "float32"
        : data instanceof Uint8Array
        ? "uint8"
        : data instanceof Int32Array
        ? "int32"
        : "int64";
      return [name, new ort.Tensor(type, data, shape)];
    });
    const results = await this.#session.run(Object.fromEntries(inputs));
    return Object.fromEntries(
      Object.entries(results).map(([name, { data, dims }]) => [
        name,
        { data: data as NodeArray, shape: dims },
      ]),
    );
  }

  [Symbol.dispose](): void {
    this.#session.release();
  }
}
