import { inGroup } from "../dist/in_group.ts";
import { type Environment, isAlone } from "../dist/ranks.ts";
import { nameOf } from "../native/device.ts";
import { useDevice } from "../native/library.ts";
import { rankDevice } from "./open_device.ts";

/**
 * Tells the other ranks why this one cannot begin: joins them only to leave with the reason, so that
 * each can say it instead of waiting for one that never comes. Where joining fails too, they learn of
 * it as of any rank that does not come.
 *
 * ```ts
 * const stop = new AbortController().signal;
 * await tellRanks(() => undefined, "cpu", stop, new Error("no such recipe")); // alone: at once
 * ```
 *
 * @param device As the user named it; it need not work.
 */
export async function tellRanks(
  env: Environment,
  device: string,
  signal: AbortSignal,
  reason: unknown,
): Promise<void> {
  if (isAlone(env)) return;
  try {
    const own = nameOf(useDevice(rankDevice(device, env)));
    await inGroup(env, own, signal, () => Promise.reject(reason));
  } catch { /* the reason itself, or why the others cannot be told */ }
}
