import { lastWords } from "./native_group.ts";

/** Milliseconds that ranks which never met give each other. */
const UNMET_MS = 1000;

/**
 * The end of a rank that has failed and said why: waits until the others have said what they saw, a
 * moment that is bounded, since launchers end all ranks as soon as one has ended with a failure.
 */
export async function partFromRanks(): Promise<void> {
  let met = false;
  try {
    met = await lastWords();
  } catch { /* without the library nobody was met */ }
  if (!met) await new Promise((resolve) => setTimeout(resolve, UNMET_MS));
}
