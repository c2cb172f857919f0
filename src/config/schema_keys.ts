import type { z } from "zod";

/** The parts of a zod definition that are needed to walk a schema. */
interface Definition {
  shape?: Record<string, z.ZodType>;
  element?: z.ZodType;
  innerType?: z.ZodType;
  options?: z.ZodType[];
}

/**
 * Every field of a schema as a path of keys, outermost first; the elements of a list share the key
 * `"0"`.
 */
export function schemaKeys(schema: z.ZodType, prefix: readonly string[] = []): string[][] {
  const { shape, element, innerType, options } = schema.def as Definition;
  if (shape !== undefined) {
    return Object.entries(shape).flatMap(([key, field]) => {
      const path = [...prefix, key];
      return [path, ...schemaKeys(field, path)];
    });
  }
  if (element instanceof Object) return schemaKeys(element, [...prefix, "0"]);
  if (innerType !== undefined) return schemaKeys(innerType, prefix);
  return (options ?? []).flatMap((option) => schemaKeys(option, prefix));
}
