import type { NativeBuffer, NativeContext } from "../native/context.ts";
import { OpKind } from "../native/op_kinds.ts";

const SIDE = 96;

/** Small whole numbers: their products and sums are exact in every precision. */
const number = (at: number, salt: number) => (Math.imul(at + salt, 2654435761) >>> 29) - 3;

/**
 * Lets a device multiply matrices whose product is known, twice, before it is trusted with a run: memory
 * that loses bits or a library built for another processor shows here, not in a loss days later.
 *
 * @param multiply Gives x wᵀ of two [96, 96] matrices; default the linear op of the context.
 * @throws {Error} naming the first element that is wrong.
 */
export function checkDevice(
  context: NativeContext,
  multiply: (x: Float32Array, w: Float32Array) => Float32Array = (x, w) => linear(context, x, w),
): void {
  const x = Float32Array.from({ length: SIDE * SIDE }, (_, at) => number(at, 1));
  const w = Float32Array.from({ length: SIDE * SIDE }, (_, at) => number(at, 7));
  for (let turn = 0; turn < 2; turn++) {
    const seen = multiply(x, w);
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        let wanted = 0;
        for (let k = 0; k < SIDE; k++) wanted += x[row * SIDE + k] * w[column * SIDE + k];
        const found = seen[row * SIDE + column];
        if (found === wanted) continue;
        throw new Error(
          `the device computes wrongly: element ${row}, ${column} of a product of whole numbers is ` +
            `${found}, must be ${wanted}; build the library anew with "deno task build", look at ` +
            "the memory of the device (nvidia-smi -q -d ECC on a GPU), or take another one with --device",
        );
      }
    }
  }
}

function linear(context: NativeContext, x: Float32Array, w: Float32Array): Float32Array {
  const bytes = 4 * SIDE * SIDE;
  using buffer: NativeBuffer = context.buffer(3 * bytes);
  buffer.write(0, x);
  buffer.write(bytes, w);
  const at = (slot: number) => ({ buffer: buffer.handle, offset: slot * bytes, bytes });
  const operands = [at(0), at(1), null, null, at(2), null];
  context.execute([{ kind: OpKind.LINEAR, dims: [SIDE, SIDE, SIDE], operands }]);
  return buffer.read(2 * bytes, new Float32Array(SIDE * SIDE));
}
