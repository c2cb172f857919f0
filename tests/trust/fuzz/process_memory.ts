/** Highest resident memory of this process since a moment, where the system tells; else what it has now. */
export class PeakMemory {
  #before = 0;

  /** Starts anew: what the process has now, garbage left out where it may be collected, is the base. */
  start(): void {
    (globalThis as { gc?: () => void }).gc?.();
    this.#before = Deno.memoryUsage().rss;
    try {
      // 5 sets the highest value back to the present one; see proc(5).
      Deno.writeTextFileSync("/proc/self/clear_refs", "5");
    } catch { /* no such system: growth alone is seen */ }
  }

  /** Bytes above the base. */
  growth(): number {
    return Math.max(0, highest() - this.#before);
  }
}

function highest(): number {
  try {
    const found = /^VmHWM:\s+(\d+) kB/m.exec(Deno.readTextFileSync("/proc/self/status"));
    if (found) return 1024 * Number(found[1]);
  } catch { /* no such system */ }
  return Deno.memoryUsage().rss;
}

/** A folder in memory, where the system has one: files on a disk cost ten times what reading them does. */
export function memoryFolder(): string | undefined {
  try {
    return Deno.statSync("/dev/shm").isDirectory ? "/dev/shm" : undefined;
  } catch {
    return undefined;
  }
}
