/**
 * The fields in which two objects of plain JSON differ, as `path: seen A, here B`, the first few.
 *
 * ```ts
 * describeDifference({ a: { b: 1 } }, { a: { b: 2 } }); // ["a.b: seen 1, here 2"]
 * ```
 */
export function describeDifference(seen: unknown, here: unknown, at = ""): string[] {
  if (isObject(seen) && isObject(here)) {
    const keys = [...new Set([...Object.keys(seen), ...Object.keys(here)])];
    return keys.flatMap((key) =>
      describeDifference(seen[key], here[key], at === "" ? key : `${at}.${key}`)
    ).slice(0, 4);
  }
  const [a, b] = [seen, here].map((value) => JSON.stringify(value) ?? "nothing");
  return a === b ? [] : [`${at}: seen ${a}, here ${b}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
