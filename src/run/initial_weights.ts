import { loadWeights } from "../checkpoint/foreign/load_weights.ts";
import { isJax, jaxWeights } from "../checkpoint/foreign/jax_names.ts";
import { openClipNames } from "../checkpoint/foreign/open_clip_names.ts";
import { openWeights } from "../checkpoint/foreign/open_weights.ts";
import type { WeightTensors } from "../checkpoint/foreign/weight_file.ts";
import type { ModelSpec } from "../config/model_spec.ts";
import type { Recipe } from "../config/recipe.ts";
import type { ClipModel } from "../model/clip_model.ts";
import { checkModelFiles, type ModelCard, readModelCard } from "../onnx/model_card.ts";

/** Tensors that an export adds for its graphs. */
const FOR_GRAPHS = /^clipa\./;

/**
 * Starts a model from the weights that the recipe names as `model.init`: a model's folder, as export and
 * import-weights make it, or a bare file of weights. Position tables are fitted to the stage; the
 * optimizer starts anew.
 *
 * @throws {SyntaxError} when the weights are of another architecture; {RangeError} when a folder's card
 * says that its weights were made for other fields, such as another GELU.
 */
export function loadInitialWeights(model: ClipModel, init: string): void {
  const card = cardOf(init);
  if (card) checkFields(init, card.model, model.shape.spec);
  const path = card ? weightsOf(init, card) : init;
  using file = openWeights(path);
  const tensors = isJax(file.tensors)
    ? jaxWeights(file.tensors, path, model.shape.imageSize).tensors
    : openClipNames(withoutFolded(file.tensors));
  loadWeights(model, tensors, path);
}

/** Path of the tokenizer that belongs to `model.init`; null when the recipe names none. */
export function initialTokenizer({ model: { init } }: Recipe): string | null {
  const card = init === undefined ? null : cardOf(init);
  return card && `${init}/${card.tokenizer.file}`;
}

function cardOf(init: string): ModelCard | null {
  try {
    if (!Deno.statSync(init).isDirectory) return null;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(
      `model.init: ${init} is not there; name a model's folder or a file of weights`,
      { cause },
    );
  }
  return readModelCard(init);
}

function weightsOf(dir: string, card: ModelCard): string {
  const path = card.files.find(({ path }) => path.endsWith(".safetensors"))?.path;
  if (path === undefined) throw new SyntaxError(`${dir}/model.json lists no weights; export anew`);
  checkModelFiles(dir, card, [path, card.tokenizer.file]);
  return `${dir}/${path}`;
}

function withoutFolded(tensors: WeightTensors): WeightTensors {
  return new Map([...tensors].filter(([name]) => !FOR_GRAPHS.test(name)));
}

/** Fields that leave no trace in shapes, and without which the weights are those of another model. */
function checkFields(init: string, made: ModelSpec, wanted: ModelSpec): void {
  const differing = ([
    ["gelu", made.gelu, wanted.gelu],
    ["layerNormEps", made.layerNormEps, wanted.layerNormEps],
    ["image.heads", made.image.heads, wanted.image.heads],
    ["image.pool", made.image.pool, wanted.image.pool],
    [
      "image.normBeforePool",
      made.image.normBeforePool ?? false,
      wanted.image.normBeforePool ?? false,
    ],
    ["image.pixels", made.image.pixels, wanted.image.pixels],
    ["image.filter", made.image.filter, wanted.image.filter],
    ["text.heads", made.text.heads, wanted.text.heads],
    ["text.pool", made.text.pool, wanted.text.pool],
    ["text.causal", made.text.causal, wanted.text.causal],
  ] as const).filter(([, a, b]) => a !== b);
  if (differing.length === 0) return;
  throw new RangeError(
    differing.map(([field, a, b]) =>
      `model.${field}: seen ${b}; allowed: ${a}, with which the weights of ${init} were made`
    ).join("\n"),
  );
}
