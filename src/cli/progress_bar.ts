import { formatProgress, type Progress } from "../report/progress_line.ts";

export { formatProgress, type Progress };

/** Where a bar is drawn, and what time it is. */
export interface BarTarget {
  /** A terminal gets one line that is drawn again and again, a file a line now and then. */
  isTerminal: boolean;
  write(text: string): void;
  nowMs(): number;
}

const TERMINAL_MS = 100;
const FILE_MS = 10_000;

/**
 * Makes a function that shows progress with rate and time to go. The rate is the average since the
 * label changed or the count went back.
 *
 * @example
 * ```ts
 * import { createProgressBar } from "./progress_bar.ts";
 *
 * const show = createProgressBar();
 * for (let done = 0; done <= 3; done++) show({ label: "icons", done, total: 3 });
 * ```
 */
export function createProgressBar(target: BarTarget = STDERR): (progress: Progress) => void {
  let label = "";
  let startMs = 0;
  let startDone = 0;
  let lastDone = 0;
  let shownMs = -Infinity;
  return (progress) => {
    const nowMs = target.nowMs();
    if (progress.label !== label || progress.done < lastDone) {
      [label, startMs, startDone, shownMs] = [progress.label, nowMs, progress.done, -Infinity];
    }
    lastDone = progress.done;
    const last = progress.done >= progress.total;
    if (!last && nowMs - shownMs < (target.isTerminal ? TERMINAL_MS : FILE_MS)) return;
    shownMs = nowMs;
    const seconds = (nowMs - startMs) / 1000;
    const rate = seconds > 0 ? (progress.done - startDone) / seconds : 0;
    const line = formatProgress(progress, rate);
    // Erase to the end of the line: the text before may have been longer.
    target.write(target.isTerminal ? `\r${line}\x1b[K${last ? "\n" : ""}` : `${line}\n`);
  };
}

const STDERR: BarTarget = {
  isTerminal: Deno.stderr.isTerminal(),
  write: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
  nowMs: () => performance.now(),
};
