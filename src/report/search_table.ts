import type { SearchAnswer } from "../run/search/icon_search.ts";

/** Control characters and direction marks, which could rewrite what a terminal shows. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const LONGEST = 40;

/** An answer as a table of text: rank, score, name, family and key. */
export function searchTable({ hits }: Pick<SearchAnswer, "hits">): string {
  const rows = hits.map(({ rank, score, name, family, key }) => [
    String(rank),
    score.toFixed(4),
    cell(name),
    ...(family === null ? [] : [cell(family), cell(key ?? "")]),
  ]);
  const heads = ["rank", "score", "name", "family", "key"].slice(0, rows[0]?.length ?? 3);
  const table = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...table.map((row) => row[column].length)));
  // Numbers stand right, words left; the last column ends where it ends.
  return table.map((row) =>
    row.map((text, column) =>
      column < 2 ? text.padStart(widths[column]) : text.padEnd(widths[column])
    ).join("  ").trimEnd()
  ).join("\n");
}

function cell(text: string): string {
  const plain = text.replace(UNSEEN, "�");
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST - 1)}…` : plain;
}
