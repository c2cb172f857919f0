import assert from "node:assert/strict";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");

const INCLUDES = ["tests/emulation/include", "include", "src"].map((dir) =>
  `-I${ROOT}/kernels/${dir}`
);

async function run(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args, env }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

async function compile(source: string, object: string): Promise<void> {
  const args = ["-std=gnu++17", "-O1", "-x", "c++", "-c", source, "-o", object, ...INCLUDES];
  const { code, text } = await run("g++", args);
  assert.equal(code, 0, text);
}

/** Text of a kernel file of `kernels/src/cuda`. */
export function kernelSource(name: string): string {
  return Deno.readTextFileSync(`${ROOT}/kernels/src/cuda/${name}`);
}

/**
 * Compiles and runs a program of `kernels/tests` on the emulation with the kernels that `source`
 * holds. What does not change is compiled once per folder.
 *
 * @param options.sources Further files of `kernels` that the program needs, without their ending.
 * @param options.env Of the program.
 */
export async function emulateKernel(
  folder: string,
  program: string,
  source: string,
  options: { sources?: readonly string[]; env?: Record<string, string> } = {},
): Promise<{ code: number; text: string }> {
  const objects: string[] = [];
  for (
    const name of [
      `tests/${program}`,
      "tests/emulation/emulation",
      "tests/emulation/runtime",
      "tests/emulation/streams",
      "src/base/error",
      ...options.sources ?? [],
    ]
  ) {
    const object = `${folder}/${name.replaceAll("/", "_")}.o`;
    objects.push(object);
    try {
      Deno.statSync(object);
    } catch {
      await compile(`${ROOT}/kernels/${name}.cc`, object);
    }
  }
  Deno.writeTextFileSync(`${folder}/kernel.cu`, source);
  await compile(`${folder}/kernel.cu`, `${folder}/kernel.o`);
  const linked = await run("g++", [
    ...[`${folder}/kernel.o`, ...objects, "-pthread"],
    ...["-o", `${folder}/${program}`],
  ]);
  assert.equal(linked.code, 0, linked.text);
  return await run(`${folder}/${program}`, [], options.env);
}

/** `source` with its `number`th (from 0) occurrence of `from` replaced. */
export function broken(source: string, from: string, to: string, number: number): string {
  const parts = source.split(from);
  assert.ok(parts.length > number + 1, `there is ${parts.length - 1} times "${from}"`);
  return parts.slice(0, number + 1).join(from) + to + parts.slice(number + 1).join(from);
}
