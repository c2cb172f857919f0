import { checkoutFile } from "./checkout_folder.ts";
import { readYaml } from "./load_recipe.ts";
import { nearest } from "./nearest.ts";
import { parseSweep, type Sweep } from "./sweep.ts";

const folder = () => checkoutFile("./recipes/sweeps/", import.meta.url);

/** Names of the sweeps that come with the project, in alphabetical order. */
export function sweepNames(): string[] {
  return [...Deno.readDirSync(folder())]
    .filter(({ name }) => name.endsWith(".yaml"))
    .map(({ name }) => name.slice(0, -".yaml".length))
    .sort();
}

/**
 * Loads a sweep by name or from a file.
 *
 * @param nameOrPath A name of {@link sweepNames}, or a path that ends in `.yaml` or `.yml`.
 * @throws {RangeError} for an unknown name or a value that is not allowed; {SyntaxError} when the text is
 * not valid YAML.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadSweep } from "./load_sweep.ts";
 *
 * assert.equal(loadSweep("law").name, "law");
 * ```
 */
export function loadSweep(nameOrPath: string): Sweep {
  if (/\.ya?ml$/.test(nameOrPath)) return parseSweep(readYaml(nameOrPath, nameOrPath), nameOrPath);
  const names = sweepNames();
  if (!names.includes(nameOrPath)) {
    const near = nearest(nameOrPath, names);
    throw new RangeError(
      `unknown sweep "${nameOrPath}"; ${near === undefined ? "" : `nearest: ${near}; `}` +
        `allowed: ${names.join(", ")}, or a path that ends in .yaml`,
    );
  }
  return parseSweep(readYaml(new URL(`${nameOrPath}.yaml`, folder()), nameOrPath), nameOrPath);
}
