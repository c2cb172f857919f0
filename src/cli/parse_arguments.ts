import { parseArgs } from "node:util";
import type { Command, OptionSpec, ParsedArguments } from "./command.ts";
import { UsageError } from "./usage_error.ts";

/** Options of every command. */
export const COMMON_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  json: { kind: "flag", help: "Print one JSON object as the last line of stdout" },
  help: { kind: "flag", help: "Show this help" },
};

/**
 * Parses the arguments of a command.
 *
 * @throws {UsageError} for an unknown option, a missing value or too many arguments.
 */
export function parseArguments(command: Command, args: readonly string[]): ParsedArguments {
  const specs = { ...command.options, ...COMMON_OPTIONS };
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, {
      type: spec.kind === "flag" ? "boolean" as const : "string" as const,
      multiple: spec.kind === "values",
    }]),
  );
  const { values, positionals } = parse(command, options, args);
  const { positional } = command;
  const most = positional === undefined ? 0 : positional.many ? Infinity : 1;
  if (positionals.length > most) {
    const allowed = positional === undefined
      ? "this task takes options only"
      : `at most one argument, ${positional.name}`;
    throw new UsageError(
      `unexpected argument "${positionals[most]}"; allowed: ${allowed}; see ${
        helpCommand(command)
      }`,
    );
  }
  if (positionals.length === 0 && positional?.default !== undefined) {
    positionals.push(positional.default);
  }
  return {
    positionals,
    value: (name) => (values[name] as string | undefined) ?? specs[name].default,
    values: (name) => (values[name] as string[] | undefined) ?? [],
    flag: (name) => values[name] === true,
  };
}

function parse(
  command: Command,
  options: Record<string, { type: "boolean" | "string"; multiple: boolean }>,
  args: readonly string[],
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    const seen = cause instanceof Error ? cause.message.split(". ")[0] : String(cause);
    const known = Object.keys(options).map((name) => `--${name}`).join(", ");
    throw new UsageError(`${seen}; allowed: ${known}; see ${helpCommand(command)}`, { cause });
  }
}

function helpCommand(command: Command): string {
  return `deno task ${command.name} --help`;
}
