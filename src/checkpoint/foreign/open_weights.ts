import { readAt } from "../read_at.ts";
import { openNpzWeights } from "./npz_file.ts";
import { openSafetensorsWeights } from "./safetensors_file.ts";
import { openTorchWeights } from "./torch_file.ts";
import type { WeightFile } from "./weight_file.ts";

/**
 * Opens a file of weights by what it holds, whatever it is called: safetensors, PyTorch's zip form or
 * numpy's `.npz`. Only names, shapes and number types are read.
 *
 * @throws {Error} when there is no such file; {SyntaxError} when it is none of them, or unsound.
 *
 * @example
 * ```ts ignore
 * using file = openWeights("open_clip_model.safetensors");
 * console.log(file.tensors.get("visual.proj")?.shape);
 * ```
 */
export function openWeights(path: string): WeightFile {
  const head = firstBytes(path);
  if (head.length === 0) throw new SyntaxError(`${path} is empty; copy it anew`);
  // safetensors starts with a length of any bytes, so its JSON is looked for first; a zip archive has
  // its compression method, a small number, where that starts.
  if (head[8] === 0x7b) return openSafetensorsWeights(path);
  const zipped = head[0] === 0x50 && head[1] === 0x4b;
  if (zipped && (path.endsWith(".npz"))) return openNpzWeights(path);
  if (zipped) return openTorchWeights(path);
  if (head[0] === 0x80) {
    throw new SyntaxError(
      `${path} is a bare pickle, PyTorch's form before 1.6 or another program's; it is not read. ` +
        "Load it where you trust it and save it anew with torch.save or as safetensors",
    );
  }
  return openSafetensorsWeights(path);
}

function firstBytes(path: string): Uint8Array {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(`${path} is not there; name a .safetensors, .bin, .pt or .npz file`, { cause });
  }
  using opened = file;
  const { size, isFile } = opened.statSync();
  if (!isFile) {
    throw new SyntaxError(
      `${path} is a folder; name a file of weights. A tensorstore folder has to be saved as .npz first`,
    );
  }
  return readAt(opened, 0, Math.min(9, size));
}
