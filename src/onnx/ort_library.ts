import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { cudaOrtLibrary, ORT_VERSION } from "../config/cuda_ort.ts";
import { checkOrt, cText } from "../native/ort_check.ts";
import { chosenDevice, nativeLibrary } from "../native/library.ts";

export { ORT_VERSION };

/**
 * Path of ONNX Runtime's shared library: `CLIPA_ORT_LIBRARY`; else, where the chosen device is CUDA, the
 * one with a CUDA provider that `deno task build:cuda --ort` has fetched; else the one that
 * `npm:onnxruntime-node` ships. The real path, so that the package's own binding and this code use
 * one copy.
 *
 * @throws {Error} when it is not there.
 */
export function ortLibraryPath(): string {
  const given = Deno.env.get("CLIPA_ORT_LIBRARY") ??
    (chosenDevice().kind === "cuda" ? cudaOrtLibrary((name) => Deno.env.get(name)) : null);
  const advice = "run `deno install`, or set CLIPA_ORT_LIBRARY to a libonnxruntime.so of version " +
    ORT_VERSION;
  let path = given ?? "";
  try {
    if (!given) {
      const manifest = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
      const machine = Deno.build.arch === "aarch64" ? "arm64" : "x64";
      path = join(dirname(manifest), `bin/napi-v6/${Deno.build.os}/${machine}/libonnxruntime.so.1`);
    }
    return Deno.realPathSync(path);
  } catch (cause) {
    throw new Error(`ONNX Runtime is not at ${path || "onnxruntime-node"}; ${advice}`, { cause });
  }
}

let opened: string | undefined;

/**
 * Opens ONNX Runtime once per process and checks its version.
 *
 * @param path Another library than {@linkcode ortLibraryPath} finds; a process has one of them.
 * @throws {NativeError} for a missing file, another version, or a library that is not ONNX Runtime.
 */
export function openOrt(path?: string): void {
  if (path === undefined && opened !== undefined) return;
  const library = path ?? ortLibraryPath();
  const status = nativeLibrary().symbols.clipa_ort_load(cText(library), cText(ORT_VERSION));
  checkOrt(status, "clipa_ort_load");
  opened = library;
}
