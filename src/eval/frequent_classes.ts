import type { ClassificationBench } from "./bench.ts";

/**
 * The part of a classification benchmark with the most pictures: its `count` largest classes; of two
 * classes of one size the earlier. Pictures and split stay, so nothing that training saw comes in.
 * Small models are far from chance on it, where on many rare classes they are not.
 *
 * @throws {RangeError} when the benchmark has fewer classes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { frequentClasses } from "./frequent_classes.ts";
 *
 * const bench = {
 *   kind: "classification",
 *   name: "b",
 *   split: "test",
 *   classes: ["cat", "dog", "owl"],
 *   rows: [4, 5, 6, 7, 8],
 *   labels: [0, 2, 1, 2, 1],
 * } as const;
 * assert.deepEqual(frequentClasses(bench, 2).classes, ["dog", "owl"]);
 * ```
 */
export function frequentClasses(bench: ClassificationBench, count: number): ClassificationBench {
  const { classes, rows, labels } = bench;
  if (classes.length < count) {
    throw new RangeError(`${bench.name}: seen ${classes.length} classes; ${count} are asked for`);
  }
  const sizes = new Array<number>(classes.length).fill(0);
  for (const label of labels) sizes[label]++;
  const chosen = classes.map((_, label) => label)
    .sort((a, b) => sizes[b] - sizes[a] || a - b)
    .slice(0, count)
    .sort((a, b) => a - b);
  const places = new Map(chosen.map((label, place) => [label, place]));
  const kept = labels.flatMap((label, i) => places.has(label) ? [i] : []);
  return {
    ...bench,
    classes: chosen.map((label) => classes[label]),
    rows: kept.map((i) => rows[i]),
    labels: kept.map((i) => places.get(labels[i])!),
  };
}
