import { openMpiGroup } from "./mpi_group.ts";
import { type RankGroup, SOLO } from "./rank_group.ts";
import { type Environment, readRanks } from "./ranks.ts";

/**
 * The group of this process as its environment says: alone without a launcher, else through Open MPI.
 *
 * @param device `cpu`; ranks on GPUs need NCCL, which this build has not.
 */
export async function openGroup(env: Environment, device: string): Promise<RankGroup> {
  const info = readRanks(env);
  if (info.size === 1) return SOLO;
  if (device !== "cpu") {
    throw new RangeError(`${info.size} ranks on ${device}: this build has ranks on the cpu only`);
  }
  return await openMpiGroup(info, env);
}
