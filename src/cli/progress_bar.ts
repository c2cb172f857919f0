/** How far a long piece of work is. */
export interface Progress {
  /** What is being done, for example `icons` or `short`. */
  label: string;
  /** Units finished. */
  done: number;
  /** Units in all. */
  total: number;
  /** Anything worth watching, for example `loss 4.05`. */
  note?: string;
}

/** Where a bar is drawn, and what time it is. */
export interface BarTarget {
  /** A terminal gets one line that is drawn again and again, a file a line now and then. */
  isTerminal: boolean;
  write(text: string): void;
  nowMs(): number;
}

const BAR_WIDTH = 20;
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

/** One line of text: bar, share, counts, rate, time to go and note. */
export function formatProgress(progress: Progress, ratePerSecond: number): string {
  const { label, done, total, note } = progress;
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const filled = Math.floor(share * BAR_WIDTH);
  const bar = "#".repeat(filled) + "-".repeat(BAR_WIDTH - filled);
  const parts = [
    `${label} [${bar}] ${Math.floor(share * 100).toString().padStart(3)} %`,
    `${done}/${total}`,
  ];
  if (ratePerSecond > 0) {
    parts.push(`${ratePerSecond < 10 ? ratePerSecond.toFixed(1) : Math.round(ratePerSecond)}/s`);
    if (done < total) parts.push(`ETA ${formatSeconds((total - done) / ratePerSecond)}`);
  }
  if (note !== undefined && note !== "") parts.push(note);
  return parts.join("  ");
}

/** `1:02:03` or `2:03`. */
function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const tail = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

const STDERR: BarTarget = {
  isTerminal: Deno.stderr.isTerminal(),
  write: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
  nowMs: () => performance.now(),
};
