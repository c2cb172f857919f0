/**
 * The entry of a name in a table of reductions.
 *
 * @throws {RangeError} for another name; lists those in the table.
 */
export function pickStrategy<T>(
  kind: "image" | "text",
  table: Readonly<Record<string, T>>,
  name: string,
): T {
  if (Object.hasOwn(table, name)) return table[name];
  throw new RangeError(
    `${kind}.strategy: seen ${JSON.stringify(name)}; implemented: ${Object.keys(table).join(", ")}`,
  );
}
