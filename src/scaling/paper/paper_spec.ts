import { FLAVOURS } from "../../config/flavours.ts";
import type { ModelSpec } from "../../config/model_spec.ts";
import { PRESETS } from "../../config/presets.ts";

/**
 * A model of the papers by its preset, with the values of a code base.
 *
 * @throws {RangeError} for a name that is not in the table of presets.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { paperSpec } from "./paper_spec.ts";
 *
 * assert.equal(paperSpec("H/14").image.width, 1280);
 * ```
 */
export function paperSpec(preset: string, flavour: keyof typeof FLAVOURS = "jax"): ModelSpec {
  if (!Object.hasOwn(PRESETS, preset)) {
    throw new RangeError(`preset "${preset}"; allowed: ${Object.keys(PRESETS).join(", ")}`);
  }
  const { image, text, embed } = PRESETS[preset];
  const rest = FLAVOURS[flavour];
  return {
    ...rest,
    preset,
    flavour,
    embed,
    image: { ...rest.image, ...image },
    text: { ...rest.text, ...text },
  };
}
