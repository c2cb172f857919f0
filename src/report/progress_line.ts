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

const BAR_WIDTH = 20;

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
