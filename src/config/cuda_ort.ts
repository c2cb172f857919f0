import { cacheDir } from "./cache_dir.ts";

/** The version of ONNX Runtime that this code is written for: that of `npm:onnxruntime-node` in `deno.json`. */
export const ORT_VERSION = "1.30.0";

/** Folder of ONNX Runtime with its CUDA provider, which `deno task build:cuda --ort` fills. */
export function cudaOrtFolder(env: (name: string) => string | undefined): string {
  return `${cacheDir(env)}/onnxruntime-cuda-${ORT_VERSION}`;
}

/** The core library in {@linkcode cudaOrtFolder}; null while the folder is not whole. */
export function cudaOrtLibrary(env: (name: string) => string | undefined): string | null {
  const folder = cudaOrtFolder(env);
  try {
    Deno.statSync(`${folder}/complete`);
  } catch {
    return null;
  }
  return `${folder}/libonnxruntime.so.1`;
}
