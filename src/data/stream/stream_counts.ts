/** How many samples were read, and why some were left out. Plain JSON. */
export interface StreamCounts {
  /** Samples read from shards, those left out included. */
  readonly read: number;
  /** Left out by a filter or because they belong to no batch, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Damaged samples, by reason. */
  readonly broken: Readonly<Record<string, number>>;
  /** Pictures decoded, and of those the unreadable ones, for which others were taken. */
  readonly decoded: number;
  readonly unreadable: number;
}

/** Nothing was read yet. */
export const NO_COUNTS: StreamCounts = {
  read: 0,
  dropped: {},
  broken: {},
  decoded: 0,
  unreadable: 0,
};

/** Shares of broken samples mean little before this many. */
const ENOUGH = 1000;

/** The counts with some added to one reason. */
export function countReason(
  reasons: Readonly<Record<string, number>>,
  reason: string,
): Record<string, number> {
  return { ...reasons, [reason]: (reasons[reason] ?? 0) + 1 };
}

/** Sum of all reasons. */
export function sumReasons(reasons: Readonly<Record<string, number>>): number {
  return Object.values(reasons).reduce((sum, count) => sum + count, 0);
}

/**
 * Refuses data of which too much is broken.
 *
 * @param what Named in the error: `samples` or `pictures`.
 * @param last What was wrong with the last one, where that is known.
 * @throws {SyntaxError} when more than `maxShare` of enough samples are broken.
 */
export function checkBroken(
  what: string,
  broken: number,
  seen: number,
  maxShare: number,
  last: string,
  atEnd = false,
): void {
  if (broken <= maxShare * seen || (seen < ENOUGH && !atEnd)) return;
  throw new SyntaxError(
    `${broken} of ${seen} ${what} are broken; at most ${100 * maxShare} % allowed; ` +
      (last === "" ? "" : `the last: ${last}; `) +
      "mend or remove these shards, or raise data.stream.maxBroken",
  );
}

/** The counts as sentences for people. */
export function describeCounts(counts: StreamCounts): string {
  const { read, dropped, broken, decoded, unreadable } = counts;
  const list = (reasons: Readonly<Record<string, number>>) =>
    Object.entries(reasons).sort((a, b) => b[1] - a[1])
      .map(([reason, count]) => `${reason} ${count}`).join(", ");
  const parts = [`${read} samples read`];
  if (sumReasons(dropped) > 0) parts.push(`left out: ${list(dropped)}`);
  if (sumReasons(broken) > 0) parts.push(`broken: ${list(broken)}`);
  parts.push(`${decoded} pictures decoded here, ${unreadable} of them unreadable`);
  return parts.join("; ");
}
