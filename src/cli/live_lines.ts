/** Where lines are drawn, and what time it is. */
export interface LinesTarget {
  /** A terminal gets lines that are drawn again and again, a file the first line now and then. */
  isTerminal: boolean;
  write(text: string): void;
  nowMs(): number;
}

const TERMINAL_MS = 200;
const FILE_MS = 30_000;

/**
 * A function that shows lines in place of those it showed before.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createLiveLines } from "./live_lines.ts";
 *
 * let text = "";
 * const show = createLiveLines({ isTerminal: false, write: (part) => text += part, nowMs: () => 0 });
 * show(["1/2 done", "  a"], false);
 * show(["2/2 done"], true);
 * assert.equal(text, "1/2 done\n2/2 done\n");
 * ```
 */
export function createLiveLines(
  target: LinesTarget = STDERR,
): (lines: readonly string[], last: boolean) => void {
  let shownMs = -Infinity;
  let drawn = 0;
  return (lines, last) => {
    const now = target.nowMs();
    if (!last && now - shownMs < (target.isTerminal ? TERMINAL_MS : FILE_MS)) return;
    shownMs = now;
    if (!target.isTerminal) {
      target.write(`${lines[0]}\n`);
      return;
    }
    // Up to the first line of the last drawing, then over it.
    const up = drawn > 0 ? `\x1b[${drawn}A` : "";
    target.write(`${up}\x1b[J${lines.join("\n")}\n`);
    drawn = last ? 0 : lines.length;
  };
}

const STDERR: LinesTarget = {
  isTerminal: Deno.stderr.isTerminal(),
  write: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
  nowMs: () => performance.now(),
};
