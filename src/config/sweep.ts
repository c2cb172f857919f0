import { z } from "zod";
import { describeIssues } from "./describe_issues.ts";
import { nearest } from "./nearest.ts";
import { isPlainObject, type PlainObject } from "./plain_object.ts";

/** One value of an axis: fields of the recipe and what they are set to. */
export type AxisValue = Readonly<Record<string, unknown>>;

/**
 * Many recipes in one file: a recipe, and lists of values that parts of it take.
 *
 * An axis with named values says which fields each value sets (`stages.short.image: {…}`); an axis
 * that is a plain list has a field's path as its name, such as `seed`. Each entry of `runs` names
 * values of some axes and stands for all their combinations; without `runs` the sweep is all
 * combinations of all axes.
 */
export interface Sweep {
  /** Name of the results file. */
  readonly name: string;
  /** What the sweep is to find out. */
  readonly about: string;
  /** Recipe that the cells change, as a recipe file gives it but without a name. */
  readonly recipe: PlainObject;
  /** Axis → label → what it sets. */
  readonly axes: Readonly<Record<string, Readonly<Record<string, AxisValue>>>>;
  /** Axis → labels, for each group of runs. */
  readonly runs: readonly Readonly<Record<string, readonly string[]>>[];
}

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const fields = z.record(z.string(), z.unknown());

const sweepSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "lower-case letters, digits and hyphens"),
  about: z.string().default(""),
  recipe: fields,
  axes: z.record(z.string(), z.union([z.array(scalar).min(1), z.record(z.string(), fields)])),
  runs: z.array(z.record(z.string(), z.union([scalar, z.array(scalar).min(1)]))).min(1).optional(),
});

/**
 * Checks a sweep given as plain data.
 *
 * @param origin Where it came from, for messages.
 * @throws {RangeError} for an unknown key, axis or label, with the nearest known one; the recipes
 * themselves are checked when they are made.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseSweep } from "./sweep.ts";
 *
 * const sweep = parseSweep({ name: "two", recipe: {}, axes: { seed: [1, 2] } }, "example");
 * assert.deepEqual(sweep.runs, [{ seed: ["1", "2"] }]);
 * ```
 */
export function parseSweep(raw: unknown, origin: string): Sweep {
  const result = sweepSchema.safeParse(raw);
  if (!result.success) {
    const problems = describeIssues(sweepSchema, result.error.issues, raw);
    throw new RangeError(`sweep ${origin}: ${problems.join("\n  ")}`);
  }
  const { name, about, recipe } = result.data;
  const axes = Object.fromEntries(
    Object.entries(result.data.axes).map(([axis, values]) => [axis, namedValues(axis, values)]),
  );
  const all = Object.fromEntries(
    Object.entries(axes).map(([axis, values]) => [axis, Object.keys(values)]),
  );
  const runs = (result.data.runs ?? [all]).map((run, index) =>
    Object.fromEntries(
      Object.entries(run).map(([axis, labels]) => {
        const names = (Array.isArray(labels) ? labels : [labels]).map(String);
        checkNames(`sweep ${origin}: runs[${index}]`, axis, names, axes);
        return [axis, names];
      }),
    )
  );
  return { name, about, recipe, axes, runs };
}

function namedValues(axis: string, values: readonly unknown[] | Record<string, AxisValue>) {
  if (isPlainObject(values)) return values as Record<string, AxisValue>;
  return Object.fromEntries(
    (values as unknown[]).map((value) => [String(value), { [axis]: value }]),
  );
}

function checkNames(
  at: string,
  axis: string,
  labels: readonly string[],
  axes: Sweep["axes"],
): void {
  if (!Object.hasOwn(axes, axis)) {
    throw new RangeError(`${at}: unknown axis "${axis}"${suggest(axis, Object.keys(axes))}`);
  }
  const known = Object.keys(axes[axis]);
  for (const label of labels) {
    if (known.includes(label)) continue;
    throw new RangeError(`${at}.${axis}: unknown value "${label}"${suggest(label, known)}`);
  }
}

function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return `; ${near === undefined ? "" : `nearest: ${near}; `}allowed: ${known.join(", ")}`;
}
