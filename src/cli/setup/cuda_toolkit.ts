import { createHash } from "node:crypto";
import { cacheDir } from "../../config/cache_dir.ts";
import { fileExists } from "./file_exists.ts";
import { report, SetupError } from "./report.ts";
import { lastLines, runCommand } from "./run_command.ts";
import { CUDA_TOOLKIT, CUDA_WHEELS, NCCL_WHEEL, type Wheel } from "./cuda_wheels.ts";

/** What the fetch asks of the outside; a parameter, so that tests need no network. */
export interface ToolkitSource {
  env(name: string): string | undefined;
  arch: string;
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

const OUTSIDE: ToolkitSource = {
  env: (name) => Deno.env.get(name),
  arch: Deno.build.arch,
  fetch: (url, init) => fetch(url, init),
};

/**
 * Root of a CUDA toolkit with cuBLASLt: the one that `CUDA_HOME` (or `CUDA_PATH`) names, else the
 * pinned `nvidia-*` wheels, fetched from PyPI once, checked and unpacked in the cache folder.
 *
 * @throws {SetupError} when there is neither, with what was seen and what to do.
 */
export async function ensureCudaToolkit(source: ToolkitSource = OUTSIDE): Promise<string> {
  const own = source.env("CUDA_HOME") || source.env("CUDA_PATH");
  if (own) {
    if (fileExists(`${own}/bin/nvcc`)) return own;
    throw new SetupError(`CUDA_HOME is ${own}, where there is no bin/nvcc; correct or unset it`);
  }
  if (source.arch !== "x86_64") {
    throw new SetupError(
      `the pinned CUDA wheels are for x86_64, this machine is ${source.arch}; install a CUDA ` +
        "toolkit of version 12.8 or later with cuBLAS and set CUDA_HOME",
    );
  }
  const folder = `${cacheDir(source.env)}/cuda-${CUDA_TOOLKIT}`;
  const root = `${folder}/nvidia/cu13`;
  const what = `the CUDA ${CUDA_TOOLKIT} toolkit`;
  await ensureWheels(folder, CUDA_WHEELS, what, "CUDA_HOME", source, () => makeExecutable(root));
  return root;
}

/**
 * Root of NCCL, with `include/nccl.h` and `lib/libnccl.so.2`: the one that `NCCL_HOME` names, else the
 * pinned wheel, fetched as the toolkit is.
 *
 * @throws {SetupError} when there is neither, with what was seen and what to do.
 */
export async function ensureNccl(source: ToolkitSource = OUTSIDE): Promise<string> {
  const own = source.env("NCCL_HOME");
  if (own) {
    if (fileExists(`${own}/include/nccl.h`)) return own;
    throw new SetupError(
      `NCCL_HOME is ${own}, where there is no include/nccl.h; correct or unset it`,
    );
  }
  if (source.arch !== "x86_64") {
    throw new SetupError(
      `the pinned NCCL wheel is for x86_64, this machine is ${source.arch}; install NCCL 2.27 or ` +
        "later for CUDA 13 and set NCCL_HOME",
    );
  }
  const folder = `${cacheDir(source.env)}/nccl-${NCCL_WHEEL.version}`;
  const what = `NCCL ${NCCL_WHEEL.version}`;
  await ensureWheels(folder, [NCCL_WHEEL], what, "NCCL_HOME", source, () => {});
  return `${folder}/nvidia/nccl`;
}

/** Fetches wheels and unpacks them into one folder, once. */
async function ensureWheels(
  folder: string,
  wheels: readonly Wheel[],
  what: string,
  variable: string,
  source: ToolkitSource,
  finish: () => void,
): Promise<void> {
  const done = `${folder}/complete`;
  const wanted = wheels.map((wheel) => wheel.sha256).join("\n");
  if (fileExists(done) && Deno.readTextFileSync(done) === wanted) return;
  if (source.env("CLIPA_OFFLINE") === "1") {
    throw new SetupError(
      `${what} is missing and CLIPA_OFFLINE=1 forbids downloads; unset it, or set ${variable}`,
    );
  }
  const megabytes = Math.round(wheels.reduce((sum, wheel) => sum + wheel.bytes, 0) / 1e6);
  report("cuda", `fetching ${what} from PyPI (${megabytes} MB) -> ${folder}`);
  Deno.mkdirSync(folder, { recursive: true });
  for (const wheel of wheels) {
    const file = `${folder}/${wheel.name}.whl.part`;
    try {
      await fetchWheel(wheel, file, source, variable);
      const { code, output } = await runCommand("cmake", ["-E", "tar", "xf", file], {
        cwd: folder,
      });
      if (code !== 0) throw new SetupError(`${file} cannot be unpacked: ${lastLines(output)}`);
    } finally {
      if (fileExists(file)) Deno.removeSync(file);
    }
  }
  finish();
  Deno.writeTextFileSync(done, wanted);
}

// The archive form keeps no execute bits that every unpacker would restore.
function makeExecutable(root: string): void {
  for (
    const program of [
      "bin/nvcc",
      "bin/ptxas",
      "bin/fatbinary",
      "bin/cudafe++",
      "bin/nvlink",
      "bin/bin2c",
      "nvvm/bin/cicc",
    ]
  ) {
    if (fileExists(`${root}/${program}`)) Deno.chmodSync(`${root}/${program}`, 0o755);
  }
}

/** Fetches one wheel to `file` and compares it with its pinned SHA-256. */
async function fetchWheel(
  wheel: Wheel,
  file: string,
  source: ToolkitSource,
  variable: string,
): Promise<void> {
  const index = (source.env("PIP_INDEX_URL") || "https://pypi.org/simple").replace(/\/$/, "");
  const page = `${index}/${wheel.name}/`;
  const advice =
    `is the network there? Set PIP_INDEX_URL to a mirror, or ${variable} to what is installed`;
  const get = async (url: string, accept: string) => {
    let answer: Response;
    try {
      answer = await source.fetch(url, { headers: { accept } });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SetupError(`${url} cannot be reached (${reason}); ${advice}`);
    }
    if (answer.ok) return answer;
    await answer.body?.cancel();
    throw new SetupError(`${url} answered ${answer.status}; ${advice}`);
  };
  const listing = await (await get(page, "application/vnd.pypi.simple.v1+json")).json();
  const files: { url: string; hashes: { sha256?: string } }[] = listing.files ?? [];
  const found = files.find((entry) => entry.hashes.sha256 === wheel.sha256);
  if (!found) {
    throw new SetupError(
      `${page} lists no ${wheel.name} ${wheel.version} with SHA-256 ${wheel.sha256}; ${advice}`,
    );
  }
  const { body } = await get(new URL(found.url, page).href, "*/*");
  const hash = createHash("sha256");
  using out = Deno.openSync(file, { write: true, create: true, truncate: true });
  for await (const piece of body ?? []) {
    hash.update(piece);
    for (let at = 0; at < piece.length;) at += out.writeSync(piece.subarray(at));
  }
  const seen = hash.digest("hex");
  if (seen !== wheel.sha256) {
    throw new SetupError(
      `${wheel.name} ${wheel.version}: SHA-256 ${seen}; allowed: ${wheel.sha256}; run the task again`,
    );
  }
}
