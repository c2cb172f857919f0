import { fileExists } from "./file_exists.ts";
import { nativeKey } from "./native_key.ts";
import type { Platform } from "./platform.ts";
import { report, SetupError } from "./report.ts";
import { lastLines, runCommand } from "./run_command.ts";
import { readStamp, writeStamp } from "./stamp.ts";
import { BUILD_NEEDS, ensureSystemPackages } from "./system_packages.ts";

/** One way to build `kernels/`. */
export interface NativeVariant {
  /** Folder below `build/`. */
  folder: string;
  /** What the build must leave there. */
  product: string;
  /** What the set-up says. */
  what: string;
  /** Further arguments of CMake. */
  args: readonly string[];
  /** The target, where it is not all; it has a stamp of its own, so it may share a folder. */
  target?: string;
}

/** The library that tasks use. */
export const LIBRARY: NativeVariant = {
  folder: "cpu",
  product: "libclipa_cpu.so",
  what: "the native library",
  args: ["-DCLIPA_CUDA=OFF"],
};

/** The CUDA library, from a toolkit and NCCL; it shares the objects of the CPU library. */
export function cudaVariant(toolkit: string, nccl: string): NativeVariant {
  return {
    folder: "cpu",
    product: "../cuda/libclipa_cuda.so",
    what: "the CUDA library",
    args: ["-DCLIPA_CUDA=ON", `-DCLIPA_CUDA_ROOT=${toolkit}`, `-DCLIPA_NCCL_ROOT=${nccl}`],
    target: "clipa_cuda",
  };
}

/** The CUDA library's sources for the host compiler, on an emulation of blocks and threads. */
export const EMULATED: NativeVariant = {
  folder: "cpu",
  product: "libclipa_cuda_emulated.so",
  what: "the emulated CUDA library for tests",
  args: ["-DCLIPA_CUDA=OFF"],
  target: "clipa_cuda_emulated",
};

/** The library under the address and undefined-behaviour sanitizers. */
export const SANITIZED: NativeVariant = {
  folder: "sanitize",
  product: "libclipa_cpu.so",
  what: "the native library for the address sanitizer",
  args: ["-DCLIPA_SANITIZE=address", "-DCMAKE_CXX_COMPILER=g++"],
};

/** A program that uses the library from several threads, under the thread sanitizer. */
export const RACE: NativeVariant = {
  folder: "race",
  product: "clipa_race",
  what: "a test of threads for the thread sanitizer",
  args: ["-DCLIPA_SANITIZE=thread", "-DCMAKE_CXX_COMPILER=g++"],
};

/** Programs that give the library changed bytes, guided by coverage. */
export function fuzzVariant(compiler: string): NativeVariant {
  return {
    folder: "fuzz",
    product: "clipa_fuzz_ops",
    what: "the fuzzers of the native library",
    args: ["-DCLIPA_FUZZ=ON", `-DCMAKE_CXX_COMPILER=${compiler}`],
  };
}

/**
 * Builds `kernels/`, unless what is there fits: same compiler, flags, CPU features and sources. System
 * packages are asked for only when there is something to build, so a finished build runs on a machine
 * where nothing may be installed.
 *
 * @param root the repository root.
 * @param variant what to build; the library that tasks use when absent.
 * @throws {SetupError} with the end of the compiler's output if the build fails.
 */
export async function ensureNativeBuild(
  root: string,
  platform: Platform,
  variant: NativeVariant = LIBRARY,
): Promise<void> {
  const place = `build/${variant.folder}`;
  const folder = `${root}/${place}`;
  const library = `${folder}/${variant.product}`;
  const stampPath = `${folder}/clipa_build${variant.target ? `_${variant.target}` : ""}.json`;
  const stamp = readStamp(stampPath);
  if (stamp !== undefined && fileExists(library)) {
    const key = await nativeKey(root);
    if (stamp.machine === key.machine && stamp.sources === key.sources) return;
  }
  await ensureSystemPackages(BUILD_NEEDS, platform);
  const key = await nativeKey(root);
  const startedMs = Date.now();
  const sameMachine = readStamp(`${folder}/clipa_build.json`)?.machine === key.machine ||
    stamp?.machine === key.machine;
  report("build", `compiling ${variant.what} (kernels/ -> ${place}/${variant.product})`);
  // CMake keeps the compiler and the detected CPU in its cache: another machine starts from nothing.
  if (!sameMachine) removeFolder(folder);
  Deno.mkdirSync(folder, { recursive: true });
  // Taken away first: a build that dies half-way must not be mistaken for a finished one.
  if (fileExists(stampPath)) Deno.removeSync(stampPath);
  await cmake(root, [
    "-S",
    "kernels",
    "-B",
    place,
    ...(sameMachine ? [] : generator()),
    "-DCMAKE_BUILD_TYPE=Release",
    ...variant.args,
    ...(Deno.env.get("CLIPA_CMAKE_ARGS") ?? "").split(/\s+/).filter((arg) => arg !== ""),
  ]);
  const target = variant.target ? ["--target", variant.target] : [];
  await cmake(root, [
    "--build",
    place,
    ...target,
    "--parallel",
    `${navigator.hardwareConcurrency}`,
  ]);
  if (!fileExists(library)) {
    throw new SetupError(`the build ended without ${library}; read kernels/CMakeLists.txt`);
  }
  const seconds = (Date.now() - startedMs) / 1000;
  writeStamp(stampPath, { ...key, seconds });
  report("build", `done in ${seconds.toFixed(1)} s`);
}

function generator(): string[] {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.some((folder) => fileExists(`${folder}/ninja`)) ? ["-G", "Ninja"] : [];
}

function removeFolder(folder: string): void {
  if (fileExists(folder)) Deno.removeSync(folder, { recursive: true });
}

async function cmake(root: string, args: string[]): Promise<void> {
  const { code, output } = await runCommand("cmake", args, { cwd: root });
  if (code === 0) return;
  throw new SetupError(
    `the native build failed (exit code ${code}); run by hand: cmake ${args.join(" ")}\n` +
      lastLines(output, 40),
  );
}
