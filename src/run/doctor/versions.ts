import sharp from "sharp";
import { ABI_VERSION, nativeLibrary } from "../../native/library.ts";
import { openOrt, ORT_VERSION } from "../../onnx/ort_library.ts";
import { kitVersion } from "../kit_version.ts";

/** What a bug report needs: versions of everything that computes. */
export function readVersions(): Record<string, string> {
  const { abi: _, ...info } = nativeLibrary().info;
  return {
    kit: kitVersion(),
    abi: String(ABI_VERSION),
    ...Object.fromEntries(
      Object.entries(info).map(([name, value]) => [`library.${name}`, String(value)]),
    ),
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    typescript: Deno.version.typescript,
    onnxruntime: ortVersion(),
    sharp: sharp.versions.sharp ?? "unknown",
    vips: sharp.versions.vips,
  };
}

/** What can compute here, and why the rest cannot. */
export function readDevices(cpu: string, threads: number): { name: string; note: string }[] {
  return [
    {
      name: "cpu",
      note: `${cpu}, ${threads} threads, ${String(nativeLibrary().info.lanes ?? "")} lanes`,
    },
    { name: "cuda", note: cudaNote() },
  ];
}

function ortVersion(): string {
  try {
    openOrt();
    return ORT_VERSION;
  } catch (error) {
    return `not there: ${error instanceof Error ? error.message : error}`;
  }
}

function cudaNote(): string {
  try {
    const text = Deno.readTextFileSync("/proc/driver/nvidia/version");
    return `driver: ${text.split("\n")[0].trim()}`;
  } catch {
    return "no NVIDIA driver is loaded (/proc/driver/nvidia/version is missing)";
  }
}
