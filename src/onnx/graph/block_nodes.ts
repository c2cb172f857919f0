import type { BlockSpec } from "../../model/residual_block.ts";
import type { Gelu } from "../../tensor/ops/activation.ts";
import { attentionNodes } from "./attention_nodes.ts";
import type { GraphBuilder } from "./graph_builder.ts";
import { layerNorm, linear, type TowerGraph } from "./tower_graph.ts";

/** The residual block of src/model/residual_block.ts on a tower's stream. */
export function blockNodes(tower: TowerGraph, prefix: string, x: string, spec: BlockSpec): string {
  return tower.form === "fast" ? fused(tower, prefix, x, spec) : standard(tower, prefix, x, spec);
}

function fused({ builder: b }: TowerGraph, prefix: string, x: string, spec: BlockSpec): string {
  const p = (name: string) => b.weight(`${prefix}.${name}`);
  const inputs = [
    x,
    p("ln_1.weight"),
    p("ln_1.bias"),
    p("attn.in_proj_weight"),
    p("attn.in_proj_bias"),
    p("attn.out_proj.weight"),
    p("attn.out_proj.bias"),
    p("ln_2.weight"),
    p("ln_2.bias"),
    p("mlp.c_fc.weight"),
    p("mlp.c_fc.bias"),
    p("mlp.c_proj.weight"),
    p("mlp.c_proj.bias"),
    ...(spec.layerScale === undefined ? [] : [p("ls_1.gamma"), p("ls_2.gamma")]),
  ];
  return b.node("ResidualBlock", inputs, {
    custom: true,
    attributes: {
      heads: spec.heads,
      causal: spec.causal ? 1 : 0,
      gelu: spec.gelu.slice("gelu-".length),
      eps: { float: spec.layerNormEps },
    },
  });
}

function standard(tower: TowerGraph, prefix: string, x: string, spec: BlockSpec): string {
  const { builder: b } = tower;
  const p = (name: string) => b.weight(`${prefix}.${name}`);
  const eps = spec.layerNormEps;
  const n1 = layerNorm(b, x, `${prefix}.ln_1`, eps);
  const qkv = linear(b, n1, p("attn.in_proj_weight"), p("attn.in_proj_bias"));
  const mixed = attentionNodes(tower, qkv, spec);
  const out = linear(b, mixed, p("attn.out_proj.weight"), p("attn.out_proj.bias"));
  const scaled = (added: string, name: string) =>
    spec.layerScale === undefined ? added : b.node("Mul", [added, p(`${name}.gamma`)]);
  const h = b.node("Add", [x, scaled(out, "ls_1")]);
  const n2 = layerNorm(b, h, `${prefix}.ln_2`, eps);
  const hidden = linear(b, n2, p("mlp.c_fc.weight"), p("mlp.c_fc.bias"));
  const active = geluNodes(b, hidden, spec.gelu);
  const made = linear(b, active, p("mlp.c_proj.weight"), p("mlp.c_proj.bias"));
  return b.node("Add", [h, scaled(made, "ls_2")]);
}

function geluNodes(b: GraphBuilder, x: string, gelu: Gelu): string {
  if (gelu === "gelu-quick") {
    return b.node("Mul", [x, b.node("Sigmoid", [b.node("Mul", [x, b.float(1.702)])])]);
  }
  const approximate = gelu === "gelu-tanh" ? "tanh" : "none";
  return b.node("Gelu", [x], { attributes: { approximate } });
}
