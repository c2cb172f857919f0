import { rankProgram, type RanksOutcome } from "./run_ranks.ts";

const BUILD = decodeURIComponent(new URL("../../build/cpu", import.meta.url).pathname);

/** One of the ranks, and what it has printed so far. */
export interface NcclRank {
  readonly child: Deno.ChildProcess;
  readonly outcome: Promise<RanksOutcome>;
}

/** A port that was free a moment ago. */
export function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "0.0.0.0" });
  return (listener.addr as Deno.NetAddr).port;
}

/**
 * Starts ranks of the rank program on the emulated CUDA library, with the stand-in of NCCL that moves
 * host memory: everything but the devices and NCCL itself is what runs on GPUs.
 *
 * @param env Variables of all ranks, or of each.
 * @param commandOf Makes the command line of `args`; default that of the rank program.
 */
export function startNcclRanks(
  ranks: number,
  args: string[],
  env: Record<string, string> | ((rank: number) => Record<string, string>) = {},
  commandOf: (...args: string[]) => string[] = rankProgram,
): NcclRank[] {
  const port = String(freePort());
  const [command, ...rest] = commandOf(...args);
  return Array.from({ length: ranks }, (_, rank) => {
    const started = performance.now();
    const child = new Deno.Command(command, {
      args: rest,
      env: {
        CLIPA_RANK: String(rank),
        CLIPA_RANKS: String(ranks),
        CLIPA_LOCAL_RANK: String(rank),
        MASTER_ADDR: "127.0.0.1",
        MASTER_PORT: port,
        CLIPA_DEVICE: `cuda:${rank}`,
        CLIPA_LIBRARY: `${BUILD}/libclipa_cuda_emulated.so`,
        CLIPA_NCCL_LIBRARY: `${BUILD}/libclipa_fake_nccl.so`,
        CLIPA_EMULATED_DEVICES: String(ranks),
        CLIPA_DIST_RENDEZVOUS: "60",
        NO_COLOR: "1",
        ...(typeof env === "function" ? env(rank) : env),
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const outcome = child.output().then(({ code, stdout, stderr }) => ({
      code,
      stdout: new TextDecoder().decode(stdout),
      stderr: new TextDecoder().decode(stderr),
      seconds: (performance.now() - started) / 1000,
    }));
    return { child, outcome };
  });
}

/** Runs such ranks and waits for all. */
export async function runNcclRanks(
  ...args: Parameters<typeof startNcclRanks>
): Promise<RanksOutcome[]> {
  return await Promise.all(startNcclRanks(...args).map(({ outcome }) => outcome));
}
