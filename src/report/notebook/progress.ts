import { escapeHtml } from "../escape_html.ts";
import { formatProgress, type Progress } from "../progress_line.ts";
import { liveOutput } from "./live_output.ts";

const EVERY_MS = 150;

/** Shows how far a long cell is, in one output that moves. */
export interface ProgressOutput {
  show(progress: Progress): void;
  /** Waits until the last state is out; call it at the end of the cell. */
  finish(): Promise<void>;
}

/**
 * A progress bar in a notebook; without one it shows nothing.
 *
 * @example
 * ```ts
 * import { progress } from "./progress.ts";
 *
 * const bar = progress();
 * for (let done = 0; done <= 3; done++) bar.show({ label: "icons", done, total: 3 });
 * await bar.finish();
 * ```
 */
export function progress(): ProgressOutput {
  const output = liveOutput(EVERY_MS);
  const started = new Map<string, { ms: number; done: number }>();
  let last: { state: Progress; rate: number } | null = null;
  // Messages leave in order: each waits for the one before.
  let sent: Promise<void> = Promise.resolve();
  return {
    show(state) {
      const nowMs = performance.now();
      const start = started.get(state.label) ?? { ms: nowMs, done: state.done };
      started.set(state.label, start);
      const seconds = (nowMs - start.ms) / 1000;
      const rate = seconds > 0 ? (state.done - start.done) / seconds : 0;
      last = { state, rate };
      sent = sent.then(() => output.update(bundle(state, rate)));
    },
    async finish() {
      await sent;
      if (last !== null) await output.update(bundle(last.state, last.rate), true);
    },
  };
}

function bundle(state: Progress, rate: number) {
  const text = formatProgress(state, rate);
  const [max, value] = [Math.max(1, state.total), Math.min(state.done, state.total)];
  const words = escapeHtml(text.replace(/\[[#-]+\]\s*/, ""));
  return {
    "text/plain": text,
    "text/html": `<progress max="${max}" value="${value}"></progress> <code>${words}</code>`,
  };
}
