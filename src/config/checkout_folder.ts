/** The project's folder, without a trailing slash; undefined for a module that came over the network. */
export function checkoutFolder(module: string = import.meta.url): string | undefined {
  const place = new URL("../..", module);
  return place.protocol === "file:"
    ? decodeURIComponent(place.pathname).replace(/\/$/, "")
    : undefined;
}

/**
 * A file or folder of the checkout that `module` belongs to.
 *
 * @param place relative to the module.
 * @param module its `import.meta.url`.
 * @throws {Error} when the module was loaded over the network and so has no files beside it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkoutFile } from "./checkout_folder.ts";
 *
 * assert.throws(() => checkoutFile("./recipes/", "https://example.org/kit/mod.ts"), /"links"/);
 * ```
 */
export function checkoutFile(place: string, module: string): URL {
  const file = new URL(place, module);
  if (file.protocol === "file:") return file;
  throw new Error(
    `${module} was loaded over the network; recipes and the native library are files of a ` +
      `checkout; clone the project and name its folder in "links" of your deno.json`,
  );
}
