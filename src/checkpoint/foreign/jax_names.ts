import { sinCosPositions } from "../../model/position_table.ts";
import { countOf, readAll, type WeightTensor, type WeightTensors } from "./weight_file.ts";

/** Weights in open_clip's names, and the head counts that only JAX files tell. */
export interface JaxWeights {
  readonly tensors: WeightTensors;
  readonly heads: { readonly image: number; readonly text: number };
}

/** True when the names are those of CLIPA's JAX code (big_vision's flat `params/...`). */
export function isJax(tensors: WeightTensors): boolean {
  return [...tensors.keys()].some((name) => /^(params\/)?img\/embedding\/kernel$/.test(name));
}

/**
 * CLIPA's JAX weights in open_clip's names and layouts. Kernels there are [in, out], heads have an axis
 * of their own, and the image position table is computed, not stored; so it is computed here, for the
 * grid of `imageSize`.
 *
 * Optimizer state beside `params/` is left alone.
 *
 * @throws {SyntaxError} naming a parameter that is missing, unknown or of an odd shape.
 */
export function jaxWeights(all: WeightTensors, path: string, imageSize: number): JaxWeights {
  const source = new Source(all, path);
  const out = new Map<string, WeightTensor>();
  const conv = source.take("img/embedding/kernel", 4);
  const [patch, , , width] = conv.shape;
  out.set("visual.conv1.weight", permuted(conv, [3, 2, 0, 1]));
  const cls = source.optional("img/cls");
  if (cls) out.set("visual.class_embedding", shaped(cls, [width]));
  const table = source.optional("img/pos_embedding");
  if (table) {
    out.set("visual.positional_embedding", shaped(table, [countOf(table) / width, width]));
  } else {
    const grid = imageSize / patch;
    if (!Number.isInteger(grid)) {
      throw new SyntaxError(
        `${path}: patches of ${patch} do not divide pictures of ${imageSize}; give another --size`,
      );
    }
    const values = sinCosPositions(grid, width, "sincos2d", cls !== null);
    out.set("visual.positional_embedding", fixed([values.length / width, width], values));
  }
  const image = tower(source, out, "img/Transformer", "visual.transformer");
  norm(source, out, image.final ?? "img/encoder_norm", "visual.ln_post");
  out.set("visual.proj", source.take("img/head/kernel", 2));

  out.set("token_embedding.weight", source.take("txt/Embed_0/embedding", 2));
  const positions = source.take("txt/pos_embedding");
  out.set("positional_embedding", shaped(positions, positions.shape.slice(-2)));
  const text = tower(source, out, "txt", "transformer");
  norm(source, out, text.final ?? "txt/encoder_norm", "ln_final");
  out.set("text_projection", source.take("txt/head/kernel", 2));
  out.set("logit_scale", shaped(source.take("t"), []));
  source.finish();
  return { tensors: out, heads: { image: image.heads, text: text.heads } };
}

/** The blocks of a tower; where its last layer norm stands, and how many heads it has. */
function tower(
  source: Source,
  out: Map<string, WeightTensor>,
  from: string,
  to: string,
): { heads: number; final: string | null } {
  const root = [from, `${from}/Encoder_0`, `${from}/Transformer`].find((place) =>
    source.has(`${place}/encoderblock_0/LayerNorm_0/scale`)
  );
  if (root === undefined) throw source.missing(`${from}/encoderblock_0/LayerNorm_0/scale`);
  let heads = 0;
  for (let i = 0; source.has(`${root}/encoderblock_${i}/LayerNorm_0/scale`); i++) {
    const block = `${root}/encoderblock_${i}`;
    const name = `${to}.resblocks.${i}`;
    norm(source, out, `${block}/LayerNorm_0`, `${name}.ln_1`);
    const attention = `${block}/MultiHeadDotProductAttention_0`;
    const kernels = ["query", "key", "value"].map((part) =>
      source.take(`${attention}/${part}/kernel`, 3)
    );
    const biases = ["query", "key", "value"].map((part) =>
      source.take(`${attention}/${part}/bias`, 2)
    );
    const [width] = kernels[0].shape;
    heads = kernels[0].shape[1];
    const square = kernels.map((kernel) => transposed(shaped(kernel, [width, width])));
    out.set(`${name}.attn.in_proj_weight`, stacked([3 * width, width], square));
    out.set(`${name}.attn.in_proj_bias`, stacked([3 * width], biases));
    const outKernel = source.take(`${attention}/out/kernel`, 3);
    out.set(`${name}.attn.out_proj.weight`, transposed(shaped(outKernel, [width, width])));
    out.set(`${name}.attn.out_proj.bias`, source.take(`${attention}/out/bias`, 1));
    norm(source, out, `${block}/LayerNorm_1`, `${name}.ln_2`);
    for (const [layer, target] of [["Dense_0", "c_fc"], ["Dense_1", "c_proj"]]) {
      const kernel = source.take(`${block}/MlpBlock_0/${layer}/kernel`, 2);
      out.set(`${name}.mlp.${target}.weight`, transposed(kernel));
      out.set(`${name}.mlp.${target}.bias`, source.take(`${block}/MlpBlock_0/${layer}/bias`, 1));
    }
  }
  const inner = `${root}/encoder_norm`;
  return { heads, final: source.has(`${inner}/scale`) ? inner : null };
}

