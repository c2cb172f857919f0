/** A range of a native buffer that an op reads or writes. */
export interface OperandRange {
  /** Handle of the buffer. */
  readonly buffer: bigint;
  /** First byte. */
  readonly offset: number;
  /** Length in bytes: exactly what the op's dimensions need. */
  readonly bytes: number;
}

/** One op of the native library: kind, flags, dimensions, scalars and operands as `clipa.h` lists them. */
export interface OpRecord {
  readonly kind: number;
  readonly flags?: number;
  readonly dims: readonly number[];
  readonly scalars?: readonly number[];
  /** In the order of the header; `null` = absent. */
  readonly operands: readonly (OperandRange | null)[];
}

/** `sizeof(clipa_op)`. */
export const OP_BYTES = 8 + 8 * 8 + 4 * 4 + 12 * 24;

/** Writes ops in the memory layout of `clipa_op`. */
export function encodeOps(ops: readonly OpRecord[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ops.length * OP_BYTES);
  const view = new DataView(bytes.buffer);
  ops.forEach((op, index) => {
    const base = index * OP_BYTES;
    view.setUint32(base, op.kind, true);
    view.setUint32(base + 4, op.flags ?? 0, true);
    if (op.dims.length > 8 || op.operands.length > 12 || (op.scalars?.length ?? 0) > 4) {
      throw new TypeError(`op kind ${op.kind} has too many dims, scalars or operands`);
    }
    op.dims.forEach((dim, i) => view.setBigInt64(base + 8 + 8 * i, BigInt(dim), true));
    op.scalars?.forEach((scalar, i) => view.setFloat32(base + 72 + 4 * i, scalar, true));
    op.operands.forEach((operand, i) => {
      if (!operand) return;
      const at = base + 88 + 24 * i;
      view.setBigUint64(at, operand.buffer, true);
      view.setBigUint64(at + 8, BigInt(operand.offset), true);
      view.setBigUint64(at + 16, BigInt(operand.bytes), true);
    });
  });
  return bytes;
}
