import { join } from "node:path";
import { fileExists } from "../setup/file_exists.ts";

/** What the code in notebooks reaches: everything but notebooks and results is linked. */
const LINKED = ["mod.ts", "src", "kernels", "node_modules", "build"];

/** A folder that looks like the repository to a notebook. */
export interface ScratchTree extends Disposable {
  /** Folder with the copies of the notebooks. */
  readonly notebooks: string;
  /** Environment that lets Jupyter find the Deno kernel and leave the user's own settings alone. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Makes a folder in which notebooks are executed, so that the committed ones stay as they are.
 *
 * The Deno kernel takes no `--config`: it finds `deno.json` from the notebook's folder upwards. So the
 * configuration that works on this machine stands here under that name.
 *
 * @param root the repository root.
 * @param config file name of the configuration, relative to `root`.
 */
export function openScratchTree(root: string, config: string): ScratchTree {
  const parent = join(root, "build/notebooks");
  Deno.mkdirSync(parent, { recursive: true });
  const tree = Deno.makeTempDirSync({ dir: parent, prefix: "tree-" });
  for (const name of LINKED) {
    const path = join(root, name);
    if (fileExists(path)) Deno.symlinkSync(path, join(tree, name));
  }
  const settings = JSON.parse(Deno.readTextFileSync(join(root, config)));
  const lock = settings.lock ?? "deno.lock";
  Deno.copyFileSync(join(root, lock), join(tree, lock));
  Deno.writeTextFileSync(join(tree, "deno.json"), JSON.stringify(settings, null, 2));
  const notebooks = join(tree, "notebooks");
  Deno.mkdirSync(notebooks);
  copyResults(join(root, "notebooks/results"), join(notebooks, "results"));
  writeKernel(join(tree, "jupyter/kernels/deno"));
  return {
    notebooks,
    env: {
      JUPYTER_PATH: join(tree, "jupyter"),
      JUPYTER_DATA_DIR: join(tree, "jupyter"),
      JUPYTER_CONFIG_DIR: join(tree, "jupyter/config"),
      JUPYTER_RUNTIME_DIR: join(tree, "jupyter/runtime"),
      JUPYTER_PLATFORM_DIRS: "1",
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
    },
    [Symbol.dispose]: () => Deno.removeSync(tree, { recursive: true }),
  };
}

/** Copies, not links: reading may mend a file whose last line a running sweep is writing. */
function copyResults(from: string, to: string): void {
  if (!fileExists(from)) return;
  Deno.mkdirSync(to);
  for (const { name, isFile } of Deno.readDirSync(from)) {
    if (isFile) Deno.copyFileSync(join(from, name), join(to, name));
  }
}

/** The kernel as `deno jupyter --install` describes it, with the very Deno that runs this. */
function writeKernel(folder: string): void {
  Deno.mkdirSync(folder, { recursive: true });
  const kernel = {
    argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
    display_name: "Deno",
    language: "typescript",
  };
  Deno.writeTextFileSync(join(folder, "kernel.json"), JSON.stringify(kernel));
}
