import type { SafetensorsFile } from "../../checkpoint/safetensors.ts";
import { textBlockSpec } from "../../model/block_specs.ts";
import type { ModelShape } from "../../model/model_shape.ts";
import { blockNodes } from "./block_nodes.ts";
import { GraphBuilder } from "./graph_builder.ts";
import { headNodes } from "./head_nodes.ts";
import { batchOf, type GraphForm, toStream } from "./tower_graph.ts";

/**
 * The text tower of src/model/text_tower.ts as a graph: `ids`, int32 [batch, textTokens] →
 * `embedding`, unit vectors float32 [batch, embed].
 *
 * @param weights File with the model's parameters, read for its places only.
 * @param file Its name beside the graph.
 */
export function textGraph(
  shape: ModelShape,
  form: GraphForm,
  weights: SafetensorsFile,
  file: string,
): GraphBuilder {
  const { spec, textTokens } = shape;
  const { width, layers, pool } = spec.text;
  const b = new GraphBuilder(`text-${form}`, weights, file);
  const ids = b.input("ids", "int32", ["batch", textTokens]);
  const tower = { builder: b, form, batch: batchOf(b, ids), tokens: textTokens };
  const words = b.node("Gather", [b.weight("token_embedding.weight"), ids]);
  let x = toStream(tower, b.node("Add", [words, b.weight("positional_embedding")]), width);
  for (let i = 0; i < layers; i++) {
    x = blockNodes(tower, `transformer.resblocks.${i}`, x, textBlockSpec(spec));
  }
  const head = {
    pooling: pool,
    width,
    norm: "ln_final",
    projection: "text_projection",
    ...(pool === "eot" ? { ids } : {}),
  };
  b.output("embedding", headNodes(tower, x, head, spec), "float32", ["batch", spec.embed]);
  return b;
}
