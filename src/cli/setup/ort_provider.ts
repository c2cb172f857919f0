import { cudaOrtFolder } from "../../config/cuda_ort.ts";
import { CURAND_WHEEL, ORT_WHEEL, type Wheel } from "./cuda_wheels.ts";
import { OUTSIDE, type WheelSource } from "./fetch_wheel.ts";
import { fileExists } from "./file_exists.ts";
import { SetupError } from "./report.ts";
import { ensureWheels } from "./wheel_folder.ts";

/** What the CUDA provider is linked with, besides the driver. */
const CUDA_LIBRARIES = ["libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13"];
const CURAND = "libcurand.so.10";
/** Where toolkits keep their libraries. */
const FOLDERS = ["lib64", "lib", "targets/x86_64-linux/lib"];

/**
 * Folder with ONNX Runtime and its CUDA provider, from the pinned wheel `onnxruntime-gpu`, and with links
 * to the libraries of CUDA that the provider needs: those of the toolkit, and cuRAND from its own pinned wheel
 * where the toolkit has none. The native library loads them from there.
 *
 * @param toolkit Root of a toolkit for CUDA 13, see `ensureCudaToolkit`.
 * @param wanted The pinned wheels; tests give others.
 * @throws {SetupError} when something cannot be had, with what was seen and what to do.
 */
export async function ensureOrtProvider(
  toolkit: string,
  source: WheelSource = OUTSIDE,
  wanted: { readonly ort: Wheel; readonly curand: Wheel } = {
    ort: ORT_WHEEL,
    curand: CURAND_WHEEL,
  },
): Promise<string> {
  if (source.arch !== "x86_64") {
    throw new SetupError(
      `the pinned wheel of ONNX Runtime's CUDA provider is for x86_64, this machine is ${source.arch}; ` +
        "set CLIPA_ORT_LIBRARY to a libonnxruntime.so.1 that has its CUDA provider beside it",
    );
  }
  const folder = cudaOrtFolder(source.env);
  const libraries = new Map(CUDA_LIBRARIES.map((name) => [name, inToolkit(toolkit, name)]));
  const missing = CUDA_LIBRARIES.filter((name) => libraries.get(name) === undefined);
  if (missing.length > 0) {
    throw new SetupError(
      `the toolkit ${toolkit} has no ${missing.join(", ")}, which ONNX Runtime's CUDA provider ` +
        "needs; set CUDA_HOME to a toolkit of CUDA 13, or unset it to take the pinned one",
    );
  }
  const curand = inToolkit(toolkit, CURAND);
  if (curand !== undefined) libraries.set(CURAND, curand);
  const links = [...libraries].map(([name, path]) => ({ path: path!, link: `${folder}/${name}` }));
  await ensureWheels({
    folder,
    wheels: curand === undefined ? [wanted.ort, wanted.curand] : [wanted.ort],
    what: `ONNX Runtime ${wanted.ort.version} for CUDA`,
    variable: "CLIPA_ORT_LIBRARY",
    key: links.map(({ path }) => path).join("\n"),
    finish() {
      for (const { path, link } of links) {
        Deno.symlinkSync(path, `${link}.new`);
        Deno.renameSync(`${link}.new`, link);
      }
    },
  }, source);
  return folder;
}

function inToolkit(toolkit: string, name: string): string | undefined {
  return FOLDERS.map((folder) => `${toolkit}/${folder}/${name}`).find(fileExists);
}
