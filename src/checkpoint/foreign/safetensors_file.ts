import { readSafetensorsHeader } from "../safetensors_header.ts";
import { readStoredFloats } from "./stored_floats.ts";
import type { WeightFile, WeightTensor } from "./weight_file.ts";

/**
 * Opens a safetensors file of any number types.
 *
 * @throws {SyntaxError} when the header is damaged; see {@linkcode readSafetensorsHeader}.
 */
export function openSafetensorsWeights(path: string): WeightFile {
  const { entries } = readSafetensorsHeader(path);
  const file = Deno.openSync(path);
  const tensors = entries.map(({ name, type, shape, offset }): [string, WeightTensor] => [name, {
    shape,
    type,
    read: (first, out) => readStoredFloats(file, `${path}: ${name}`, type, offset, first, out),
  }]);
  return {
    path,
    form: "safetensors",
    tensors: new Map(tensors),
    [Symbol.dispose]: () => file.close(),
  };
}
