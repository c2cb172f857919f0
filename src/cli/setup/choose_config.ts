import { fileExists } from "./file_exists.ts";
import { OFFLINE_CONFIG, OFFLINE_LOCK, offlineConfig, offlineLock } from "./offline_config.ts";
import { report } from "./report.ts";
import { runCommand } from "./run_command.ts";
import { readStamp, type Stamp, writeStamp, writeWhole } from "./stamp.ts";

const DAY_MS = 24 * 3600 * 1000;

/**
 * Chooses the Deno configuration: `deno.json`, or where JSR cannot be reached the generated
 * `deno.offline.json`. The answer is remembered for a day (a failed probe is often a slow one) and
 * for good once JSR answered, because Deno then has the package in its cache.
 *
 * @param root the repository root.
 * @returns the file name of the configuration, relative to `root`.
 */
export async function chooseConfig(root: string): Promise<string> {
  const stampPath = `${root}/build/setup/jsr.json`;
  const stamp = readStamp(stampPath);
  if (stamp?.reachable === true) return "deno.json";
  const fresh = typeof stamp?.at === "number" && Date.now() - stamp.at < DAY_MS;
  if (!fresh) {
    const reachable = Deno.env.get("CLIPA_OFFLINE") !== "1" && await jsrAnswers();
    remember(stampPath, { reachable, at: Date.now() });
    if (reachable) return "deno.json";
    report("jsr", `not reachable; using ${OFFLINE_CONFIG} with a local stand-in of @std/yaml`);
  }
  writeOffline(root);
  return OFFLINE_CONFIG;
}

/** A checkout that this user may not write is probed at every start instead. */
function remember(path: string, stamp: Stamp): void {
  try {
    writeStamp(path, stamp);
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
}

/** Asks Deno itself, so that its proxy, certificate and mirror settings count. */
async function jsrAnswers(): Promise<boolean> {
  const { code } = await runCommand(
    Deno.execPath(),
    ["cache", "--no-config", "--no-lock", "jsr:@std/yaml@^1"],
    { timeoutMs: 15_000 },
  );
  return code === 0;
}

/** Brings the generated pair up to date, touching a file only when its text changes. */
function writeOffline(root: string): void {
  const wanted = {
    [OFFLINE_CONFIG]: offlineConfig(Deno.readTextFileSync(`${root}/deno.json`)),
    [OFFLINE_LOCK]: offlineLock(Deno.readTextFileSync(`${root}/deno.lock`)),
  };
  for (const [name, text] of Object.entries(wanted)) {
    const path = `${root}/${name}`;
    if (!fileExists(path) || Deno.readTextFileSync(path) !== text) writeWhole(path, text);
  }
}
