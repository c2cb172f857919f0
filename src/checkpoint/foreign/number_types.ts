/** Number types of foreign weights that become float32, by safetensors' names, with their bytes. */
export const FLOAT_BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2 } as const;

/** A number type that becomes float32. */
export type FloatType = keyof typeof FLOAT_BYTES;

/** True for a type that becomes float32. */
export function isFloatType(type: string): type is FloatType {
  return Object.hasOwn(FLOAT_BYTES, type);
}

/**
 * Little-endian numbers as float32: halves exactly, doubles rounded to nearest.
 *
 * @param bytes Exactly `out.length` numbers.
 */
export function decodeFloats(type: FloatType, bytes: Uint8Array, out: Float32Array): void {
  if (bytes.length !== out.length * FLOAT_BYTES[type]) {
    throw new TypeError(`${bytes.length} bytes are not ${out.length} numbers of ${type}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === "F32") {
    new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes);
  } else if (type === "BF16") {
    // The upper half of a float32.
    const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
    for (let i = 0; i < out.length; i++) bits[i] = view.getUint16(2 * i, true) << 16;
  } else if (type === "F16") {
    for (let i = 0; i < out.length; i++) out[i] = view.getFloat16(2 * i, true);
  } else {
    for (let i = 0; i < out.length; i++) out[i] = view.getFloat64(8 * i, true);
  }
}
