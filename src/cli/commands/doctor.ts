import type { Command } from "../command.ts";

/** What the command asks of the rest of the project. */
export interface DoctorParts {
  examine(options: { folder: string; signal: AbortSignal }): Promise<DoctorFindings>;
}

/** What is printed. */
export interface DoctorFindings {
  readonly versions: Readonly<Record<string, string>>;
  readonly devices: readonly { readonly name: string; readonly note: string }[];
  readonly stages: readonly {
    readonly name: string;
    readonly rate: number;
    readonly unit: string;
    readonly pairs: number | null;
    readonly note: string;
  }[];
  readonly bottleneck: string;
  readonly advice: string;
  readonly warnings: readonly string[];
}

/** `deno task doctor`: what is slow here, and what a bug report should say. */
export function doctorCommand(parts: DoctorParts): Command {
  return {
    name: "doctor",
    summary:
      "Measure disk, decoding, copying, products and steps by themselves; name the bottleneck",
    options: {
      folder: {
        kind: "value",
        value: "DIR",
        default: ".",
        help: "Folder whose disk is measured; 48 MiB are written and removed",
      },
    },
    async run({ arguments: args, signal }) {
      const findings = await parts.examine({ folder: args.value("folder")!, signal });
      for (const warning of findings.warnings) console.error(`doctor  ${warning}`);
      return { json: { ...findings }, text: formatFindings(findings) };
    },
  };
}

/** The findings as lines of text, ready to be pasted into a bug report. */
export function formatFindings(findings: DoctorFindings): string {
  const { versions, devices, stages, bottleneck, advice } = findings;
  const wide = (names: string[]) => Math.max(...names.map((name) => name.length)) + 2;
  const first = wide([...Object.keys(versions), ...stages.map(({ name }) => name)]);
  return [
    ...Object.entries(versions).map(([name, value]) => name.padEnd(first) + value),
    ...devices.map(({ name, note }) => name.padEnd(first) + note),
    "",
    ...stages.map(({ name, rate, unit, note }) =>
      `${name.padEnd(first)}${formatRate(rate).padStart(9)} ${unit.padEnd(11)} ${note}`
    ),
    "",
    `bottleneck of training: ${bottleneck}. ${advice}`,
  ].join("\n");
}

function formatRate(rate: number): string {
  return rate >= 100 ? Math.round(rate).toLocaleString("en") : rate.toPrecision(3);
}
