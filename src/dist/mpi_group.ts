import { joinRanks, loadEngine, RankError } from "./native_group.ts";
import type { RankGroup } from "./rank_group.ts";
import type { Environment, RankInfo } from "./ranks.ts";

/**
 * Joins the other ranks through Open MPI.
 *
 * @param info What the environment says of this process.
 * @throws {RankError} when the process was not started by MPI, or MPI sees other ranks.
 */
export async function openMpiGroup(info: RankInfo, env: Environment): Promise<RankGroup> {
  if (info.source !== "Open MPI" && env("PMIX_RANK") === undefined) {
    throw new RankError(
      `rank ${info.rank} of ${info.size} was started by ${info.source} without MPI; on the CPU ` +
        `ranks talk through Open MPI; start them with "deno task launch --ranks ${info.size} -- ` +
        `train ..." on one machine, or with mpirun or srun --mpi=pmix on several`,
    );
  }
  loadEngine(env("CLIPA_MPI_LIBRARY"));
  const group = await joinRanks(info, env);
  if (group.rank !== info.rank || group.size !== info.size) {
    await group.close();
    throw new RankError(
      `${info.source} says rank ${info.rank} of ${info.size}, MPI says rank ${group.rank} of ` +
        `${group.size}; start the ranks with the mpirun of the Open MPI that is loaded, or with ` +
        "srun --mpi=pmix",
    );
  }
  return group;
}
