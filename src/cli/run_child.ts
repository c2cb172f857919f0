import { stopAtAbort } from "../run/stop_at_abort.ts";

/** How to run a child process of a task. */
export interface ChildOptions {
  cwd: string;
  env?: Record<string, string>;
  signal: AbortSignal;
}

/**
 * Runs a program with its output on stderr, where logs belong, and returns its exit status. The
 * child gets SIGINT when the task is stopped.
 */
export async function runChild(
  program: string,
  args: readonly string[],
  options: ChildOptions,
): Promise<number> {
  const { signal, ...rest } = options;
  signal.throwIfAborted();
  const child = new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    ...rest,
  }).spawn();
  using _ = stopAtAbort(child, signal);
  for await (const chunk of child.stdout) Deno.stderr.writeSync(chunk);
  const { code } = await child.status;
  signal.throwIfAborted();
  return code;
}
