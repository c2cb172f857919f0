/**
 * Stand-in of `@std/yaml` for machines that cannot reach JSR. The offline configuration links it in
 * place of the real package (see `src/cli/setup/offline_config.ts`), so it offers just the two
 * functions that this project calls, with the same names and the same error class.
 *
 * @module
 */
import yaml from "js-yaml";

/**
 * Reads one YAML document.
 *
 * @param content YAML text.
 * @returns the value that the document describes; `null` for an empty document.
 * @throws {SyntaxError} if the text is not valid YAML.
 */
export function parse(content: string): unknown {
  try {
    return yaml.load(content) ?? null;
  } catch (cause) {
    if (cause instanceof Error && cause.name === "YAMLException") {
      throw new SyntaxError(cause.message, { cause });
    }
    throw cause;
  }
}

/**
 * Writes a value as one YAML document.
 *
 * @param data a value of plain objects, arrays, strings, numbers, booleans and null.
 * @returns YAML text that ends with a line feed.
 * @throws {TypeError} if the value holds something that YAML cannot say (a function, for example).
 */
export function stringify(data: unknown): string {
  try {
    return yaml.dump(data, { noRefs: true });
  } catch (cause) {
    if (cause instanceof Error && cause.name === "YAMLException") {
      throw new TypeError(cause.message, { cause });
    }
    throw cause;
  }
}
