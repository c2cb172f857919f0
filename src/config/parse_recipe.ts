import { checkPresetName, checkRecipe } from "./check_recipe.ts";
import { describeIssues } from "./describe_issues.ts";
import { fillRecipe } from "./fill_recipe.ts";
import { freezeDeep, isPlainObject } from "./plain_object.ts";
import type { Recipe } from "./recipe.ts";
import { recipeSchema } from "./recipe_schema.ts";

/**
 * Checks a recipe given as plain data and fills in what it leaves out.
 *
 * @param raw the recipe as YAML or JSON describe it.
 * @param origin where it came from, for messages: a file name, for example.
 * @returns a deeply frozen recipe.
 * @throws {TypeError} if fields have the wrong type or are missing.
 * @throws {RangeError} if a key is unknown or a value is not allowed; every problem has its line.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseRecipe } from "./parse_recipe.ts";
 *
 * const recipe = parseRecipe({
 *   name: "tiny",
 *   data: { set: "icons-v1" },
 *   model: { preset: "laptop-w48" },
 *   stages: [{
 *     name: "only",
 *     samples: 1000,
 *     batch: 100,
 *     image: { size: 32 },
 *     text: { tokens: 8 },
 *     lr: 1e-3,
 *     warmup: { share: 0.1 },
 *   }],
 * }, "example");
 * assert.equal(recipe.stages[0].image.tokens, 16); // (32 / 8) squared
 * ```
 */
export function parseRecipe(raw: unknown, origin: string): Recipe {
  if (!isPlainObject(raw)) {
    throw new TypeError(
      `recipe ${origin}: seen no named fields; allowed: name, data, model, stages and more; ` +
        "start from a recipe in src/config/recipes/",
    );
  }
  const filled = fillRecipe(raw);
  const preset = isPlainObject(filled.model) ? checkPresetName(filled.model.preset) : undefined;
  if (preset !== undefined) throw new RangeError(`recipe ${origin}: ${preset}`);
  const result = recipeSchema.safeParse(filled);
  if (!result.success) {
    const { issues } = result.error;
    const message = listProblems(origin, describeIssues(recipeSchema, issues, filled));
    const shapes = issues.every((issue) => issue.code === "invalid_type");
    throw shapes ? new TypeError(message) : new RangeError(message);
  }
  const recipe: Recipe = freezeDeep(result.data);
  const problems = checkRecipe(recipe);
  if (problems.length > 0) throw new RangeError(listProblems(origin, problems));
  return recipe;
}

function listProblems(origin: string, problems: readonly string[]): string {
  return problems.length === 1
    ? `recipe ${origin}: ${problems[0]}`
    : `recipe ${origin} has ${problems.length} problems:\n` +
      problems.map((problem) => `  ${problem}`).join("\n");
}
