import assert from "node:assert/strict";
import { symbols } from "../../src/native/symbols.ts";
import { runNcclRanks } from "./run_nccl_ranks.ts";
import { outcomeOf, rankProgram, rankTask, startCommands } from "./run_ranks.ts";
import { inFolder } from "../in_folder.ts";

// Ranks that were not started with the same files: every one says so before any work.

const BUILD = decodeURIComponent(new URL("../../build/cpu", import.meta.url).pathname);

/** The command with a variable of its own. */
const withLibrary = (path: string, command: string[]) => [
  "env",
  `CLIPA_LIBRARY=${path}`,
  ...command,
];

/** A library of another build: it computes the same and is not the same file. */
function otherBuild(dir: string, name: string): string {
  const path = `${dir}/${name}`;
  Deno.copyFileSync(`${BUILD}/${name}`, path);
  Deno.writeFileSync(path, new Uint8Array([0]), { append: true });
  return path;
}

/** A library of another ABI version, which can do nothing. */
async function otherAbi(dir: string): Promise<string> {
  const empty = Object.keys(symbols).filter((name) => name !== "clipa_abi_version")
    .map((name) => `int ${name}(void) { return 0; }`);
  const version = "int clipa_abi_version(unsigned* out) { *out = 99; return 0; }";
  Deno.writeTextFileSync(`${dir}/other.c`, [...empty, version].join("\n"));
  const path = `${dir}/other.so`;
  const { code, stderr } = await new Deno.Command("g++", {
    args: ["-x", "c", "-shared", "-fPIC", "-w", "-o", path, `${dir}/other.c`],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return path;
}

/** How often a sentence was said. */
const count = (said: string, pattern: RegExp) => said.match(new RegExp(pattern, "g"))?.length ?? 0;

const LIBRARIES =
  /the native library differs between the ranks: rank 0 has ABI 1 build [0-9a-f]{16}, rank 1 has ABI 1 build [0-9a-f]{16}; run `deno task build`/;

Deno.test("every rank names both libraries when one has another build", () =>
  inFolder(async (dir) => {
    const program = rankProgram("exchange");
    const other = withLibrary(otherBuild(dir, "libclipa_cpu.so"), program);
    const { code, stdout, stderr } = await outcomeOf(startCommands([program, other]));
    assert.notEqual(code, 0);
    assert.equal(count(stderr, LIBRARIES), 2, stderr);
    assert.equal(stdout, "", "no work was begun");
  }));

Deno.test("every rank on CUDA names both libraries when one has another build", () =>
  inFolder(async (dir) => {
    const other = otherBuild(dir, "libclipa_cuda_emulated.so");
    const found = await runNcclRanks(
      2,
      ["exchange"],
      (rank): Record<string, string> => rank === 1 ? { CLIPA_LIBRARY: other } : {},
    );
    for (const { code, stderr } of found) {
      assert.equal(code, 1, stderr);
      assert.match(stderr, LIBRARIES);
    }
  }));

for (const bad of [0, 1]) {
  Deno.test(`every rank on CUDA says so when rank ${bad} has no driver that can be used`, () =>
    inFolder(async (dir) => {
      const found = await runNcclRanks(
        2,
        ["train", "smoke", "--device", "cuda", "--out", `${dir}/run`],
        (rank): Record<string, string> => ({
          CLIPA_CACHE: `${dir}/cache`,
          ...(rank === bad ? { CLIPA_EMULATED_DRIVER: "11000" } : {}),
        }),
        rankTask,
      );
      for (const { code, seconds } of found) {
        assert.equal(code, 1);
        assert.ok(seconds < 60, `${seconds} s`);
      }
      assert.match(found[bad].stderr, /^error: .*driver/m);
      const said =
        `^error: rank ${1 - bad} ends: rank ${bad} \\(process \\d+ on \\S+\\) cannot use its ` +
        "GPU: cudaGetDeviceCount: ";
      assert.match(found[1 - bad].stderr, new RegExp(said, "m"));
      assert.throws(() => Deno.statSync(`${dir}/cache`), Deno.errors.NotFound);
    }));
}

Deno.test("a rank names both ABI versions when its library has another, and the other rank ends", () =>
  inFolder(async (dir) => {
    const task = rankTask("train", "smoke", "--out", `${dir}/run`);
    const other = withLibrary(await otherAbi(dir), task);
    const { code, stderr } = await outcomeOf(startCommands([task, other], { CLIPA_CACHE: dir }));
    assert.notEqual(code, 0);
    assert.match(
      stderr,
      /^error: native library \S+other\.so has ABI version 99; this code needs 1; /m,
    );
    assert.match(
      stderr,
      /^error: stopped while the ranks were still joining; where nobody stopped/m,
    );
  }));

Deno.test("every rank names both recipes before data is prepared when they differ", () =>
  inFolder(async (dir) => {
    const task = (seed: number) =>
      rankTask("train", "smoke", "--set", `seed=${seed}`, "--out", `${dir}/run`);
    const cache = { CLIPA_CACHE: `${dir}/cache` };
    const { code, stderr } = await outcomeOf(startCommands([task(1), task(2)], cache));
    assert.notEqual(code, 0);
    const said =
      /the recipe differs between the ranks: rank 0 has [0-9a-f]{64}, rank 1 has [0-9a-f]/;
    assert.equal(count(stderr, said), 2, stderr);
    assert.throws(() => Deno.statSync(`${dir}/cache`), Deno.errors.NotFound);
  }));

Deno.test("every rank says so when one was told to share the optimizer's state and one was not", () =>
  inFolder(async (dir) => {
    const task = rankTask("train", "smoke", "--out", `${dir}/run`);
    const both = startCommands([task, [...task, "--shard-optimizer"]], { CLIPA_CACHE: dir });
    const { code, stderr } = await outcomeOf(both);
    assert.notEqual(code, 0);
    const said = /--shard-optimizer differs between the ranks: rank 0 has false, rank 1 has true/;
    assert.equal(count(stderr, said), 2, stderr);
  }));

Deno.test("the other rank says why when a rank has no such recipe", () =>
  inFolder(async (dir) => {
    const task = (recipe: string) => rankTask("train", recipe, "--out", `${dir}/run`);
    const { code, stderr } = await outcomeOf(
      startCommands([task("smoke"), task("no-such")], { CLIPA_CACHE: dir }),
    );
    assert.notEqual(code, 0);
    assert.match(stderr, /^error: .*no-such/m);
    assert.match(stderr, /^error: rank 0 ends: rank 1 \(process \d+ on \S+\) ended: .*no-such/m);
  }));
