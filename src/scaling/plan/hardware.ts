import { nearest } from "../../config/nearest.ts";

/** What the planner knows of a device. */
export interface Hardware {
  readonly name: string;
  /** Matrix products at the precision of training, per second: 2 for each multiply-accumulate. */
  readonly peakFlops: number;
  /** Memory traffic per second. */
  readonly bytesPerSecond: number;
  readonly memoryBytes: number;
  /** Null where no price is known that the papers or their tables state. */
  readonly dollarsPerHour: number | null;
  /** Bytes of an activation. */
  readonly valueBytes: 2 | 4;
  /** Whether a block's activations are computed again in the backward pass instead of kept. */
  readonly recompute: boolean;
  /**
   * Share of both speeds that a step gets and device seconds of a pair beside it; "published runs": as
   * fitted to the papers' GPU hours, see {@linkcode calibrate}.
   */
  readonly calibration:
    | "published runs"
    | { readonly utilisation: number; readonly secondsPerPair: number };
  readonly source: string;
}

const GIB = 2 ** 30;
const ACCELERATOR = {
  valueBytes: 2,
  recompute: true,
  calibration: "published runs",
  dollarsPerHour: null,
} as const;

const TABLE: readonly Hardware[] = [
  {
    ...ACCELERATOR,
    name: "a100-40gb",
    peakFlops: 312e12,
    bytesPerSecond: 1555e9,
    memoryBytes: 40 * GIB,
    source: "NVIDIA A100 40GB SXM data sheet: dense BF16, HBM2",
  },
  {
    ...ACCELERATOR,
    name: "a100-80gb",
    peakFlops: 312e12,
    bytesPerSecond: 2039e9,
    memoryBytes: 80 * GIB,
    dollarsPerHour: 1.575,
    source: "NVIDIA A100 80GB SXM data sheet: dense BF16, HBM2e; price of paper 2, table 4",
  },
  {
    ...ACCELERATOR,
    name: "h100-sxm",
    peakFlops: 989e12,
    bytesPerSecond: 3350e9,
    memoryBytes: 80 * GIB,
    source: "NVIDIA H100 SXM data sheet: dense BF16, HBM3",
  },
  {
    ...ACCELERATOR,
    name: "tpu-v3",
    peakFlops: 123e12,
    bytesPerSecond: 900e9,
    memoryBytes: 32 * GIB,
    source: "Google Cloud TPU documentation, one chip of two cores: BF16, HBM",
  },
  {
    ...ACCELERATOR,
    name: "tpu-v4",
    peakFlops: 275e12,
    bytesPerSecond: 1200e9,
    memoryBytes: 32 * GIB,
    source: "Google Cloud TPU documentation, one chip: BF16, HBM2",
  },
  {
    name: "laptop-cpu",
    peakFlops: 211e9,
    // Not the memory's speed: fitted with the utilisation to the measured steps, caches included.
    bytesPerSecond: 77e9,
    memoryBytes: 8 * GIB,
    dollarsPerHour: null,
    valueBytes: 4,
    recompute: false,
    calibration: { utilisation: 0.945, secondsPerPair: 0 },
    source: "SGEMM at 2048 cubed on the two cores of the README's measurements",
  },
];

/** Devices by name. */
export const HARDWARE: Readonly<Record<string, Hardware>> = Object.freeze(
  Object.fromEntries(TABLE.map((entry) => [entry.name, Object.freeze(entry)])),
);

/**
 * Reads "name" or "name:count".
 *
 * @throws {RangeError} for an unknown device or a count that is not a whole number from 1 to 100 000.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readHardware } from "./hardware.ts";
 *
 * const { hardware, devices } = readHardware("a100-80gb:8");
 * assert.deepEqual([hardware.peakFlops, devices], [312e12, 8]);
 * ```
 */
export function readHardware(text: string): { hardware: Hardware; devices: number } {
  const [name, count = "1", ...rest] = text.split(":");
  if (!Object.hasOwn(HARDWARE, name)) {
    const names = Object.keys(HARDWARE);
    const near = nearest(name, names);
    throw new RangeError(
      `hardware "${name}"; ${near === undefined ? "" : `nearest: ${near}; `}allowed: ` +
        `${names.join(", ")}, each with :COUNT for several`,
    );
  }
  const devices = Number(count);
  if (rest.length > 0 || !/^\d+$/.test(count) || devices < 1 || devices > 100_000) {
    throw new RangeError(
      `hardware "${text}": seen count "${
        [count, ...rest].join(":")
      }"; allowed: a whole number from ` +
        "1 to 100000, for example a100-80gb:8",
    );
  }
  return { hardware: HARDWARE[name], devices };
}