function norm(source: Source, out: Map<string, WeightTensor>, from: string, to: string): void {
  out.set(`${to}.weight`, source.take(`${from}/scale`, 1));
  out.set(`${to}.bias`, source.take(`${from}/bias`, 1));
}

/** The parameters of a file, each to be taken once. */
class Source {
  readonly #left = new Map<string, WeightTensor>();
  readonly #path: string;

  constructor(all: WeightTensors, path: string) {
    this.#path = path;
    const wrapped = [...all.keys()].some((name) => name.startsWith("params/"));
    for (const [name, tensor] of all) {
      if (!wrapped) this.#left.set(name, tensor);
      else if (name.startsWith("params/")) this.#left.set(name.slice("params/".length), tensor);
    }
  }

  has(name: string): boolean {
    return this.#left.has(name);
  }

  optional(name: string): WeightTensor | null {
    const tensor = this.#left.get(name) ?? null;
    this.#left.delete(name);
    return tensor;
  }

  take(name: string, dimensions?: number): WeightTensor {
    const tensor = this.optional(name);
    if (!tensor) throw this.missing(name);
    if (dimensions !== undefined && tensor.shape.length !== dimensions) {
      throw new SyntaxError(
        `${this.#path}: ${name} is [${tensor.shape}]; ${dimensions} dimensions expected`,
      );
    }
    return tensor;
  }

  missing(name: string): SyntaxError {
    const have = [...this.#left.keys()].slice(0, 4).join(", ");
    return new SyntaxError(
      `${this.#path} has no ${name}, which CLIPA's JAX weights have; it has ${have} and others`,
    );
  }

  finish(): void {
    const left = [...this.#left.keys()];
    if (left.length === 0) return;
    throw new SyntaxError(
      `${this.#path} has ${left.slice(0, 4).join(", ")}${left.length > 4 ? " and others" : ""}, ` +
        "which CLIPA's JAX weights do not have; they are of another architecture",
    );
  }
}

/** The same values under another shape. */
function shaped(tensor: WeightTensor, shape: readonly number[]): WeightTensor {
  if (countOf(tensor) !== countOf({ shape })) {
    throw new SyntaxError(`a parameter is [${tensor.shape}]; ${shape.join(" x ")} values expected`);
  }
  return { shape, type: tensor.type, read: tensor.read };
}

function fixed(shape: readonly number[], values: Float32Array): WeightTensor {
  return {
    shape,
    type: "F32",
    read: (first, out) => out.set(values.subarray(first, first + out.length)),
  };
}

function transposed(tensor: WeightTensor): WeightTensor {
  return permuted(tensor, [1, 0]);
}

/** The axes in another order: axis `i` of the result is axis `axes[i]`. */
function permuted(tensor: WeightTensor, axes: readonly number[]): WeightTensor {
  const from = tensor.shape;
  const shape = axes.map((axis) => from[axis]);
  const strides = from.map((_, axis) => from.slice(axis + 1).reduce((a, b) => a * b, 1));
  return computed(shape, tensor.type, (out) => {
    const values = readAll(tensor);
    const steps = axes.map((axis) => strides[axis]);
    const index = shape.map(() => 0);
    let at = 0;
    for (let i = 0; i < out.length; i++) {
      out[i] = values[at];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at += steps[axis];
        if (++index[axis] < shape[axis]) break;
        at -= steps[axis] * shape[axis];
        index[axis] = 0;
      }
    }
  });
}

/** Several tensors one after the other. */
function stacked(shape: readonly number[], parts: readonly WeightTensor[]): WeightTensor {
  return computed(shape, parts[0].type, (out) => {
    let at = 0;
    for (const part of parts) {
      out.set(readAll(part), at);
      at += countOf(part);
    }
  });
}

/** A tensor that is made whole when it is asked for, and kept for the next part only. */
function computed(
  shape: readonly number[],
  type: string,
  fill: (out: Float32Array) => void,
): WeightTensor {
  let whole: Float32Array | null = null;
  const count = countOf({ shape });
  return {
    shape,
    type,
    read(first, out) {
      if (whole === null) {
        whole = new Float32Array(count);
        fill(whole);
      }
      out.set(whole.subarray(first, first + out.length));
      if (first + out.length === count) whole = null;
    },
  };
}
