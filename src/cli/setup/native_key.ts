import { fileExists } from "./file_exists.ts";
import { runCommand } from "./run_command.ts";
import { sha256 } from "./stamp.ts";

/** What decides whether a built library still fits. */
export interface NativeKey {
  /** Compiler, flags, CPU features and the checkout: a change means a build from nothing. */
  machine: string;
  /** The sources: a change means an incremental build. */
  sources: string;
}

/** Flags from the environment that CMake reads when it configures. */
const FLAG_VARIABLES = ["CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS", "CLIPA_CMAKE_ARGS"];

/** Computes the key of the CPU build of `<root>/kernels` on this machine. */
export async function nativeKey(root: string): Promise<NativeKey> {
  const compiler = Deno.env.get("CXX") ?? "c++";
  const { output } = await runCommand(compiler, ["--version"]);
  const flags = FLAG_VARIABLES.map((name) => `${name}=${Deno.env.get(name) ?? ""}`);
  return {
    // CMake's cache holds absolute paths, so a checkout that was copied or moved starts anew too.
    machine: await sha256(JSON.stringify([output, flags, readCpuFeatures(), root])),
    sources: await hashTree(`${root}/kernels`),
  };
}

/** `flags` (x86) or `Features` (ARM) of the first core: what `-march=native` depends on. */
function readCpuFeatures(): string {
  if (!fileExists("/proc/cpuinfo")) return "";
  const info = Deno.readTextFileSync("/proc/cpuinfo");
  return /^(?:flags|Features)\s*:\s*(.*)$/m.exec(info)?.[1] ?? "";
}

/** One hash over the relative names and contents of all files below `folder`, in name order. */
export async function hashTree(folder: string): Promise<string> {
  const names = [...walkFiles(folder, "")].sort();
  const hashes: string[] = [];
  for (const name of names) {
    hashes.push(`${name} ${await sha256(Deno.readFileSync(`${folder}/${name}`))}`);
  }
  return await sha256(hashes.join("\n"));
}

function* walkFiles(folder: string, prefix: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory) yield* walkFiles(`${folder}/${entry.name}`, `${prefix}${entry.name}/`);
    else if (entry.isFile) yield prefix + entry.name;
  }
}
