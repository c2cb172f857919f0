import { readClassNames, readTemplates } from "../read_text_list.ts";
import type { PromptSet } from "./prompt_set.ts";

/**
 * Class names of a file, in index order: a JSON list, or one on each line of a `.txt`. Names may stand
 * twice in the latter, as two of ImageNet do.
 *
 * @throws {SyntaxError} for another form; says where.
 */
export function readClassList(path: string): string[] {
  return path.endsWith(".txt") ? readLines(path, "class names") : readClassNames(path);
}

/**
 * Prompts of a file with one place for the name each: a JSON list with `{}`, or one on each line of a
 * `.txt` with `{}` or CLIP_benchmark's `{c}`.
 *
 * @throws {SyntaxError} for another form; {RangeError} for a prompt without one place.
 */
export function readPromptFile(path: string): PromptSet {
  if (!path.endsWith(".txt")) return ownPrompts(path, readTemplates(path));
  return ownPrompts(path, readLines(path, "prompts"));
}

/** Prompts of one's own as a set. @throws {RangeError} for one without one place for the name. */
export function ownPrompts(name: string, prompts: readonly string[]): PromptSet {
  const templates = prompts.map((prompt, i) => {
    const template = prompt.replaceAll("{c}", "{}");
    if (template.split("{}").length === 2) return template;
    throw new RangeError(
      `${name}: prompt ${i + 1}, ${JSON.stringify(prompt.slice(0, 80))}, has ${
        template.split("{}").length - 1
      } places for the name; allowed: exactly one, {} or {c}`,
    );
  });
  return { name, templates, nameOf: (className) => className };
}

function readLines(path: string, what: string): string[] {
  const lines = Deno.readTextFileSync(path).split(/\r?\n/).map((line) => line.trim());
  while (lines.at(-1) === "") lines.pop();
  const empty = lines.indexOf("");
  if (lines.length > 0 && empty < 0) return lines;
  throw new SyntaxError(
    `${path}: line ${Math.max(empty, 0) + 1} is empty; allowed: ${what}, one on each line`,
  );
}
