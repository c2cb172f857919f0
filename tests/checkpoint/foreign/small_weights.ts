import type { WeightTensor, WeightTensors } from "../../../src/checkpoint/foreign/weight_file.ts";
import type { StoredTensor } from "../../../src/checkpoint/safetensors.ts";

/** Tensors in memory as those of a file. */
export function inMemory(tensors: readonly StoredTensor[]): WeightTensors {
  return new Map(tensors.map(({ name, shape, data }): [string, WeightTensor] => [name, {
    shape,
    type: "F32",
    read: (first, out) => out.set(data.subarray(first, first + out.length)),
  }]));
}

/** The same with some changed; null takes one away. */
export function changed(
  tensors: WeightTensors,
  changes: Readonly<Record<string, readonly number[] | null>>,
): WeightTensors {
  const out = new Map(tensors);
  for (const [name, shape] of Object.entries(changes)) {
    if (shape === null) out.delete(name);
    else out.set(name, { shape, type: "F32", read: (_, values) => values.fill(0) });
  }
  return out;
}
