/** A device that computes. */
export interface Device {
  readonly kind: "cpu" | "cuda";
  /** Which of them; 0 on the CPU. */
  readonly index: number;
}

/**
 * Reads `cpu`, `cuda` (the first) or `cuda:<index>`.
 *
 * ```ts
 * parseDevice("cuda:1"); // { kind: "cuda", index: 1 }
 * ```
 *
 * @throws {RangeError} for any other name.
 */
export function parseDevice(name: string): Device {
  if (name === "cpu") return { kind: "cpu", index: 0 };
  const found = /^cuda(?::(\d{1,3}))?$/.exec(name);
  if (found) return { kind: "cuda", index: Number(found[1] ?? 0) };
  throw new RangeError(
    `the device is "${name}"; allowed are cpu, cuda and cuda:<index>; correct --device or CLIPA_DEVICE`,
  );
}

/** The name that {@linkcode parseDevice} reads as this device. */
export function nameOf({ kind, index }: Device): string {
  return kind === "cpu" ? kind : `${kind}:${index}`;
}
