/** One option of a command. */
export interface OptionSpec {
  /** A flag (`boolean`), a value, or values gathered from repeated use. */
  kind: "flag" | "value" | "values";
  /** What stands for the value in the help, for example `DIR`. */
  value?: string;
  /** Value when the option is not given; shown in the help. */
  default?: string;
  /** One sentence for the help, without a full stop. */
  help: string;
}

/** The argument without a name that a command may take. */
export interface PositionalSpec {
  name: string;
  default?: string;
  /** Whether more than one may be given. */
  many?: boolean;
  help: string;
}

/** Arguments after parsing: defaults are filled in. */
export interface ParsedArguments {
  positionals: string[];
  /** The value of a `value` option; `undefined` when it was not given and has no default. */
  value(name: string): string | undefined;
  /** The values of a `values` option, in order. */
  values(name: string): string[];
  flag(name: string): boolean;
}

/** What a command gets besides its arguments. */
export interface CommandContext {
  arguments: ParsedArguments;
  /** Aborts at the first Ctrl-C or SIGTERM. */
  signal: AbortSignal;
  /** Environment variables that commands read; a parameter, so that tests need no process. */
  env(name: string): string | undefined;
  /** Folder of the repository, without a trailing slash. */
  root: string;
}

/** What a command reports back. */
export interface CommandOutcome {
  /** Exit status; 0 when absent. */
  code?: number;
  /** The object that `--json` prints. */
  json?: Record<string, unknown>;
  /** What is printed on stdout without `--json`. */
  text?: string;
}

/** A task of `deno.json`. */
export interface Command {
  name: string;
  /** One sentence for the help, without a full stop. */
  summary: string;
  positional?: PositionalSpec;
  options: Readonly<Record<string, OptionSpec>>;
  run(context: CommandContext): Promise<CommandOutcome>;
}
