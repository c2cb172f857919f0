import { crc32, deflateRawSync } from "node:zlib";

/** A member to write; the sizes may lie. */
export interface Member {
  readonly name: string;
  readonly data: Uint8Array;
  readonly packed?: boolean;
  /** What the directory says instead of the truth. */
  readonly lie?: { bytes?: number; packedBytes?: number; method?: number; flags?: number };
  /** Points to the member before instead of to this one. */
  readonly overlap?: boolean;
}

/** A zip archive, byte by byte, with room for lies. */
export function makeZip(members: readonly Member[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0, before = 0;
  for (const { name, data, packed = false, lie = {}, overlap = false } of members) {
    const bytes = packed ? new Uint8Array(deflateRawSync(data)) : data;
    const fileName = new TextEncoder().encode(name);
    const local = new DataView(new ArrayBuffer(30));
    local.setUint32(0, 0x04034b50, true);
    local.setUint16(26, fileName.length, true);
    const central = new DataView(new ArrayBuffer(46));
    central.setUint32(0, 0x02014b50, true);
    central.setUint16(8, lie.flags ?? 0, true);
    central.setUint16(10, lie.method ?? (packed ? 8 : 0), true);
    central.setUint32(16, crc32(data), true);
    central.setUint32(20, lie.packedBytes ?? bytes.length, true);
    central.setUint32(24, lie.bytes ?? data.length, true);
    central.setUint16(28, fileName.length, true);
    central.setUint32(42, overlap ? before : at, true);
    directory.push(new Uint8Array(central.buffer), fileName);
    parts.push(new Uint8Array(local.buffer), fileName, bytes);
    before = at;
    at += 30 + fileName.length + bytes.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, members.length, true);
  end.setUint16(10, members.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, at, true);
  return concat([...parts, ...directory, new Uint8Array(end.buffer)]);
}

/** One array of several. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
