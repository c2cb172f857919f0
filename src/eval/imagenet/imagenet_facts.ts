/** Benchmarks that have a part of ImageNet's classes. */
export type ImagenetPart = "imagenet-a" | "imagenet-r" | "imagenet-o";

/** What an evaluation on ImageNet and its variants needs to know besides the pictures. */
export interface ImagenetFacts {
  /** [1000] WordNet ids in the order of the labels. */
  readonly wnids: readonly string[];
  /** [1000] Names as CLIP's authors chose them; two pairs of classes share theirs. */
  readonly classes: readonly string[];
  /** [80] Prompts of CLIP's authors, with one `{}` each. */
  readonly templates: readonly string[];
  /** Labels of the parts, rising. */
  readonly parts: Readonly<Record<ImagenetPart, readonly number[]>>;
}

/**
 * Checks that an object holds such facts.
 *
 * @param where What is named in the error.
 * @throws {SyntaxError} for another number of entries, or entries of another form.
 */
export function checkImagenetFacts(value: unknown, where: string): ImagenetFacts {
  const facts = value as ImagenetFacts;
  const lists: [string, unknown, number, RegExp][] = [
    ["wnids", facts?.wnids, 1000, /^n\d{8}$/],
    ["classes", facts?.classes, 1000, /\S/],
    ["templates", facts?.templates, 80, /^[^{}]*\{\}[^{}]*$/],
  ];
  for (const [name, list, length, form] of lists) {
    const good = Array.isArray(list) && list.length === length &&
      list.every((text) => typeof text === "string" && form.test(text));
    if (!good) throw wrong(`${where}: ${name}`, list, `${length} texts of the form ${form}`);
  }
  for (const part of ["imagenet-a", "imagenet-r", "imagenet-o"] as const) {
    const list: unknown = facts.parts?.[part];
    const good = Array.isArray(list) && list.length === 200 &&
      list.every((label, i) => label >= 0 && label < 1000 && (i === 0 || label > list[i - 1]));
    if (!good) throw wrong(`${where}: ${part}`, list, "200 rising labels from 0 to 999");
  }
  return facts;
}

function wrong(what: string, seen: unknown, allowed: string): SyntaxError {
  const count = Array.isArray(seen) ? `${seen.length} entries` : typeof seen;
  return new SyntaxError(`${what}: seen ${count}; allowed: ${allowed}`);
}
