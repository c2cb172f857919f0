import { isDebianFamily, readPlatform } from "../setup/platform.ts";
import { runCommand } from "../setup/run_command.ts";

const FOLDER = decodeURIComponent(new URL("../../../build/peers", import.meta.url).pathname);

/** What Debian's PyTorch needs; without OpenBLAS it falls back on the slow reference BLAS. */
const DEBIAN_TORCH = ["python3-torch", "python3-numpy", "libopenblas0-pthread"];

/**
 * The Python that has JAX, installed from PyPI into a folder of the build.
 *
 * @throws {Error} when it cannot be installed.
 */
export async function jaxPython(): Promise<string> {
  const python = `${FOLDER}/bin/python`;
  if (await imports(python, "jax")) return python;
  await installPeers("JAX", ["jax[cpu]==0.10.2", "numpy"]);
  return python;
}

/**
 * The Python that has open_clip's tokenizer, installed from PyPI without PyTorch, which it only names.
 *
 * @throws {Error} when it cannot be installed.
 */
export async function tokenizerPython(): Promise<string> {
  const python = `${FOLDER}/bin/python`;
  if (await imports(python, "ftfy, regex") && await finds(python, "open_clip")) {
    return python;
  }
  await installPeers("open_clip's tokenizer", ["ftfy==6.3.1", "regex==2026.11.19", "numpy"]);
  await installPeers("open_clip", ["--no-deps", "open_clip_torch==3.3.0"]);
  return python;
}

/** Installs packages into the peers' folder. */
async function installPeers(what: string, packages: readonly string[]): Promise<void> {
  const python = `${FOLDER}/bin/python`;
  console.error(`bench  installing ${what}`);
  for (
    const [command, ...args] of [
      ["python3", "-m", "venv", FOLDER],
      [python, "-m", "pip", "install", "--quiet", ...packages],
    ]
  ) {
    const { code } = await runCommand(command, args);
    if (code !== 0) {
      throw new Error(
        `${command} ${args.join(" ")} failed; --peers needs Python 3 with venv and pip`,
      );
    }
  }
}

/**
 * The Python that has PyTorch: that of `CLIPA_TORCH_PYTHON`, one in the peers' folder, or the
 * system's. Debian's package is a small CPU build (the wheel of PyPI is a CUDA build of 5 GB), so as
 * root on Debian it is installed.
 *
 * @throws {Error} when there is none; says how to get one.
 */
export async function torchPython(env: (name: string) => string | undefined): Promise<string> {
  const given = env("CLIPA_TORCH_PYTHON");
  if (given) {
    if (await imports(given, "torch")) return given;
    throw new Error(`CLIPA_TORCH_PYTHON is ${given}, which has no torch; install it there`);
  }
  const places = [`${FOLDER}/bin/python`, "/usr/bin/python3"];
  const found = async () => {
    for (const python of places) if (await imports(python, "torch")) return python;
  };
  const there = await found();
  if (there !== undefined) return there;
  const byHand = `apt-get install -y --no-install-recommends ${DEBIAN_TORCH.join(" ")}`;
  if (Deno.uid() === 0 && isDebianFamily(readPlatform())) {
    console.error(`bench  installing ${DEBIAN_TORCH.join(", ")} with apt-get`);
    const [command, ...args] = byHand.split(" ");
    await runCommand(command, ["update"]);
    await runCommand(command, args, { env: { DEBIAN_FRONTEND: "noninteractive" } });
    const installed = await found();
    if (installed !== undefined) return installed;
  }
  throw new Error(
    `the measurements against PyTorch need it; seen none in ${
      places.join(", ")
    }; run: ${byHand}, or set ` +
      "CLIPA_TORCH_PYTHON to a Python that has it",
  );
}

async function imports(python: string, module: string): Promise<boolean> {
  return (await runCommand(python, ["-c", `import ${module}, numpy`])).code === 0;
}

/** Whether a package is there; it is not run. */
async function finds(python: string, module: string): Promise<boolean> {
  const code = `import importlib.util as u, sys; sys.exit(u.find_spec("${module}") is None)`;
  return (await runCommand(python, ["-c", code])).code === 0;
}
