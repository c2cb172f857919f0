import assert from "node:assert/strict";
import {
  buildImagenetFacts,
  FACTS_WHEEL,
  openImagenetFacts,
} from "../../src/eval/imagenet/open_facts.ts";
import { wheelFacts } from "../../src/eval/imagenet/wheel_facts.ts";
import { BUILDER, nameOfLabel, WHEEL, wheelBytes, WNIDS } from "./imagenet_wheel.ts";

async function withFolder(body: (dir: string) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("buildImagenetFacts takes names, prompts and labels of a wheel that pip fetches, once", async () => {
  await withFolder(async (dir) => {
    const calls: (readonly string[])[] = [];
    const run = (program: string, args: readonly string[]) => {
      calls.push([program, ...args]);
      const dest = args[args.indexOf("--dest") + 1];
      Deno.writeFileSync(`${dest}/${WHEEL.file}`, wheelBytes());
      return Promise.resolve({ code: 0, output: "" });
    };
    assert.throws(() => openImagenetFacts(dir, WHEEL), /deno task data imagenet-names/);
    const options = { cacheDir: dir, run, wanted: WHEEL };
    const { path } = await buildImagenetFacts(options);
    assert.deepEqual(await buildImagenetFacts(options), { path });
    assert.equal(calls.length, 1);
    assert.deepEqual(calls[0].slice(0, 4), ["python3", "-m", "pip", "download"]);
    assert.equal(calls[0].at(-1), "clip-benchmark==0.0.0");
    const facts = openImagenetFacts(dir, WHEEL);
    assert.deepEqual(facts.wnids, WNIDS);
    assert.equal(facts.classes[7], nameOfLabel(4));
    assert.equal(facts.templates[3], "Photo_number 3 of a {}, here.");
    assert.deepEqual(facts.parts["imagenet-a"].slice(0, 3), [1, 6, 11]);
    assert.deepEqual(facts.parts["imagenet-r"].slice(0, 3), [2, 7, 12]);
    // A file that was changed is not taken.
    Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replace("thing 5", "thing 6"));
    assert.throws(() => openImagenetFacts(dir, WHEEL), /deno task data imagenet-names/);
  });
});

Deno.test("buildImagenetFacts says what to do when the wheel is missing or another one", async () => {
  await withFolder(async (dir) => {
    const answer = (code: number, output: string) => () => Promise.resolve({ code, output });
    const build = (run: () => Promise<{ code: number; output: string }>) =>
      buildImagenetFacts({ cacheDir: dir, run, wanted: WHEEL });
    await assert.rejects(build(answer(127, "")), /python3 is missing; fetch .*--wheel FILE/);
    await assert.rejects(build(answer(1, "a\nno network\n")), /exit code 1\): no network; fetch/);
    const other = `${dir}/other.whl`;
    Deno.writeFileSync(other, wheelBytes(BUILDER + " "));
    await assert.rejects(
      buildImagenetFacts({ cacheDir: dir, wheel: other, wanted: WHEEL }),
      /other\.whl: SHA-256 [0-9a-f]{64}; allowed: [0-9a-f]{64}, which is clip_benchmark-0\.0\.0/,
    );
    await assert.rejects(
      buildImagenetFacts({ cacheDir: dir, wheel: other }),
      new RegExp(FACTS_WHEEL.sha256),
    );
  });
});

Deno.test("wheelFacts names the list when a wheel is another one", async () => {
  await withFolder((dir) => {
    const path = `${dir}/w.whl`;
    const facts = (builder: string) => {
      Deno.writeFileSync(path, wheelBytes(builder));
      return () => wheelFacts(path);
    };
    assert.throws(facts(""), /builder\.py has no list all_imagenet_wordnet_ids/);
    const short = BUILDER.replace(`'${WNIDS[999]}'`, "");
    assert.throws(facts(short), /wnids: seen 999 entries; allowed: 1000/);
    // An id of a part that is no class of the 1000.
    const strange = BUILDER.replace(`{'${WNIDS[2]}'`, "{'n99999999'");
    assert.throws(facts(strange), /imagenet-r: seen 200 entries; allowed: 200 rising labels/);
    Deno.writeTextFileSync(path, "no zip at all, but long enough to look for one");
    assert.throws(() => wheelFacts(path), /is not a sound zip archive/);
    return Promise.resolve();
  });
});
