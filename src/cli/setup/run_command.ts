import { stopAtAbort } from "../../run/stop_at_abort.ts";

/** What a finished command left behind. */
export interface CommandResult {
  /** Exit status; 127 when the program does not exist. */
  code: number;
  /** Standard output and standard error, in the order in which they were read. */
  output: string;
}

/** How to run a command. */
export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Kills the command after this many milliseconds; it then counts as failed. */
  timeoutMs?: number;
  /** Sends what Ctrl-C sends when it is aborted, so that the command can end what it has started. */
  signal?: AbortSignal;
}

/** Runs a program to its end and keeps its output, which is shown only when a step fails. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { timeoutMs, signal: asked, ...rest } = options;
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
    const { code, stdout, stderr } = await child.output();
    const text = new TextDecoder();
    return { code, output: text.decode(stdout) + text.decode(stderr) };
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      return { code: 127, output: `${program}: command not found` };
    }
    throw cause;
  }
}

/** The last lines of a failed command's output, where the reason almost always stands. */
export function lastLines(output: string, count = 12): string {
  return output.trimEnd().split("\n").slice(-count).join("\n");
}
