/** What a task may do besides reading, writing, and asking the environment and the system. */
export interface TaskPermissions {
  /** Loads native libraries: ours, ONNX Runtime's and sharp's. Native code is outside Deno's control. */
  readonly ffi: boolean;
  /** Programs that it may start; `all` for tasks whose work is to start programs. */
  readonly run: readonly string[] | "all";
  /**
   * May reach the network: all of it, or the hosts of shards that the user named and the place where the
   * ranks of a job meet, or this machine alone.
   */
  readonly net?: "all" | "shards" | "self";
}

/** Stands for the running Deno in {@linkcode TaskPermissions.run}. */
export const THIS_DENO = "deno";

const COMPUTES: TaskPermissions = { ffi: true, run: [] };
const TRAINS: TaskPermissions = { ...COMPUTES, net: "shards" };
const STARTS: TaskPermissions = { ffi: true, run: "all" };

/**
 * The narrowest permissions with which each task works; only `fetch` may use the network, and training the
 * hosts whose shards it is told to read. Set-up, which
 * installs packages, runs before them with permissions of its own. `git` is asked for the revision
 * that results carry.
 */
export const TASK_PERMISSIONS: Readonly<Record<string, TaskPermissions>> = Object.freeze({
  train: TRAINS,
  launch: { ffi: false, run: "all", net: "self" },
  eval: COMPUTES,
  export: { ffi: true, run: ["git"] },
  "import-weights": { ffi: true, run: ["git"] },
  card: { ffi: false, run: [] },
  embed: COMPUTES,
  search: COMPUTES,
  sweep: { ffi: true, run: [THIS_DENO, "git"] },
  data: { ffi: true, run: ["apt-get", "dpkg-deb", "python3"] },
  fetch: { ffi: false, run: [], net: "all" },
  shards: TRAINS,
  build: COMPUTES,
  "build:cuda": { ffi: false, run: [] },
  plan: { ffi: false, run: [] },
  bench: STARTS,
  doctor: { ffi: true, run: ["dd"] },
  notebooks: STARTS,
  report: { ffi: false, run: [] },
});

/**
 * The flags of `deno run` for a task; all permissions for those that are not in the table, which run
 * tests.
 *
 * ```ts
 * permissionFlags("plan", "/usr/bin/deno").includes("--allow-ffi"); // false
 * ```
 *
 * @param deno Path of the running Deno.
 * @param hosts Hosts of shards that the user named.
 */
export function permissionFlags(
  task: string,
  deno: string,
  hosts: readonly string[] = [],
): string[] {
  const permissions = Object.hasOwn(TASK_PERMISSIONS, task) ? TASK_PERMISSIONS[task] : undefined;
  return permissions === undefined ? ["-A"] : flagsOf(permissions, deno, hosts);
}

/** The flags of a process that trains, for those who start one. */
export function trainingFlags(deno: string, hosts: readonly string[] = []): string[] {
  return flagsOf(TRAINS, deno, hosts);
}

function flagsOf(
  { ffi, run, net }: TaskPermissions,
  deno: string,
  hosts: readonly string[],
): string[] {
  const reached = net === "all"
    ? ["--allow-net"]
    : net === "self"
    ? ["--allow-net=127.0.0.1"]
    : net === "shards" && hosts.length > 0
    ? [`--allow-net=${hosts.join(",")}`]
    : [];
  const programs = run === "all"
    ? ["--allow-run"]
    : run.length > 0
    ? [`--allow-run=${run.map((name) => name === THIS_DENO ? deno : name).join(",")}`]
    : [];
  return [
    "--no-prompt",
    "--allow-read",
    "--allow-write",
    "--allow-env",
    "--allow-sys",
    ...reached,
    ...(ffi ? ["--allow-ffi"] : []),
    ...programs,
  ];
}
