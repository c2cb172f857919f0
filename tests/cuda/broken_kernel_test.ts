import assert from "node:assert/strict";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");
const KERNEL = Deno.readTextFileSync(`${ROOT}/kernels/src/cuda/attention.cu`);

const INCLUDES = ["tests/emulation/include", "include", "src"].map((dir) =>
  `-I${ROOT}/kernels/${dir}`
);

async function run(program: string, args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

async function compile(source: string, object: string): Promise<void> {
  const args = ["-std=gnu++17", "-O1", "-x", "c++", "-c", source, "-o", object, ...INCLUDES];
  const { code, text } = await run("g++", args);
  assert.equal(code, 0, text);
}

/** Compiles and runs attention on the emulation with the kernels that `source` holds. */
async function emulate(folder: string, source: string): Promise<{ code: number; text: string }> {
  const shared = ["tests/emulated_attention", "tests/emulation/emulation", "src/base/error"];
  const objects: string[] = [];
  for (const name of shared) {
    const object = `${folder}/${name.replaceAll("/", "_")}.o`;
    objects.push(object);
    try {
      Deno.statSync(object);
    } catch {
      await compile(`${ROOT}/kernels/${name}.cc`, object);
    }
  }
  Deno.writeTextFileSync(`${folder}/attention.cu`, source);
  await compile(`${folder}/attention.cu`, `${folder}/attention.o`);
  const program = `${folder}/attention`;
  const linked = await run("g++", [`${folder}/attention.o`, ...objects, "-o", program]);
  assert.equal(linked.code, 0, linked.text);
  return await run(program, []);
}

/** The source with its `number`th (from 0) occurrence of `from` replaced. */
function broken(from: string, to: string, number: number): string {
  const parts = KERNEL.split(from);
  assert.ok(parts.length > number + 1, `attention.cu has ${parts.length - 1} times "${from}"`);
  return parts.slice(0, number + 1).join(from) + to + parts.slice(number + 1).join(from);
}

Deno.test("the emulation runs the shipped attention and refuses it when it is broken", async (t) => {
  const folder = await Deno.makeTempDir();
  try {
    await t.step("as shipped it gives the numbers of the formula", async () => {
      const { code, text } = await emulate(folder, KERNEL);
      assert.equal(code, 0, text);
    });
    await t.step("a removed barrier of the block is a race", async () => {
      const { code, text } = await emulate(folder, broken("__syncthreads();", "", 0));
      assert.equal(code, 1, text);
      assert.match(text, /race: |nobody wrote/);
    });
    await t.step("a removed barrier of a warp is a race", async () => {
      const { code, text } = await emulate(folder, broken("__syncwarp();", "", 0));
      assert.equal(code, 1, text);
      assert.match(text, /race: |nobody wrote/);
    });
    await t.step("an index beyond an array in shared memory is refused", async () => {
      const { code, text } = await emulate(
        folder,
        broken("other[j * (head + 1) + c]", "other[j * (head + 1) + c + 4000]", 0),
      );
      assert.equal(code, 1, text);
      assert.match(text, /index \d+ of \d+ in shared memory/);
    });
    await t.step("a barrier that some threads miss is refused", async () => {
      const { code, text } = await emulate(
        folder,
        broken("__syncthreads();", "if (threadIdx.x != 7) __syncthreads();", 0),
      );
      assert.equal(code, 1, text);
      assert.match(text, /reached a barrier of the block|nobody wrote|race/);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
