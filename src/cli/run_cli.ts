import type { Command, CommandContext, CommandOutcome } from "./command.ts";
import { describeError } from "./describe_error.ts";
import { formatHelp } from "./format_help.ts";
import { parseArguments } from "./parse_arguments.ts";
import { STOPPED } from "./stop_signal.ts";
import { UsageError } from "./usage_error.ts";

/** Everything outside the command that {@link runCli} touches. */
export interface CliEnvironment extends Omit<CommandContext, "arguments"> {
  /** Writes one line to stdout. */
  print(line: string): void;
  /** Writes one line to stderr. */
  warn(line: string): void;
}

/**
 * Runs a task and returns its exit status: 0 on success, 1 on failure, 2 on wrong usage and 130 when
 * the user stopped it. With `--json` the last and only line of stdout is one JSON object.
 */
export async function runCli(
  commands: readonly Command[],
  args: readonly string[],
  environment: CliEnvironment,
): Promise<number> {
  const { print, warn, ...rest } = environment;
  try {
    const command = findCommand(commands, args[0]);
    const parsed = parseArguments(command, args.slice(1));
    if (parsed.flag("help")) {
      print(formatHelp(command));
      return 0;
    }
    const json = parsed.flag("json");
    const run = () => command.run({ ...rest, arguments: parsed });
    const outcome = json ? await withQuietStdout(warn, run) : await run();
    if (json) print(JSON.stringify(outcome.json ?? {}));
    else if (outcome.text !== undefined) print(outcome.text);
    return outcome.code ?? 0;
  } catch (error) {
    if (environment.signal.aborted) {
      // Launchers stop the ranks that wait for one that failed; why is worth a sentence.
      if (error instanceof Error && error.name === "JoinError") warn(`error: ${error.message}`);
      warn("stopped; what was finished is kept, run the same command again to go on");
      return STOPPED;
    }
    warn(`error: ${describeError(error, environment.env("CLIPA_DEBUG") === "1")}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function findCommand(commands: readonly Command[], name: string | undefined): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const known = commands.map((candidate) => candidate.name).join(", ");
  throw new UsageError(`unknown task "${name ?? ""}"; known tasks: ${known}; run deno task`);
}

/** Sends `console.log` to stderr while `run` works: a stray line would spoil the JSON output. */
async function withQuietStdout(
  warn: (line: string) => void,
  run: () => Promise<CommandOutcome>,
): Promise<CommandOutcome> {
  const { log, info } = console;
  console.log = console.info = (...parts: unknown[]) => warn(parts.map(String).join(" "));
  try {
    return await run();
  } finally {
    Object.assign(console, { log, info });
  }
}
