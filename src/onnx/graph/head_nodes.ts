import { normRule } from "../../model/block_specs.ts";
import type { ModelSpec } from "../../config/model_spec.ts";
import type { Pooling } from "../../tensor/ops/pool.ts";
import { fromStream, layerNorm, toSequences, type TowerGraph } from "./tower_graph.ts";

/** The end of a tower: which tokens count, and the weights behind them. */
export interface Head {
  readonly pooling: Pooling;
  readonly width: number;
  /** Whether the layer norm comes before pooling; default after it. */
  readonly normsTokens?: boolean;
  /** Prefix of the last layer norm. */
  readonly norm: string;
  /** Name of the projection, [width, embed]. */
  readonly projection: string;
  /** Int32 [batch, tokens]; only for `eot`. */
  readonly ids?: string;
}

/** Names of the poolings in the fused operator. */
const FUSED_POOLINGS: Readonly<Record<Pooling, string>> = {
  cls: "cls",
  mean: "mean",
  "mean-patches": "mean-patches",
  last: "last",
  eot: "argmax",
};

/** A tower's stream → unit vectors [batch, embed]. */
export function headNodes(tower: TowerGraph, stream: string, head: Head, spec: ModelSpec): string {
  const { normsTokens = false } = head;
  // ONNX Runtime takes the length of an axis that our operators leave open for -1 when it plans a Slice;
  // behind a Reshape it is open in its own way.
  const x = normsTokens
    ? toSequences(tower, stream, [head.width])
    : fromStream(tower, stream, head.width);
  const { eps, rule } = normRule(spec);
  const { builder: b } = tower;
  // The fused operator norms what it has pooled.
  if (tower.form === "fast" && !normsTokens) {
    const inputs = [
      x,
      b.weight(`${head.norm}.weight`),
      b.weight(`${head.norm}.bias`),
      b.weight(head.projection),
      ...(head.ids === undefined ? [] : [head.ids]),
    ];
    return b.node("PoolProjectNormalize", inputs, {
      custom: true,
      attributes: {
        pool: FUSED_POOLINGS[head.pooling],
        eps: { float: spec.layerNormEps },
        norm_eps: { float: eps },
        norm_add_eps: rule === "add" ? 1 : 0,
      },
    });
  }
  const lastNorm = (of: string) => layerNorm(b, of, head.norm, spec.layerNormEps);
  const normed = normsTokens ? pooled(tower, lastNorm(x), head) : lastNorm(pooled(tower, x, head));
  const features = b.node("MatMul", [normed, b.weight(head.projection)]);
  const norm = b.node("ReduceL2", [features, b.integers(-1)], { attributes: { keepdims: 1 } });
  const length = b.node(rule === "add" ? "Add" : "Max", [norm, b.float(eps)]);
  return b.node("Div", [features, length]);
}

/** [batch, tokens, width] → [batch, width]. */
function pooled({ builder: b, tokens }: TowerGraph, x: string, { pooling, ids }: Head): string {
  const one = (index: number) =>
    b.node("Gather", [x, b.constant(BigInt64Array.of(BigInt(index)), [])], {
      attributes: { axis: 1 },
    });
  const mean = (of: string) =>
    b.node("ReduceMean", [of, b.integers(1)], { attributes: { keepdims: 0 } });
  switch (pooling) {
    case "cls":
      return one(0);
    case "last":
      return one(tokens! - 1);
    case "mean":
      return mean(x);
    case "mean-patches": {
      const end = Number(2n ** 31n - 1n);
      return mean(b.node("Slice", [x, b.integers(1), b.integers(end), b.integers(1)]));
    }
    case "eot": {
      // The first place of the largest id, which is the end token.
      const place = b.node("ArgMax", [ids!], { attributes: { axis: 1, keepdims: 1 } });
      return b.node("GatherND", [x, place], { attributes: { batch_dims: 1 } });
    }
  }
}
