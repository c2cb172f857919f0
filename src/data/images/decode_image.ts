import sharp from "sharp";
import type { Picture } from "./resize_image.ts";
import { inksToRgb, openJpeg } from "./vips_jpeg.ts";

/** Limits of {@linkcode decodeImage}. */
export interface DecodeLimits {
  /** Most pixels of a picture; more are refused before any is decoded. Default 64 million. */
  readonly maxPixels?: number;
  /** Longest time of one picture. Default 20. */
  readonly maxSeconds?: number;
}

const FORMATS: readonly string[] = ["png", "jpeg", "webp"];

/**
 * Decodes a PNG, JPEG or WebP file, off this thread. Pictures without colours have one channel,
 * others three. The first frame of a moving picture counts.
 *
 * The pixels are those of Pillow's `convert("RGB")`, with which open_clip reads pictures: palettes and few
 * bits are spread out, inks (CMYK) become colours by Pillow's formula, and colour profiles, gamma and the
 * orientation mark are left aside. Two things differ on purpose. Transparent places become white paper:
 * Pillow shows whatever colour lies under them, mostly black. Grey of 16 bits keeps its high byte: Pillow
 * cuts it off at 255 of 65,535, which turns nearly everything white.
 *
 * @throws {SyntaxError} when the bytes are no whole picture of these formats, or one beyond the limits.
 *
 * ```ts ignore
 * const { width, height, channels, pixels } = await decodeImage(Deno.readFileSync("umbrella.png"));
 * ```
 */
export async function decodeImage(bytes: Uint8Array, limits: DecodeLimits = {}): Promise<Picture> {
  const { maxPixels = 64e6, maxSeconds = 20 } = limits;
  try {
    const image = sharp(bytes, { limitInputPixels: maxPixels, failOn: "error", ignoreIcc: true });
    const { format, width, height, space } = await image.metadata();
    // The content decides, not the name: an SVG could ask for other files.
    if (!FORMATS.includes(format)) throw new Error(`format ${format}`);
    if (width * height > maxPixels) throw new Error(`${width} x ${height} pixels`);
    if (space === "cmyk" && format === "jpeg") return await decodeInks(bytes, maxSeconds);
    const rgb = new Uint8Array(
      await image.timeout({ seconds: maxSeconds }).flatten({ background: "#fff" })
        .toColourspace("srgb").raw({ depth: "uchar" }).toBuffer(),
    );
    const pixels = width * height;
    if (rgb.length !== 3 * pixels) throw new Error(`${rgb.length} bytes for ${pixels} pixels`);
    if (space !== "b-w" && space !== "grey16") return { width, height, channels: 3, pixels: rgb };
    const gray = new Uint8Array(pixels);
    for (let i = 0; i < pixels; i++) gray[i] = rgb[3 * i];
    return { width, height, channels: 1, pixels: gray };
  } catch (cause) {
    const seen = (cause instanceof Error ? cause.message : String(cause)).trim().split("\n")[0];
    throw new SyntaxError(
      `unreadable picture: ${seen}; allowed: whole ${FORMATS.join(", ")} files of at most ` +
        `${maxPixels} pixels`,
      { cause },
    );
  }
}

/** A JPEG of four inks: sharp would take them through a colour profile. */
async function decodeInks(bytes: Uint8Array, maxSeconds: number): Promise<Picture> {
  using image = openJpeg(bytes, 1);
  const inks = image?.bands === 4 ? await image.pixels(maxSeconds) : undefined;
  if (!image || !inks) throw new Error(`damaged, or more than ${maxSeconds} s of work`);
  return { width: image.width, height: image.height, channels: 3, pixels: inksToRgb(inks) };
}
