import type { Command, OptionSpec } from "./command.ts";
import { COMMON_OPTIONS } from "./parse_arguments.ts";

/** The text of `deno task <name> --help`: every option with its default. */
export function formatHelp(command: Command): string {
  const { positional } = command;
  const argument = positional === undefined
    ? ""
    : ` [${positional.name}${positional.many ? "..." : ""}]`;
  const rows: [string, string][] = [];
  if (positional !== undefined) {
    rows.push([positional.name, positional.help + defaultNote(positional.default)]);
  }
  for (const [name, spec] of Object.entries({ ...command.options, ...COMMON_OPTIONS })) {
    rows.push([optionLabel(name, spec), spec.help + optionDefault(spec)]);
  }
  const width = Math.max(...rows.map(([label]) => label.length));
  return [
    `${command.summary}.`,
    "",
    `Usage: deno task ${command.name}${argument} [options]`,
    "",
    ...rows.map(([label, help]) => `  ${label.padEnd(width)}  ${help}`),
  ].join("\n");
}

function optionLabel(name: string, spec: OptionSpec): string {
  return `--${name}${spec.kind === "flag" ? "" : ` ${spec.value ?? "VALUE"}`}`;
}

function optionDefault(spec: OptionSpec): string {
  if (spec.kind === "flag") return defaultNote("off");
  if (spec.kind === "values") return " (repeatable; default: none)";
  return defaultNote(spec.default ?? "none");
}

function defaultNote(value: string | undefined): string {
  return value === undefined ? "" : ` (default: ${value})`;
}
