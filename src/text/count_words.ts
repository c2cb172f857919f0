import { cleanCaption } from "./clean_caption.ts";
import { splitWords } from "./split_words.ts";

/**
 * How often each word, as {@link splitWords} cuts it, stands in the captions. Captions are cut at
 * spaces first and each distinct chunk is split once, which is most of the speed.
 */
export function countWords(captions: Iterable<string>): Map<string, number> {
  const chunks = new Map<string, number>();
  for (const caption of captions) {
    for (const chunk of cleanCaption(caption).split(" ")) {
      if (chunk !== "") chunks.set(chunk, (chunks.get(chunk) ?? 0) + 1);
    }
  }
  const words = new Map<string, number>();
  for (const [chunk, count] of chunks) {
    for (const word of splitWords(chunk)) words.set(word, (words.get(word) ?? 0) + count);
  }
  return words;
}
