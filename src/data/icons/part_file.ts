import { THUMBNAIL_SIDE } from "./thumbnail.ts";

/** What became of a row. */
export const ROW_STATUS = Object.freeze({ failed: 0, grey: 1, blank: 2, colour: 3 });

/** Bytes of a thumbnail. */
const THUMBNAIL_BYTES = THUMBNAIL_SIDE * THUMBNAIL_SIDE;

/** Small facts about a drawn shard. */
export interface PartHead {
  rows: number;
  /** Bytes of the shard that was written with it. */
  shardBytes: number;
  /** SHA-256 of the shard. */
  shardSha256: string;
  pixelBytes: number;
  /** Rows that could not be drawn. */
  failures: { key: string; reason: string }[];
}

/** A drawn shard, kept until the record file is baked from all of them. */
export interface Part {
  head: PartHead;
  /** [rows] of {@link ROW_STATUS}. */
  status: Uint8Array;
  /** [rows, 16, 16] ink. */
  thumbnails: Uint8Array;
  /** Pixels of the rows that were drawn, one after another. */
  pixels: Uint8Array;
}

/** Write a part under a temporary name, flush it, and give it its name. */
export function writePart(path: string, part: Part): void {
  const head = new TextEncoder().encode(JSON.stringify(part.head));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length, true);
  const temporary = `${path}.partial`;
  {
    using file = Deno.openSync(temporary, { write: true, create: true, truncate: true });
    for (const data of [length, head, part.status, part.thumbnails, part.pixels]) {
      for (let at = 0; at < data.length;) at += file.writeSync(data.subarray(at));
    }
    file.syncSync();
  }
  Deno.renameSync(temporary, path);
}

/** Read a part, or `undefined` when there is no whole one. */
export function readPart(path: string): Part | undefined {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const headBytes = bytes.length >= 4 ? new DataView(bytes.buffer).getUint32(0, true) : Infinity;
  if (4 + headBytes > bytes.length) return undefined;
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headBytes))) as PartHead;
  const statusAt = 4 + headBytes, thumbnailsAt = statusAt + head.rows;
  const pixelsAt = thumbnailsAt + head.rows * THUMBNAIL_BYTES;
  if (bytes.length !== pixelsAt + head.pixelBytes) return undefined;
  return {
    head,
    status: bytes.subarray(statusAt, thumbnailsAt),
    thumbnails: bytes.subarray(thumbnailsAt, pixelsAt),
    pixels: bytes.subarray(pixelsAt),
  };
}
