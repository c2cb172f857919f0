/** A value as YAML gives it: named fields, nothing else known. */
export type PlainObject = Record<string, unknown>;

/** Whether a value has named fields (and is no array). */
export function isPlainObject(value: unknown): value is PlainObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Lays `top` over `base`: objects are merged field by field, everything else is replaced. Neither
 * argument is changed.
 */
export function mergeDeep(base: unknown, top: unknown): unknown {
  if (top === undefined) return base;
  if (!isPlainObject(base) || !isPlainObject(top)) return top;
  const merged: PlainObject = { ...base };
  for (const [key, value] of Object.entries(top)) merged[key] = mergeDeep(merged[key], value);
  return merged;
}

/** Freezes a value and everything that it holds. */
export function freezeDeep<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freezeDeep);
    Object.freeze(value);
  }
  return value;
}
