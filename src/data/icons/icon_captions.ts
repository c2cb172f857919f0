import type { Caption } from "../records/records.ts";
import { chooseSense } from "./choose_sense.ts";
import type { IconRow } from "./icon_rows.ts";
import type { Tag } from "./tags.ts";
import type { WordNet } from "./wordnet.ts";

/** A caption that says where it comes from. */
export interface IconCaption extends Caption {
  level: 1 | 2 | 3 | 4 | 5;
  /**
   * Level 1 `name`, 2 `metadata`, 3 `own` or `shared` (or both) plus `wordnet`, 4 the WordNet
   * meaning as `wordnet:<synset>#<rank>`, 5 the sources of its parts.
   */
  provenance: string;
}

/** What the captions of a data set need. */
export interface CaptionSources {
  wordnet: WordNet;
  tagsOf: (row: IconRow) => Tag[];
  /** Whether a text has a word that training must never see. */
  saysHeldOut: (text: string) => boolean;
}

/**
 * Captions of an icon, level ascending:
 * 1. its name, the real alternative text: "umbrella";
 * 2. what its set says about it, in a sentence: "filled monochrome icon of umbrella, from …";
 * 3. name and tags: "umbrella, rain, weather";
 * 4. name and dictionary definition, where the name's first meaning is a concrete thing;
 * 5. level 2, definition and tags.
 *
 * Levels 4 and 5 describe the concept, not this picture. In training and validation rows nothing
 * says a held-out word: a category, tag or definition that does is dropped.
 */
export function createCaptioner(sources: CaptionSources): (row: IconRow) => IconCaption[] {
  const { wordnet, tagsOf, saysHeldOut } = sources;
  return (row) => {
    const mayNotSay = row.split === "test" ? () => false : saysHeldOut;
    const tags = tagsOf(row).filter((tag) => !mayNotSay(tag.text));
    const sense = chooseSense(wordnet, row.phrase, tags.map((tag) => tag.text));
    const gloss = sense && !mayNotSay(sense.gloss) ? sense.gloss : undefined;
    const category = row.categories.find((text) => !mayNotSay(text));
    const synonyms = (gloss === undefined ? [] : sense!.lemmas)
      .filter((text) => /^[a-z][a-z -]*$/.test(text) && !mayNotSay(text) && isNew(text, row, tags));

    const sentence = describe(row, category);
    const words = [...tags.map((tag) => tag.text), ...synonyms.slice(0, 2)];
    const captions: IconCaption[] = [
      { level: 1, text: row.phrase, provenance: "name" },
      { level: 2, text: sentence, provenance: "metadata" },
    ];
    const from: string[] = [...new Set(tags.map((tag) => tag.from))];
    if (synonyms.length > 0) from.push("wordnet");
    const listed = from.join("+");
    if (words.length > 0) {
      captions.push({ level: 3, text: [row.phrase, ...words].join(", "), provenance: listed });
    }
    if (gloss !== undefined) {
      const provenance = `wordnet:${sense!.synset}#${sense!.rank}`;
      captions.push({ level: 4, text: `${row.phrase}, ${gloss}`, provenance });
      if (words.length > 0) {
        const text = `${sentence}: ${gloss}; ${words.join(", ")}`;
        captions.push({ level: 5, text, provenance: `metadata+${provenance}+${listed}` });
      }
    }
    return captions.filter((caption) => !mayNotSay(caption.text));
  };
}

function describe(row: IconRow, category: string | undefined): string {
  const palette = row.colour ? "colour" : "monochrome";
  const thing = row.set.kind === "Emoji" ? "emoji" : "icon";
  const named = category && !row.phrase.includes(category)
    ? `${row.phrase}, ${category}`
    : row.phrase;
  return [...row.style, palette, thing].join(" ") + ` of ${named}, from ${row.set.title}`;
}

function isNew(text: string, row: IconRow, tags: readonly Tag[]): boolean {
  return text !== row.phrase && !tags.some((tag) => tag.text === text);
}
