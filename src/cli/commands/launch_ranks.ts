import { trainingFlags } from "../../config/permissions.ts";
import { shardHosts } from "../../config/shard_hosts.ts";
import type { Command, CommandContext } from "../command.ts";
import { UsageError } from "../usage_error.ts";
import { launchDevice } from "../../config/launch_device.ts";
import { STOP_SIGNAL } from "../stop_signal.ts";
import { runGpuRanks } from "./gpu_ranks.ts";
import { endingWithUs, LOST_RANK, OWN_ERROR, relay, SAVE_MS } from "./rank_process.ts";

/** Tasks whose work ranks can share. */
const TASKS = ["train"];

/** `deno task launch`: one process per rank on this machine, on the CPU under Open MPI's mpirun. */
export const launchCommand: Command = {
  name: "launch",
  summary: "Run a task on several ranks of this machine: launch --ranks 2 -- train recipe.yaml",
  positional: {
    name: "task",
    many: true,
    help: `Task and its arguments, behind "--"; allowed: ${TASKS.join(", ")}`,
  },
  options: {
    ranks: { kind: "value", value: "N", default: "2", help: "Number of processes" },
    device: {
      kind: "value",
      help: "cpu, or cuda for a GPU of its own for each rank; none means that of the task, else " +
        "CLIPA_DEVICE, else cpu",
    },
  },
  async run(context) {
    const { positionals } = context.arguments;
    const ranks = rankCount(context.arguments.value("ranks"));
    const [task, ...rest] = positionals;
    if (task === undefined || !TASKS.includes(task)) {
      throw new UsageError(
        `task: seen "${task ?? ""}"; allowed: ${TASKS.join(", ")}; for example: deno task launch ` +
          "--ranks 2 -- train quick",
      );
    }
    const json = context.arguments.flag("json") || rest.includes("--json");
    const args = json && !rest.includes("--json") ? [...rest, "--json"] : rest;
    const device = context.arguments.value("device");
    const lines = onGpus(context, device, rest, ranks)
      ? await runGpuRanks(context, ranks, [task, ...onDevice(args, "cuda")], json)
      : await runRanks(
        context,
        ranks,
        rankCommand(context, [task, ...onDevice(args, device)]),
        json,
      );
    if (!json) return {};
    // --json may stand on either side of the "--".
    const line = lines.at(-1) ?? "{}";
    return { json: JSON.parse(line), text: line };
  },
};

/** Whether the ranks have GPUs: each one of its own, which its number says. */
function onGpus(
  { env }: CommandContext,
  own: string | undefined,
  rest: string[],
  ranks: number,
): boolean {
  const device = launchDevice([...own ? ["--device", own] : [], ...rest], env("CLIPA_DEVICE"));
  if (device === "cuda" || (device === "cuda:0" && ranks === 1)) return true;
  if (!device.startsWith("cuda")) return false;
  throw new UsageError(
    `--device: seen "${device}" for ${ranks} ranks; allowed: cpu, or cuda, which gives every rank a ` +
      "GPU of its own; which they are CUDA_VISIBLE_DEVICES says",
  );
}

/** The task's arguments with the device, where they do not name one. */
function onDevice(args: string[], device: string | undefined): string[] {
  const named = args.some((arg) => arg === "--device" || arg.startsWith("--device="));
  return named || device === undefined ? args : [...args, "--device", device];
}

function rankCount(text: string | undefined): number {
  const ranks = Number(text);
  if (Number.isInteger(ranks) && ranks >= 1 && ranks <= 1024) return ranks;
  throw new UsageError(`--ranks: seen "${text}"; allowed: 1 to 1024`);
}

// The set-up is done, so ranks start without it.
function rankCommand({ env, root }: CommandContext, args: string[]): string[] {
  const config = env("CLIPA_DENO_CONFIG") ?? `${root}/deno.json`;
  const deno = Deno.execPath();
  return [
    deno,
    "run",
    "--config",
    config,
    ...trainingFlags(deno, shardHosts(args)),
    `${root}/src/cli/main.ts`,
    ...args,
  ];
}

