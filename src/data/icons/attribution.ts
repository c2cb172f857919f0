import type { IconRow } from "./icon_rows.ts";
import type { IconSetInfo } from "./icon_sets.ts";

/** The list of sets, authors and licences that must go with the pictures. */
export function attributionOf(rows: Iterable<IconRow>, versions: Record<string, string>): string {
  const counts = new Map<IconSetInfo, number>();
  for (const row of rows) counts.set(row.set, (counts.get(row.set) ?? 0) + 1);
  const sets = [...counts].sort(([a], [b]) => (a.id < b.id ? -1 : 1));
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
  const lines = sets.map(([set, count]) => {
    const license = set.licenseUrl
      ? `[${cell(set.license)}](${set.licenseUrl})`
      : cell(set.license);
    return `| ${set.id} | ${cell(set.title)} | ${cell(set.author)} | ${license} | ${count} |`;
  });
  const made = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
  return [
    "# Attribution",
    "",
    "Pictures and names come from the icon sets below, each under its own licence; they were drawn " +
    `at a fixed size and not changed otherwise. Definitions and synonyms come from WordNet 3.1, ` +
    `© Princeton University. Made from ${made}.`,
    "",
    "| set | title | author | licence | pictures |",
    "| --- | --- | --- | --- | ---: |",
    ...lines,
    "",
  ].join("\n");
}
