/** Highest resident memory of this process so far, in bytes; on systems without /proc the current one. */
export function peakMemoryBytes(): number {
  try {
    const status = Deno.readTextFileSync("/proc/self/status");
    const kilobytes = status.match(/^VmHWM:\s+(\d+) kB/m)?.[1];
    if (kilobytes) return Number(kilobytes) * 1024;
  } catch { /* another system */ }
  return Deno.memoryUsage().rss;
}
