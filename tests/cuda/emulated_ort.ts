import { boundedOutput } from "./bounded_child.ts";
import { ortLibraryPath } from "../../src/onnx/ort_library.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");

/** ONNX Runtime as it would be with a CUDA provider; see `kernels/tests/emulation/onnxruntime.cc`. */
export const EMULATED_ORT = `${ROOT}/build/cpu/emulated_ort/libonnxruntime.so`;

/** Environment in which sessions run the kernels of the CUDA library, on the emulated device. */
export function emulatedOrt(): Record<string, string> {
  return {
    CLIPA_DEVICE: "cuda:0",
    CLIPA_LIBRARY: `${ROOT}/build/cpu/libclipa_cuda_emulated.so`,
    CLIPA_ORT_LIBRARY: EMULATED_ORT,
    CLIPA_EMULATED_ORT: ortLibraryPath(),
  };
}

/** Runs Deno with the configuration of this machine; a child that hangs is ended and named. */
export function deno(
  command: "run" | "test",
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; text: string }> {
  const config = Deno.env.get("CLIPA_DENO_CONFIG") ?? `${ROOT}/deno.json`;
  return boundedOutput(Deno.execPath(), {
    args: [command, "-A", "--no-check", "--config", config, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
  }, { processorSeconds: 900 });
}
