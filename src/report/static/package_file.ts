import { createRequire } from "node:module";

/**
 * Reads a file of an installed npm package.
 *
 * @throws {Error} when the package is not installed; the message has the command that installs it.
 */
export function packageFile(name: string, file: string): Uint8Array {
  let path: string;
  try {
    path = createRequire(import.meta.url).resolve(`${name}/${file}`);
  } catch (cause) {
    throw new Error(`npm package ${name} is not installed; figures need it; run "deno install"`, {
      cause,
    });
  }
  return Deno.readFileSync(path);
}
