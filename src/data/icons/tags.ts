import type { IconRow } from "./icon_rows.ts";

/** A word that goes with a phrase, and who says so. */
export interface Tag {
  text: string;
  /** `own`: the icon's own set; `shared`: other sets, about an icon of the same name. */
  from: "own" | "shared";
}

const MOST_TAGS = 6;

/**
 * Tags of icons: first the other names and the categories that the icon's own set gives it, then
 * what at least two training sets say about icons of the same phrase, the most agreed first.
 * Shared tags are a weak label, so they are marked.
 */
export function createTagger(rows: readonly IconRow[]): (row: IconRow) => Tag[] {
  const votes = new Map<string, Map<string, Set<string>>>();
  for (const row of rows) {
    if (row.split !== "train") continue;
    for (const tag of [...row.aliases, ...row.categories]) {
      let tags = votes.get(row.phrase);
      if (!tags) votes.set(row.phrase, tags = new Map());
      let sets = tags.get(tag);
      if (!sets) tags.set(tag, sets = new Set());
      sets.add(row.set.id);
    }
  }
  const shared = new Map<string, string[]>();
  for (const [phrase, tags] of votes) {
    const agreed = [...tags].filter(([, sets]) => sets.size >= 2);
    agreed.sort((a, b) => b[1].size - a[1].size || (a[0] < b[0] ? -1 : 1));
    if (agreed.length > 0) shared.set(phrase, agreed.slice(0, MOST_TAGS).map(([tag]) => tag));
  }
  return (row) => {
    const own = [...row.aliases, ...row.categories];
    const others = (shared.get(row.phrase) ?? []).filter((tag) => !own.includes(tag));
    return [
      ...own.map((text): Tag => ({ text, from: "own" })),
      ...others.map((text): Tag => ({ text, from: "shared" })),
    ].filter((tag) => tag.text !== row.phrase).slice(0, MOST_TAGS);
  };
}
