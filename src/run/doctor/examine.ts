import { NativeContext } from "../../native/context.ts";
import { computeRates } from "./compute_rates.ts";
import { diskRates } from "./disk_rates.ts";
import { findBottleneck, type StageRate } from "./stage_rate.ts";
import { readDevices, readVersions } from "./versions.ts";

/** What {@linkcode examine} needs to know. */
export interface ExamineOptions {
  /** Folder whose disk is measured; about 48 MiB are written there and removed. */
  readonly folder: string;
  /** Name of the processor. */
  readonly cpu: string;
  readonly threads: number;
  readonly signal: AbortSignal;
}

/** The findings of {@linkcode examine}. */
export interface Examination {
  readonly versions: Readonly<Record<string, string>>;
  readonly devices: readonly { readonly name: string; readonly note: string }[];
  readonly stages: readonly StageRate[];
  /** Name of the slowest stage of training. */
  readonly bottleneck: string;
  /** What can be done about it. */
  readonly advice: string;
  /** What makes the numbers doubtful. */
  readonly warnings: readonly string[];
}

/**
 * Measures each stage between the disk and a training step by itself, and names the slowest. Takes
 * about ten seconds on an idle machine.
 *
 * ```ts ignore
 * const { bottleneck } = await examine({ folder: ".", cpu: "", threads: 2, signal });
 * ```
 */
export async function examine(options: ExamineOptions): Promise<Examination> {
  const { folder, cpu, threads, signal } = options;
  const [load] = Deno.loadavg();
  using context = new NativeContext({ threads });
  const disk = await diskRates(context, folder);
  signal.throwIfAborted();
  const stages = [...disk, ...await computeRates(context, threads, signal)];
  const { name, advice } = findBottleneck(stages);
  return {
    versions: readVersions(),
    devices: readDevices(cpu, threads),
    stages,
    bottleneck: name,
    advice,
    warnings: load > threads / 2
      ? [
        `other programs use the processor (load ${
          load.toFixed(1)
        } on ${threads} threads): rates are lower than on an idle machine`,
      ]
      : [],
  };
}
