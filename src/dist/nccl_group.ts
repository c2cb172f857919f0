import { joinRanks, loadEngine, meetAt, newIdentity, RankError } from "./native_group.ts";
import type { RankGroup } from "./rank_group.ts";
import type { Environment, RankInfo } from "./ranks.ts";
import { rendezvous, rendezvousSeconds } from "./rendezvous.ts";

/** Seconds that the ranks of a job may take to start. */
export const RENDEZVOUS_SECONDS = 120;

/**
 * Joins the other ranks through NCCL: rank 0 makes the communicator's identity and gives it to the
 * others at the address that the environment names.
 *
 * @param info What the environment says of this process.
 * @param device Number of this rank's GPU, which no other rank may use.
 * @throws {RankError} without NCCL or an address of rank 0, and when two ranks have one GPU.
 * @throws {Error} naming the ranks that did not come in time.
 */
export async function openNcclGroup(
  info: RankInfo,
  device: number,
  env: Environment,
): Promise<RankGroup> {
  const { rank, size, source, master } = info;
  if (master === null) {
    throw new RankError(
      `rank ${rank} of ${size} was started by ${source}, which names no address of rank 0; set ` +
        "MASTER_ADDR to the machine of rank 0 and MASTER_PORT to a free port of it, the same on " +
        "all ranks",
    );
  }
  loadEngine(env("CLIPA_NCCL_LIBRARY"));
  const identity = await rendezvous(rank === 0 ? newIdentity() : "", {
    rank,
    size,
    ...master,
    token: jobToken(env),
    timeoutSeconds: rendezvousSeconds(env, RENDEZVOUS_SECONDS),
  });
  meetAt({ identity, host: master.host, rank, size, device });
  return await joinRanks(info, env);
}

/** What the ranks of one job have in common and those of another have not. */
function jobToken(env: Environment): string {
  const names = ["CLIPA_JOB_TOKEN", "TORCHELASTIC_RUN_ID", "SLURM_JOB_ID", "PMIX_NAMESPACE"];
  return names.map((name) => env(name)).find((value) => value) ?? "one job per address";
}
