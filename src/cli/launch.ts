/**
 * Starts a task: does the set-up that is still missing, then hands over to `main.ts` with the
 * configuration that works on this machine. It runs before anything is installed, so it and all of
 * `setup/` use nothing but Deno itself:
 *
 * ```sh
 * deno run --no-config -A src/cli/launch.ts train --json
 * ```
 *
 * @module
 */
import { permissionFlags } from "../config/permissions.ts";
import { launchDevice } from "../config/launch_device.ts";
import { shardHosts } from "../config/shard_hosts.ts";
import { meetingHosts } from "../dist/ranks.ts";
import { describeError } from "./describe_error.ts";
import { forwardSignals } from "./setup/forward_signals.ts";
import { SetupError } from "./setup/report.ts";
import { runSetup } from "./setup/run_setup.ts";
import { SETUP_PLANS, setupPlan } from "./setup/setup_plan.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");

/** Runs one task and returns its exit status. */
async function launch(args: string[]): Promise<number> {
  const [task, ...rest] = args;
  const plan = setupPlan(task ?? "", rest);
  if (plan === undefined) {
    const names = Object.keys(SETUP_PLANS).join(", ");
    console.error(`error: unknown task "${task ?? ""}"; known tasks: ${names}; run deno task`);
    return 2;
  }
  // Help comes at once, also on a machine where the set-up cannot succeed: main.ts loads the rooms
  // only when a command runs.
  const help = rest.includes("--help");
  // Ranks on GPUs meet without MPI.
  const onGpus = task === "launch" && launchDevice(rest, Deno.env.get("CLIPA_DEVICE")) !== "cpu";
  const setup = help ? undefined : await runSetup(ROOT, onGpus ? { ...plan, needs: [] } : plan);
  const config = setup === undefined ? ["--no-config"] : ["--config", `${ROOT}/${setup.config}`];
  // deno task changes to the folder of deno.json; paths are relative to where the user stands.
  const folder = Deno.env.get("INIT_CWD") ?? Deno.cwd();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...config,
      ...permissionFlags(task, Deno.execPath(), [
        ...shardHosts(rest, folder),
        ...meetingHosts((name) => Deno.env.get(name)),
      ]),
      `${ROOT}/src/cli/main.ts`,
      task,
      ...rest,
    ],
    cwd: folder,
    env: {
      CLIPA_SETUP_SECONDS: (setup?.seconds ?? 0).toFixed(3),
      ...(setup === undefined ? {} : { CLIPA_DENO_CONFIG: `${ROOT}/${setup.config}` }),
      DENO_NO_UPDATE_CHECK: "1",
    },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const stop = forwardSignals(child);
  const status = await child.status;
  stop();
  return status.code;
}

if (import.meta.main) {
  try {
    Deno.exit(await launch(Deno.args));
  } catch (error) {
    console.error(`error: ${describeError(error, Deno.env.get("CLIPA_DEBUG") === "1")}`);
    if (!(error instanceof SetupError)) {
      console.error(`the set-up writes node_modules/ and build/ in ${ROOT}`);
    }
    Deno.exit(1);
  }
}
