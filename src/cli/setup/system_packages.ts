import { fileExists } from "./file_exists.ts";
import { isDebianFamily, type Platform } from "./platform.ts";
import { report, SetupError } from "./report.ts";
import { type CommandResult, lastLines, runCommand } from "./run_command.ts";

/** Something the native build needs, how to see that it is there, and the Debian package with it. */
export interface SystemNeed {
  what: string;
  package: string;
  /** Any of these programs on PATH fulfils the need. */
  programs?: string[];
  /** Any of these files fulfils the need. */
  files?: string[];
}

/** What the CPU build needs. oneDNN was measured the fastest BLAS on this project's shapes. */
export const BUILD_NEEDS: readonly SystemNeed[] = [
  { what: "a C++17 compiler", package: "g++", programs: ["g++", "c++"] },
  { what: "CMake", package: "cmake", programs: ["cmake"] },
  { what: "a build tool", package: "ninja-build", programs: ["ninja", "make"] },
  {
    what: "oneDNN",
    package: "libdnnl-dev",
    files: ["/usr", "/usr/local"].flatMap((prefix) => [
      `${prefix}/include/dnnl.h`,
      `${prefix}/include/oneapi/dnnl/dnnl.h`,
    ]),
  },
];

/** What `deno task ok` needs besides. */
export const GATE_NEEDS: readonly SystemNeed[] = [
  { what: "clang-format", package: "clang-format", programs: ["clang-format"] },
];

/** What executes notebooks. The kernel is Deno itself. */
export const NOTEBOOK_NEEDS: readonly SystemNeed[] = [
  { what: "Jupyter's nbconvert", package: "jupyter-nbconvert", programs: ["jupyter-nbconvert"] },
  { what: "the jupyter command", package: "jupyter-core", programs: ["jupyter"] },
];

/** What ranks on the CPU talk through. The native library opens it when there are ranks. */
export const RANK_NEEDS: readonly SystemNeed[] = [
  { what: "Open MPI's mpirun", package: "openmpi-bin", programs: ["mpirun"] },
];

/** What the tests of pages use: a browser, and a font for it to write with. */
export const BROWSER_NEEDS: readonly SystemNeed[] = [
  {
    what: "a Chromium browser",
    package: "chromium",
    programs: ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"],
  },
  {
    what: "the DejaVu fonts",
    package: "fonts-dejavu-core",
    files: [
      "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
      "/usr/share/fonts/TTF/DejaVuSans.ttf",
    ],
  },
];

/** The needs that this machine does not fulfil. */
export function missingNeeds(
  needs: readonly SystemNeed[],
  searchPath: string,
  exists: (path: string) => boolean,
): SystemNeed[] {
  const folders = searchPath.split(":").filter((folder) => folder !== "");
  return needs.filter((need) => {
    const programs = (need.programs ?? []).flatMap((name) => folders.map((f) => `${f}/${name}`));
    return ![...programs, ...need.files ?? []].some(exists);
  });
}

/**
 * Installs what is missing with apt-get when that is possible.
 *
 * @throws {SetupError} with the exact command to run by hand when it is not.
 */
export async function ensureSystemPackages(
  needs: readonly SystemNeed[],
  platform: Platform,
): Promise<void> {
  const missing = () => missingNeeds(needs, Deno.env.get("PATH") ?? "", fileExists);
  const wanted = missing();
  if (wanted.length === 0) return;
  const names = wanted.map((need) => need.package);
  const things = wanted.map((need) => need.what).join(", ");
  const byHand = `apt-get update && apt-get install -y --no-install-recommends ${names.join(" ")}`;
  if (!isDebianFamily(platform)) {
    throw new SetupError(
      `missing: ${things}; automatic installation works on Debian and Ubuntu only; install the ` +
        `equivalents of the Debian packages ${names.join(", ")}, then run the task again`,
    );
  }
  if (Deno.uid() !== 0) {
    throw new SetupError(
      `missing: ${things}; installing needs root; run: sudo sh -c '${byHand}'`,
    );
  }
  if (Deno.env.get("CLIPA_OFFLINE") === "1") {
    throw new SetupError(`missing: ${things}; CLIPA_OFFLINE=1 forbids downloads; run: ${byHand}`);
  }
  report("system", `installing ${names.join(", ")} with apt-get`);
  // One unreachable source fails the whole update while the rest may be all that is needed, so the
  // outcome of the install decides.
  const update = await aptGet(["update"]);
  const install = await aptGet(["install", "-y", "--no-install-recommends", ...names]);
  if (install.code !== 0) {
    const output = update.code === 0 ? install.output : update.output + install.output;
    throw new SetupError(
      `apt-get install failed with exit code ${install.code}; is the network there? Run by hand: ` +
        `${byHand}\n${lastLines(output)}`,
    );
  }
  const still = missing();
  if (still.length > 0) {
    throw new SetupError(
      `apt-get installed ${names.join(", ")}, yet ${still.map((n) => n.what).join(", ")} cannot ` +
        "be found; check PATH",
    );
  }
}

function aptGet(args: string[]): Promise<CommandResult> {
  // Another apt-get may hold the lock for a while on a machine that has just booted.
  return runCommand("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=300", ...args], {
    env: { DEBIAN_FRONTEND: "noninteractive" },
  });
}
