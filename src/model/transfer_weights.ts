import type { ParameterCopy } from "../tensor/parameter_store.ts";
import type { ClipModel } from "./clip_model.ts";
import { gridOf } from "./model_shape.ts";
import { resizePositionGrid } from "./resize_position_grid.ts";
import { resizePositions } from "./resize_positions.ts";

/**
 * Starts a model from another of the same towers at another token budget (CLIPA: short pre-training,
 * then tuning at full length). Learned position tables are interpolated, everything else is copied;
 * the optimizer starts anew.
 *
 * A sine-cosine table is computed for each size, as in the JAX code. The PyTorch scripts stretch that of
 * the first stage instead, and in B/16 and L/16 train it from then on: left out, because the exact table
 * is known for every size, and a tower whose positions become parameters half-way is another model.
 * Weights that were released so keep theirs when they are imported, as `learned`.
 *
 * @param weights Which copy of the source: the trained `value` or the `average`.
 */
export function transferWeights(from: ClipModel, to: ClipModel, weights: ParameterCopy): void {
  for (const { name, shape } of to.parameters.specs) {
    const values = from.parameters.copy(name, weights).read();
    const fitted = fit(name, values, from, to);
    const target = to.parameters.get(name);
    if (fitted.length !== target.size) {
      throw new TypeError(
        `parameter ${name} has ${values.length} values, the new model needs [${shape}]`,
      );
    }
    target.write(fitted);
    if (target.gradient) to.parameters.copy(name, "average").write(fitted);
  }
}

function fit(name: string, values: Float32Array, from: ClipModel, to: ClipModel): Float32Array {
  if (name === "positional_embedding") {
    return resizePositions(values, to.shape.spec.text.width, to.shape.textTokens);
  }
  if (name === "visual.positional_embedding") {
    const { width, classToken } = to.shape.spec.image;
    return resizePositionGrid(values, width, gridOf(from.shape), gridOf(to.shape), classToken);
  }
  return values;
}
