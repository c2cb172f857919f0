/**
 * Sets by one designer, or copied from one another, form a family. Splits are made by family, since
 * the near-copies inside one would otherwise stand in training and test at once. Merged by hand on
 * top of measured near-copy rates between sets. A set that no line names is a family of its own.
 */
const MERGED: readonly (readonly [family: string, members: RegExp])[] = [
  ["fluent-emoji", /^fluent-emoji(-|$)/],
  ["fluent", /^fluent(-|$)/],
  ["noto", /^noto(-|$)/],
  ["emojione", /^emojione(-|$)/],
  ["streamline", /^(streamline(-.*)?|guidance|covid)$/],
  ["fa", /^(fa(\d)?(-.*)?|fontisto)$/],
  ["icon-park", /^icon-park(-|$)/],
  ["material", /^(material-symbols(-light)?|ic|mdi(-light)?|zmdi)$/],
  ["heroicons", /^(heroicons(-.*)?|sidekickicons)$/],
  ["unicons", /^ui[lmst]$/],
  ["pepicons", /^pepicons(-|$)/],
  ["boxicons", /^(bxs?|boxicons)$/],
  ["feather", /^(feather|lucide(-lab)?|meteor-icons)$/],
  ["solar", /^(solar|reicon)$/],
  ["ion", /^(ion|famicons)$/],
  ["mono", /^(mi|mono-icons)$/],
  ["map", /^(map|maki|temaki|pinhead)$/],
  ["icons8", /^(la|icons8|wpf)$/],
  ["glyphs", /^glyphs(-|$)/],
  ["mynaui", /^(mynaui|vadivam)$/],
];

/**
 * Designer family of an icon set.
 *
 * @example
 * ```ts
 * import { familyOf } from "./families.ts";
 * console.log(familyOf("mdi-light"), familyOf("ph")); // material ph
 * ```
 */
export function familyOf(set: string): string {
  return MERGED.find(([, members]) => members.test(set))?.[0] ?? set;
}
