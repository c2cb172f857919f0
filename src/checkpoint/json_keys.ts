/**
 * Refuses JSON that names a key twice in one object, which `JSON.parse` lets pass with the last value,
 * or that is nested deeper than `depth`. Whether the rest is JSON is left to `JSON.parse`.
 *
 * @throws {SyntaxError} naming the key or the depth.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkJsonKeys } from "./json_keys.ts";
 *
 * checkJsonKeys('{"a": {"b": 1}, "b": 2}', 2);
 * assert.throws(() => checkJsonKeys('{"a": 1, "a": 2}', 2), /"a" stands twice/);
 * ```
 */
export function checkJsonKeys(text: string, depth: number): void {
  /** Keys of each open object; null for an array. */
  const open: (Set<string> | null)[] = [];
  const strings = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]/gs;
  for (let found = strings.exec(text); found !== null; found = strings.exec(text)) {
    const [token] = found;
    if (token === "{" || token === "[") {
      if (open.length === depth) {
        throw new SyntaxError(`nested deeper than ${depth} levels, allowed: ${depth}`);
      }
      open.push(token === "{" ? new Set() : null);
    } else if (token === "}" || token === "]") {
      open.pop();
    } else if (open.at(-1) && /^\s*:/.test(text.slice(strings.lastIndex, strings.lastIndex + 64))) {
      const key = JSON.parse(token);
      if (open.at(-1)!.has(key)) throw new SyntaxError(`${token} stands twice`);
      open.at(-1)!.add(key);
    }
  }
}
