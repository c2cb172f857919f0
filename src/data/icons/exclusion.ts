import type { IconSetInfo } from "./icon_sets.ts";

const BRANDS = /^(fa6?-brands|academicons)$/;
const FLAGS = /^(circle-flags|flag|flagpack|cif)$/;
const MOVING = /^svg-spinners$/;

/**
 * Why a set is left out of the icon data set, or `undefined` when it is kept. Left out: trademarks
 * and file types, whose names are not words; flags; licences that bind what is built from a
 * picture (GPL) or forbid commercial use; spinners, which are nothing without their movement.
 */
export function excludedBecause(set: IconSetInfo): string | undefined {
  if (set.kind === "Logos" || BRANDS.test(set.id)) return "logo or brand set";
  if (set.kind === "Programming") return "programming set";
  if (FLAGS.test(set.id)) return "flag set";
  if (MOVING.test(set.id)) return "animation set";
  if (/GPL/i.test(set.license)) return "GPL licence";
  if (/-NC/i.test(set.license)) return "non-commercial licence";
  return undefined;
}

/** Whether a single icon of a kept set is a flag by the set's own category. */
export function isFlag(categories: readonly string[]): boolean {
  return categories.some((category) => /^flags$/i.test(category));
}
