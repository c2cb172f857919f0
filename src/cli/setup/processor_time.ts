/** Clock ticks of a second in `/proc`; what Linux gives to programs on every processor. */
const TICKS = 100;

/** Seconds of processor time that a running process has used; NaN when it is gone, or there is no `/proc`. */
export function processorTime(pid: number): number {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // The program's name, in brackets, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return NaN;
  }
}
