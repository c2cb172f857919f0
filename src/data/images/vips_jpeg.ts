import { vipsLibrary } from "../../native/vips_library.ts";

/** By how much libjpeg divides the sides of a picture while it decodes. */
export type Shrink = 1 | 2 | 4 | 8;

/** A JPEG whose header was read. */
export interface OpenJpeg extends Disposable {
  /** Sides of what {@linkcode pixels} gives: those of the file, divided and rounded down. */
  readonly width: number;
  readonly height: number;
  /** 1 = grey, 3 = RGB, 4 = CMYK with 0 for no ink. */
  readonly bands: number;
  /**
   * Decodes it off this thread: uint8 [height, width, bands]; `undefined` when the file is damaged or it
   * takes too long.
   */
  pixels(maxSeconds: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/**
 * Opens a JPEG in the libvips that sharp brought along, for what sharp does not offer: libjpeg's own
 * scaling and inks as they are. Reads the header only; `undefined` when it is none.
 */
export function openJpeg(bytes: Uint8Array, shrink: Shrink): OpenJpeg | undefined {
  const vips = vipsLibrary();
  // A copy: nobody writes over it while it is read.
  const file = new Uint8Array(bytes);
  const options = `[access=sequential,fail-on=error,shrink=${shrink}]\0`;
  const image = vips.vips_image_new_from_buffer(
    file,
    BigInt(file.length),
    new TextEncoder().encode(options),
    null,
  );
  if (image === null) {
    // Left alone it would stand in the next error of sharp.
    vips.vips_error_clear();
    return undefined;
  }
  const width = vips.vips_image_get_width(image);
  const height = vips.vips_image_get_height(image);
  const bands = vips.vips_image_get_bands(image);
  return {
    width,
    height,
    bands,
    async pixels(maxSeconds) {
      const length = new BigUint64Array(new ArrayBuffer(8));
      const timer = setTimeout(() => vips.vips_image_set_kill(image, 1), 1000 * maxSeconds);
      const found = await vips.vips_image_write_to_memory(image, length);
      clearTimeout(timer);
      if (found === null) {
        vips.vips_error_clear();
        return undefined;
      }
      try {
        const out = new Uint8Array(width * height * bands);
        // The file is read from until here, so it is held until here.
        if (Number(length[0]) !== out.length || file.length === 0) return undefined;
        new Deno.UnsafePointerView(found).copyInto(out);
        return out;
      } finally {
        vips.g_free(found);
      }
    },
    [Symbol.dispose]: () => vips.g_object_unref(image),
  };
}

/** CMYK as RGB, with the formula and the rounding of Pillow: what the ink lets through, times what black does. */
export function inksToRgb(inks: Uint8Array): Uint8Array<ArrayBuffer> {
  const count = inks.length / 4;
  const rgb = new Uint8Array(3 * count);
  for (let i = 0, from = 0, to = 0; i < count; i++, from += 4, to += 3) {
    const light = 255 - inks[from + 3];
    for (let c = 0; c < 3; c++) {
      const product = inks[from + c] * light + 128;
      rgb[to + c] = light - (((product >> 8) + product) >> 8);
    }
  }
  return rgb;
}
