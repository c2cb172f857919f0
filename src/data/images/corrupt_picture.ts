import sharp from "sharp";
import { philox } from "../../tensor/random.ts";
import { decodeImage } from "./decode_image.ts";
import type { Picture } from "./resize_image.ts";
import { rotatePicture } from "./rotate_picture.ts";

/** One way to spoil a picture. */
export type Corruption =
  /** Turned by `degrees`, to the left or to the right by the sample's number. */
  | { readonly kind: "rotate"; readonly degrees: number }
  /** Gaussian blur; `sigma` in pixels of the picture. */
  | { readonly kind: "blur"; readonly sigma: number }
  /** Written as JPEG of a quality from 1 to 100 and read again. */
  | { readonly kind: "jpeg"; readonly quality: number }
  /** Ink and paper exchanged: each value v becomes 255 - v. */
  | { readonly kind: "invert" };

/** Key of the draws below, so that they are independent of other uses of a sample's number. */
const PURPOSE = 0x636f7272;

/**
 * Spoils a picture. What is random (the side of a turn) is a pure function of the sample's number, so
 * every model sees the same pictures.
 *
 * @param sample Number of the sample, for example its row.
 */
export async function corruptPicture(
  picture: Picture,
  corruption: Corruption,
  sample: number,
): Promise<Picture> {
  switch (corruption.kind) {
    case "rotate": {
      const left = philox(0, PURPOSE, sample, 0, 0, 0)[0] % 2 === 0;
      return rotatePicture(picture, left ? corruption.degrees : -corruption.degrees);
    }
    case "blur": {
      const pixels = await rawOf(picture).blur(corruption.sigma).raw().toBuffer();
      return { ...picture, pixels: new Uint8Array(pixels) };
    }
    case "jpeg":
      return await decodeImage(
        await rawOf(picture).jpeg({ quality: corruption.quality }).toBuffer(),
      );
    case "invert":
      return { ...picture, pixels: picture.pixels.map((value) => 255 - value) };
  }
}

function rawOf({ width, height, channels, pixels }: Picture) {
  return sharp(pixels, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? "b-w" : "srgb");
}
