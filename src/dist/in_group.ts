import { RankError } from "./native_group.ts";
import { openGroup } from "./open_group.ts";
import type { RankGroup } from "./rank_group.ts";
import type { Environment } from "./ranks.ts";

/**
 * Does work as one of the ranks that the environment names, or alone: joins the others, and leaves
 * together with them. When a rank fails or is stopped, the others end too, each naming it.
 *
 * @param signal Ends the waiting for other ranks at once.
 * @throws {RankError} naming the rank that failed, when it was another one.
 */
export async function inGroup<T>(
  env: Environment,
  device: string,
  signal: AbortSignal,
  work: (group: RankGroup) => Promise<T>,
): Promise<T> {
  const group = await openGroup(env, device);
  const stop = () => group.abort("it was stopped by the user");
  signal.addEventListener("abort", stop);
  try {
    const result = await work(group);
    await group.close();
    return result;
  } catch (error) {
    const failure = group.failure();
    // What broke this rank's own work is only the echo of what happened to another.
    if (failure !== "" && !signal.aborted) {
      throw new RankError(`rank ${group.rank} ends: ${failure}`, { cause: error });
    }
    group.abort(error instanceof Error ? error.message : String(error));
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
