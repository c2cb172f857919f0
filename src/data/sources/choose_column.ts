/** Names that columns of pictures and captions usually have, best first. */
const USUAL = {
  image: ["image", "image_path", "file_name", "filename", "filepath", "file", "path", "jpg", "png"],
  caption: ["caption", "text", "title", "description", "txt"],
} as const;

/**
 * The column that holds a part of a pair.
 *
 * @param wanted Its name; absent: the first of the usual names.
 * @throws {SyntaxError} when the table has no such column; lists those it has.
 */
export function chooseColumn(
  path: string,
  names: readonly string[],
  part: keyof typeof USUAL,
  wanted: string | undefined,
): string {
  const found = wanted === undefined
    ? USUAL[part].find((name) => names.includes(name))
    : names.find((name) => name === wanted);
  if (found !== undefined) return found;
  throw new SyntaxError(
    `${path}: no column ${wanted ?? USUAL[part].join(" or ")}; seen ${names.join(", ")}; ` +
      `name it with --${part}-column`,
  );
}
