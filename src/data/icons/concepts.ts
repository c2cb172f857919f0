import { HELD_OUT } from "./held_out.ts";
import type { IconRow } from "./icon_rows.ts";
import { isConcrete, type WordNet } from "./wordnet.ts";

/** Class names of the zero-shot benchmarks. */
export interface Concepts {
  /** 592 names, alphabetical: classes of `icons-592`, `val-592`, `emoji-vendor` and the shift suite. */
  classes: string[];
  /** Names of `unseen-60`: concepts no training text says. */
  unseen: string[];
}

const CLASSES = 592;
const TEST = new Set(HELD_OUT.test["icons-592"]);

/**
 * Words whose picture in an icon set is a control or a brand, not the thing in the dictionary, and
 * signs of the zodiac, which the dictionary knows as persons.
 */
const NOT_CONCEPTS = new Set(
  (`filter crop terminal server servers forward dashboard export cursor import backspace hash
  switch duplicate exit spinner loading loader loop equal equals more mute compress back down
  block browser feed marker variable widget reset clone shrink stripe sketch threads layer
  layers archive user users monitor screen window button bars equalizer slider sliders
  container frame stream station controller remote card blocks doc bot star stars chip
  stickers copilot finder ios ipod lego spam launch colors framer bootstrap combine binary
  gateway diagram grab device console counter vip face wall gps celsius fahrenheit dvd
  delivery bookmarks pocket joker female male hook picture shop android amazon mastodon docker
  yahoo blogger messenger python git steam safari opera tape pin tool ophiuchus aries taurus
  gemini cancer leo virgo libra scorpio sagittarius capricorn aquarius pisces mars venus
  neutral upgrade hole dry customer atlas swatch dodo web outlet`)
    .split(/\s+/),
);

/** Second names of a drawing that another class has: gear, light bulb, phone, bin … */
const SECOND_NAMES = new Set([
  ...[
    "cog",
    "bulb",
    "cellphone",
    "mobile",
    "mobile phone",
    "telephone",
    "refrigerator",
    "motorbike",
  ],
  ...["wastebasket", "trash can", "cassette tape", "chocolate bar", "sprout", "sneaker", "world"],
  ...["dropper", "tire", "cart", "trolley", "light bulb", "headphone", "wine bottle", "coffee cup"],
]);

/**
 * Choose the classes by rule: phrases whose first WordNet meaning is a concrete thing, one phrase
 * for each meaning, none of the words above, that are drawn by at least two training families and one family of `icons-592`; of
 * these the 592 drawn by most families, then in alphabetical order. The unseen concepts are fixed in
 * `held_out.json`.
 *
 * The rule runs over all rows, so that a slice of the data set has the same classes.
 */
export function chooseConcepts(rows: readonly IconRow[], wordnet: WordNet): Concepts {
  const unseen = [...HELD_OUT.unseenWords].sort();
  const taken = new Set(unseen);
  const classes = rankConcepts(rows, wordnet).filter((phrase) => !taken.has(phrase));
  return { classes: classes.slice(0, CLASSES).sort(), unseen };
}

/** All phrases that may be a class, the one drawn by most families first. */
export function rankConcepts(rows: readonly IconRow[], wordnet: WordNet): string[] {
  const drawn = new Map<string, { all: Set<string>; train: Set<string>; test: Set<string> }>();
  for (const { phrase, family, split } of rows) {
    let by = drawn.get(phrase);
    if (!by) drawn.set(phrase, by = { all: new Set(), train: new Set(), test: new Set() });
    by.all.add(family);
    if (split === "train") by.train.add(family);
    else if (TEST.has(family)) by.test.add(family);
  }
  const ranked = [...drawn].filter(([phrase, by]) =>
    by.train.size >= 2 && by.test.size >= 1 && !NOT_CONCEPTS.has(phrase) &&
    !SECOND_NAMES.has(phrase)
  );
  ranked.sort((a, b) => b[1].all.size - a[1].all.size || (a[0] < b[0] ? -1 : 1));
  const meanings = new Set<number>();
  return ranked.map(([phrase]) => phrase).filter((phrase) => {
    const [sense] = wordnet.senses(phrase);
    if (!sense || !isConcrete(sense) || meanings.has(sense.synset)) return false;
    meanings.add(sense.synset);
    return true;
  });
}
