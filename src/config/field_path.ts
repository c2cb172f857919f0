/** Writes a path the way people read it: `stages[0].image.size`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

/** Reads `stages[0].lr` or `stages.0.lr` into its keys. */
export function parsePath(text: string): string[] {
  return text.replace(/\[(\d+)\]/g, ".$1").split(".");
}
