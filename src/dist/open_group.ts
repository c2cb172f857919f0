import { parseDevice } from "../native/device.ts";
import { openMpiGroup } from "./mpi_group.ts";
import { openNcclGroup } from "./nccl_group.ts";
import { type RankGroup, SOLO } from "./rank_group.ts";
import { type Environment, readRanks } from "./ranks.ts";

/**
 * The group of this process as its environment says: alone without a launcher, else through Open MPI
 * on the CPU and through NCCL on GPUs.
 *
 * @param device `cpu` or `cuda:<index>`, the GPU of this rank alone.
 */
export async function openGroup(env: Environment, device: string): Promise<RankGroup> {
  const info = readRanks(env);
  if (info.size === 1) return SOLO;
  const { kind, index } = parseDevice(device);
  return kind === "cpu" ? await openMpiGroup(info, env) : await openNcclGroup(info, index, env);
}
