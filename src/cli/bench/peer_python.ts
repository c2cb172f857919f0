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
  console.error("bench  installing JAX");
  for (
    const [command, ...args] of [
      ["python3", "-m", "venv", FOLDER],
      [python, "-m", "pip", "install", "--quiet", "jax[cpu]==0.10.2", "numpy"],
    ]
  ) {
    const { code } = await runCommand(command, args);
    if (code !== 0) {
      throw new Error(
        `${command} ${args.join(" ")} failed; --peers needs Python 3 with venv and pip`,
      );
    }
  }
  return python;
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
