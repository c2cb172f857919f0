import { z } from "zod";
import { nearest } from "../../config/nearest.ts";
import type { ModelFields } from "./model_of_weights.ts";

const heads = z.coerce.number().int().min(1);
const factor = z.coerce.number().positive();

/** Fields that may be set by hand, by their path. */
const FIELDS = {
  "image.pool": z.enum(["cls", "mean", "mean-with-cls"]),
  "image.normBeforePool": z.literal("true").transform(() => true as const),
  "image.position": z.enum(["sincos2d", "sincos2d-mae", "learned"]),
  "image.filter": z.enum(["bilinear", "bicubic"]),
  "image.pixels": z.enum(["imagenet", "openai"]),
  "image.heads": heads,
  "text.pool": z.enum(["last", "eot"]),
  "text.causal": z.enum(["true", "false"]).transform((text) => text === "true"),
  "text.heads": heads,
  gelu: z.enum(["tanh", "erf", "quick"]),
  layerNormEps: factor,
  normEps: factor,
} as const;

/**
 * Fields of a model from text, by their path.
 *
 * @throws {RangeError} for an unknown field, which names the nearest, or a value that is not allowed.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseFields } from "./parse_fields.ts";
 *
 * assert.deepEqual(parseFields({ "image.pool": "cls", gelu: "erf" }), {
 *   image: { pool: "cls" },
 *   gelu: "erf",
 * });
 * ```
 */
export function parseFields(given: Readonly<Record<string, string>>): ModelFields {
  const fields: Record<string, unknown> = {};
  for (const [path, text] of Object.entries(given)) {
    if (!Object.hasOwn(FIELDS, path)) {
      const names = Object.keys(FIELDS);
      const near = nearest(path, names);
      throw new RangeError(
        `${path}: no such field; ${near ? `nearest: ${near}; ` : ""}allowed: ${names.join(", ")}`,
      );
    }
    const { success, data, error } = FIELDS[path as keyof typeof FIELDS].safeParse(text);
    if (!success) {
      throw new RangeError(`${path}: seen "${text}"; ${error.issues[0].message}`);
    }
    const [outer, inner] = path.split(".");
    if (inner === undefined) fields[outer] = data;
    else fields[outer] = { ...fields[outer] as object | undefined, [inner]: data };
  }
  return fields;
}
