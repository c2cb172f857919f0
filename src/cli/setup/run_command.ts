import { processorTime } from "./processor_time.ts";
import { stopAtAbort } from "../../run/stop_at_abort.ts";

/** What a finished command left behind. */
export interface CommandResult {
  /** Exit status; 127 when the program does not exist. */
  code: number;
  /** Standard output and standard error, in the order in which they were read. */
  output: string;
  /** It was killed because it used no processor time for {@linkcode CommandOptions.idleSeconds}. */
  stalled?: boolean;
}

/** How to run a command. */
export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Kills the command after this many milliseconds; it then counts as failed. */
  timeoutMs?: number;
  /**
   * Kills the command after this time without any processor time: it waits for what does not come, such as
   * a server that is silent. However slow a download is, it takes some.
   */
  idleSeconds?: number;
  /** Sends what Ctrl-C sends when it is aborted, so that the command can end what it has started. */
  signal?: AbortSignal;
}

/** Runs a program to its end and keeps its output, which is shown only when a step fails. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { timeoutMs, idleSeconds, signal: asked, ...rest } = options;
  const signal = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  try {
    const child = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...rest,
      ...(signal === undefined ? {} : { signal }),
    }).spawn();
    using _ = asked === undefined ? null : stopAtAbort(child, asked);
    using idle = idleSeconds === undefined ? null : killWhenIdle(child, idleSeconds);
    const { code, stdout, stderr } = await child.output();
    const text = new TextDecoder();
    const output = text.decode(stdout) + text.decode(stderr);
    return { code, output, ...(idle?.stalled ? { stalled: true } : {}) };
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      return { code: 127, output: `${program}: command not found` };
    }
    throw cause;
  }
}

function killWhenIdle(
  child: Deno.ChildProcess,
  seconds: number,
): { stalled: boolean } & Disposable {
  let used = -1, since = performance.now();
  const timer = setInterval(() => {
    const now = processorTime(child.pid);
    // Not a number is never equal: where nothing is known nothing is killed.
    if (now !== used) [used, since] = [now, performance.now()];
    if (performance.now() - since < 1000 * seconds) return;
    watch.stalled = true;
    clearInterval(timer);
    try {
      child.kill("SIGKILL");
    } catch { /* it has ended */ }
  }, 250);
  const watch = { stalled: false, [Symbol.dispose]: () => clearInterval(timer) };
  return watch;
}

/** The last lines of a failed command's output, where the reason almost always stands. */
export function lastLines(output: string, count = 12): string {
  return output.trimEnd().split("\n").slice(-count).join("\n");
}
