/** A field of a protobuf message, ready to be written. */
export type Field = (out: Bytes) => void;

const VARINT = 0, BYTES = 2, FIXED32 = 5;

/** A growing array of bytes. */
class Bytes {
  #data = new Uint8Array(256);
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#data[this.#length++] = value;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#data.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Seven bits a byte, the lowest first; negative numbers in two's complement of 64 bits. */
  varint(value: number | bigint): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) this.byte(Number(rest & 127n) | 128);
    this.byte(Number(rest));
  }

  view(): Uint8Array<ArrayBuffer> {
    return this.#data.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#data.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#data.length, this.#length + count));
    larger.set(this.view());
    this.#data = larger;
  }
}

/**
 * Encodes a protobuf message: exactly what a model file needs of the format (varints, 32-bit floats,
 * bytes, packed integers), in the order given, so that the same graph always has the same bytes.
 *
 * ```ts
 * message([integer(1, 150)]); // 08 96 01, the example of the format's documentation
 * ```
 */
export function message(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const out = new Bytes();
  for (const write of fields) write(out);
  return out.view();
}

/** A whole number, `int32`, `int64` or an enumeration. */
export function integer(number: number, value: number | bigint): Field {
  return (out) => {
    out.varint(number << 3 | VARINT);
    out.varint(value);
  };
}

/** A 32-bit float. */
export function float(number: number, value: number): Field {
  return (out) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    out.varint(number << 3 | FIXED32);
    out.append(bytes);
  };
}

/** Bytes, or a message encoded before. */
export function bytes(number: number, value: Uint8Array): Field {
  return (out) => {
    out.varint(number << 3 | BYTES);
    out.varint(value.length);
    out.append(value);
  };
}

/** A text in UTF-8. */
export function text(number: number, value: string): Field {
  return bytes(number, new TextEncoder().encode(value));
}

/** A list of whole numbers in one stretch. */
export function integers(number: number, values: readonly number[]): Field {
  const packed = new Bytes();
  for (const value of values) packed.varint(value);
  return bytes(number, packed.view());
}
