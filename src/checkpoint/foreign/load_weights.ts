import type { ClipModel } from "../../model/clip_model.ts";
import { gridOf } from "../../model/model_shape.ts";
import { sinCosPositions } from "../../model/position_table.ts";
import { resizePositionGrid } from "../../model/resize_position_grid.ts";
import { resizePositions } from "../../model/resize_positions.ts";
import { countOf, readAll, type WeightTensor, type WeightTensors } from "./weight_file.ts";

/** Values that are read at a time, 4 MB: large weights never stand in memory twice. */
const PART = 2 ** 20;
/** Differing names that an error lists. */
const LISTED = 6;
/** How far a stored table may be from the computed one: sines in float32, and some of bfloat16. */
const TABLE_LIMIT = 1e-4;

const IMAGE_POSITIONS = "visual.positional_embedding";
const TEXT_POSITIONS = "positional_embedding";
/** Of the sigmoid loss: features do not depend on it, so it may be on one side only. */
const LOGIT_BIAS = "logit_bias";

/**
 * Writes weights in open_clip's names into a model. Position tables are fitted to the model's own
 * picture size and text length: a learned image grid by antialiased bicubic interpolation, text by
 * linear interpolation; a model with computed sine-cosine positions computes its own.
 *
 * @throws {SyntaxError} when the weights are of another architecture: lists the first names that differ,
 * with their shapes. Nothing is written then.
 */
export function loadWeights(model: ClipModel, tensors: WeightTensors, path: string): void {
  checkNames(model, tensors, path);
  if (!model.parameters.has(IMAGE_POSITIONS)) checkTable(model, tensors, path);
  const part = new Float32Array(PART);
  for (const { name, shape } of model.parameters.specs) {
    const tensor = tensors.get(name);
    if (!tensor) continue; // logit_bias starts as the model's loss has it.
    const target = model.parameters.get(name);
    const fitted = fit(model, name, tensor);
    if (fitted) target.write(fitted);
    else {
      const count = countOf({ shape });
      for (let first = 0; first < count; first += PART) {
        const values = part.subarray(0, Math.min(PART, count - first));
        tensor.read(first, values);
        target.writeFrom(first, values);
      }
    }
    if (target.gradient) model.parameters.copy(name, "average").write(target.read());
  }
}

/** The table at the model's own size; null when it has that size already, and for anything else. */
function fit(model: ClipModel, name: string, tensor: WeightTensor): Float32Array | null {
  const { spec, textTokens } = model.shape;
  if (name === TEXT_POSITIONS && tensor.shape[0] !== textTokens) {
    return resizePositions(readAll(tensor), spec.text.width, textTokens);
  }
  const { classToken, width } = spec.image;
  const grid = gridOf(model.shape);
  const from = Math.sqrt(tensor.shape[0] - (classToken ? 1 : 0));
  if (name !== IMAGE_POSITIONS || from === grid) return null;
  return resizePositionGrid(readAll(tensor), width, from, grid, classToken);
}

function checkNames(model: ClipModel, tensors: WeightTensors, path: string): void {
  const { specs } = model.parameters;
  const wanted = new Set(specs.map(({ name }) => name));
  const differing: string[] = [];
  for (const { name, shape } of specs) {
    const seen = tensors.get(name)?.shape;
    if (seen ? fits(model, name, seen, shape) : name === LOGIT_BIAS) continue;
    differing.push(`${name}: ${seen ? `[${seen}]` : "missing"}, the model has [${shape}]`);
  }
  for (const [name, { shape }] of tensors) {
    if (wanted.has(name) || name === IMAGE_POSITIONS || name === LOGIT_BIAS) continue;
    differing.push(`${name}: [${shape}], the model has none`);
  }
  if (differing.length === 0) return;
  const more = differing.length - LISTED;
  throw new SyntaxError(
    `${path} holds weights of another architecture; ${differing.length} of ${specs.length} names differ:\n  ` +
      differing.slice(0, LISTED).join("\n  ") + (more > 0 ? `\n  and ${more} others` : ""),
  );
}

function fits(
  model: ClipModel,
  name: string,
  seen: readonly number[],
  wanted: readonly number[],
): boolean {
  if (name === "logit_scale" || name === LOGIT_BIAS) return countOf({ shape: seen }) === 1;
  if (name !== IMAGE_POSITIONS && name !== TEXT_POSITIONS) return seen.join() === wanted.join();
  if (seen.length !== 2 || seen[1] !== wanted[1] || seen[0] < 1) return false;
  const rows = seen[0] - (model.shape.spec.image.classToken ? 1 : 0);
  return name === TEXT_POSITIONS || (rows > 0 && Number.isInteger(Math.sqrt(rows)));
}

/** A model that computes its table must not be given weights that were trained with another. */
function checkTable(model: ClipModel, tensors: WeightTensors, path: string): void {
  const tensor = tensors.get(IMAGE_POSITIONS);
  const { width, classToken, position } = model.shape.spec.image;
  if (!tensor || position === "learned") return;
  const grid = Math.sqrt(tensor.shape[0] - (classToken ? 1 : 0));
  const differ = Number.isInteger(grid) && tensor.shape[1] === width
    ? largest(readAll(tensor), sinCosPositions(grid, width, position, classToken))
    : Infinity;
  if (differ <= TABLE_LIMIT) return;
  throw new SyntaxError(
    `${path}: ${IMAGE_POSITIONS} is not the ${position} table (largest difference ${
      differ.toPrecision(3)
    }); set image.position: learned`,
  );
}

function largest(a: Float32Array, b: Float32Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
}
