/** Seconds between two lines. */
const EVERY = 10;

/** Writes how far a long count is to stderr, now and then, with the time it may still take. */
export function progressLine(name: string): (done: number, total: number, bad: number) => void {
  const startMs = performance.now();
  let first: number | undefined;
  let saidMs = startMs;
  return (done, total, bad) => {
    first ??= done;
    const nowMs = performance.now();
    if (nowMs - saidMs < 1000 * EVERY) return;
    saidMs = nowMs;
    const share = (done - first) / Math.max(1, total - first);
    const left = share > 0 ? (nowMs - startMs) / 1000 * (1 - share) / share : Infinity;
    console.error(
      `${name}  ${done} of ${total} (${Math.floor(100 * done / total)} %)  ${bad} failures  ` +
        `about ${formatLeft(left)} left`,
    );
  };
}

/** Seconds as a person says them. */
export function formatLeft(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
