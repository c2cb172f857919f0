import type { ModelSpec } from "../../config/model_spec.ts";
import { pairMacs, type TokenCounts } from "../../model/model_cost.ts";
import { cudaWork, type KernelWork } from "./cuda_work.ts";
import type { Hardware } from "./hardware.ts";
import { stepOps } from "./step_ops.ts";

/** What a projection takes for granted: shares of the speeds on the data sheet. */
export interface StepAssumptions {
  /** Of the tensor cores' peak, by large products. */
  readonly products: number;
  /** Of the memory's speed, by kernels that move data. */
  readonly memory: number;
  /** Of the float32 units' peak, by attention. */
  readonly vector: number;
}

/** A step on paper. */
export interface StepProjection {
  readonly seconds: number;
  readonly pairsPerSecond: number;
  /** 6 multiply-accumulates, attention counted, over time and peak. */
  readonly modelFlopUtilisation: number;
  /** Share of the time by part. */
  readonly parts: Readonly<Record<KernelWork["part"], number>>;
}

/** How well a step may go: a middle, and what would be poor and good. */
export interface AssumedRange {
  readonly low: StepAssumptions;
  readonly middle: StepAssumptions;
  readonly high: StepAssumptions;
}

const A100: AssumedRange = {
  low: { products: 0.7, memory: 0.7, vector: 0.1 },
  middle: { products: 0.82, memory: 0.85, vector: 0.25 },
  high: { products: 0.88, memory: 0.92, vector: 0.4 },
};
const H100: AssumedRange = {
  low: { ...A100.low, products: 0.55 },
  middle: { ...A100.middle, products: 0.68 },
  high: { ...A100.high, products: 0.76 },
};

/**
 * Assumptions by device: what large bfloat16 products and copies of arrays are commonly reported to
 * reach. Nothing here was measured by this kit.
 */
export const ASSUMED: Readonly<Record<string, AssumedRange>> = Object.freeze({
  "a100-40gb": A100,
  "a100-80gb": A100,
  "h100-sxm": H100,
});

/** Float32 operations per second outside the tensor cores, from the data sheets. */
const VECTOR_FLOPS: Readonly<Record<string, number>> = {
  "a100-40gb": 19.5e12,
  "a100-80gb": 19.5e12,
  "h100-sxm": 66.9e12,
};

/**
 * A training step of this kit on a GPU that it has not run on: kernel by kernel the longer of its
 * arithmetic and its memory traffic, one after the other. Not in it: launches (a step is one graph),
 * loading, traffic between devices, two towers side by side.
 *
 * @param tokens Patches without the class token, and caption tokens.
 * @param batch Pairs.
 * @throws {RangeError} for hardware without a row of float32 speeds.
 */
export function projectStep(
  spec: ModelSpec,
  tokens: TokenCounts,
  batch: number,
  hardware: Hardware,
  assumed: StepAssumptions,
): StepProjection {
  if (!Object.hasOwn(VECTOR_FLOPS, hardware.name)) {
    throw new RangeError(
      `hardware ${hardware.name}: a step can be projected on ${Object.keys(VECTOR_FLOPS).join()}`,
    );
  }
  const tensorFlops = hardware.peakFlops * assumed.products;
  const vectorFlops = VECTOR_FLOPS[hardware.name] * assumed.vector;
  const bytesPerSecond = hardware.bytesPerSecond * assumed.memory;
  const parts = { products: 0, rounding: 0, rows: 0, attention: 0, loss: 0, update: 0 };
  let seconds = 0;
  for (const op of stepOps(spec, tokens, batch)) {
    for (const work of cudaWork(op)) {
      const time = op.count * Math.max(
        work.tensorFlops / tensorFlops,
        work.vectorFlops / vectorFlops,
        work.bytes / bytesPerSecond,
      );
      parts[work.part] += time;
      seconds += time;
    }
  }
  const flops = 6 * batch * pairMacs(spec, tokens, { attention: true });
  return {
    seconds,
    pairsPerSecond: batch / seconds,
    modelFlopUtilisation: flops / seconds / hardware.peakFlops,
    parts: shares(parts, seconds),
  };
}

function shares<Part extends string>(
  parts: Record<Part, number>,
  total: number,
): Record<Part, number> {
  const entries = Object.entries(parts) as [Part, number][];
  return Object.fromEntries(entries.map(([part, time]) => [part, time / total])) as typeof parts;
}
