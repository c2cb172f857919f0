import assert from "node:assert/strict";
import { bytes, float, integer, integers, message, text } from "../../src/onnx/graph/protobuf.ts";

function hex(data: Uint8Array): string {
  return [...data].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

Deno.test("message has the bytes of the format's documentation when it encodes its examples", () => {
  assert.equal(hex(message([integer(1, 150)])), "08 96 01");
  assert.equal(hex(message([text(2, "testing")])), "12 07 74 65 73 74 69 6e 67");
  assert.equal(hex(message([bytes(3, message([integer(1, 150)]))])), "1a 03 08 96 01");
  assert.equal(hex(message([integers(6, [3, 270, 86942])])), "32 06 03 8e 02 9e a7 05");
});

Deno.test("message writes floats, zeros, negative and large numbers when they occur", () => {
  assert.equal(hex(message([float(2, 1)])), "15 00 00 80 3f");
  assert.equal(hex(message([integer(3, 0)])), "18 00");
  assert.equal(hex(message([integer(3, -2)])), "18 fe ff ff ff ff ff ff ff ff 01");
  assert.equal(hex(message([integer(20, 2 ** 31)])), "a0 01 80 80 80 80 08");
  assert.equal(message([bytes(1, new Uint8Array(5000))]).length, 5003);
});
