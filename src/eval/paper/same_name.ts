/**
 * For each class, how many later classes have its name. Two pairs of ImageNet's classes share theirs, so
 * their embeddings are equal and every picture of theirs is tied. Published numbers take the first of
 * the largest scores (argmax), so a tie with a later class of the same name is won; every other tie is
 * lost.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { laterNamesakes } from "./same_name.ts";
 *
 * assert.deepEqual(laterNamesakes(["missile", "cat", "missile"]), [1, 0, 0]);
 * ```
 */
export function laterNamesakes(classes: readonly string[]): number[] {
  const seen = new Map<string, number>();
  return classes.map((_, i) => {
    const at = classes.length - 1 - i;
    const later = seen.get(classes[at]) ?? 0;
    seen.set(classes[at], later + 1);
    return later;
  }).reverse();
}
