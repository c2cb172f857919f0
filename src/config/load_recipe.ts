import { applyOverride } from "./apply_override.ts";
import { checkUnfolded } from "./check_unfolded.ts";
import { checkoutFile } from "./checkout_folder.ts";
import { nearest } from "./nearest.ts";
import { parseRecipe } from "./parse_recipe.ts";
import { isPlainObject, type PlainObject } from "./plain_object.ts";
import type { Recipe } from "./recipe.ts";
import { formatYaml, parseYaml } from "./yaml.ts";

const folder = () => checkoutFile("./recipes/", import.meta.url);
/** A recipe is a page of text; anything much larger is the wrong file. */
const LARGEST_BYTES = 1_000_000;

/** Folders of recipes below `recipes/`; `sweeps/` holds sweeps. */
const GROUPS = ["paper"];

/**
 * Names of the recipes that come with the project, in alphabetical order. Those of a folder carry its
 * name in front: `paper/clipa-b16-i50-t16`.
 */
export function recipeNames(): string[] {
  return ["", ...GROUPS.map((group) => `${group}/`)]
    .flatMap((group) =>
      [...Deno.readDirSync(new URL(group, folder()))].map(({ name }) => group + name)
    )
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => name.slice(0, -".yaml".length))
    .sort();
}

/**
 * Loads a recipe by name or from a file, applies overrides and checks the outcome.
 *
 * @param nameOrPath a name of {@link recipeNames}, or a path that ends in `.yaml` or `.yml`.
 * @param overrides `field.path=value` each, the value as YAML writes it.
 * @returns a deeply frozen recipe with every field filled in.
 * @throws {RangeError} for an unknown name, an unknown key or a value that is not allowed.
 * @throws {TypeError} for a missing field or one of the wrong type.
 * @throws {SyntaxError} if the text or an override is not valid YAML.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadRecipe } from "./load_recipe.ts";
 *
 * const recipe = loadRecipe("quick", ["stages[0].lr=2e-3", "seed=1"]);
 * assert.deepEqual([recipe.stages[0].lr, recipe.seed], [2e-3, 1]);
 * ```
 */
export function loadRecipe(nameOrPath: string, overrides: readonly string[] = []): Recipe {
  const isPath = /\.ya?ml$/.test(nameOrPath);
  const raw = readYaml(isPath ? nameOrPath : builtIn(nameOrPath), nameOrPath);
  if (isPlainObject(raw)) { for (const override of overrides) applyText(raw, override); }
  return parseRecipe(raw, nameOrPath);
}

/** The YAML text of a checked recipe; {@link loadRecipe} reads it back as the same recipe. */
export function formatRecipe(recipe: Recipe): string {
  return formatYaml(structuredClone(recipe));
}

function builtIn(name: string): URL {
  const names = recipeNames();
  if (names.includes(name)) return new URL(`${name}.yaml`, folder());
  const near = nearest(name, names);
  throw new RangeError(
    `unknown recipe "${name}"; ${near === undefined ? "" : `nearest: ${near}; `}` +
      `allowed: ${names.join(", ")}, or a path that ends in .yaml`,
  );
}

/** The value that a YAML file holds. @throws {RangeError} when it is much too large to be a recipe. */
export function readYaml(path: string | URL, origin: string): unknown {
  const { size, isFile } = Deno.statSync(path);
  if (!isFile || size > LARGEST_BYTES) {
    throw new RangeError(
      `recipe ${origin}: seen ${
        isFile ? `${size} bytes` : "a folder"
      }; allowed: a text file of at ` +
        `most ${LARGEST_BYTES} bytes`,
    );
  }
  return withOrigin(
    `recipe ${origin}`,
    () => checkUnfolded(parseYaml(Deno.readTextFileSync(path))),
  );
}

function applyText(raw: PlainObject, override: string): void {
  const cut = override.indexOf("=");
  if (cut < 1) {
    throw new RangeError(`--set ${override}: seen no "="; write for example --set seed=1`);
  }
  const [path, text] = [override.slice(0, cut).trim(), override.slice(cut + 1)];
  applyOverride(raw, path, withOrigin(`--set ${path}`, () => checkUnfolded(parseYaml(text))));
}

function withOrigin<T>(origin: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyntaxError(`${origin}: not valid YAML: ${reason}`, { cause });
  }
}
