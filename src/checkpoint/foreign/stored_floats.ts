import { readInto } from "../read_at.ts";
import { decodeFloats, FLOAT_BYTES, isFloatType } from "./number_types.ts";

/**
 * Reads floats that lie row-major in an open file.
 *
 * @param at Where the first number of the tensor stands in the file.
 * @param first Number of the tensor that `out` starts with.
 * @throws {SyntaxError} when the type is no float; `what` names the tensor.
 */
export function readStoredFloats(
  file: Deno.FsFile,
  what: string,
  type: string,
  at: number,
  first: number,
  out: Float32Array,
): void {
  if (!isFloatType(type)) throw notFloats(what, type);
  const size = FLOAT_BYTES[type];
  if (type === "F32") {
    readInto(file, at + first * 4, new Uint8Array(out.buffer, out.byteOffset, out.byteLength));
    return;
  }
  const bytes = new Uint8Array(out.length * size);
  readInto(file, at + first * size, bytes);
  decodeFloats(type, bytes, out);
}

/** The error for a tensor of another type. */
export function notFloats(what: string, type: string): SyntaxError {
  return new SyntaxError(
    `${what}: seen numbers of ${type}; allowed: ${Object.keys(FLOAT_BYTES).join(", ")}; ` +
      "save the weights as float32",
  );
}
