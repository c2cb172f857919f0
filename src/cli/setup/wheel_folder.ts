import { fileExists } from "./file_exists.ts";
import { report, SetupError } from "./report.ts";
import { lastLines, runCommand } from "./run_command.ts";
import type { Wheel } from "./cuda_wheels.ts";
import { fetchWheel, type WheelSource } from "./fetch_wheel.ts";
import { writeWhole } from "./stamp.ts";
import { withLock } from "./with_lock.ts";

/** What {@linkcode ensureWheels} fetches and where to. */
export interface WheelFolder {
  readonly folder: string;
  readonly wheels: readonly Wheel[];
  /** What the wheels hold, for messages. */
  readonly what: string;
  /** The environment variable that names what is installed. */
  readonly variable: string;
  /** What else the folder depends on; another text unpacks it anew. */
  readonly key?: string;
  /** Called when every wheel is unpacked. */
  readonly finish?: () => void;
}

/** The file that a folder of wheels has when it is whole. */
export const COMPLETE = "complete";

/**
 * Fetches wheels and unpacks them into one folder, once: all of a wheel, or the members that it names. The
 * folder counts as whole only when its last file, {@linkcode COMPLETE}, is there.
 *
 * @throws {SetupError} with what was seen and what to do; whole wheels and parts of one stay for the next call.
 */
export async function ensureWheels(request: WheelFolder, source: WheelSource): Promise<void> {
  const { folder, wheels, what, variable } = request;
  const done = `${folder}/${COMPLETE}`;
  const wanted = [...wheels.map((wheel) => wheel.sha256), request.key ?? []].flat().join("\n");
  const isDone = () => fileExists(done) && Deno.readTextFileSync(done) === wanted;
  if (isDone()) return;
  if (source.env("CLIPA_OFFLINE") === "1") {
    throw new SetupError(
      `${what} is missing and CLIPA_OFFLINE=1 forbids downloads; unset it, or set ${variable}`,
    );
  }
  // Checkouts have locks of their own, the cache folder is shared.
  await withLock(`${folder}.lock`, async () => {
    if (isDone()) return;
    const megabytes = Math.round(wheels.reduce((sum, wheel) => sum + wheel.bytes, 0) / 1e6);
    report("cuda", `fetching ${what} from PyPI (${megabytes} MB) -> ${folder}`);
    Deno.mkdirSync(folder, { recursive: true });
    if (fileExists(done)) Deno.removeSync(done);
    for (const wheel of wheels) {
      const file = `${folder}/${wheel.name}-${wheel.version}.whl`;
      await fetchWheel(wheel, file, source, variable);
      await unpack(wheel, file, folder);
      Deno.removeSync(file);
    }
    request.finish?.();
    writeWhole(done, wanted);
  });
}

async function unpack(wheel: Wheel, file: string, folder: string): Promise<void> {
  const members = Object.entries(wheel.members ?? {});
  const into = members.length === 0 ? folder : `${folder}/unpacked`;
  Deno.mkdirSync(into, { recursive: true });
  const args = ["-E", "tar", "xf", file, ...members.map(([name]) => name)];
  const { code, output } = await runCommand("cmake", args, { cwd: into });
  const missing = members.find(([name]) => !fileExists(`${into}/${name}`));
  if (code !== 0 || missing) {
    const reason = missing ? `${missing[0]} is not in it` : lastLines(output);
    throw new SetupError(`${file} cannot be unpacked: ${reason}`);
  }
  if (members.length === 0) return;
  for (const [name, to] of members) Deno.renameSync(`${into}/${name}`, `${folder}/${to}`);
  Deno.removeSync(into, { recursive: true });
}
