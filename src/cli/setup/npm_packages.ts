import { fileExists } from "./file_exists.ts";
import { report, SetupError } from "./report.ts";
import { type CommandOptions, lastLines, runCommand } from "./run_command.ts";
import { readStamp, sha256, writeStamp } from "./stamp.ts";

/**
 * Installs the npm packages of the lock file into `node_modules`. Install scripts never run: Deno
 * leaves them out by default, and the one of onnxruntime-node would download a GPU provider.
 *
 * @param root the repository root.
 * @param config configuration file name, relative to `root`.
 * @param options.idleSeconds How long Deno may do nothing before the registry counts as stalled.
 * @throws {SetupError} if a package cannot be installed.
 */
export async function ensureNpmPackages(
  root: string,
  config: string,
  { idleSeconds = 120, env }: Pick<CommandOptions, "idleSeconds" | "env"> = {},
): Promise<void> {
  const configText = Deno.readTextFileSync(`${root}/${config}`);
  const lock = `${root}/${JSON.parse(configText).lock ?? "deno.lock"}`;
  const lockText = Deno.readTextFileSync(lock);
  const stampPath = `${root}/node_modules/.clipa.json`;
  const key = await sha256(JSON.stringify([Deno.version.deno, configText, lockText]));
  if (readStamp(stampPath)?.key === key && fileExists(`${root}/node_modules/zod`)) return;
  report("npm", "installing the packages of the lock file (without install scripts)");
  // The lock gets its @std/yaml entry from the first machine that reaches JSR; until then an
  // ordinary install must be allowed to add it. npm packages are checked against the lock anyway.
  const complete = config !== "deno.json" || lockText.includes('"jsr:@std/yaml');
  const args = ["install", "--config", config, ...(complete ? ["--frozen"] : [])];
  const { code, output, stalled } = await runCommand(Deno.execPath(), args, {
    cwd: root,
    env,
    idleSeconds,
  });
  if (stalled) {
    throw new SetupError(
      `the npm packages could not be installed: nothing came for ${idleSeconds} s; is the network ` +
        `there? What came is kept, run the task again to go on\n${lastLines(output)}`,
    );
  }
  if (code !== 0) {
    throw new SetupError(
      `the npm packages could not be installed (exit code ${code}); is the network there? Run by ` +
        `hand: deno ${args.join(" ")}\n${lastLines(output)}`,
    );
  }
  const installed = await sha256(
    JSON.stringify([Deno.version.deno, configText, Deno.readTextFileSync(lock)]),
  );
  writeStamp(stampPath, { key: installed });
}
