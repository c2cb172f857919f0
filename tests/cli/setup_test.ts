import assert from "node:assert/strict";
import { OFFLINE_LOCK, offlineConfig, offlineLock } from "../../src/cli/setup/offline_config.ts";
import { checkPlatform, isDebianFamily, parseDistribution } from "../../src/cli/setup/platform.ts";
import type { Platform } from "../../src/cli/setup/platform.ts";
import { readStamp, writeStamp } from "../../src/cli/setup/stamp.ts";
import { BUILD_NEEDS, missingNeeds } from "../../src/cli/setup/system_packages.ts";
import { withLock } from "../../src/cli/setup/with_lock.ts";

const ROOT = new URL("../../", import.meta.url);
const DEBIAN: Platform = { os: "linux", arch: "x86_64", libc: "glibc", distribution: ["debian"] };

Deno.test("checkPlatform refuses a platform with a sentence when it is not supported", () => {
  checkPlatform(DEBIAN);
  checkPlatform({ ...DEBIAN, arch: "aarch64" });
  const refused: [Partial<Platform>, RegExp][] = [
    [{ os: "darwin", arch: "aarch64" }, /runs darwin aarch64; supported: Linux with glibc/],
    [{ os: "windows" }, /runs windows x86_64/],
    [{ libc: "other" }, /another C library than glibc/],
    [{ arch: "riscv64" }, /linux riscv64/],
  ];
  for (const [change, expected] of refused) {
    assert.throws(() => checkPlatform({ ...DEBIAN, ...change }), expected);
  }
});

Deno.test("parseDistribution reads ID and ID_LIKE when they are quoted or not", () => {
  const text = 'NAME="Linux Mint"\nID=linuxmint\nVERSION_ID="21"\nID_LIKE="ubuntu debian"\n';
  assert.deepEqual(parseDistribution(text), ["linuxmint", "ubuntu", "debian"]);
  assert.ok(isDebianFamily({ ...DEBIAN, distribution: parseDistribution(text) }));
  assert.ok(!isDebianFamily({ ...DEBIAN, distribution: parseDistribution("ID=fedora") }));
});

Deno.test("missingNeeds lists a need when none of its programs and files is there", () => {
  const there = new Set(["/usr/bin/g++", "/opt/bin/make", "/usr/include/dnnl.h"]);
  const missing = missingNeeds(BUILD_NEEDS, "/usr/bin:/opt/bin", (path) => there.has(path));
  assert.deepEqual(missing.map((need) => need.package), ["cmake"]);
  assert.equal(missingNeeds(BUILD_NEEDS, "", () => false).length, BUILD_NEEDS.length);
});

Deno.test("offlineConfig keeps all of deno.json and adds the link and a lock when generated", () => {
  const denoJson = Deno.readTextFileSync(new URL("deno.json", ROOT));
  const { links, lock, ...rest } = JSON.parse(offlineConfig(denoJson));
  assert.deepEqual(rest, JSON.parse(denoJson));
  assert.equal(lock, OFFLINE_LOCK);
  const standIn = JSON.parse(Deno.readTextFileSync(new URL(`${links[0]}/deno.json`, ROOT)));
  assert.equal(standIn.name, "@std/yaml");
});

Deno.test("offlineLock pins what the stand-in imports and nothing from JSR when generated", () => {
  const denoLock = JSON.parse(Deno.readTextFileSync(new URL("deno.lock", ROOT)));
  denoLock.specifiers["jsr:@std/yaml@1"] = "1.0.5";
  denoLock.jsr = { "@std/yaml@1.0.5": { integrity: "0" } };
  const lock = JSON.parse(offlineLock(JSON.stringify(denoLock)));
  const standIn = JSON.parse(
    Deno.readTextFileSync(new URL("src/config/offline/std_yaml/deno.json", ROOT)),
  );
  const specifier = standIn.imports["js-yaml"];
  assert.ok(specifier in lock.specifiers, specifier);
  assert.ok(specifier.slice("npm:".length) in lock.npm);
  assert.deepEqual(Object.keys(lock.links ?? lock.workspace.links), [
    `jsr:@std/yaml@${standIn.version}`,
  ]);
  assert.equal(lock.jsr, undefined);
  assert.ok(!Object.keys(lock.specifiers).some((key) => key.startsWith("jsr:")));
  for (const name of Object.keys(denoLock.npm)) assert.ok(name in lock.npm, name);
});

Deno.test("readStamp gives undefined when the stamp is missing or damaged", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/a/stamp.json`;
    assert.equal(readStamp(path), undefined);
    writeStamp(path, { key: "1" });
    assert.deepEqual(readStamp(path), { key: "1" });
    Deno.writeTextFileSync(path, '{"key": ');
    assert.equal(readStamp(path), undefined);
    assert.deepEqual([...Deno.readDirSync(`${folder}/a`)].length, 1);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("withLock lets one body finish before the next begins when both want the lock", async () => {
  const folder = Deno.makeTempDirSync();
  const events: string[] = [];
  const body = (name: string) => async () => {
    events.push(`${name} in`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    events.push(`${name} out`);
  };
  try {
    const lock = `${folder}/deep/lock`;
    await Promise.all([withLock(lock, body("a")), withLock(lock, body("b"))]);
    assert.deepEqual(events.map((event) => event.split(" ")[1]), ["in", "out", "in", "out"]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
