import { inGroup } from "../dist/in_group.ts";
import { type Environment, isAlone } from "../dist/ranks.ts";
import { openDevice } from "./open_device.ts";

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
 * @param device As the user named it.
 */
export async function tellRanks(
  env: Environment,
  device: string,
  signal: AbortSignal,
  reason: unknown,
): Promise<void> {
  if (isAlone(env)) return;
  try {
    await inGroup(env, openDevice(device, env), signal, () => Promise.reject(reason));
  } catch { /* the reason itself, or why the others cannot be told */ }
}
