import { deflateSync } from "node:zlib";
import { createShardWriter } from "../../src/data/shards/write_tar.ts";

/** Files of a sample by extension. */
export type SampleFiles = Readonly<Record<string, Uint8Array | string>>;

/** Writes a webdataset shard of these samples. */
export function writeShard(path: string, samples: Readonly<Record<string, SampleFiles>>): void {
  using shard = createShardWriter(path);
  for (const [key, files] of Object.entries(samples)) {
    const list = Object.entries(files).map(([extension, content]) =>
      [
        extension,
        content instanceof Uint8Array ? content : new TextEncoder().encode(content),
      ] as const
    );
    shard.add(key, list);
  }
  shard.close();
}

/** A grayscale PNG, written down from its definition. */
export function grayPng(width: number, height: number, pixels: Uint8Array): Uint8Array {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8);
  const lines = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) {
    lines.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", new Uint8Array(header.buffer)),
    ...chunk("IDAT", deflateSync(lines)),
    ...chunk("IEND", new Uint8Array()),
  ]);
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set(new TextEncoder().encode(name), 4);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ -1) >>> 0;
}
