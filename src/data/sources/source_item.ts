/** A picture file with its caption, before it is packed into a shard. */
export interface SourceItem {
  /** Where it stands in the source: a file, or a table with its line. */
  readonly at: string;
  /** The picture file; for pictures inside the source a name of their own. */
  readonly path: string;
  /** The bytes of a picture that stands inside the source. */
  readonly bytes?: Uint8Array;
  readonly caption: string;
}

/** An entry of a source that names no usable pair; what stands before the first colon is the reason. */
export interface BrokenItem {
  readonly at: string;
  readonly problem: string;
}

/** The ending for a picture's bytes, by their first ones; undefined for anything but PNG, JPEG and WebP. */
export function pictureExtension(bytes: Uint8Array): "png" | "jpg" | "webp" | undefined {
  const starts = (text: string, at = 0) =>
    [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
  if (starts("\x89PNG")) return "png";
  if (starts("\xff\xd8\xff")) return "jpg";
  return starts("RIFF") && starts("WEBP", 8) ? "webp" : undefined;
}

/** A caption with white space and control characters as single blanks; may be empty. */
export function tidyCaption(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim();
}
