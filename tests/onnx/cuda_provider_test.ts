import assert from "node:assert/strict";
import { boundedOutput } from "../cuda/bounded_child.ts";
import { ortLibraryPath } from "../../src/onnx/ort_library.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");
const PROVIDER = "libonnxruntime_providers_cuda.so";

function run(program: string, args: string[], env: Record<string, string> = {}) {
  return boundedOutput(program, { args, cwd: ROOT, env: { NO_COLOR: "1", ...env } });
}

/** Compiles a library; `linked` are libraries that it needs. */
async function library(path: string, source: string, ...linked: string[]): Promise<void> {
  Deno.writeTextFileSync(`${path}.c`, source);
  const args = ["-shared", "-fPIC", "-Wl,--no-as-needed", "-o", path, `${path}.c`, ...linked];
  const { code, text } = await run("gcc", args);
  assert.equal(code, 0, text);
}

/** A folder with ONNX Runtime, to which a case adds what it needs, and one on the loader's path. */
class Machine implements AsyncDisposable {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync());
  readonly loader = `${this.folder}/loader`;
  readonly ort = `${this.folder}/libonnxruntime.so.1`;

  constructor() {
    Deno.mkdirSync(this.loader);
    try {
      Deno.linkSync(ortLibraryPath(), this.ort);
    } catch {
      Deno.copyFileSync(ortLibraryPath(), this.ort); // another file system
    }
  }

  /** A provider that was linked with a version of CUDA, which is not there, or beside it. */
  async provider(cuda: number, keep = false): Promise<void> {
    const runtime = `${this.folder}/libcudart.so.${cuda}`;
    await library(runtime, "", `-Wl,-soname,libcudart.so.${cuda}`);
    await library(`${this.folder}/${PROVIDER}`, "", runtime);
    if (!keep) Deno.removeSync(runtime);
  }

  /** A driver that knows a version of CUDA: 1000 major + 10 minor. */
  driver(version: number): Promise<void> {
    const source = `int cuDriverGetVersion(int *version) { *version = ${version}; return 0; }`;
    return library(`${this.loader}/libcuda.so.1`, source);
  }

  /** What opening a session with a provider says: its note, or the error. */
  async open(provider: "auto" | "cuda"): Promise<{ code: number; text: string }> {
    return await this.#run("tests/onnx/open_session.ts", provider, "clipa_cpu");
  }

  /** The probe of `deno task test --device`. */
  async probe(device: string): Promise<{ code: number; text: string }> {
    const library = device === "cpu" ? "clipa_cpu" : "clipa_cuda_emulated";
    return await this.#run("src/onnx/probe_provider.ts", device, library);
  }

  async #run(
    script: string,
    argument: string,
    library: string,
  ): Promise<{ code: number; text: string }> {
    const config = Deno.env.get("CLIPA_DENO_CONFIG") ?? `${ROOT}/deno.json`;
    const args = ["run", "-A", "--no-check", "--config", config, script, argument];
    return await run(Deno.execPath(), args, {
      CLIPA_DEVICE: "cpu",
      CLIPA_LIBRARY: `${ROOT}/build/cpu/lib${library}.so`,
      CLIPA_ORT_LIBRARY: this.ort,
      LD_LIBRARY_PATH: `${this.loader}:${Deno.env.get("LD_LIBRARY_PATH") ?? ""}`,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Whether this machine has a driver of its own, which the loader would find. */
const HAS_DRIVER = (() => {
  try {
    Deno.dlopen("libcuda.so.1", {}).close();
    return true;
  } catch {
    return false;
  }
})();

const CASES: {
  name: string;
  ignore?: boolean;
  prepare: (machine: Machine) => Promise<void>;
  message: RegExp;
}[] = [
  {
    name: "no provider in the package",
    prepare: () => Promise.resolve(),
    message:
      /libonnxruntime_providers_cuda\.so does not lie beside .*libonnxruntime\.so\.1: this package of ONNX Runtime has no CUDA provider; deno task build:cuda --ort fetches one for runs with --device cuda:0, or put that file and libonnxruntime_providers_shared\.so of version 1\.30\.0 there/,
  },
  {
    name: "no driver",
    ignore: HAS_DRIVER,
    prepare: (machine) => machine.provider(13),
    message: /no NVIDIA driver was found \(libcuda\.so\.1\); install one for CUDA 13/,
  },
  {
    name: "a driver that is too old for the provider",
    async prepare(machine) {
      await machine.provider(13);
      await machine.driver(11080);
    },
    message:
      /the NVIDIA driver is too old: it knows CUDA 11\.8, .*providers_cuda\.so needs CUDA 13; update the driver/,
  },
  {
    name: "a provider for a version of CUDA that is not installed",
    async prepare(machine) {
      await machine.provider(12);
      await machine.driver(13000);
    },
    message:
      /libcudart\.so\.12: cannot open shared object file.*needs the libraries of CUDA 12: install them, name their folder in LD_LIBRARY_PATH, or put links to them beside it/,
  },
  {
    name: "no second library of the provider, where CUDA lies beside it",
    async prepare(machine) {
      await machine.provider(12, true);
      await machine.driver(13000);
    },
    message: /libonnxruntime_providers_shared\.so: cannot open shared object file/,
  },
  {
    name: "a provider that is cut",
    async prepare(machine) {
      await machine.provider(13);
      const path = `${machine.folder}/${PROVIDER}`;
      await Deno.truncate(path, Deno.statSync(path).size - 1);
    },
    message: /providers_cuda\.so is cut, or is no library of this machine; copy it again/,
  },
  {
    name: "a file that is no library",
    async prepare(machine) {
      await Deno.writeTextFile(`${machine.folder}/${PROVIDER}`, "<html>404 Not Found</html>");
    },
    message: /providers_cuda\.so is cut, or is no library of this machine; copy it again/,
  },
];

for (const { name, ignore, prepare, message } of CASES) {
  Deno.test({
    name: `a session for CUDA says what is missing: ${name}`,
    ignore,
    async fn() {
      await using machine = new Machine();
      await prepare(machine);
      const asked = await machine.open("cuda");
      assert.equal(asked.code, 1, asked.text);
      assert.match(asked.text, /the CUDA provider cannot be used: /);
      assert.match(asked.text, message);
      assert.match(asked.text, /; or ask for the provider cpu/);
      const auto = await machine.open("auto");
      assert.equal(auto.code, 0, auto.text);
      assert.match(auto.text, /^CPU; no CUDA because /);
      if (name !== "no provider in the package") assert.match(auto.text, message);
    },
  });
}

Deno.test("the probe says whether a device computes one of our ops, and why not", async () => {
  await using machine = new Machine();
  await machine.driver(11080);
  const cpu = await machine.probe("cpu");
  assert.equal(cpu.code, 0, cpu.text);
  const cuda = await machine.probe("cuda:0");
  assert.equal(cuda.code, 1);
  assert.match(cuda.text, /this package of ONNX Runtime has no CUDA provider/);
});
