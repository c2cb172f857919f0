import { PIXEL_STATISTICS } from "../../model/clip_model.ts";
import { gridOf, type ModelShape } from "../../model/model_shape.ts";
import { FOLDED_PATCHES } from "../onnx_weights.ts";
import { toSequences, type TowerGraph } from "./tower_graph.ts";

/** Pixels, uint8 [batch, size, size, 3] → tokens with class token and positions, [batch, tokens, width]. */
export function patchNodes(
  tower: TowerGraph,
  shape: ModelShape,
  pixels: string,
  kept?: string,
): string {
  const { builder: b, form } = tower;
  const { image } = shape.spec;
  const columns = 3 * image.patch ** 2;
  const position = b.weight("visual.positional_embedding");
  if (form === "fast") {
    const classToken = image.classToken ? b.weight("visual.class_embedding") : "";
    const weight = b.weight(FOLDED_PATCHES.weight);
    const bias = b.weight(FOLDED_PATCHES.bias);
    const inputs = [pixels, weight, bias, classToken, position];
    return b.node("PatchEmbed", kept === undefined ? inputs : [...inputs, kept], {
      custom: true,
      attributes: { patch: image.patch },
    });
  }
  let patches = patchRows(tower, shape, pixels);
  if (kept !== undefined) {
    const index = b.node("Unsqueeze", [b.node("Cast", [kept], INT64), b.integers(-1)]);
    const all = b.node("Reshape", [patches, b.integers(-1, gridOf(shape) ** 2, columns)]);
    const some = b.node("GatherND", [all, index], { attributes: { batch_dims: 1 } });
    patches = b.node("Reshape", [some, b.integers(-1, columns)]);
  }
  const conv = b.weight("visual.conv1.weight", [image.width, columns]);
  const embedded = b.node("Gemm", [patches, conv], { attributes: { transB: 1 } });
  return withPositions(tower, shape, embedded, position, kept);
}

const INT64 = { attributes: { to: 7 } };
const FLOAT32 = { attributes: { to: 1 } };

/** Standardised pixels as rows [batch * patches, 3 * patch²], channel by channel as in `conv1`. */
function patchRows({ builder: b }: TowerGraph, shape: ModelShape, pixels: string): string {
  const { patch, pixels: statistics } = shape.spec.image;
  const grid = gridOf(shape);
  const values = PIXEL_STATISTICS[statistics];
  const scale = b.constant(Float32Array.from(values.slice(3), (std) => 1 / (255 * std)));
  const shift = b.constant(Float32Array.from(values.slice(0, 3), (m, c) => -m / values[3 + c]));
  const scaled = b.node("Add", [b.node("Mul", [b.node("Cast", [pixels], FLOAT32), scale]), shift]);
  const split = b.node("Reshape", [scaled, b.integers(-1, grid, patch, grid, patch, 3)]);
  const ordered = b.node("Transpose", [split], { attributes: { perm: [0, 1, 3, 5, 2, 4] } });
  return b.node("Reshape", [ordered, b.integers(-1, 3 * patch * patch)]);
}

/** Class token in front, positions added; rows [batch * patches, width] → [batch, tokens, width]. */
function withPositions(
  tower: TowerGraph,
  shape: ModelShape,
  rows: string,
  position: string,
  kept?: string,
): string {
  const { builder: b, batch } = tower;
  const { width, classToken } = shape.spec.image;
  const counted = { ...tower, tokens: kept === undefined ? gridOf(shape) ** 2 : null };
  const patches = toSequences(counted, rows, [width]);
  const concat = (parts: string[], axis: number) =>
    b.node("Concat", parts, { attributes: { axis } });
  const spread = (row: string) => b.node("Expand", [row, concat([batch, b.integers(1, width)], 0)]);
  const cls = () => spread(b.weight("visual.class_embedding", [1, 1, width]));
  if (kept === undefined) {
    return b.node("Add", [classToken ? concat([cls(), patches], 1) : patches, position]);
  }
  const index = classToken ? b.node("Add", [kept, b.constant(Int32Array.of(1), [])]) : kept;
  const placed = b.node("Add", [patches, b.node("Gather", [position, index])]);
  if (!classToken) return placed;
  const first = b.node("Gather", [position, b.integers(0)]);
  return concat([b.node("Add", [cls(), first]), placed], 1);
}
