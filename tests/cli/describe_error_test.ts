import assert from "node:assert/strict";
import { describeError } from "../../src/cli/describe_error.ts";

class NativeError extends Error {
  override name = "NativeError";
}

Deno.test("describeError gives one line when the project raised the error", () => {
  for (const error of [new RangeError("a: b"), new Error("a: b"), new NativeError("a: b")]) {
    assert.equal(describeError(error, false), "a: b");
  }
});

Deno.test("describeError adds the stack when the code has a slip or debug is set", () => {
  let slip: unknown;
  try {
    (undefined as unknown as { x: number }).x;
  } catch (error) {
    slip = error;
  }
  assert.match(describeError(slip, false), /describe_error_test\.ts/);
  assert.match(describeError(new RangeError("a"), true), /describe_error_test\.ts/);
});

Deno.test("describeError says what to do when the system refuses", () => {
  const refused = new Deno.errors.PermissionDenied("Permission denied (os error 13): mkdir 'x'");
  assert.match(
    describeError(refused, false),
    /mkdir 'x'; choose a folder that this user may write$/,
  );
  const full = new Error("No space left on device (os error 28)");
  assert.match(describeError(full, false), /the disk is full; free some space and run it again$/);
  const readOnly = new Error("Read-only file system (os error 30): open 'r'");
  assert.match(describeError(readOnly, false), /choose a folder that can be written$/);
});
