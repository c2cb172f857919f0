import type { MetricsLine } from "../../train/metrics_log.ts";
import { trainingCurve } from "../figures/training_curve.ts";
import { seriesStyle } from "../figures/style.ts";
import { escapeHtml } from "../escape_html.ts";
import type { Bundle } from "./kernel.ts";
import { liveOutput } from "./live_output.ts";
import { bundleOf } from "./show.ts";

const EVERY_MS = 700;

/** A curve of the loss that grows while a cell trains. */
export interface LiveCurve {
  /** Adds one line of metrics; it needs `samples` and `loss`. */
  add(line: MetricsLine): void;
  /** Exchanges all lines, for one who follows a file. */
  replace(lines: readonly MetricsLine[]): void;
  /** Draws the whole figure in the place of the sketch; call it at the end of the cell. */
  finish(): Promise<void>;
}

/**
 * Opens a curve of the loss. While it grows it is a sketch that costs nothing to draw; at the end the
 * figure of {@linkcode trainingCurve} takes its place.
 */
export function liveCurve(name: string): LiveCurve {
  const output = liveOutput(EVERY_MS);
  let lines: readonly MetricsLine[] = [];
  let sent: Promise<void> = Promise.resolve();
  const draw = () => {
    const state = sketch(name, lines);
    if (state !== null) sent = sent.then(() => output.update(state));
  };
  return {
    add(line) {
      lines = [...lines, line];
      draw();
    },
    replace(all) {
      lines = all;
      draw();
    },
    async finish() {
      await sent;
      if (lines.length > 0) {
        await output.update(await bundleOf(trainingCurve([{ name, lines }])), true);
      }
    },
  };
}

const WIDTH = 480;
const HEIGHT = 120;

/** The loss so far as a small drawing; null before there are two points. */
export function sketch(name: string, lines: readonly MetricsLine[]): Bundle | null {
  const points = lines.filter(({ samples, loss }) =>
    Number.isFinite(samples) && Number.isFinite(loss)
  ).map(({ samples, loss }) => ({ x: Number(samples), y: Number(loss) }));
  const last = points.at(-1);
  if (points.length < 2 || last === undefined) return null;
  const [left, right] = [points[0].x, last.x];
  const losses = points.map(({ y }) => y);
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const place = ({ x, y }: { x: number; y: number }) => {
    const across = WIDTH * (x - left) / Math.max(1, right - left);
    const down = HEIGHT * (high - y) / Math.max(1e-9, high - low);
    return `${across.toFixed(1)},${down.toFixed(1)}`;
  };
  const words = `${name}: ${last.x} pairs, loss ${last.y.toFixed(3)}`;
  return {
    "text/plain": words,
    "text/html": `<svg width="${WIDTH}" height="${HEIGHT + 4}" viewBox="0 -2 ${WIDTH} ${
      HEIGHT + 4
    }"><polyline fill="none" stroke="${seriesStyle(0).color}" stroke-width="2" points="${
      points.map(place).join(" ")
    }"/></svg><br><code>${escapeHtml(words)}</code>`,
  };
}
