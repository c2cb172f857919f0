import {
  openSafetensors,
  type SafetensorsFile,
  writeSafetensors,
  writeWhole,
} from "../../src/checkpoint/safetensors.ts";
import { FLAVOURS } from "../../src/config/flavours.ts";
import type { ModelSpec } from "../../src/config/model_spec.ts";
import { ClipModel } from "../../src/model/clip_model.ts";
import { gridOf, type ModelShape } from "../../src/model/model_shape.ts";
import type { NativeContext } from "../../src/native/context.ts";
import type { ExportSource } from "../../src/onnx/export_model.ts";
import { imageGraph } from "../../src/onnx/graph/image_graph.ts";
import { textGraph } from "../../src/onnx/graph/text_graph.ts";
import type { GraphForm } from "../../src/onnx/graph/tower_graph.ts";
import { foldedPatches, openClipWeights } from "../../src/onnx/onnx_weights.ts";
import { FixedTensor } from "../../src/tensor/fixed_tensor.ts";
import { Tape } from "../../src/tensor/tape.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { trainBpe } from "../../src/text/train_bpe.ts";
import { hashedFloats, hashedIntegers } from "../goldens/hashed.ts";

/** Name of the weights beside the graphs. */
export const WEIGHTS = "weights.safetensors";

/** A small model with an odd corner of the specification. */
export interface SmallModel {
  readonly title: string;
  readonly shape: ModelShape;
}

interface Changes {
  readonly flavour?: "jax" | "torch";
  readonly image?: Partial<ModelSpec["image"]>;
  readonly text?: Partial<ModelSpec["text"]>;
  readonly size?: number;
  readonly textTokens?: number;
}

/** A model of two layers whose widths differ between the towers; the flavour fills the rest. */
export function smallShape(changes: Changes = {}): ModelShape {
  const { flavour = "jax", size = 24, textTokens = 7 } = changes;
  const { image, text, ...rest } = FLAVOURS[flavour];
  return {
    spec: {
      ...rest,
      preset: null,
      flavour,
      embed: 20,
      image: { ...image, width: 24, layers: 2, heads: 3, mlp: 40, patch: 8, ...changes.image },
      text: {
        ...text,
        width: 16,
        layers: 2,
        heads: 2,
        mlp: 36,
        ...changes.text,
        vocabulary: changes.text?.vocabulary ?? 300,
      },
    },
    imageSize: size,
    textTokens,
  };
}

/** Both flavours and every field in which they differ, alone; the three patch sizes of the papers. */
export const SMALL_MODELS: readonly SmallModel[] = [
  { title: "jax", shape: smallShape() },
  { title: "torch", shape: smallShape({ flavour: "torch" }) },
  { title: "jax, cls pooling", shape: smallShape({ image: { pool: "cls" } }) },
  { title: "torch, cls pooling", shape: smallShape({ flavour: "torch", image: { pool: "cls" } }) },
  { title: "jax, mean with class token", shape: smallShape({ image: { pool: "mean-with-cls" } }) },
  { title: "no class token", shape: smallShape({ image: { classToken: false } }) },
  {
    title: "torch, no class token, learned positions, patch 14",
    shape: smallShape({
      flavour: "torch",
      size: 42,
      image: { classToken: false, position: "learned", patch: 14, pool: "mean-with-cls" },
    }),
  },
  {
    title: "learned positions, layer norm first, patch 16",
    shape: smallShape({ size: 48, image: { position: "learned", preNorm: true, patch: 16 } }),
  },
  {
    title: "causal text with the last token, 2 tokens, OpenAI pixels",
    shape: smallShape({
      textTokens: 2,
      text: { causal: true },
      image: { pixels: "openai", position: "sincos2d-mae" },
    }),
  },
  {
    title: "text in both directions with the end token",
    shape: smallShape({ flavour: "torch", text: { causal: false }, textTokens: 16 }),
  },
  { title: "one patch", shape: smallShape({ size: 8, image: { pool: "cls" } }) },
];

/** The small models that open_clip can compute: both flavours, both poolings that it knows. */
export const OPEN_CLIP_MODELS: readonly SmallModel[] = [
  { title: "jax", shape: smallShape() },
  { title: "jax, cls pooling", shape: smallShape({ image: { pool: "cls" } }) },
  {
    title: "torch, cls pooling, learned positions",
    shape: smallShape({ flavour: "torch", image: { pool: "cls", position: "learned" } }),
  },
  { title: "torch, mean", shape: smallShape({ flavour: "torch", image: { pool: "mean" } }) },
];

/** Samples of the embeddings in {@linkcode OpenClipGolden}. */
export const OPEN_CLIP_BATCH = 3;

/** What open_clip computes; see goldens/make_open_clip.ts. */
export interface OpenClipGolden {
  readonly made: string;
  readonly models: Record<string, { config: unknown; image: number[]; text: number[] }>;
}

