import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import type { NativeError } from "../../src/native/native_error.ts";

/** `CLIPA_INVALID_ARGUMENT` */
const INVALID = 1;

Deno.test("assembleTokens refuses positions when their bytes overflow to nothing", () => {
  using context = new NativeContext({ threads: 1 });
  const width = 2 ** 22;
  using buffer = context.buffer(8 * width);
  const row = { buffer: buffer.handle, offset: 0, bytes: 4 * width };
  const nothing = { ...row, bytes: 0 }; // 2^40 positions of 2^22 floats are 2^64 bytes
  const index = { ...row, bytes: 4 };
  const operands = [row, null, nothing, index, { ...row, offset: 4 * width }];
  assert.throws(
    () => context.execute([{ kind: 53, dims: [1, 1, width, 2 ** 40], operands }]),
    (error: NativeError) => error.code === INVALID,
  );
  const outputs = [row, index, { ...row, offset: 4 * width }, null, nothing];
  assert.throws(
    () => context.execute([{ kind: 54, dims: [1, 1, width, 2 ** 40], operands: outputs }]),
    (error: NativeError) => error.code === INVALID,
  );
});
