import { createHash } from "node:crypto";
import { createShardWriter } from "../shards/write_tar.ts";
import type { DrawJob, DrawRow } from "./draw_job.ts";
import { type PartHead, ROW_STATUS, writePart } from "./part_file.ts";
import { encodePng } from "./png.ts";
import { PICTURE_SIDE } from "./svg.ts";
import { THUMBNAIL_SIDE, thumbnailOf } from "./thumbnail.ts";

/** Draws an SVG text on white: [side, side, 4] uint8. Throws when it cannot. */
export type Rasterise = (svg: string) => Uint8Array;

/** Pictures that end the process in the native build of the rasteriser: not tried at all. */
const CRASHERS = new Set([
  "noto:package",
  "noto:rainbow-flag",
  ...[
    "ambulance",
    "bullet-train",
    "cocktail-glass",
    "hot-beverage",
    "lady-beetle",
    "man-lifting-weights",
    "person-lifting-weights",
    "woman-juggling-dark-skin-tone",
  ].map((name) => `noto-v1:${name}`),
]);

const PIXELS = PICTURE_SIDE * PICTURE_SIDE;
const THUMBNAIL = THUMBNAIL_SIDE * THUMBNAIL_SIDE;

/**
 * Draw the rows of one shard: write the shard, then the part that says it is whole. A row that
 * cannot be drawn, or is blank, is noted and left out of both; the others are not affected.
 */
export function drawShard(
  job: DrawJob,
  rasterise: Rasterise,
  onProgress: (rows: number) => void,
): void {
  const { rows } = job;
  const encoder = new TextEncoder(), decoder = new TextDecoder();
  const status = new Uint8Array(rows.length);
  const thumbnails = new Uint8Array(rows.length * THUMBNAIL);
  const drawn: Uint8Array[] = [];
  const failures: PartHead["failures"] = [];
  using svgs = Deno.openSync(job.svgFile, { read: true });
  using shard = createShardWriter(job.shard);
  let told = 0;

  rows.forEach((row, i) => {
    if (i - told === 200) {
      onProgress(i - told);
      told = i;
    }
    let picture: Picture;
    try {
      if (CRASHERS.has(row.key)) throw new Error("known to crash the rasteriser");
      picture = toPicture(rasterise(decoder.decode(readSvg(svgs, row))), row.colour);
    } catch (error) {
      failures.push({
        key: row.key,
        reason: error instanceof Error ? error.message : String(error),
      });
      return;
    }
    const thumbnail = thumbnailOf(picture.luminance, PICTURE_SIDE);
    if (!thumbnail) {
      status[i] = ROW_STATUS.blank;
      return;
    }
    status[i] = picture.channels;
    thumbnails.set(thumbnail, i * THUMBNAIL);
    drawn.push(picture.pixels);
    shard.add(String(job.firstRow + i).padStart(9, "0"), [
      ["png", encodePng(picture.pixels, PICTURE_SIDE, picture.channels)],
      ["txt", encoder.encode(row.text)],
      ["json", encoder.encode(row.json)],
    ]);
  });
  const { bytes } = shard.close();
  const pixels = concat(drawn);
  const shardSha256 = createHash("sha256").update(Deno.readFileSync(job.shard)).digest("hex");
  const head = { rows: rows.length, shardBytes: bytes, shardSha256, failures };
  writePart(job.part, {
    head: { ...head, pixelBytes: pixels.length },
    status,
    thumbnails,
    pixels,
  });
  onProgress(rows.length - told);
}

interface Picture {
  channels: 1 | 3;
  pixels: Uint8Array;
  luminance: Uint8Array;
}

/** One channel for a monochrome icon, three for one that has colours or whose set is in colour. */
function toPicture(rgba: Uint8Array, colour: boolean): Picture {
  if (rgba.length !== 4 * PIXELS) {
    throw new Error(`drawn as ${rgba.length} bytes; ${4 * PIXELS} expected`);
  }
  const luminance = new Uint8Array(PIXELS);
  let isGrey = true;
  for (let i = 0, j = 0; i < PIXELS; i++, j += 4) {
    const r = rgba[j], g = rgba[j + 1], b = rgba[j + 2];
    if (r !== g || g !== b) isGrey = false;
    luminance[i] = (r * 19595 + g * 38470 + b * 7471 + 32768) >> 16;
  }
  if (isGrey && !colour) return { channels: 1, pixels: luminance, luminance };
  const pixels = new Uint8Array(3 * PIXELS);
  for (let i = 0, j = 0; i < 3 * PIXELS; i += 3, j += 4) {
    pixels[i] = rgba[j];
    pixels[i + 1] = rgba[j + 1];
    pixels[i + 2] = rgba[j + 2];
  }
  return { channels: 3, pixels, luminance };
}

function readSvg(file: Deno.FsFile, row: DrawRow): Uint8Array {
  const bytes = new Uint8Array(row.svgBytes);
  file.seekSync(row.svgAt, Deno.SeekMode.Start);
  for (let at = 0; at < bytes.length;) {
    const n = file.readSync(bytes.subarray(at));
    if (n === null) throw new Error(`SVG text ends ${bytes.length - at} bytes too early`);
    at += n;
  }
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
