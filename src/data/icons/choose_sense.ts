import { isConcrete, type Sense, type WordNet } from "./wordnet.ts";

const STOP = new Set(
  ("a an the of or and in on for to with by from as is are that which used usually having it its at into be " +
    "any one two not such made who large small").split(" "),
);

/**
 * Meaning of a phrase in a picture, or `undefined`.
 *
 * Strict rule: the most frequent meaning must be a concrete thing; a "drop" or a "change" is not.
 * Among the concrete meanings the one whose definition and synonyms share most words with the tags
 * is taken (Lesk), when it shares at least two and more than the first.
 */
export function chooseSense(
  wordnet: WordNet,
  phrase: string,
  tags: readonly string[],
): Sense | undefined {
  const senses = wordnet.senses(phrase);
  if (senses.length === 0 || !isConcrete(senses[0])) return undefined;
  if (senses.length === 1 || tags.length === 0) return senses[0];
  const hints = contentWords(tags.join(" "));
  for (const word of contentWords(phrase)) hints.delete(word);
  let best = senses[0], most = Math.max(1, overlap(senses[0], hints));
  for (const sense of senses.slice(1)) {
    const shared = isConcrete(sense) ? overlap(sense, hints) : 0;
    if (shared > most) [best, most] = [sense, shared];
  }
  return best;
}

function overlap(sense: Sense, hints: ReadonlySet<string>): number {
  let shared = 0;
  for (const word of contentWords(`${sense.gloss} ${sense.lemmas.join(" ")}`)) {
    if (hints.has(word)) shared++;
  }
  return shared;
}

function contentWords(text: string): Set<string> {
  const words = text.toLowerCase().match(/[a-z]{3,}/g) ?? [];
  return new Set(words.filter((word) => !STOP.has(word)).map((word) => word.replace(/s$/, "")));
}
