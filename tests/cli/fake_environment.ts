import type { CliEnvironment } from "../../src/cli/run_cli.ts";

/** An environment that keeps what a command prints. */
export function fakeEnvironment(variables: Record<string, string> = {}) {
  const printed: string[] = [];
  const warned: string[] = [];
  const controller = new AbortController();
  const environment: CliEnvironment = {
    signal: controller.signal,
    env: (name) => variables[name],
    root: "/repository",
    print: (line) => void printed.push(line),
    warn: (line) => void warned.push(line),
  };
  return { environment, printed, warned, controller };
}
