import { nearest } from "../../config/nearest.ts";
import { canonicalText } from "./canonical_text.ts";

/** How class names become prompts. */
export interface PromptSet {
  /** Name in the results. */
  readonly name: string;
  /** With one `{}` each. */
  readonly templates: readonly string[];
  /** A class name as it goes into the templates. */
  nameOf(className: string): string;
}

/** Where the seven of the 80 prompts stand that do best by themselves, by CLIP's authors. */
const BEST_SEVEN: readonly string[] = [
  "itap of a {}.",
  "a bad photo of the {}.",
  "a origami {}.",
  "a photo of the large {}.",
  "a {} in a video game.",
  "art of the {}.",
  "a photo of the small {}.",
];

const asIs = (name: string) => name;

/** Sets by name, made from the 80 prompts of CLIP's authors. */
const SETS: Readonly<Record<string, (openai: readonly string[]) => Omit<PromptSet, "name">>> = {
  "openai-80": (openai) => ({ templates: openai, nameOf: asIs }),
  "openai-7": () => ({ templates: BEST_SEVEN, nameOf: asIs }),
  // CLIPA's JAX code: the 80 and the bare name, canonical; of a name the part before the first comma.
  "clipa-81": (openai) => ({
    templates: [...openai.map((template) => canonicalText(template, "{}")), "{}"],
    nameOf: (name) => canonicalText(name, ",").split(",")[0],
  }),
  "name-only": () => ({ templates: ["{}"], nameOf: asIs }),
};

/** Names of the sets. */
export const PROMPT_SETS: readonly string[] = Object.keys(SETS);

/** Sets that need the 80 prompts. */
const FROM_OPENAI = ["openai-80", "clipa-81"];

/**
 * A set of prompts by name.
 *
 * @param openai Gives the 80 prompts of CLIP's authors; asked only where the set needs them.
 * @throws {RangeError} for a name that is no set; lists them.
 */
export function promptSet(name: string, openai: () => readonly string[]): PromptSet {
  if (!Object.hasOwn(SETS, name)) {
    const guess = nearest(name, PROMPT_SETS);
    throw new RangeError(
      `templates: seen "${name}"${guess ? ` (${guess}?)` : ""}; allowed: ${
        PROMPT_SETS.join(", ")
      }, ` +
        "or a file: a JSON list of prompts, or a .txt with one on each line",
    );
  }
  return { name, ...SETS[name](FROM_OPENAI.includes(name) ? openai() : []) };
}

/**
 * All prompts of a class, the name put in as it is written: unlike in the project's own prompts no
 * article is mended, since published numbers are measured with "a photo of a apple".
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { promptSet, promptsOf } from "./prompt_set.ts";
 *
 * assert.equal(promptsOf(promptSet("openai-7", () => []), "apple")[0], "itap of a apple.");
 * ```
 */
export function promptsOf({ templates, nameOf }: PromptSet, className: string): string[] {
  const name = nameOf(className);
  return templates.map((template) => template.split("{}").join(name));
}
