import { decodeImage } from "../data/images/decode_image.ts";
import { squarePicture, writeRgb } from "../data/images/square_picture.ts";
import type { Preprocessing } from "./model_card.ts";

/**
 * Picture files as the pixels that a model reads: decoded, then brought to size by the same exact
 * resize as in training, with the filter and the crop rule of the model's card.
 *
 * @param files PNG, JPEG or WebP: paths, or their bytes.
 * @returns uint8 [files, size, size, 3]
 * @throws {SyntaxError} naming the first picture that cannot be read.
 *
 * @example
 * ```ts ignore
 * using model = await ClipOnnx.open("models/quick");
 * const pixels = await preparePictures(["umbrella.png"], model.card.preprocessing);
 * const features = await model.embedImages(pixels);
 * ```
 */
export async function preparePictures(
  files: readonly (string | Uint8Array)[],
  { size, filter, fit }: Pick<Preprocessing, "size" | "filter" | "fit">,
): Promise<Uint8Array> {
  const one = size * size * 3;
  const pixels = new Uint8Array(files.length * one);
  for (const [index, file] of files.entries()) {
    const name = typeof file === "string" ? file : `picture ${index}`;
    const bytes = typeof file === "string" ? await Deno.readFile(file) : file;
    try {
      const picture = await decodeImage(bytes);
      writeRgb(squarePicture(picture, { side: size, filter, fit }), pixels, index * one);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      throw new SyntaxError(`${name}: ${cause.message}`, { cause });
    }
  }
  return pixels;
}
