import type { Command } from "../command.ts";
import { UsageError } from "../usage_error.ts";

const FORMS = ["fast", "portable", "open_clip", "safetensors"] as const;

/** What the command writes. */
export type FormName = typeof FORMS[number];

/** What the command reports. */
export interface ExportReport {
  /** Folder of the model. */
  model: string;
  files: readonly { path: string; bytes: number; sha256: string }[];
  parity: { cosineMin: number; maxAbs: number };
  /** False when the newest checkpoint of an unfinished run was exported. */
  finished: boolean;
}

/** What the command asks of the rest of the project. */
export interface ExportParts {
  exportRun(
    run: string,
    options: { out: string; form?: FormName; root: string },
  ): Promise<ExportReport>;
}

/** `deno task export`: a trained run as files that others can run. */
export function exportCommand(parts: ExportParts): Command {
  return {
    name: "export",
    summary: "Export a trained run as ONNX graphs or bare weights",
    options: {
      run: { kind: "value", value: "DIR", help: "Folder of the run, for example runs/quick" },
      out: { kind: "value", value: "DIR", help: "Folder of the model; none means models/<run>" },
      form: {
        kind: "value",
        value: FORMS.join("|"),
        help: "What to write; none means the fast and the portable graphs",
      },
    },
    async run({ arguments: args, root }) {
      const run = args.value("run")?.replace(/(?<=.)\/+$/, "");
      if (run === undefined) {
        throw new UsageError("--run is missing; give the folder of a run: --run runs/quick");
      }
      const form = formOf(args.value("form"));
      const out = args.value("out") ?? `models/${run.split("/").at(-1)}`;
      const { model, files, parity, finished } = await parts.exportRun(run, { out, form, root });
      if (!finished) {
        console.error(`${run} is not finished: its newest checkpoint was exported`);
      }
      return { json: { model, files, parity, finished }, text: describe(model, files, parity) };
    },
  };
}

function formOf(name: string | undefined): FormName | undefined {
  const form = FORMS.find((known) => known === name);
  if (form !== undefined || name === undefined) return form;
  throw new UsageError(`--form: seen "${name}"; allowed: ${FORMS.join(", ")}`);
}

function describe(
  model: string,
  files: ExportReport["files"],
  { cosineMin, maxAbs }: ExportReport["parity"],
): string {
  const list = files.map(({ path, bytes }) => `  ${path}  ${bytes} bytes`);
  const near = `cosine ${cosineMin.toFixed(7)}, difference ${maxAbs.toExponential(1)}`;
  return [model, ...list, `against the training library: ${near}`].join("\n");
}
