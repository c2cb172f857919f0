import { createHash } from "node:crypto";
import { sha256 } from "../../../src/checkpoint/safetensors.ts";
import { HEADER_BYTES } from "../../../src/eval/search/index_layout.ts";

/** The right check-sums for the header and the content of a search index. */
export function resealIndex(input: Uint8Array): Uint8Array {
  if (input.length < HEADER_BYTES) return input;
  const out = Uint8Array.from(input);
  const view = new DataView(out.buffer);
  const length = Math.min(view.getUint32(12, true), HEADER_BYTES - 48);
  const content = sha256(out.subarray(HEADER_BYTES));
  const text = new TextDecoder().decode(out.subarray(48, 48 + length));
  const head = new TextEncoder().encode(
    text.replace(/"content":"[^"]*"/, `"content":"${content}"`),
  ).subarray(0, HEADER_BYTES - 48);
  out.set(head, 48);
  view.setUint32(12, head.length, true);
  out.set(createHash("sha256").update(head).digest(), 16);
  return out;
}
