import { processorTime } from "../../src/cli/setup/processor_time.ts";

/** How long a child may go on. */
export interface ChildLimits {
  /** Most processor time. */
  readonly processorSeconds?: number;
  /** Longest time without any processor time: such a child waits for what never comes. */
  readonly idleSeconds?: number;
}

/**
 * Runs a program to its end and gives what it printed, both streams together. A child that hangs is ended
 * and named; one that only waits for a busy machine is not, because what counts is its processor time, not the
 * clock. Linux only, as the kit.
 *
 * @throws {Error} with the child's output when it went beyond a limit.
 */
export async function boundedOutput(
  program: string,
  options: Omit<Deno.CommandOptions, "stdout" | "stderr">,
  { processorSeconds = 180, idleSeconds = 120 }: ChildLimits = {},
): Promise<{ code: number; text: string }> {
  const child = new Deno.Command(program, {
    stdin: "null",
    ...options,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let used = 0, since = performance.now();
  let problem: string | undefined;
  const watch = setInterval(() => {
    const now = processorTime(child.pid);
    if (now > used) [used, since] = [now, performance.now()];
    if (used > processorSeconds) problem = `${used} s of processor time`;
    else if (performance.now() - since > 1000 * idleSeconds) {
      problem = `no processor time for ${idleSeconds} s, ${used} s before`;
    } else return;
    clearInterval(watch);
    child.kill("SIGKILL");
  }, 200);
  const { code, stdout, stderr } = await child.output();
  clearInterval(watch);
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout) + decoder.decode(stderr);
  if (problem === undefined) return { code, text };
  const command = [program, ...(options.args ?? [])].join(" ");
  throw new Error(`${command}: ended after ${problem}; it had said: ${text.slice(-2000)}`);
}
