import type { GraphBuilder } from "./graph_builder.ts";

/** `portable`: operators of the ONNX standard only. `fast`: the project's fused operators. */
export type GraphForm = "portable" | "fast";

/** What the nodes of one tower share. */
export interface TowerGraph {
  readonly builder: GraphBuilder;
  readonly form: GraphForm;
  /** Int64 [1]: how many samples this call has. */
  readonly batch: string;
  /** Tokens of a sample; null when only a call decides. */
  readonly tokens: number | null;
}

/**
 * What goes from block to block. Portable graphs work on rows [batch * tokens, width]: every linear
 * layer is then one Gemm with its bias inside. Fast ones keep [batch, tokens, width].
 */
export function toStream(tower: TowerGraph, sequences: string, width: number): string {
  return tower.form === "fast" ? sequences : toRows(tower, sequences, width);
}

/** The end of the stream as [batch, tokens, width]. */
export function fromStream(tower: TowerGraph, stream: string, width: number): string {
  return tower.form === "fast" ? stream : toSequences(tower, stream, [width]);
}

/** Rows [batch * tokens, ...] as [batch, tokens, ...rest]. */
export function toSequences(tower: TowerGraph, rows: string, rest: readonly number[]): string {
  const { builder: b, batch, tokens } = tower;
  const shape = tokens === null
    ? b.node("Concat", [batch, b.integers(-1, ...rest)], { attributes: { axis: 0 } })
    : b.integers(-1, tokens, ...rest);
  return b.node("Reshape", [rows, shape]);
}

/** [batch, tokens, width] as rows [batch * tokens, width]. */
export function toRows(tower: TowerGraph, sequences: string, width: number): string {
  return tower.builder.node("Reshape", [sequences, tower.builder.integers(-1, width)]);
}

/** Number of samples of an input, int64 [1]. */
export function batchOf(builder: GraphBuilder, input: string): string {
  return builder.node("Shape", [input], { attributes: { start: 0, end: 1 } });
}

/** Layer norm of the last axis, with the weights `name.weight` and `name.bias`. */
export function layerNorm(builder: GraphBuilder, x: string, name: string, eps: number): string {
  const parts = [x, builder.weight(`${name}.weight`), builder.weight(`${name}.bias`)];
  return builder.node("LayerNormalization", parts, {
    attributes: { axis: -1, epsilon: { float: eps } },
  });
}

/** Rows [n, in] → [n, out] with a weight [out, in], as PyTorch stores them. */
export function linear(builder: GraphBuilder, x: string, weight: string, bias?: string): string {
  const inputs = [x, weight, ...(bias === undefined ? [] : [bias])];
  return builder.node("Gemm", inputs, { attributes: { transB: 1 } });
}
