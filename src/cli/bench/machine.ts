/** The machine on which numbers were measured. */
export interface Machine {
  cpu: string;
  /** Hardware threads. */
  threads: number;
  memoryBytes: number;
  os: string;
  deno: string;
}

/** Describes this machine. */
export function describeMachine(): Machine {
  return {
    cpu: parseCpuName(readOr("/proc/cpuinfo", "")),
    threads: navigator.hardwareConcurrency,
    memoryBytes: Deno.systemMemoryInfo().total,
    os: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    deno: Deno.version.deno,
  };
}

/** The processor's name in the text of `/proc/cpuinfo`; ARM kernels give a part number only. */
export function parseCpuName(cpuinfo: string): string {
  const field = (name: string) =>
    new RegExp(`^${name}\\s*:\\s*(.*)$`, "m").exec(cpuinfo)?.[1].trim();
  const part = field("CPU part");
  return field("model name") ?? (part === undefined ? "unknown" : `ARM part ${part}`);
}

function readOr(path: string, otherwise: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return otherwise;
  }
}
