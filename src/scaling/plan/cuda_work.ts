import type { StepOp } from "./step_ops.ts";

/** Work of one kernel, or of several that move data alike. */
export interface KernelWork {
  /** What it is counted as. */
  readonly part: "products" | "rounding" | "rows" | "attention" | "loss" | "update";
  /** Operations of the tensor cores. */
  readonly tensorFlops: number;
  /** Operations of the float32 units, where they may take longer than the memory. */
  readonly vectorFlops: number;
  /** Bytes to and from the device's memory, each value once where a block keeps it. */
  readonly bytes: number;
}

/** Bytes of a float32 and of a bfloat16 value. */
const F32 = 4, BF16 = 2;

/**
 * The kernels of an op in the CUDA build with products in bfloat16: `kernels/src/cuda`, kernel by
 * kernel. Activations are float32 in memory, so both factors of a product are first rounded.
 *
 * @throws {RangeError} for an op whose work is not counted.
 */
export function cudaWork(op: StepOp): KernelWork[] {
  const [a, b, c, d] = op.dims;
  const kernel = (
    part: KernelWork["part"],
    bytes: number,
    more: Partial<KernelWork> = {},
  ): KernelWork => ({ part, tensorFlops: 0, vectorFlops: 0, bytes, ...more });
  const rounded = (count: number) => kernel("rounding", (F32 + BF16) * count);
  // d = x y, rows x depth and depth x columns, with further float32 values read or written beside d.
  const product = (rows: number, columns: number, depth: number, beside: number) =>
    kernel(
      "products",
      BF16 * depth * (rows + columns) + F32 * (rows * columns + beside),
      { tensorFlops: 2 * rows * columns * depth },
    );
  switch (op.kind) {
    case "LINEAR": {
      const fused = op.activation === "tanh";
      // The input of the activation is kept; the exact GELU is a kernel behind the product.
      const beside = (op.residual ? a * b : 0) + (fused ? a * b : 0);
      const after = op.activation !== undefined && !fused ? [kernel("rows", 2 * F32 * a * b)] : [];
      return [rounded(a * c), rounded(b * c), product(a, b, c, beside), ...after];
    }
    case "LINEAR_BACKWARD_INPUT": {
      const fused = op.activation === "tanh";
      const after = op.activation !== undefined && !fused ? [kernel("rows", 3 * F32 * a * c)] : [];
      // The gradient was rounded by the op before it, which is always that of the weight.
      return [rounded(b * c), product(a, c, b, fused ? a * c : 0), ...after];
    }
    case "LINEAR_BACKWARD_WEIGHT": {
      const bias = op.bias ? [kernel("rows", F32 * a * b)] : [];
      return [rounded(a * b), rounded(a * c), product(b, c, a, 0), ...bias];
    }
    case "LAYER_NORM":
      return [kernel("rows", 2 * F32 * a * b)];
    case "RESIDUAL_LAYER_NORM":
      // Stream and branch are read, their sum and its norm written.
      return [kernel("rows", 4 * F32 * a * b)];
    case "LAYER_NORM_BACKWARD":
    case "RESIDUAL_LAYER_NORM_BACKWARD":
      // With the gradient of the residual added.
      return [kernel("rows", (op.residual ? 4 : 3) * F32 * a * b)];
    case "ATTENTION":
      return [
        kernel("attention", 4 * F32 * a * b * c * d, { vectorFlops: 4 * a * b * b * c * d }),
      ];
    case "ATTENTION_BACKWARD":
      // Dots of outputs with their gradients, then scores twice: by queries and by keys.
      return [
        kernel("attention", 2 * F32 * a * b * c * d),
        kernel("attention", 7 * F32 * a * b * c * d, { vectorFlops: 14 * a * b * b * c * d }),
      ];
    case "EMBEDDING":
      return [kernel("rows", 2 * F32 * a * b * c)];
    case "EMBEDDING_BACKWARD":
      return [kernel("rows", F32 * (a * b + d) * c)];
    case "PATCHIFY": {
      const [batch, , , patch, kept] = op.dims;
      return [kernel("rows", (1 + F32) * batch * kept * 3 * patch ** 2)];
    }
    case "ASSEMBLE_TOKENS":
    case "ASSEMBLE_TOKENS_BACKWARD":
      return [kernel("rows", 2 * F32 * a * b * c)];
    case "CONTRASTIVE":
      // Logits of both sides: written, then read for the largest and for the sum.
      return [
        kernel("loss", 2 * 3 * F32 * a * b, { tensorFlops: 2 * 2 * a * b * c }),
      ];
    case "CONTRASTIVE_BACKWARD":
      // Logits again, their gradient in place, rounded, and a product with it.
      return [
        kernel("loss", 2 * (3 * F32 + F32 + 2 * BF16) * a * b, {
          tensorFlops: 2 * 4 * a * b * c,
        }),
      ];
    case "GRADIENT_NORM":
      return [kernel("update", F32 * a)];
    case "ADAMW":
      return [kernel("update", 7 * F32 * a)];
    default:
      throw new RangeError(`the work of the op ${op.kind} is not counted`);
  }
}
