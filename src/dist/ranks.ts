/** Where a process stands among those that train together. */
export interface RankInfo {
  /** 0 … size − 1. */
  readonly rank: number;
  /** Number of processes. */
  readonly size: number;
  /** Number of this process on its machine. */
  readonly localRank: number;
  /** What said so, for messages: `Open MPI`, `torchrun`, `SLURM`, ... */
  readonly source: string;
  /** Where rank 0 can be reached, when the environment says so. */
  readonly master: { readonly host: string; readonly port: number } | null;
}

/** A process on its own. */
export const ALONE: RankInfo = {
  rank: 0,
  size: 1,
  localRank: 0,
  source: "no launcher",
  master: null,
};

interface Source {
  readonly name: string;
  readonly rank: string;
  readonly size: string;
  readonly local: string;
}

// In order of precedence. SLURM comes last and alone: below srun, mpirun and torchrun start
// processes of their own, whose SLURM variables count machines.
const SOURCES: readonly Source[] = [
  { name: "CLIPA_RANK", rank: "CLIPA_RANK", size: "CLIPA_RANKS", local: "CLIPA_LOCAL_RANK" },
  {
    name: "Open MPI",
    rank: "OMPI_COMM_WORLD_RANK",
    size: "OMPI_COMM_WORLD_SIZE",
    local: "OMPI_COMM_WORLD_LOCAL_RANK",
  },
  { name: "PMI", rank: "PMI_RANK", size: "PMI_SIZE", local: "MPI_LOCALRANKID" },
  { name: "torchrun", rank: "RANK", size: "WORLD_SIZE", local: "LOCAL_RANK" },
];
const SLURM: Source = {
  name: "SLURM",
  rank: "SLURM_PROCID",
  size: "SLURM_NTASKS",
  local: "SLURM_LOCALID",
};

/** Reads environment variables; a parameter, so that tests need no process. */
export type Environment = (name: string) => string | undefined;

/**
 * Rank and number of ranks from the environment: our own variables, Open MPI's, PMI's, torchrun's or
 * SLURM's; without any, a process on its own.
 *
 * ```ts
 * const seen: Record<string, string> = { RANK: "1", WORLD_SIZE: "4", LOCAL_RANK: "1" };
 * readRanks((name) => seen[name]).rank; // 1
 * ```
 *
 * @throws {RangeError} when two launchers contradict each other, or one is incomplete; both values
 *   are named.
 */
export function readRanks(env: Environment): RankInfo {
  const found = SOURCES.filter((source) => has(env, source)).map((source) => read(env, source));
  // A batch script has SLURM's variables too; only srun's tasks have a step.
  if (found.length === 0 && has(env, SLURM) && env("SLURM_STEP_ID") !== undefined) {
    found.push(read(env, SLURM));
  }
  if (found.length === 0) return ALONE;
  const [first, ...others] = found;
  for (const other of others) {
    for (const key of ["rank", "size"] as const) {
      if (first[key] === other[key]) continue;
      throw new RangeError(
        `two launchers contradict each other: ${first.names[key]} is ${first[key]} and ` +
          `${other.names[key]} is ${other[key]}; unset the variables of the one that is not meant`,
      );
    }
  }
  const pmix = env("PMIX_RANK");
  if (pmix !== undefined && Number(pmix) !== first.rank) {
    throw new RangeError(
      `two launchers contradict each other: ${first.names.rank} is ${first.rank} and PMIX_RANK is ` +
        `${pmix}; unset the variables of the one that is not meant`,
    );
  }
  const { rank, size, localRank, source } = first;
  return { rank, size, localRank, source, master: readMaster(env) };
}

function has(env: Environment, source: Source): boolean {
  return env(source.rank) !== undefined || env(source.size) !== undefined;
}

function read(env: Environment, source: Source) {
  const whole = (name: string, least: number): number => {
    const text = env(name);
    const value = Number(text);
    if (text === undefined || text === "" || !Number.isInteger(value) || value < least) {
      throw new RangeError(
        `${name} is ${text === undefined ? "missing" : `"${text}"`}; ${source.name} needs ` +
          `${source.rank} and ${source.size} as whole numbers from ${least} on`,
      );
    }
    return value;
  };
  const size = whole(source.size, 1);
  const rank = whole(source.rank, 0);
  if (rank >= size) {
    throw new RangeError(
      `${source.rank} is ${rank} and ${source.size} is ${size}; ranks are 0 to ${size - 1}`,
    );
  }
  const localRank = env(source.local) === undefined ? rank : whole(source.local, 0);
  const names = { rank: source.rank, size: source.size };
  return { rank, size, localRank, source: source.name, names };
}

// torchrun's agent itself listens on MASTER_PORT; ours is the next one then.
function readMaster(env: Environment): RankInfo["master"] {
  const host = env("CLIPA_MASTER_ADDR") ?? env("MASTER_ADDR");
  const text = env("CLIPA_MASTER_PORT") ?? env("MASTER_PORT");
  if (host === undefined || text === undefined) return null;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_534) {
    throw new RangeError(`the port of rank 0 is "${text}"; allowed: 1 to 65534`);
  }
  const taken = env("CLIPA_MASTER_PORT") === undefined &&
    env("TORCHELASTIC_USE_AGENT_STORE") === "True";
  return { host, port: taken ? port + 1 : port };
}

const HOST = /^(?:[\w.-]+|\[[0-9A-Fa-f:]+\])$/;

/**
 * Where ranks meet, for the permissions of a process that is one of several: rank 0 listens there, the
 * others connect.
 *
 * ```ts
 * const seen: Record<string, string> = { RANK: "1", WORLD_SIZE: "2", MASTER_ADDR: "a", MASTER_PORT: "9" };
 * meetingHosts((name) => seen[name]); // ["a:9", "0.0.0.0:9"]
 * ```
 */
export function meetingHosts(env: Environment): string[] {
  try {
    const { size, master } = readRanks(env);
    if (size === 1 || master === null) return [];
    const { host, port } = master;
    const named = host.includes(":") ? `[${host}]` : host;
    // What is no host would widen the permission.
    return [named, "0.0.0.0"].filter((name) => HOST.test(name)).map((name) => `${name}:${port}`);
  } catch {
    // Every process reports an environment that makes no sense.
    return [];
  }
}

/** True on a rank that leaves the talking to rank 0. */
export function isFollower(env: Environment): boolean {
  try {
    return readRanks(env).rank > 0;
  } catch {
    // Every process reports an environment that makes no sense.
    return false;
  }
}

/** True when no launcher has started this process as one of several. */
export function isAlone(env: Environment): boolean {
  try {
    return readRanks(env).size === 1;
  } catch {
    return false;
  }
}
