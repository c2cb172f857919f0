import { chooseConfig } from "./choose_config.ts";
import { ensureCudaToolkit, ensureNccl } from "./cuda_toolkit.ts";
import { fuzzCompiler } from "./fuzz_compiler.ts";
import {
  cudaVariant,
  EMULATED,
  ensureNativeBuild,
  fuzzVariant,
  RACE,
  SANITIZED,
} from "./native_build.ts";
import { ensureOrtProvider } from "./ort_provider.ts";
import { ensureNpmPackages } from "./npm_packages.ts";
import { checkPlatform, type Platform, readPlatform } from "./platform.ts";
import { report, SetupError } from "./report.ts";
import type { SetupPlan } from "./setup_plan.ts";
import {
  BUILD_NEEDS,
  ensureSystemPackages,
  GATE_NEEDS,
  type SystemNeed,
} from "./system_packages.ts";
import { withLock } from "./with_lock.ts";

/** The outcome of the set-up. */
export interface SetupResult {
  /** Deno configuration file name, relative to the repository root. */
  config: string;
  /** Wall-clock seconds that the set-up took. */
  seconds: number;
}

/**
 * Does every set-up step that is not done yet, in order. Each step says what it does in one line
 * and is silent when there is nothing to do.
 *
 * @param root the repository root.
 * @throws {SetupError} from the first step that cannot go on.
 */
export async function runSetup(root: string, plan: SetupPlan): Promise<SetupResult> {
  const startedMs = performance.now();
  const platform = readPlatform();
  checkPlatform(platform);
  const config = await withLock(`${root}/build/setup/lock`, async () => {
    if (plan.gate) await ensureSystemPackages(GATE_NEEDS, platform);
    if (plan.needs) await ensureSystemPackages(plan.needs, platform);
    if (plan.wants) await tryToInstall(plan.wants, platform);
    const config = await chooseConfig(root);
    await ensureNpmPackages(root, config);
    if (plan.native) await ensureNativeBuild(root, platform);
    if (plan.emulated) await ensureNativeBuild(root, platform, EMULATED);
    if (plan.cuda) {
      await ensureSystemPackages(BUILD_NEEDS, platform);
      const toolkit = await ensureCudaToolkit();
      const variant = cudaVariant(toolkit, await ensureNccl());
      await ensureNativeBuild(root, platform, variant);
      if (plan.ort) await ensureOrtProvider(toolkit);
    }
    if (plan.sanitizers) {
      await ensureNativeBuild(root, platform, SANITIZED);
      await ensureNativeBuild(root, platform, RACE);
    }
    if (plan.fuzzers) await ensureNativeBuild(root, platform, fuzzVariant(await fuzzCompiler()));
    return config;
  });
  const seconds = (performance.now() - startedMs) / 1000;
  if (seconds > 1) report("done", `ready after ${seconds.toFixed(1)} s`);
  return { config, seconds };
}

/** Installs what only some tests use; where that cannot be, they fail and say the same. */
async function tryToInstall(needs: readonly SystemNeed[], platform: Platform): Promise<void> {
  try {
    await ensureSystemPackages(needs, platform);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    report("system", error.message);
  }
}
