import { Buffer } from "node:buffer";

/** Bytes as base64, for a data URL or an output of a notebook. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
