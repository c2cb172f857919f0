import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { openZip, readZipEntry } from "../../src/checkpoint/foreign/zip_file.ts";
import { decodeImage } from "../../src/data/images/decode_image.ts";
import { encodePng } from "../../src/data/icons/png.ts";
import { readTar } from "../../src/data/shards/read_tar.ts";
import { encodeTarHeader } from "../../src/data/shards/tar_header.ts";
import { makeZip } from "../checkpoint/foreign/make_zip.ts";
import { fuzzAll } from "./fuzz/fuzz_all.ts";
import { forgeTar, resealTar } from "./fuzz/forge_tar.ts";
import { forgePng, resealPng } from "./fuzz/forge_png.ts";
import { forgeZip, zipMembers } from "./fuzz/forge_zip.ts";
import { fuzz, type FuzzTarget, MEMORY_LIMIT } from "./fuzz/fuzz_target.ts";
import { Dice, join, mutate } from "./fuzz/mutate.ts";
import { inFolder } from "./row.ts";

const SEED = new TextEncoder().encode('{"a":[1,2,3]}');

const target = (read: FuzzTarget["read"]): FuzzTarget => ({ name: "made", seeds: [SEED], read });

Deno.test("readers of foreign files accept changed inputs or say clearly why not", async () => {
  const { reports, stopped } = await fuzzAll(5400, 20261125);
  assert.equal(stopped, false);
  for (const { name, failures, memoryBytes, messages } of reports) {
    assert.deepEqual(failures.map(({ problem }) => problem), [], name);
    assert.ok(memoryBytes < 2 * MEMORY_LIMIT, `${name}: ${memoryBytes} bytes above the start`);
    // Fewer would mean that the inputs never get past the first check.
    assert.ok(messages >= 2, `${name}: ${messages} different messages`);
  }
  assert.ok(reports.length >= 25);
});

Deno.test("a stopped fuzz run goes on to the very inputs of one that was not stopped", async () => {
  await inFolder(async (dir) => {
    const summary = (reports: readonly { cases: number; accepted: number; messages: number }[]) =>
      reports.map(({ cases, accepted, messages }) => ({ cases, accepted, messages }));
    const common = { only: "idx", round: 1000 }, cases = 3000;
    const whole = await fuzzAll(cases, 3, common);
    const statePath = `${dir}/deep/state.json`;
    const controller = new AbortController();
    const part = await fuzzAll(cases, 3, {
      ...common,
      statePath,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    assert.equal(part.stopped, true);
    assert.ok(part.reports[0].cases > 0 && part.reports[0].cases < cases);
    const state = Deno.readTextFileSync(statePath);
    const { reports } = await fuzzAll(cases, 3, { ...common, statePath });
    assert.deepEqual(summary(reports), summary(whole.reports));
    assert.throws(() => Deno.statSync(statePath), Deno.errors.NotFound);
    // What another code did is not gone on from.
    Deno.writeTextFileSync(statePath, state);
    const signal = AbortSignal.abort();
    const other = await fuzzAll(cases, 3, { ...common, statePath, signal, code: "another" });
    assert.equal(other.reports[0].cases, 0);
  });
});

Deno.test("fuzz reports errors that say nothing to a user", async () => {
  const careless = target((input) => JSON.parse(new TextDecoder().decode(input)).a[0].toFixed());
  const { failures } = await fuzz(careless, 3000, new Dice(1));
  assert.ok(failures.length > 0);
  assert.ok(failures.every(({ input, problem }) => input.length >= 0 && /TypeError/.test(problem)));
  const vague = target((input) => {
    if (input.length !== SEED.length) throw new Error("bad");
  });
  assert.match((await fuzz(vague, 300, new Dice(1))).failures[0].problem, /says nothing/);
  const strange = target((input) => {
    if (input.length !== SEED.length) throw 7;
  });
  assert.match((await fuzz(strange, 300, new Dice(1))).failures[0].problem, /threw number/);
});

Deno.test("fuzz passes a reader that accepts or says clearly why not", async () => {
  const careful = target((input) => {
    if (input.length > SEED.length) throw new SyntaxError("longer than 13 bytes; shorten it");
  });
  const { failures, accepted, messages } = await fuzz(careful, 500, new Dice(1));
  assert.deepEqual([failures.length, messages], [0, 1]);
  assert.ok(accepted > 0 && accepted < 500);
});

Deno.test("mutate draws the same inputs from the same seed, and nearly always others", () => {
  const draw = (seed: number) => {
    const dice = new Dice(seed);
    return Array.from({ length: 200 }, () => mutate(dice, [SEED]).join());
  };
  assert.deepEqual(draw(3), draw(3));
  assert.notDeepEqual(draw(3), draw(4));
  assert.ok(new Set(draw(3)).size > 150);
});

const collect = async (path: string) =>
  (await Array.fromAsync(readTar(path))).map(({ key }) => key);

Deno.test("changed tars, zips and pictures are sealed again, so that readers look behind the checksums", async () => {
  await inFolder(async (dir) => {
    const tar = join(encodeTarHeader("a.txt", 3), new Uint8Array(512), new Uint8Array(1024));
    tar[0] = 98;
    Deno.writeFileSync(`${dir}/t`, tar);
    await assert.rejects(collect(`${dir}/t`), /checksum/);
    Deno.writeFileSync(`${dir}/t`, resealTar(tar));
    assert.deepEqual(await collect(`${dir}/t`), ["b"]);
    tar[0] = 97;
    const dice = new Dice(5);
    let past = 0;
    for (let i = 0; i < 200; i++) {
      Deno.writeFileSync(`${dir}/t`, forgeTar(dice, tar));
      const said = await collect(`${dir}/t`).then(() => "", String);
      if (!said.includes("checksum")) past++;
    }
    assert.ok(past > 150, `${past} of 200 forged tars pass their checksums`);

    const png = encodePng(Uint8Array.from({ length: 64 }, (_, i) => 3 * i), 8, 1);
    const crooked = Uint8Array.from(png);
    crooked[33 + 12] ^= 255;
    await assert.rejects(decodeImage(crooked), /unreadable picture/);
    assert.deepEqual(resealPng(png), png);
    let seen = 0;
    for (let i = 0; i < 100; i++) {
      const forged = forgePng(dice, png);
      if (Buffer.compare(resealPng(forged), forged) === 0) seen++;
    }
    assert.ok(seen > 60, `${seen} of 100 forged pictures have right check-sums`);

    const member = { name: "a", data: new TextEncoder().encode("some words"), packed: true };
    Deno.writeFileSync(`${dir}/z`, makeZip([member]));
    const members = zipMembers(`${dir}/z`);
    let other = 0;
    for (let i = 0; i < 200; i++) {
      Deno.writeFileSync(`${dir}/z`, forgeZip(dice, members));
      try {
        using zip = openZip(`${dir}/z`);
        const entry = zip.entries.get("a")!;
        const text = new TextDecoder().decode(readZipEntry(zip, entry, 1 << 20));
        if (text !== "some words") other++;
      } catch { /* it lies */ }
    }
    assert.ok(other > 40, `${other} of 200 forged archives unpack to something else`);
  });
});
