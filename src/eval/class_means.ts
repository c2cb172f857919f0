/**
 * A classifier by the nearest class mean: descriptions of a class are averaged, and a picture belongs
 * to the class whose mean has the smallest angle to its own description. Nothing is drawn at random
 * and sums run in the order of the calls, so equal calls give equal answers to the bit.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { ClassMeans } from "./class_means.ts";
 *
 * const means = new ClassMeans(2, 2);
 * means.add(0, [1, 0]);
 * means.add(1, [0.6, 0.8]);
 * assert.equal(means.classify([0.9, 0.1]), 0);
 * ```
 */
export class ClassMeans {
  readonly #classes: number;
  readonly #length: number;
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;
  #units: Float64Array | null = null;

  /** @param length Numbers of a description. */
  constructor(classes: number, length: number) {
    this.#classes = classes;
    this.#length = length;
    this.#sums = new Float64Array(classes * length);
    this.#counts = new Uint32Array(classes);
  }

  /** Descriptions of each class so far. */
  get counts(): readonly number[] {
    return [...this.#counts];
  }

  /** Adds the description of a picture of a class. */
  add(label: number, description: ArrayLike<number>): void {
    this.#units = null;
    const at = label * this.#length;
    for (let i = 0; i < this.#length; i++) this.#sums[at + i] += description[i];
    this.#counts[label]++;
  }

  /** Class of a description; the first of equals, and never one without a picture, unless none has. */
  classify(description: ArrayLike<number>): number {
    const units = this.#units ??= this.#unitMeans();
    let best = 0, most = -Infinity;
    for (let c = 0, at = 0; c < this.#classes; c++, at += this.#length) {
      if (this.#counts[c] === 0) continue;
      let score = 0;
      for (let i = 0; i < this.#length; i++) score += description[i] * units[at + i];
      if (score > most) [best, most] = [c, score];
    }
    return best;
  }

  /** The angle to a sum is the angle to its mean. */
  #unitMeans(): Float64Array {
    const units = this.#sums.slice();
    for (let c = 0; c < this.#classes; c++) {
      const unit = units.subarray(c * this.#length, (c + 1) * this.#length);
      let squares = 0;
      for (const value of unit) squares += value * value;
      const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares);
      for (let i = 0; i < unit.length; i++) unit[i] *= scale;
    }
    return units;
  }
}
