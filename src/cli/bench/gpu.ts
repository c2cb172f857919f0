import { HARDWARE } from "../../scaling/plan/hardware.ts";

/** A GPU as the driver describes it. */
export interface Gpu {
  readonly name: string;
  readonly memoryBytes: number;
  readonly driver: string;
  /** Dense products in bfloat16 per second by the data sheet; null for a GPU that is not in the table. */
  readonly peakFlops: number | null;
}

const FIELDS = "name,memory.total,driver_version";

/**
 * What `nvidia-smi` says of a GPU.
 *
 * @throws {Error} when there is no nvidia-smi, or it does not know the GPU.
 */
export async function describeGpu(index: number): Promise<Gpu> {
  const args = [`--query-gpu=${FIELDS}`, "--format=csv,noheader,nounits", `--id=${index}`];
  const command = new Deno.Command("nvidia-smi", { args, stderr: "null" });
  const { code, stdout } = await command.output().catch((cause) => {
    const advice = "nvidia-smi cannot be started; it comes with the driver: put it on the PATH";
    throw new Error(advice, { cause });
  });
  const text = new TextDecoder().decode(stdout);
  if (code !== 0) throw new Error(`nvidia-smi --id=${index} failed: ${text.trim()}`);
  return parseGpu(text);
}

/**
 * Reads a line of `nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader,nounits`.
 *
 * ```ts
 * parseGpu("NVIDIA A100-SXM4-80GB, 81920, 550.54.15\n").peakFlops; // 312e12
 * ```
 */
export function parseGpu(line: string): Gpu {
  const [name, mebibytes, driver] = line.trim().split(/\s*,\s*/);
  const memoryBytes = Number(mebibytes) * 2 ** 20;
  if (driver === undefined || !(memoryBytes > 0)) {
    throw new Error(`nvidia-smi: seen "${line.trim()}"; allowed: name, MiB, driver version`);
  }
  return { name, memoryBytes, driver, peakFlops: peakOf(name) };
}

// Cards of a name differ: the PCIe and NVL forms of the H100 are slower, and have their own sheets.
function peakOf(name: string): number | null {
  if (/\bA100\b/.test(name)) return HARDWARE["a100-80gb"].peakFlops;
  if (/\bH100 80GB HBM3\b/.test(name)) return HARDWARE["h100-sxm"].peakFlops;
  return null;
}
