import type { BenchSource } from "./bench_source.ts";
import { captionSource, fileName } from "./caption_entry.ts";
import { isPictureName } from "./picture_files.ts";

const FORM = "a head line, then on each line a picture's name, a comma and one caption, as in " +
  '"1000.jpg,A man in a blue shirt, and a dog."';

/**
 * Pictures and captions of a table such as CLIP_benchmark's `flickr30k_test_karpathy.txt`: lines of one
 * picture are its captions. A caption may have commas; nothing is quoted.
 *
 * @throws {SyntaxError} for a line of another form.
 */
export function captionTable(dir: string, path: string): BenchSource<string[]> {
  const byName = new Map<string, string[]>();
  for (const [i, line] of Deno.readTextFileSync(path).split(/\r?\n/).entries()) {
    if (i === 0 || line.trim() === "") continue;
    const comma = line.indexOf(",");
    const caption = line.slice(comma + 1).trim();
    const name = line.slice(0, comma).trim();
    if (comma < 0 || caption === "" || !isPictureName(name)) {
      throw new SyntaxError(
        `${path}, line ${i + 1}: seen ${JSON.stringify(line.slice(0, 60))}; allowed: ${FORM}`,
      );
    }
    const key = fileName(name, `${path}, line ${i + 1}`);
    const captions = byName.get(key);
    if (captions === undefined) byName.set(key, [caption]);
    else captions.push(caption);
  }
  if (byName.size === 0) throw new SyntaxError(`${path}: no picture; allowed: ${FORM}`);
  const files = [...byName].map(([key, part]) => ({ key, path: `${dir}/${key}`, part }));
  return captionSource(dir, files);
}
