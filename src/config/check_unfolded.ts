/** Far more than a recipe or a sweep has. */
const MOST_VALUES = 100_000;
const MOST_LEVELS = 100;

/**
 * Refuses a value that is small as a text but endless once it is walked: YAML's aliases let a few lines
 * hold each other a billion times, or even themselves.
 *
 * @returns the value.
 * @throws {RangeError} when it holds more values or more levels than any file that is meant.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkUnfolded } from "./check_unfolded.ts";
 *
 * const list: unknown[] = [1];
 * assert.equal(checkUnfolded(list), list);
 * list.push(list);
 * assert.throws(() => checkUnfolded(list), /more than 100 levels/);
 * ```
 */
export function checkUnfolded(value: unknown): unknown {
  let values = 0;
  const walk = (part: unknown, level: number): void => {
    if (++values > MOST_VALUES) {
      throw new RangeError(`it unfolds to more than ${MOST_VALUES} values; use fewer aliases`);
    }
    if (typeof part !== "object" || part === null) return;
    if (level === MOST_LEVELS) {
      throw new RangeError(`it has more than ${MOST_LEVELS} levels; nest fewer, without cycles`);
    }
    for (const child of Object.values(part)) walk(child, level + 1);
  };
  walk(value, 0);
  return value;
}