/** The arguments of mpirun for ranks on this machine. */
export function mpirunArguments(ranks: number, root: boolean): string[] {
  return [
    ...(root ? ["--allow-run-as-root"] : []),
    // More ranks than cores are allowed, and threads choose their cores themselves.
    ...["--oversubscribe", "--bind-to", "none"],
    // Seconds between SIGTERM and SIGKILL, when a rank has failed.
    ...["--mca", "odls_base_sigkill_timeout", "2"],
    ...["-n", String(ranks)],
  ];
}

/** Runs the ranks; returns the lines that they printed when `capture` is set. */
async function runRanks(
  { env, signal }: CommandContext,
  ranks: number,
  command: string[],
  capture: boolean,
): Promise<string[]> {
  signal.throwIfAborted();
  const threads = Math.max(1, Math.floor(navigator.hardwareConcurrency / ranks));
  const own = ["mpirun", ...mpirunArguments(ranks, Deno.uid() === 0), ...command];
  const [program, ...args] = endingWithUs(env("PATH") ?? "", own);
  const child = new Deno.Command(program, {
    args,
    // mpirun would end the ranks at once at the Ctrl-C of a terminal.
    detached: program !== "mpirun",
    env: {
      CLIPA_THREADS: env("CLIPA_THREADS") ?? String(threads),
      // Containers often forbid reading another process's memory; Open MPI then warns at length.
      OMPI_MCA_btl_vader_single_copy_mechanism: env("OMPI_MCA_btl_vader_single_copy_mechanism") ??
        "none",
    },
    stdin: "null",
    stdout: capture ? "piped" : "inherit",
    stderr: "piped",
  }).spawn();
  using _ = stopRanks(child, signal);
  const [said, printed, { code }] = await Promise.all([
    relay(child.stderr),
    capture ? new Response(child.stdout).text() : "",
    child.status,
  ]);
  signal.throwIfAborted();
  if (code !== 0) throw new Error(describeFailure(said, code));
  return printed.trimEnd().split("\n");
}

/**
 * Asks the ranks below mpirun to save and end, again and again since they may not have started yet;
 * after {@linkcode SAVE_MS} mpirun ends them. Its own way with SIGTERM leaves them two seconds.
 */
function stopRanks(mpirun: Deno.ChildProcess, signal: AbortSignal): Disposable {
  let timer: ReturnType<typeof setInterval> | undefined;
  const send = (name: Deno.Signal) => {
    try {
      mpirun.kill(name);
    } catch { /* it has ended already */ }
  };
  const stop = () => {
    const started = performance.now();
    send(STOP_SIGNAL);
    timer = setInterval(
      () => send(performance.now() - started < SAVE_MS ? STOP_SIGNAL : "SIGTERM"),
      3000,
    );
  };
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  return {
    [Symbol.dispose]() {
      signal.removeEventListener("abort", stop);
      clearInterval(timer);
    },
  };
}

/** One sentence on why the ranks ended, from what mpirun and they said. */
export function describeFailure(said: string, code: number): string {
  const again = "run the same command again to go on from the newest checkpoint";
  const killed = /process rank (\d+)[^]*?exited on\s+signal (\d+) \(([^)]*)\)/.exec(said);
  if (killed) {
    const [, rank, number, name] = killed;
    return `rank ${rank} was ended by signal ${number} (${name}), and the other ranks with it; ${again}`;
  }
  const lost = LOST_RANK.exec(said);
  if (lost) return `${lost[1]}; the other ranks ended with it; ${again}`;
  const own = OWN_ERROR.exec(said) ?? /^error: (.*)$/m.exec(said);
  return own ? `a rank failed: ${own[1]}` : `mpirun ended with exit status ${code}; see above`;
}
