import { joinRanks, loadEngine, RankError } from "./native_group.ts";
import type { RankGroup } from "./rank_group.ts";
import type { Environment, RankInfo } from "./ranks.ts";
import { rendezvousSeconds } from "./rendezvous.ts";

/** Seconds that the ranks of a job may take to start; MPI itself would wait for ever. */
export const MPI_RENDEZVOUS_SECONDS = 600;

/**
 * Joins the other ranks through Open MPI.
 *
 * @param info What the environment says of this process.
 * @throws {RankError} when not all ranks come in time, when the process was not started by MPI, or MPI sees other ranks.
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
  const group = await withinSeconds(
    joinRanks(info, env),
    rendezvousSeconds(env, MPI_RENDEZVOUS_SECONDS),
    info,
  );
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

async function withinSeconds(
  joining: Promise<RankGroup>,
  seconds: number,
  { rank, size }: RankInfo,
): Promise<RankGroup> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const problem =
      `rank ${rank}: not all of the ${size} ranks came within ${seconds} s; one hangs before ` +
      "it joins, or was started as another program; set CLIPA_DIST_RENDEZVOUS to wait longer";
    timer = setTimeout(() => reject(new RankError(problem)), seconds * 1000);
  });
  try {
    return await Promise.race([joining, late]);
  } finally {
    clearTimeout(timer);
  }
}
