import { cacheDir } from "../../config/cache_dir.ts";
import { CUDA_TOOLKIT, CUDA_WHEELS, NCCL_WHEEL } from "./cuda_wheels.ts";
import { OUTSIDE, type WheelSource } from "./fetch_wheel.ts";
import { fileExists } from "./file_exists.ts";
import { SetupError } from "./report.ts";
import { ensureWheels } from "./wheel_folder.ts";

/**
 * Root of a CUDA toolkit with cuBLASLt: the one that `CUDA_HOME` (or `CUDA_PATH`) names, else the
 * pinned `nvidia-*` wheels, fetched from PyPI once, checked and unpacked in the cache folder.
 *
 * @throws {SetupError} when there is neither, with what was seen and what to do.
 */
export async function ensureCudaToolkit(source: WheelSource = OUTSIDE): Promise<string> {
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
  const finish = () => makeExecutable(root);
  const wheels = CUDA_WHEELS;
  await ensureWheels({ folder, wheels, what, variable: "CUDA_HOME", finish }, source);
  return root;
}

/**
 * Root of NCCL, with `include/nccl.h` and `lib/libnccl.so.2`: the one that `NCCL_HOME` names, else the
 * pinned wheel, fetched as the toolkit is.
 *
 * @throws {SetupError} when there is neither, with what was seen and what to do.
 */
export async function ensureNccl(source: WheelSource = OUTSIDE): Promise<string> {
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
  await ensureWheels({ folder, wheels: [NCCL_WHEEL], what, variable: "NCCL_HOME" }, source);
  return `${folder}/nvidia/nccl`;
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
