/**
 * The only file that imports the YAML reader, so that everything else in the project can be used and
 * tested where `@std/yaml` cannot be installed.
 *
 * @module
 */
export { parse as parseYaml, stringify as formatYaml } from "@std/yaml";
