import type { ParameterCopy } from "../tensor/parameter_store.ts";
import { FixedTensor } from "../tensor/fixed_tensor.ts";
import type { Program } from "../tensor/program.ts";
import { Tape } from "../tensor/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ClipModel } from "./clip_model.ts";

/**
 * Forward passes of a model in batches of a fixed size; a last part of a batch is padded.
 *
 * Weights are read when a batch runs, so one embedder follows a model that trains.
 */
export class Embedder implements Disposable {
  readonly #batch: number;
  readonly #model: ClipModel;
  readonly #pixels: FixedTensor;
  readonly #ids: FixedTensor;
  readonly #image: { program: Program; output: Tensor };
  readonly #text: { program: Program; output: Tensor };

  /** @param weights Which copy of the weights: the trained `value` or the `average`. */
  constructor(model: ClipModel, batch = 64, weights: ParameterCopy = "value") {
    const { context, shape, parameters } = model;
    const { imageSize, textTokens } = shape;
    const get = (name: string) => parameters.copy(name, weights);
    this.#model = model;
    this.#batch = batch;
    this.#pixels = new FixedTensor(context, [batch, imageSize, imageSize, 3], { dtype: "u8" });
    this.#ids = new FixedTensor(context, [batch, textTokens], { dtype: "i32" });
    this.#image = compile(model, (tape) => model.embedImages(tape, this.#pixels, { get }));
    this.#text = compile(model, (tape) => model.embedTexts(tape, this.#ids, { get }));
  }

  /** Pictures, uint8 [n, size, size, 3] → unit vectors [n, embed]. */
  images(pixels: Uint8Array): Promise<Float32Array> {
    const one = this.#model.shape.imageSize ** 2 * 3;
    return this.#run(pixels, one, new Uint8Array(this.#batch * one), this.#pixels, this.#image);
  }

  /** Token ids [n, textTokens] → unit vectors [n, embed]. */
  texts(ids: Int32Array): Promise<Float32Array> {
    const one = this.#model.shape.textTokens;
    return this.#run(ids, one, new Int32Array(this.#batch * one), this.#ids, this.#text);
  }

  async #run<T extends Uint8Array | Int32Array>(
    all: T,
    one: number,
    part: T,
    input: Tensor,
    { program, output }: { program: Program; output: Tensor },
  ): Promise<Float32Array> {
    const count = all.length / one;
    if (!Number.isInteger(count)) {
      throw new TypeError(`${all.length} input values are not a multiple of ${one} per sample`);
    }
    const embed = this.#model.shape.spec.embed;
    const features = new Float32Array(count * embed);
    for (let first = 0; first < count; first += this.#batch) {
      const rows = Math.min(this.#batch, count - first);
      part.fill(0);
      part.set(all.subarray(first * one, (first + rows) * one));
      input.write(part);
      await program.run();
      features.set(output.read().subarray(0, rows * embed), first * embed);
    }
    return features;
  }

  [Symbol.dispose](): void {
    this.#image.program[Symbol.dispose]();
    this.#text.program[Symbol.dispose]();
    this.#pixels[Symbol.dispose]();
    this.#ids[Symbol.dispose]();
  }
}

function compile(model: ClipModel, forward: (tape: Tape) => Tensor) {
  const tape = new Tape(model.context);
  const output = tape.retain(forward(tape));
  return { program: tape.compile(), output };
}
