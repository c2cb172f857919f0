import type { BlockSpec } from "../../model/residual_block.ts";
import { toRows, toSequences, type TowerGraph } from "./tower_graph.ts";

/** Self-attention: rows [batch * tokens, 3 * width] of query, key, value → rows [.., width]. */
export function attentionNodes(tower: TowerGraph, qkv: string, spec: BlockSpec): string {
  const { builder: b } = tower;
  const { width, heads, causal } = spec;
  const head = width / heads;
  const [q, k, v] = b.nodes("Split", [qkv], 3, { attributes: { axis: 1, num_outputs: 3 } });
  const split = (rows: string, perm: number[]) =>
    b.node("Transpose", [toSequences(tower, rows, [heads, head])], { attributes: { perm } });
  const queries = b.node("Mul", [split(q, [0, 2, 1, 3]), b.float(1 / Math.sqrt(head))]);
  let scores = b.node("MatMul", [queries, split(k, [0, 2, 3, 1])]);
  if (causal) scores = b.node("Add", [scores, causalMask(tower)]);
  const weights = b.node("Softmax", [scores], { attributes: { axis: -1 } });
  const mixed = b.node("MatMul", [weights, split(v, [0, 2, 1, 3])]);
  return toRows(tower, b.node("Transpose", [mixed], { attributes: { perm: [0, 2, 1, 3] } }), width);
}

/** [tokens, tokens]: 0 where a token sees another, minus infinity where that one comes later. */
function causalMask({ builder, tokens }: TowerGraph): string {
  if (tokens === null) throw new TypeError("a causal tower needs a fixed number of tokens");
  const mask = new Float32Array(tokens * tokens);
  for (let i = 0; i < tokens; i++) mask.fill(-Infinity, i * tokens + i + 1, (i + 1) * tokens);
  return builder.constant(mask, [tokens, tokens]);
}
