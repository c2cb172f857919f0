import type { ModelSpec } from "../../config/model_spec.ts";
import { parameterCounts, type TokenCounts } from "../../model/model_cost.ts";
import type { OpKind } from "../../native/op_kinds.ts";

/** An op of a training step as far as its cost goes; `dims` as in `clipa.h`. */
export interface StepOp {
  readonly kind: keyof typeof OpKind;
  readonly dims: readonly number[];
  /** Products: which operand there is beside the two factors. */
  readonly bias?: boolean;
  readonly residual?: boolean;
  readonly activation?: ModelSpec["gelu"];
  /** How many of them a step has. */
  readonly count: number;
}

/**
 * The ops of a whole training step that see every token, and the update: what the tape records for a
 * model, without making the model. Left out are the ops on one row for each picture or caption
 * (pooling, projection, normalisation), less than one in a hundred of any paper's step.
 *
 * @param batch Pairs.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { paperSpec } from "../paper/paper_spec.ts";
 * import { stepOps } from "./step_ops.ts";
 *
 * const ops = stepOps(paperSpec("L/16"), { patches: 16, text: 16 }, 256);
 * assert.equal(ops.filter(({ kind }) => kind === "ATTENTION").length, 2); // one for each tower
 * ```
 */
export function stepOps(spec: ModelSpec, tokens: TokenCounts, batch: number): StepOp[] {
  const { image, text, embed } = spec;
  const { patches } = tokens;
  const seen = patches + (image.classToken ? 1 : 0);
  const size = Math.sqrt(patches) * image.patch;
  const columns = 3 * image.patch ** 2;
  const rows = batch * patches;
  const parameters = parameterCounts(spec, size, tokens.text).total;
  const one = (kind: StepOp["kind"], dims: number[], more: Partial<StepOp> = {}): StepOp => ({
    kind,
    dims,
    count: 1,
    ...more,
  });
  const norms = image.preNorm
    ? [
      one("LAYER_NORM", [batch * seen, image.width]),
      one("LAYER_NORM_BACKWARD", [batch * seen, image.width]),
    ]
    : [];
  return [
    one("PATCHIFY", [batch, size, size, image.patch, patches]),
    one("LINEAR", [rows, image.width, columns]),
    one("ASSEMBLE_TOKENS", [batch, patches, image.width, seen]),
    one("ASSEMBLE_TOKENS_BACKWARD", [batch, patches, image.width, seen]),
    one("LINEAR_BACKWARD_WEIGHT", [rows, image.width, columns]),
    ...norms,
    one("EMBEDDING", [batch, tokens.text, text.width, text.vocabulary]),
    one("EMBEDDING_BACKWARD", [batch, tokens.text, text.width, text.vocabulary]),
    ...blockOps(image, seen, batch, spec.gelu),
    ...blockOps(text, tokens.text, batch, spec.gelu),
    one("CONTRASTIVE", [batch, batch, embed, 0]),
    one("CONTRASTIVE_BACKWARD", [batch, batch, embed, 0]),
    one("GRADIENT_NORM", [parameters]),
    one("ADAMW", [parameters]),
  ];
}

/** The ops of all blocks of a tower. */
function blockOps(
  { width, mlp, heads, layers }: ModelSpec["image"] | ModelSpec["text"],
  tokens: number,
  batch: number,
  activation: ModelSpec["gelu"],
): StepOp[] {
  const m = batch * tokens;
  const op = (kind: StepOp["kind"], dims: number[], more: Partial<StepOp> = {}): StepOp => ({
    kind,
    dims,
    count: layers,
    ...more,
  });
  const attention = [batch, tokens, heads, width / heads];
  return [
    op("LAYER_NORM", [m, width]),
    op("LINEAR", [m, 3 * width, width], { bias: true }),
    op("ATTENTION", attention),
    op("LINEAR", [m, width, width], { bias: true }),
    op("RESIDUAL_LAYER_NORM", [m, width]),
    op("LINEAR", [m, mlp, width], { bias: true, activation }),
    op("LINEAR", [m, width, mlp], { bias: true, residual: true }),
    op("LINEAR_BACKWARD_WEIGHT", [m, width, mlp], { bias: true }),
    op("LINEAR_BACKWARD_INPUT", [m, width, mlp], { activation }),
    op("LINEAR_BACKWARD_WEIGHT", [m, mlp, width], { bias: true }),
    op("LINEAR_BACKWARD_INPUT", [m, mlp, width]),
    op("RESIDUAL_LAYER_NORM_BACKWARD", [m, width], { residual: true }),
    op("LINEAR_BACKWARD_WEIGHT", [m, width, width], { bias: true }),
    op("LINEAR_BACKWARD_INPUT", [m, width, width]),
    op("ATTENTION_BACKWARD", attention),
    op("LINEAR_BACKWARD_WEIGHT", [m, 3 * width, width], { bias: true }),
    op("LINEAR_BACKWARD_INPUT", [m, 3 * width, width]),
    op("LAYER_NORM_BACKWARD", [m, width], { residual: true }),
  ];
}
