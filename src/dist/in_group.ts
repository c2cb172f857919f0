import { JoinError, RankError } from "./native_group.ts";
import { openGroup } from "./open_group.ts";
import type { RankGroup } from "./rank_group.ts";
import type { Environment } from "./ranks.ts";
import { requireSameLibrary } from "./same_library.ts";

/**
 * Does work as one of the ranks that the environment names, or alone: joins the others, and leaves
 * together with them. When a rank fails or is stopped, the others end too, each naming it.
 *
 * @param signal Ends the waiting for other ranks at once.
 * @throws {RankError} naming the rank that failed, when it was another one.
 * @throws {JoinError} when it is stopped before all ranks have joined.
 */
export async function inGroup<T>(
  env: Environment,
  device: string,
  signal: AbortSignal,
  work: (group: RankGroup) => Promise<T>,
): Promise<T> {
  const group = await joined(openGroup(env, device), signal);
  const stop = () => group.endsTogether || group.abort("it was stopped by the user");
  signal.addEventListener("abort", stop);
  try {
    if (group.size > 1) await requireSameLibrary(group);
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

/** The group, or an error once `signal` ends the waiting for it: mpirun ends those that still join. */
async function joined(opening: Promise<RankGroup>, signal: AbortSignal): Promise<RankGroup> {
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () =>
      reject(
        new JoinError(
          "stopped while the ranks were still joining; where nobody stopped them, one of them could " +
            "not begin, and says why itself",
        ),
      );
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([opening, stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
