/**
 * Prompts for icons and emoji, written for this project. They are short, since with 8 text tokens at
 * most seven are left for prompt and name, and near the captions that the data set holds.
 */
export const ICON_TEMPLATES: readonly string[] = Object.freeze([
  "{}",
  "icon of {}",
  "an icon of a {}",
  "a {} icon",
  "monochrome icon of {}",
  "colour icon of {}",
  "outline icon of {}",
  "emoji of {}",
  "a drawing of a {}",
  "a pictogram of a {}",
  "a simple sign for {}",
  "a black and white {}",
]);
