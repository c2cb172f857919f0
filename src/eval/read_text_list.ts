import { fillTemplate } from "./fill_template.ts";

/**
 * Class names of a JSON file, in index order.
 *
 * @throws {SyntaxError} when the file is no list of texts, or empty, or has a name twice.
 */
export function readClassNames(path: string): string[] {
  const names = readTextList(path, "class names");
  const seen = new Map<string, number>();
  names.forEach((name, i) => {
    const before = seen.get(name);
    if (before !== undefined) {
      throw new SyntaxError(
        `${path}: class ${i}: ${JSON.stringify(name)} is class ${before} too; allowed: each name ` +
          "once; say what tells the two apart",
      );
    }
    seen.set(name, i);
  });
  return names;
}

/**
 * Prompt templates of a JSON file.
 *
 * @throws {SyntaxError} when the file is no list of texts or empty.
 * @throws {RangeError} when a template has not exactly one `{}`.
 */
export function readTemplates(path: string): string[] {
  const templates = readTextList(path, "templates");
  for (const template of templates) {
    try {
      fillTemplate(template, "thing");
    } catch (error) {
      if (error instanceof RangeError) error.message = `${path}: ${error.message}`;
      throw error;
    }
  }
  return templates;
}

function readTextList(path: string, what: string): string[] {
  const wrong = (seen: string, cause?: unknown) =>
    new SyntaxError(
      `${path}: seen ${seen}; allowed: a JSON list of ${what}, such as ["one", "two"]`,
      { cause },
    );
  let value: unknown;
  try {
    value = JSON.parse(Deno.readTextFileSync(path));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw wrong(`no JSON (${cause.message})`, cause);
  }
  if (!Array.isArray(value)) throw wrong(value === null ? "null" : typeof value);
  if (value.length === 0) throw wrong("an empty list");
  value.forEach((text, i) => {
    if (typeof text === "string" && text.trim() !== "") return;
    throw wrong(`${String(JSON.stringify(text)).slice(0, 80)} at place ${i}`);
  });
  return value;
}