/** A model as a source of an export, with a tokenizer of a few words. */
export function exportSource(model: ClipModel): ExportSource {
  return {
    name: "small",
    model,
    weights: "value",
    tokenizer: new Tokenizer(
      trainBpe(["red cat", "black cat", "red cap"]),
      model.shape.spec.flavour,
    ),
    provenance: {
      run: "runs/none",
      recipe: "none",
      recipeHash: "0".repeat(64),
      samples: 0,
      stage: "none",
      finished: true,
      weights: "value",
      dataSet: "none",
      commit: null,
      dirty: null,
    },
  };
}

/** Initial weights are too even for a test (zero biases, equal norms): draws all of them anew. */
export function randomModel(context: NativeContext, shape: ModelShape): ClipModel {
  const model = new ClipModel(context, shape, { training: false });
  for (const { name, shape: dims } of model.parameters.specs) {
    const count = dims.reduce((a, b) => a * b, 1);
    const fan = dims.length > 1 ? Math.min(1, 1.5 / Math.sqrt(count / dims[0])) : 0.3;
    const values = hashedFloats(name, count, -fan, fan);
    if (/(ln_\w+)\.weight$/.test(name)) { for (let i = 0; i < count; i++) values[i] += 1; }
    model.parameters.get(name).write(values);
  }
  return model;
}

/** Pictures and token ids from a hash. */
export function hashedInputs({ imageSize, textTokens, spec }: ModelShape, batch: number) {
  const pixels = hashedIntegers("pixels", batch * imageSize ** 2 * 3, 0, 256);
  const ids = hashedIntegers("ids", batch * textTokens, 0, spec.text.vocabulary);
  return { pixels: Uint8Array.from(pixels), ids };
}

/** Distinct patches of each sample, [batch, count], from a hash. */
export function hashedKept(shape: ModelShape, batch: number, count: number): Int32Array {
  const patches = gridOf(shape) ** 2;
  const kept = new Int32Array(batch * count);
  for (let row = 0; row < batch; row++) {
    const order = hashedFloats(`kept${row}`, patches, 0, 1);
    const all = Array.from({ length: patches }, (_, i) => i);
    kept.set(all.sort((a, b) => order[a] - order[b]).slice(0, count), row * count);
  }
  return kept;
}

/** The training library's own forward pass. */
export async function nativeFeatures(
  model: ClipModel,
  batch: number,
  kept?: Int32Array,
): Promise<{ image: Float32Array; text: Float32Array }> {
  const { context, shape } = model;
  const { pixels, ids } = hashedInputs(shape, batch);
  const { imageSize: size, textTokens } = shape;
  using pictures = new FixedTensor(context, [batch, size, size, 3], {
    dtype: "u8",
    values: pixels,
  });
  using words = new FixedTensor(context, [batch, textTokens], { dtype: "i32", values: ids });
  using patches = kept && new FixedTensor(context, [batch, kept.length / batch], {
    dtype: "i32",
    values: kept,
  });
  using tape = new Tape(context);
  const image = tape.retain(model.embedImages(tape, pictures, { kept: patches }));
  const text = tape.retain(model.embedTexts(tape, words));
  using program = tape.compile();
  await program.run();
  return { image: image.read(), text: text.read() };
}

/** Writes weights and graphs of a model to a folder. */
export function writeGraphs(dir: string, model: ClipModel, form: GraphForm): void {
  const { shape } = model;
  const tensors = openClipWeights(model, "value");
  const conv = tensors.find(({ name }) => name === "visual.conv1.weight")!;
  writeSafetensors(`${dir}/${WEIGHTS}`, [...tensors, ...foldedPatches(shape, conv.data)]);
  const weights = openSafetensors(`${dir}/${WEIGHTS}`);
  for (const [name, bytes] of Object.entries(graphBytes(shape, form, weights))) {
    writeWhole(`${dir}/${name}`, [bytes]);
  }
}

/** The graphs of a model by file name. */
export function graphBytes(
  shape: ModelShape,
  form: GraphForm,
  weights: SafetensorsFile,
): Record<string, Uint8Array> {
  return {
    "image.onnx": imageGraph(shape, form, weights, WEIGHTS).bytes(),
    "image.masked.onnx": imageGraph(shape, form, weights, WEIGHTS, { masked: true }).bytes(),
    "text.onnx": textGraph(shape, form, weights, WEIGHTS).bytes(),
  };
}

/** Smallest cosine of two sets of rows, and their largest difference. */
export function distance(a: Float32Array, b: Float32Array, width: number) {
  let cosine = 1, maxAbs = a.length === b.length ? 0 : Infinity;
  for (let row = 0; row < a.length; row += width) {
    let ab = 0, aa = 0, bb = 0;
    for (let i = row; i < row + width; i++) {
      ab += a[i] * b[i];
      aa += a[i] ** 2;
      bb += b[i] ** 2;
      // Not-a-number must not pass as small.
      const difference = Math.abs(a[i] - b[i]);
      if (!(difference <= maxAbs)) maxAbs = difference;
    }
    const found = ab / Math.sqrt(aa * bb);
    if (!(found >= cosine)) cosine = found;
  }
  return { cosine, maxAbs };
}
