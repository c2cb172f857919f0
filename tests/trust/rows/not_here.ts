import type { Row } from "../row.ts";

const notHere = (id: string, promise: string, reason: string): Row => ({
  id,
  promise,
  measure: () => Promise.resolve(reason),
});

/** Promises whose parts do not exist yet. */
export const NOT_HERE: readonly Row[] = [
  notHere(
    "R8",
    "a spike of loss or gradient is skipped; three in fifty steps rewind and leave the data out",
    "the policy for spikes is not built",
  ),
];
