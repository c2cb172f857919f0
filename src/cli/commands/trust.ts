import type { Command } from "../command.ts";
import { UsageError } from "../usage_error.ts";
import { stopAtAbort } from "../../run/stop_at_abort.ts";

/** `deno task trust`: measures every promise of the scorecard and prints it as a table. */
export const trust: Command = {
  name: "trust",
  summary:
    "Measure the promises about faults, exactness and hostile input, and print them as a table",
  options: {
    only: { kind: "value", value: "ID", help: "Measure these promises only, such as R3 or R3,R10" },
    kills: { kind: "value", value: "N", default: "50", help: "Training processes to kill for R3" },
    cases: { kind: "value", value: "N", default: "100000", help: "Hostile files to read for R10" },
    quick: { kind: "flag", help: "The same checks, fewer times" },
    again: { kind: "flag", help: "Measure also what this code was measured for before" },
    out: {
      kind: "value",
      value: "DIR",
      default: "runs/trust",
      help:
        "Where results.json and scorecard.md are kept; a stopped measurement goes on from there",
    },
  },
  async run({ arguments: args, env, root, signal }) {
    for (const name of ["kills", "cases"]) {
      const count = Number(args.value(name));
      if (Number.isInteger(count) && count >= 1) continue;
      throw new UsageError(`--${name}: seen ${args.value(name)}; allowed: a whole number from 1`);
    }
    const only = args.value("only");
    if (only !== undefined && !/^R([1-9]|1[0-6])(,R([1-9]|1[0-6]))*$/.test(only)) {
      throw new UsageError(`--only: seen ${only}; allowed: numbers of promises, R1 to R16`);
    }
    const config = env("CLIPA_DENO_CONFIG") ?? `${root}/deno.json`;
    const results: Scored[] = [];
    // The scorecard is part of the tests, as it uses their small data sets.
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--v8-flags=--expose-gc",
        "--config",
        config,
        `${root}/tests/trust/scorecard.ts`,
        "--json",
        ...["kills", "cases", "out"].flatMap((name) => [`--${name}`, args.value(name)!]),
        ...(only === undefined ? [] : ["--only", only]),
        ...["quick", "again"].filter((name) => args.flag(name)).map((name) => `--${name}`),
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    using _ = stopAtAbort(child, signal);
    const text = await new Response(child.stdout).text();
    const { code } = await child.status;
    signal.throwIfAborted();
    const line = text.trim().split("\n").at(-1) ?? "";
    if (!line.startsWith("{")) {
      throw new Error(
        `the scorecard ended with status ${code} and no result; see the lines above`,
      );
    }
    results.push(...JSON.parse(line).results);
    return {
      code: results.some(({ pass }) => pass === false) ? 1 : 0,
      json: { results },
      text: formatScorecard(results),
    };
  },
};

/** A row of the scorecard; `pass` is null where it was not run. */
export interface Scored {
  readonly id: string;
  readonly promise: string;
  readonly pass: boolean | null;
  readonly figure: number | null;
  readonly unit: string;
  readonly note: string;
}

/** The scorecard as a Markdown table. */
export function formatScorecard(results: readonly Scored[]): string {
  const rows = results.map(({ id, promise, pass, figure, unit, note }) => {
    const kept = pass === null ? "not run here" : pass ? "yes" : "NO";
    const number = figure === null ? "" : `${Number(figure.toPrecision(7))} ${unit}`;
    return `| ${id} | ${promise} | ${kept} | ${number} | ${note.replaceAll("|", "/")} |`;
  });
  return ["| # | promise | kept | figure | how |", "| --- | --- | --- | --- | --- |", ...rows]
    .join("\n");
}
