import { crc32, deflateSync } from "node:zlib";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/**
 * A PNG of 8-bit grey or RGB pixels, [side, side, channels]. Fast rather than small: no row filter,
 * the lightest compression, which icons of few colours bear well.
 */
export function encodePng(pixels: Uint8Array, side: number, channels: 1 | 3): Uint8Array {
  const stride = side * channels;
  const raw = new Uint8Array(side * (stride + 1));
  for (let y = 0; y < side; y++) {
    raw.set(pixels.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  }
  const data = deflateSync(raw, { level: 1 });
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, side);
  view.setUint32(4, side);
  head[8] = 8;
  head[9] = channels === 1 ? 0 : 2;
  const png = new Uint8Array(8 + (12 + 13) + (12 + data.length) + 12);
  png.set(SIGNATURE);
  let at = chunk(png, 8, "IHDR", head);
  at = chunk(png, at, "IDAT", data);
  chunk(png, at, "IEND", new Uint8Array(0));
  return png;
}

function chunk(png: Uint8Array, at: number, type: string, data: Uint8Array): number {
  const view = new DataView(png.buffer);
  view.setUint32(at, data.length);
  for (let i = 0; i < 4; i++) png[at + 4 + i] = type.charCodeAt(i);
  png.set(data, at + 8);
  const end = at + 8 + data.length;
  view.setUint32(end, crc32(png.subarray(at + 4, end)));
  return end + 4;
}
