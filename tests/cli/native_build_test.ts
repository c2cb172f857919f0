import assert from "node:assert/strict";
import { ensureNativeBuild } from "../../src/cli/setup/native_build.ts";
import { hashTree } from "../../src/cli/setup/native_key.ts";
import { readPlatform } from "../../src/cli/setup/platform.ts";
import { SetupError } from "../../src/cli/setup/report.ts";
import { readStamp } from "../../src/cli/setup/stamp.ts";

const CMAKE = `cmake_minimum_required(VERSION 3.16)
project(demo CXX)
add_library(clipa_cpu SHARED demo.cc)
`;

Deno.test("ensureNativeBuild builds once, again after a change, and leaves no stamp when it fails", async () => {
  const root = Deno.makeTempDirSync();
  const library = `${root}/build/cpu/libclipa_cpu.so`;
  const stamp = `${root}/build/cpu/clipa_build.json`;
  const source = (text: string) => Deno.writeTextFileSync(`${root}/kernels/demo.cc`, text);
  const build = () => ensureNativeBuild(root, readPlatform());
  try {
    Deno.mkdirSync(`${root}/kernels`);
    Deno.writeTextFileSync(`${root}/kernels/CMakeLists.txt`, CMAKE);
    source('extern "C" int demo() { return 1; }\n');
    await build();
    const first = Deno.statSync(library).mtime?.getTime();
    await build();
    assert.equal(Deno.statSync(library).mtime?.getTime(), first, "built again without a reason");

    source('extern "C" int demo() { return 2; }\n');
    await build();
    assert.notEqual(Deno.statSync(library).mtime?.getTime(), first, "the change was not built");

    // A moved checkout has absolute paths of the old place in its build folder.
    const moved = `${root}/moved`;
    Deno.mkdirSync(moved);
    for (const name of ["kernels", "build"]) Deno.renameSync(`${root}/${name}`, `${moved}/${name}`);
    await ensureNativeBuild(moved, readPlatform());
    assert.ok(Deno.statSync(`${moved}/build/cpu/libclipa_cpu.so`).isFile);
    for (const name of ["kernels", "build"]) Deno.renameSync(`${moved}/${name}`, `${root}/${name}`);

    source("this is not C++\n");
    await assert.rejects(build(), (error: Error) => {
      assert.ok(error instanceof SetupError);
      assert.match(error.message, /run by hand: cmake --build build\/cpu[\s\S]*demo\.cc:1/);
      return true;
    });
    assert.equal(readStamp(stamp), undefined);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});

Deno.test("hashTree changes when a file's text or name changes, and ignores hidden files", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${folder}/sub`);
    Deno.writeTextFileSync(`${folder}/sub/a.cc`, "1");
    const first = await hashTree(folder);
    Deno.writeTextFileSync(`${folder}/.hidden`, "1");
    assert.equal(await hashTree(folder), first);
    Deno.renameSync(`${folder}/sub/a.cc`, `${folder}/sub/b.cc`);
    const renamed = await hashTree(folder);
    Deno.writeTextFileSync(`${folder}/sub/b.cc`, "2");
    assert.equal(new Set([first, renamed, await hashTree(folder)]).size, 3);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
