import type { SafetensorsFile } from "../../checkpoint/safetensors.ts";
import { imageBlockSpec } from "../../model/block_specs.ts";
import { imagePooling, normsTokens } from "../../model/image_tower.ts";
import { gridOf, imageTokensOf, type ModelShape } from "../../model/model_shape.ts";
import { blockNodes } from "./block_nodes.ts";
import { GraphBuilder } from "./graph_builder.ts";
import { headNodes } from "./head_nodes.ts";
import { patchNodes } from "./patch_nodes.ts";
import { batchOf, type GraphForm, layerNorm, toStream } from "./tower_graph.ts";

/** Patches that a strategy of the training loader keeps. */
export interface PatchReduction {
  readonly strategy: "random" | "grid" | "block";
  /** Patches kept of each picture. */
  readonly keep: number;
  /** Of the strategy `grid`; default none. */
  readonly jitter?: "none" | "sample" | "window";
  /** Of the strategy `block`; default random. */
  readonly placement?: "random" | "centre";
}

/**
 * The image tower of src/model/image_tower.ts as a graph: `pixels`, uint8 [batch, size, size, 3] →
 * `embedding`, unit vectors float32 [batch, embed].
 *
 * @param options.masked Adds the input `kept`, int32 [batch, patches]: the patches that the tower
 *   sees, by their index in reading order; as many as the caller likes.
 * @param options.reduce Draws the kept patches in the graph, as the training loader does: adds the
 *   inputs `samples`, int64 [batch], `seed` and `epoch`, int64 [1]. Fast graphs only.
 * @param weights File with the model's parameters, read for its places only.
 * @param file Its name beside the graph.
 */
export function imageGraph(
  shape: ModelShape,
  form: GraphForm,
  weights: SafetensorsFile,
  file: string,
  options: { readonly masked?: boolean; readonly reduce?: PatchReduction } = {},
): GraphBuilder {
  const { spec, imageSize: size } = shape;
  const { image } = spec;
  const { reduce } = options;
  const masked = options.masked ?? reduce !== undefined;
  const b = new GraphBuilder(`image-${form}${masked ? "-masked" : ""}`, weights, file);
  const pixels = b.input("pixels", "uint8", ["batch", size, size, 3]);
  const kept = reduce
    ? drawnPatches(b, shape, form, reduce)
    : masked
    ? b.input("kept", "int32", ["batch", "patches"])
    : undefined;
  const tokens = masked ? null : imageTokensOf(shape);
  const tower = { builder: b, form, batch: batchOf(b, pixels), tokens };
  let x = toStream(tower, patchNodes(tower, shape, pixels, kept), image.width);
  if (image.preNorm) x = layerNorm(b, x, "visual.ln_pre", spec.layerNormEps);
  for (let i = 0; i < image.layers; i++) {
    x = blockNodes(tower, `visual.transformer.resblocks.${i}`, x, imageBlockSpec(spec));
  }
  const head = {
    pooling: imagePooling(spec),
    normsTokens: normsTokens(spec),
    width: image.width,
    norm: "visual.ln_post",
    projection: "visual.proj",
  };
  b.output("embedding", headNodes(tower, x, head, spec), "float32", ["batch", spec.embed]);
  return b;
}

function drawnPatches(
  b: GraphBuilder,
  shape: ModelShape,
  form: GraphForm,
  { jitter = "none", placement = "random", ...fields }: PatchReduction,
): string {
  if (form !== "fast") {
    throw new RangeError(`reduce: seen with the ${form} form; only fast graphs draw patches`);
  }
  const inputs = [
    b.input("samples", "int64", ["batch"]),
    b.input("seed", "int64", [1]),
    b.input("epoch", "int64", [1]),
  ];
  const attributes = { ...fields, grid: gridOf(shape), jitter, placement };
  return b.node("TokenReduce", inputs, { custom: true, attributes });
}
