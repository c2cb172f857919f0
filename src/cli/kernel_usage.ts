/** What one kernel takes on one architecture, as the assembler reports it. */
export interface KernelUsage {
  /** Source file without its ending. */
  readonly file: string;
  /** Mangled name. */
  readonly kernel: string;
  /** For example `sm_90`. */
  readonly architecture: string;
  readonly registers: number;
  readonly stackBytes: number;
  /** Stored and loaded. */
  readonly spillBytes: number;
}

/** Reads the reports (`*.usage.txt`) that a CUDA build leaves in its folder. */
export function readUsage(folder: string): KernelUsage[] {
  const names = [...Deno.readDirSync(folder)].map((entry) => entry.name)
    .filter((name) => name.endsWith(".usage.txt")).sort();
  return names.flatMap((name) =>
    parseUsage(name.replace(/\.usage\.txt$/, ""), Deno.readTextFileSync(`${folder}/${name}`))
  );
}

/** Reads what `ptxas -v` printed for one file. */
export function parseUsage(file: string, text: string): KernelUsage[] {
  const found: KernelUsage[] = [];
  for (const part of text.split(/Compiling entry function /).slice(1)) {
    const [, kernel, architecture] = /^'([^']+)' for '([^']+)'/.exec(part) ?? [];
    const number = (pattern: RegExp) => Number(pattern.exec(part)?.[1] ?? 0);
    const registers = number(/Used (\d+) registers/);
    if (kernel === undefined || registers === 0) continue;
    found.push({
      file,
      kernel,
      architecture,
      registers,
      stackBytes: number(/(\d+) bytes stack frame/),
      spillBytes: number(/(\d+) bytes spill stores/) + number(/(\d+) bytes spill loads/),
    });
  }
  return found;
}

/** The kernels as a table: those that spill first, then by registers. */
export function formatUsage(kernels: readonly KernelUsage[]): string {
  const rows = [...kernels].sort((a, b) =>
    b.spillBytes - a.spillBytes || b.registers - a.registers
  );
  const line = (...cells: (string | number)[]) =>
    cells.map((cell, i) => i < 4 ? String(cell).padStart(10) : `  ${cell}`).join("");
  return [
    line("arch", "registers", "stack", "spill", "kernel"),
    ...rows.map((row) =>
      line(
        row.architecture,
        row.registers,
        row.stackBytes,
        row.spillBytes,
        `${row.file} ${shortName(row.kernel)}`,
      )
    ),
  ].join("\n");
}

/** The identifiers of a mangled name that say something: namespaces and types of the kit are left out. */
function shortName(mangled: string): string {
  const parts: string[] = [];
  let rest = mangled.replace(/ILi\d+EE/g, "");
  for (let found = /(\d+)([A-Za-z_])/.exec(rest); found; found = /(\d+)([A-Za-z_])/.exec(rest)) {
    const start = found.index + found[1].length;
    const length = Number(found[1]);
    const name = rest.slice(start, start + length);
    if (name.length === length && !/^(clipa|_GLOBAL__|Op|Queue)/.test(name)) parts.push(name);
    rest = rest.slice(name.length === length ? start + length : start);
  }
  const constant = /ILi(\d+)E/.exec(mangled)?.[1];
  return [...new Set(parts)].join(" ") + (constant ? ` <${constant}>` : "");
}
