import { basename } from "node:path";
import { isJax, jaxWeights } from "../checkpoint/foreign/jax_names.ts";
import { loadWeights } from "../checkpoint/foreign/load_weights.ts";
import { type ModelFields, modelOfWeights } from "../checkpoint/foreign/model_of_weights.ts";
import { openClipFields } from "../checkpoint/foreign/open_clip_fields.ts";
import { openClipNames } from "../checkpoint/foreign/open_clip_names.ts";
import { openWeights } from "../checkpoint/foreign/open_weights.ts";
import type { WeightTensors } from "../checkpoint/foreign/weight_file.ts";
import type { ModelSpec } from "../config/model_spec.ts";
import { fileSha256 } from "../data/icons/write_whole.ts";
import { ClipModel } from "../model/clip_model.ts";
import type { ModelShape } from "../model/model_shape.ts";
import { NativeContext } from "../native/context.ts";
import { type ExportForm, exportModel, type ExportResult } from "../onnx/export_model.ts";
import type { CaptionTokenizer } from "../text/caption_tokenizer.ts";
import type { SourceVersion } from "./source_version.ts";

/** How a file of weights is understood. */
export interface ForeignModelOptions {
  /** Whose defaults fill the fields that leave no trace in the shapes. */
  readonly flavour?: ModelSpec["flavour"];
  /** The parsed `open_clip_config.json`: the model is then the one that open_clip computes. */
  readonly config?: unknown;
  /** Fields set by hand; they win. */
  readonly fields?: ModelFields;
  /** Side of the pictures for JAX weights, which do not hold their position table; default 224. */
  readonly imageSize?: number;
}

/** An understood file of weights, in open_clip's names. */
export interface ForeignModel extends Disposable {
  readonly path: string;
  readonly form: "safetensors" | "torch" | "npz";
  readonly tensors: WeightTensors;
  readonly shape: ModelShape;
}

/**
 * Opens weights of open_clip, of the first paper's PyTorch code or of the JAX code, and reads the model off
 * them. Values are read when they are asked for.
 *
 * @throws {SyntaxError} when the file is unsound or no CLIP model; {RangeError} for a field that
 * contradicts it or has to be given.
 */
export function openForeignModel(path: string, options: ForeignModelOptions = {}): ForeignModel {
  using stack = new DisposableStack();
  const file = stack.use(openWeights(path));
  const { flavour, config, imageSize = 224 } = options;
  const jax = isJax(file.tensors) ? jaxWeights(file.tensors, path, imageSize) : null;
  const tensors = jax?.tensors ?? openClipNames(file.tensors);
  const said = config === undefined ? {} : openClipFields(config, tensors, path);
  const fields = mergeFields(said, options.fields ?? {});
  const shape = modelOfWeights(tensors, path, { flavour, heads: jax?.heads, fields });
  const owned = stack.move();
  return { path, form: file.form, tensors, shape, [Symbol.dispose]: () => owned.dispose() };
}

/** Options of {@linkcode importWeights}. */
export interface ImportOptions extends ForeignModelOptions {
  /** Folder of the model. */
  readonly out: string;
  /** The tokenizer that the model was trained with, or how to open it. */
  readonly tokenizer: CaptionTokenizer | ((spec: ModelSpec) => CaptionTokenizer);
  /** Default both kinds of graphs. */
  readonly form?: ExportForm;
  readonly source: SourceVersion;
}

/** A finished import. */
export interface ImportResult extends ExportResult {
  readonly shape: ModelShape;
}

/**
 * Makes a model's folder of foreign weights, as an export does of a run: it can be evaluated, searched
 * with, embedded with and tuned. Weights go from file to memory once, in parts.
 *
 * @throws what {@linkcode openForeignModel} and {@linkcode exportModel} throw; {RangeError} when the
 * tokenizer gives ids that the token table does not have.
 *
 * @example
 * ```ts ignore
 * await importWeights("open_clip_model.safetensors", { out: "models/l14", tokenizer, source });
 * ```
 */
export async function importWeights(path: string, options: ImportOptions): Promise<ImportResult> {
  const { out, form } = options;
  using foreign = openForeignModel(path, options);
  const { shape, tensors } = foreign;
  const tokenizer = typeof options.tokenizer === "function"
    ? options.tokenizer(shape.spec)
    : options.tokenizer;
  const { vocabulary } = shape.spec.text;
  if (tokenizer.vocabularySize > vocabulary) {
    throw new RangeError(
      `${path}: the token table has ${vocabulary} rows, the tokenizer needs ${tokenizer.vocabularySize}; ` +
        "name the tokenizer that the model was trained with",
    );
  }
  using context = new NativeContext();
  using stack = new DisposableStack();
  const model = stack.use(new ClipModel(context, shape, { training: false, initialize: false }));
  loadWeights(model, tensors, path);
  const name = basename(out.replace(/\/+$/, ""));
  const result = await exportModel(
    {
      name,
      model,
      weights: "value",
      tokenizer,
      release: () => stack.dispose(),
      provenance: {
        run: path,
        recipe: "imported weights",
        // The origin of these weights is the file itself.
        recipeHash: fileSha256(path).sha256,
        samples: 0,
        stage: foreign.form,
        finished: true,
        weights: "value",
        dataSet: "unknown",
        ...options.source,
      },
    },
    out,
    form,
  );
  return { ...result, shape };
}

function mergeFields(a: ModelFields, b: ModelFields): ModelFields {
  return { ...a, ...b, image: { ...a.image, ...b.image }, text: { ...a.text, ...b.text } };
}
