import { lockFile } from "../data/icons/lock_file.ts";
import { checkModelFiles, readModelCard } from "../onnx/model_card.ts";
import { exportRun } from "./export_run.ts";
import { sourceIdentity } from "./source_identity.ts";

/** Raised whenever the same weights give other graphs. */
const VERSION = 1;

/** Folder of a run that holds exports made to run it; may be deleted at any time. */
const CACHE = "onnx";

/**
 * The newest checkpoint of a run as an exported model, in a cache folder inside the run: exported and
 * proved once, then found until the run trains on.
 *
 * @throws {Error} when there is no run or no checkpoint yet, or the folder cannot be written.
 */
export async function cachedModel(run: string, signal?: AbortSignal): Promise<string> {
  const name = `v${VERSION}-${sourceIdentity({ kind: "run", dir: run }).slice(0, 12)}`;
  const cache = `${run}/${CACHE}`;
  const dir = `${cache}/${name}`;
  if (isWhole(dir)) return dir;
  await Deno.mkdir(cache, { recursive: true });
  // A second process that wants the same graphs waits for the first, then finds them.
  using _lock = await lockFile(`${cache}/lock`, signal);
  if (isWhole(dir)) return dir;
  for (const entry of Deno.readDirSync(cache)) {
    if (entry.isDirectory) Deno.removeSync(`${cache}/${entry.name}`, { recursive: true });
  }
  await exportRun(run, { out: dir, source: { commit: null, dirty: null } });
  return dir;
}

function isWhole(dir: string): boolean {
  try {
    const card = readModelCard(dir);
    checkModelFiles(dir, card, card.files.map(({ path }) => path));
    return true;
  } catch {
    // Not exported yet, or damaged: it is exported again.
    return false;
  }
}
