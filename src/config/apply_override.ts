import { parsePath } from "./field_path.ts";
import { isPlainObject, type PlainObject } from "./plain_object.ts";

/** Keys that would reach into JavaScript's own objects. */
const FORBIDDEN = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Sets one field of a recipe that has not been checked yet. Missing objects on the way are made; an
 * element of a list is named by its index, a stage also by its name.
 *
 * @param raw the recipe; it is changed.
 * @param path for example `stages[0].lr`, `stages.pretrain.lr` or `model.image.patch`.
 * @throws {RangeError} if the path leads through something that has no fields.
 */
export function applyOverride(raw: PlainObject, path: string, value: unknown): void {
  const keys = parsePath(path);
  if (keys.some((key) => key === "" || FORBIDDEN.has(key))) {
    throw new RangeError(
      `--set ${path}: not a field path; write for example --set stages[0].lr=1e-3`,
    );
  }
  let holder: PlainObject | unknown[] = raw;
  for (const key of keys.slice(0, -1)) {
    const next = child(holder, key, path);
    if (next === undefined) {
      const made: PlainObject = {};
      (holder as PlainObject)[key] = made;
      holder = made;
    } else if (isPlainObject(next) || Array.isArray(next)) {
      holder = next;
    } else {
      throw new RangeError(
        `--set ${path}: ${key} holds ${JSON.stringify(next)}, which has no fields; ` +
          `set ${key} itself`,
      );
    }
  }
  const last = keys.at(-1) as string;
  if (Array.isArray(holder)) holder[indexIn(holder, last, path)] = value;
  else holder[last] = value;
}

function child(holder: PlainObject | unknown[], key: string, path: string): unknown {
  return Array.isArray(holder) ? holder[indexIn(holder, key, path)] : holder[key] ?? undefined;
}

function indexIn(list: unknown[], key: string, path: string): number {
  const index = /^\d+$/.test(key)
    ? Number(key)
    : list.findIndex((element) => isPlainObject(element) && element.name === key);
  if (index >= 0 && index < list.length) return index;
  const names = list.flatMap((element) => isPlainObject(element) ? [String(element.name)] : []);
  throw new RangeError(
    `--set ${path}: no element "${key}"; allowed: 0 to ${list.length - 1}` +
      (names.length > 0 ? ` or ${names.join(", ")}` : ""),
  );
}
