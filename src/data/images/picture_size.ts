import sharp from "sharp";

/**
 * Sides of a picture as its header states them; nothing is decoded.
 *
 * @throws {SyntaxError} when the bytes begin no picture.
 */
export async function pictureSize(
  bytes: Uint8Array,
): Promise<{ width: number; height: number; format: string }> {
  try {
    const { width, height, format } = await sharp(bytes, { limitInputPixels: false }).metadata();
    return { width, height, format };
  } catch (cause) {
    const seen = (cause instanceof Error ? cause.message : String(cause)).trim().split("\n")[0];
    throw new SyntaxError(`unreadable picture: ${seen}; allowed: png, jpeg, webp files`, { cause });
  }
}
