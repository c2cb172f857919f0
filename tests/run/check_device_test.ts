import assert from "node:assert/strict";
import { NativeContext } from "../../src/native/context.ts";
import { checkDevice } from "../../src/run/check_device.ts";

Deno.test("checkDevice passes a sound device in both precisions", () => {
  for (const precision of ["float32", "bfloat16"] as const) {
    using context = new NativeContext({ threads: 2, precision });
    checkDevice(context);
  }
});

Deno.test("checkDevice names the element when one bit of a product is lost, at the second time too", () => {
  using context = new NativeContext({ threads: 1 });
  let turn = 0;
  const multiply = (x: Float32Array, w: Float32Array) => {
    const y = x.map((_, at) => {
      const [row, column] = [Math.floor(at / 96), at % 96];
      let sum = 0;
      for (let k = 0; k < 96; k++) sum += x[row * 96 + k] * w[column * 96 + k];
      return sum;
    });
    if (++turn === 2) y[5 * 96 + 7] += 1;
    return y;
  };
  assert.throws(
    () => checkDevice(context, multiply),
    /device computes wrongly: element 5, 7 of a product .* is -?\d+, must be -?\d+; build the/,
  );
  assert.equal(turn, 2);
});
