import type { ShardSample } from "../shards/read_tar.ts";

/**
 * Captions of a sample, one on each line of `key.txt`, as CLIP_benchmark writes them.
 *
 * @throws {SyntaxError} when there is none or the text is not UTF-8.
 */
export function captionsOf({ files }: ShardSample): string[] {
  const bytes = files.get("txt");
  if (bytes === undefined) throw new SyntaxError("no text: a sample needs key.txt");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SyntaxError("unreadable text: not UTF-8", { cause });
  }
  const captions = text.split(/\r\n|\r|\n/).map((line) => line.trim()).filter((line) =>
    line !== ""
  );
  if (captions.length === 0) throw new SyntaxError("empty text: key.txt holds no caption");
  return captions;
}
