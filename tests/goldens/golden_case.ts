import type { Flag, OpKind } from "../../src/native/op_kinds.ts";
import type { Expectation, JsonNumber } from "./expectation.ts";
import { hashedFloats, hashedIntegers, hashedPatches } from "./hashed.ts";

/** One tensor of a case: how its input values are made, what is expected of it, or both. */
export interface GoldenTensor {
  /** Number of elements. */
  readonly n: number;
  /** float32 in [low, high). */
  readonly floats?: readonly [low: number, high: number];
  /** int32 in low .. high - 1. */
  readonly integers?: readonly [low: number, high: number];
  /** uint8, all values. */
  readonly bytes?: true;
  /** int32, different patches for every sample. */
  readonly kept?: readonly [batch: number, kept: number, patches: number];
  /** float32, as they stand. */
  readonly literal?: readonly JsonNumber[];
  /** Single elements of a float input that are replaced. */
  readonly set?: readonly (readonly [index: number, value: JsonNumber])[];
  /** Values after the ops. */
  readonly want?: Expectation;
}

/** One op call; operands are names of tensors in the order of `clipa.h`. */
export interface GoldenOp {
  readonly kind: keyof typeof OpKind;
  readonly dims: readonly number[];
  readonly flags?: readonly (keyof typeof Flag)[];
  readonly scalars?: readonly number[];
  readonly operands: readonly (string | null)[];
}

/** A list of op calls over named tensors; see reference/case.py, which writes them. */
export interface GoldenCase {
  readonly name: string;
  readonly tensors: Readonly<Record<string, GoldenTensor>>;
  readonly ops: readonly GoldenOp[];
  /** Which tensor holds the gradient of which output, and of which input. */
  readonly gradients?: {
    readonly outputs: Readonly<Record<string, string>>;
    readonly inputs: Readonly<Record<string, string>>;
  };
}

/** The golden files of the ops. */
export const FAMILIES = [
  "elementwise",
  "linear",
  "layer_norm",
  "residual_layer_norm",
  "l2_normalize",
  "attention",
  "embedding",
  "patchify",
  "assemble",
  "pool",
  "contrastive",
  "sigmoid_loss",
  "optimizer",
  "sides",
] as const;

/** The cases of one file. */
export function goldenCases(family: string): readonly GoldenCase[] {
  return JSON.parse(Deno.readTextFileSync(new URL(`ops/${family}.json`, import.meta.url))).cases;
}

/** The input values of a tensor, or null when ops write it first. */
export function inputValues(
  stream: string,
  tensor: GoldenTensor,
): Float32Array | Int32Array | Uint8Array | null {
  const { n, floats, integers, kept } = tensor;
  if (integers) return hashedIntegers(stream, n, ...integers);
  if (tensor.bytes) return Uint8Array.from(hashedIntegers(stream, n, 0, 256));
  if (kept) return hashedPatches(stream, ...kept);
  const values = tensor.literal
    ? Float32Array.from(tensor.literal, Number)
    : floats
    ? hashedFloats(stream, n, ...floats)
    : null;
  for (const [index, value] of tensor.set ?? []) values![index] = Number(value);
  return values;
}
