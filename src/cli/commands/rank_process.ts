import { fileExists } from "../setup/file_exists.ts";

/** What a rank says of another that was lost. */
export const LOST_RANK = /rank \d+ ends: (rank \d+ .*(?:gave no sign of life|is gone).*)/;
/** What a rank says of itself, not of another. */
export const OWN_ERROR = /^error: (?!rank \d+ ends: |stopped while the ranks)(.*)$/m;

/** Milliseconds that ranks have to save when the user stops them. */
export const SAVE_MS = 60_000;

/**
 * The command, ended by the system when this process is, however that comes: so no rank outlives its
 * launcher. As it is where `setpriv` of util-linux is missing.
 *
 * @param path Value of PATH.
 */
export function endingWithUs(path: string, command: readonly string[]): string[] {
  const found = path.split(":").some((folder) => fileExists(`${folder}/setpriv`));
  return found ? ["setpriv", "--pdeathsig", "TERM", ...command] : [...command];
}

/** Passes on what a process says on stderr as it says it; returns the end of it. */
export async function relay(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let kept = "";
  for await (const chunk of stream) {
    Deno.stderr.writeSync(chunk);
    kept = (kept + decoder.decode(chunk, { stream: true })).slice(-20_000);
  }
  return kept;
}
