import type { StoredTensor } from "../checkpoint/safetensors.ts";
import { type ClipModel, PIXEL_STATISTICS } from "../model/clip_model.ts";
import { gridOf, type ModelShape } from "../model/model_shape.ts";
import { sinCosPositions } from "../model/position_table.ts";
import type { ParameterCopy } from "../tensor/parameter_store.ts";

/** Names of the patch embedding with the pixel statistics folded in; only graphs read them. */
export const FOLDED_PATCHES = { weight: "clipa.patch.weight", bias: "clipa.patch.bias" } as const;

/**
 * A model's weights with open_clip's names and layouts. The image position table is always there,
 * also when it is a fixed one, as in the released CLIPA-v2 weights; otherwise open_clip, which knows no
 * sine-cosine tables, would start it at random.
 *
 * @param copy The trained `value` or the `average`.
 */
export function openClipWeights(model: ClipModel, copy: ParameterCopy): StoredTensor[] {
  const { image } = model.shape.spec;
  const tensors = model.parameters.specs.map(({ name, shape }) => ({
    name,
    // Scalars there.
    shape: name === "logit_scale" || name === "logit_bias" ? [] : shape,
    // Read when it is written: large weights never stand in memory twice.
    get data() {
      return model.parameters.copy(name, copy).read();
    },
  }));
  if (image.position === "learned") return tensors;
  const grid = gridOf(model.shape);
  const data = sinCosPositions(grid, image.width, image.position, image.classToken);
  const shape = [data.length / image.width, image.width];
  return [...tensors, { name: "visual.positional_embedding", shape, data }];
}

/**
 * The patch embedding for raw pixels: w' = w / (255 std), b' = -sum(w mean / std), so that
 * w'·pixels + b' = w·((pixels / 255 - mean) / std). Summed in double precision.
 *
 * @param conv `visual.conv1.weight`, [width, 3, patch, patch].
 */
export function foldedPatches(shape: ModelShape, conv: Float32Array): StoredTensor[] {
  const { width, patch, pixels } = shape.spec.image;
  const statistics = PIXEL_STATISTICS[pixels];
  const area = patch * patch;
  const weight = new Float32Array(conv.length);
  const bias = new Float32Array(width);
  for (let row = 0; row < width; row++) {
    let sum = 0;
    for (let column = 0; column < 3 * area; column++) {
      const at = row * 3 * area + column;
      const channel = Math.floor(column / area);
      const std = statistics[3 + channel];
      weight[at] = conv[at] / (255 * std);
      sum += conv[at] * statistics[channel] / std;
    }
    bias[row] = -sum;
  }
  return [
    { name: FOLDED_PATCHES.weight, shape: [width, 3 * area], data: weight },
    { name: FOLDED_PATCHES.bias, shape: [width], data: bias },
  ];
}
