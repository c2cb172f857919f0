import assert from "node:assert/strict";
import { captionsOf } from "../../../src/data/benches/captions_of.ts";
import { fileSource } from "../../../src/data/benches/file_source.ts";
import { classifySource } from "../../../src/eval/paper/classify_source.ts";
import { tarSource } from "../../../src/data/benches/tar_source.ts";
import type { ShardSample } from "../../../src/data/shards/read_tar.ts";
import { labelOf as labelOfSample } from "../../../src/data/shards/sample_parts.ts";
import { writeShard } from "../../data/shard_fixture.ts";
import { classTargets } from "../../../src/eval/paper/class_targets.ts";
import { PartialStore } from "../../../src/eval/paper/partial_store.ts";
import { retrieveSource } from "../../../src/eval/paper/retrieve_source.ts";
import type { SourceOptions } from "../../../src/eval/paper/source_options.ts";
import { ownPrompts } from "../../../src/eval/prompts/prompt_lists.ts";
import { captionsFor, CLASSES, labelOf, pictureFile, PICTURES, TEMPLATES } from "./bench_files.ts";
import { type Calls, fakeEncoder } from "./fake_encoder.ts";

const PROMPTS = ownPrompts("own", TEMPLATES);

/** Pictures in a folder, and sources of parts of five. */
async function withPictures(body: (dir: string) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  try {
    for (let picture = 0; picture < PICTURES; picture++) {
      Deno.writeFileSync(`${dir}/${picture}.png`, await pictureFile(picture));
    }
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function sourceOf<Part>(dir: string, partOf: (picture: number) => Part) {
  const files = Array.from({ length: PICTURES }, (_, picture) => ({
    key: `${picture}.png`,
    path: `${dir}/${picture}.png`,
    part: partOf(picture),
  }));
  return fileSource(dir, files, 5);
}

const options = (rest: Partial<SourceOptions> = {}): SourceOptions => ({
  bench: "mine",
  split: "test",
  fit: "squash",
  store: null,
  batch: 3,
  ...rest,
});

/** Stops the evaluation when so many pictures are finished. */
function stopAfter(pictures: number) {
  const controller = new AbortController();
  const onProgress = (done: number) => {
    if (done >= pictures) controller.abort(new DOMException("stopped", "AbortError"));
  };
  return { signal: controller.signal, onProgress };
}

Deno.test("classifySource goes on after a stop without doing a finished part again", async () => {
  await withPictures(async (dir) => {
    const source = sourceOf(dir, labelOf);
    const whole = await classifySource(fakeEncoder(), source, CLASSES, PROMPTS, options());
    const open = () => new PartialStore(`${dir}/kept`, { question: 1 });
    const calls: Calls = { pictures: 0, texts: 0 };
    const run = (rest: Partial<SourceOptions>) =>
      classifySource(
        fakeEncoder(calls),
        source,
        CLASSES,
        PROMPTS,
        options({ store: open(), ...rest }),
      );
    await assert.rejects(run(stopAfter(12)), { name: "AbortError" });
    // Six names, since two classes share one.
    assert.equal(calls.texts, 6 * TEMPLATES.length);
    assert.ok(calls.pictures >= 12 && calls.pictures < PICTURES, `${calls.pictures}`);
    Object.assign(calls, { pictures: 0, texts: 0 });
    const progress: [number, number, number][] = [];
    const result = await run({ onProgress: (...numbers) => progress.push(numbers) });
    assert.deepEqual(result, whole);
    assert.deepEqual(calls, { pictures: PICTURES - 10, texts: 0 });
    assert.deepEqual(progress[1], [10, PICTURES, 10]);
    assert.deepEqual(progress.at(-1), [PICTURES, PICTURES, 10]);
    // Another question goes its own way.
    const other = new PartialStore(`${dir}/kept`, { question: 2 });
    await run({ store: other });
    assert.equal(calls.pictures, 2 * PICTURES - 10);
    open().clear();
    await run({});
    assert.equal(calls.pictures, 3 * PICTURES - 10);
  });
});

Deno.test("classTargets goes on after a stop without embedding a finished name again", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const names = Array.from({ length: 130 }, (_, i) => `thing ${i % 120}`);
    const whole = await classTargets(fakeEncoder(), names, PROMPTS);
    const store = new PartialStore(dir, {});
    const stop = new AbortController();
    const stopped = classTargets(fakeEncoder(), names, PROMPTS, {
      store,
      signal: stop.signal,
      onPrompts: (done) => {
        if (done >= 60 * TEMPLATES.length) stop.abort(new DOMException("stopped", "AbortError"));
      },
    });
    await assert.rejects(stopped, { name: "AbortError" });
    const calls: Calls = { pictures: 0, texts: 0 };
    const progress: number[] = [];
    const options = { store, onPrompts: (done: number) => progress.push(done) };
    assert.deepEqual(await classTargets(fakeEncoder(calls), names, PROMPTS, options), whole);
    assert.ok(calls.texts > 0 && calls.texts <= (120 - 48) * TEMPLATES.length, `${calls.texts}`);
    assert.equal(progress.at(-1), 120 * TEMPLATES.length);
    for (let k = 0; k < 8; k++) {
      assert.equal(
        whole.features[4 * 8 + k],
        whole.features[124 * 8 + k],
        "one name, one embedding",
      );
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("classifySource computes a part anew when its files changed or what was kept is damaged", async () => {
  await withPictures(async (dir) => {
    const calls: Calls = { pictures: 0, texts: 0 };
    const store = new PartialStore(`${dir}/kept`, {});
    const run = () =>
      classifySource(
        fakeEncoder(calls),
        sourceOf(dir, labelOf),
        CLASSES,
        PROMPTS,
        options({ store }),
      );
    const first = await run();
    await run();
    assert.equal(calls.pictures, PICTURES, "all was kept");
    Deno.writeFileSync(`${dir}/7.png`, await pictureFile(13));
    const second = await run();
    assert.equal(calls.pictures, PICTURES + 5);
    assert.notDeepEqual(second.perClass, undefined);
    const [folder] = [...Deno.readDirSync(`${dir}/kept`)];
    const kept = `${dir}/kept/${folder.name}/2.safetensors`;
    Deno.writeFileSync(kept, Deno.readFileSync(kept).subarray(0, 70));
    assert.deepEqual(await run(), second);
    assert.equal(calls.pictures, PICTURES + 10);
    assert.equal(first.rates[0].n, PICTURES);
  });
});

Deno.test("classifySource gives its numbers when nothing can be kept, and says so", async () => {
  await withPictures(async (dir) => {
    Deno.writeTextFileSync(`${dir}/kept`, "a file where the folder should be");
    const store = new PartialStore(`${dir}/kept`, {});
    const source = sourceOf(dir, labelOf);
    const run = (store: PartialStore | null) =>
      classifySource(fakeEncoder(), source, CLASSES, PROMPTS, options({ store }));
    assert.deepEqual(await run(store), await run(null));
    assert.match(store.fault!, /kept/);
    store.clear();
  });
});

Deno.test("retrieveSource goes on after a stop with the same numbers", async () => {
  await withPictures(async (dir) => {
    const source = sourceOf(dir, captionsFor);
    const whole = await retrieveSource(fakeEncoder(), source, options());
    assert.equal(whole.rates.length, 6);
    const captions = Array.from({ length: PICTURES }, (_, i) => captionsFor(i).length)
      .reduce((a, b) => a + b);
    assert.deepEqual(whole.rates.map(({ n, classes }) => [n, classes]), [
      ...Array(3).fill([PICTURES, captions]),
      ...Array(3).fill([captions, PICTURES]),
    ]);
    assert.ok(whole.conditions.truncatedPrompts > 0 && whole.conditions.truncatedPrompts < 1);
    const store = new PartialStore(`${dir}/kept`, {});
    await assert.rejects(
      retrieveSource(fakeEncoder(), source, options({ store, ...stopAfter(12) })),
      { name: "AbortError" },
    );
    const calls: Calls = { pictures: 0, texts: 0 };
    const again = await retrieveSource(fakeEncoder(calls), source, options({ store }));
    assert.deepEqual(again, whole);
    assert.equal(calls.pictures, PICTURES - 10);
  });
});

Deno.test("classifySource counts and names pictures that are missing or broken", async () => {
  await withPictures(async (dir) => {
    Deno.removeSync(`${dir}/3.png`);
    Deno.writeFileSync(`${dir}/8.png`, (await pictureFile(8)).subarray(0, 200));
    Deno.writeTextFileSync(`${dir}/9.png`, "<svg/>");
    const store = new PartialStore(`${dir}/kept`, {});
    const run = (rest: Partial<SourceOptions> = {}) =>
      classifySource(
        fakeEncoder(),
        sourceOf(dir, labelOf),
        CLASSES,
        PROMPTS,
        options({ store, ...rest }),
      );
    const { rates, conditions, skipped } = await run();
    assert.deepEqual([rates[0].n, conditions.skipped], [PICTURES - 3, 3]);
    assert.deepEqual(skipped.map(({ reason, count }) => [reason, count]), [
      ["unreadable picture", 2],
      ["missing picture", 1],
    ]);
    assert.match(skipped[1].examples[0], /^files 0 to 4, 3\.png: missing picture/);
    assert.match(skipped[0].examples[1], /^files 5 to 9, 9\.png: unreadable picture/);
    // What was left out is told again when the part comes from an earlier call.
    assert.deepEqual((await run()).skipped, skipped);
    const none = fileSource(dir, [{ key: "x", path: `${dir}/x`, part: 0 }]);
    await assert.rejects(
      classifySource(fakeEncoder(), none, CLASSES, PROMPTS, options()),
      /no picture to evaluate \(left out: 1 × missing picture, first .*x: missing picture/,
    );
    const noPair = fileSource(dir, [{ key: "x", path: `${dir}/x`, part: ["a text"] }]);
    await assert.rejects(
      retrieveSource(fakeEncoder(), noPair, options()),
      /no picture to evaluate/,
    );
  });
});

Deno.test("classifySource names classes without pictures, which are still wrong answers", async () => {
  await withPictures(async (dir) => {
    const source = sourceOf(dir, (picture) => picture % 2);
    const run = (classes: readonly string[]) =>
      classifySource(fakeEncoder(), source, classes, PROMPTS, options());
    const { absent, perClass, rates } = await run(["cat", "dog", "bird", "fish"]);
    assert.deepEqual(absent, ["bird", "fish"]);
    assert.deepEqual(perClass?.map(({ name, n }) => [name, n]), [["cat", 12], ["dog", 12]]);
    assert.equal(rates[2].classes, 2);
    const alone = await run(["cat", "dog"]);
    assert.deepEqual(alone.absent, []);
    assert.ok(rates[0].value < alone.rates[0].value, "more names, more wrong answers");
  });
});

Deno.test("a tar of another layout is refused with what was seen and what is allowed", async () => {
  await withPictures(async (dir) => {
    // As ImageFolder's folders look when they are packed as they are.
    const png = await pictureFile(0);
    writeShard(`${dir}/folders.tar`, {
      "n01440764/a": { jpeg: png },
      "n01443537/b": { jpeg: png, txt: "a caption" },
    });
    const read = (sample: ShardSample) => labelOfSample(sample, CLASSES.length);
    const source = tarSource("folders.tar", [`${dir}/folders.tar`], read);
    await assert.rejects(
      classifySource(fakeEncoder(), source, CLASSES, PROMPTS, options()),
      /no picture to evaluate \(left out: 2 × no label, first folders\.tar, n01440764\/a: no label: a sample needs key\.cls\); allowed: .*--labels/,
    );
    const pairs = tarSource("folders.tar", [`${dir}/folders.tar`], captionsOf);
    const { rates, skipped } = await retrieveSource(fakeEncoder(), pairs, options());
    assert.deepEqual([rates[0].n, skipped[0].reason], [1, "no text"]);
  });
});

Deno.test("a tie goes to the first class of a name, and to no other", async () => {
  await withPictures(async (dir) => {
    const source = sourceOf(dir, (picture) => picture % 3);
    const run = (classes: readonly string[]) =>
      classifySource(fakeEncoder(), source, classes, PROMPTS, options());
    const alone = await run(["cat", "dog", "bird"]);
    // Every picture of cats is tied with the fourth class, and still right where it was.
    const twice = await run(["cat", "dog", "bird", "cat"]);
    assert.deepEqual(twice.rates[0].value, alone.rates[0].value);
    // As the later one a class is never right.
    const later = await run(["dog", "bird", "cat", "cat"].map((name, i) => i === 2 ? "dog" : name));
    assert.equal(later.perClass?.[2].top1, 0);
    // All embeddings equal, names different: nothing is right.
    const flat = {
      ...fakeEncoder(),
      embedTexts: (texts: readonly string[]) =>
        Promise.resolve({ features: new Float32Array(texts.length * 8).fill(0.35), truncated: 0 }),
    };
    const { rates } = await classifySource(flat, source, ["a", "b", "c"], PROMPTS, options());
    assert.equal(rates[0].value, 0);
  });
});

Deno.test("an encoder that gives no numbers or another shape is refused", async () => {
  await withPictures(async (dir) => {
    const source = sourceOf(dir, labelOf);
    const run = (embedPixels: () => Promise<Float32Array>) =>
      classifySource({ ...fakeEncoder(), embedPixels }, source, CLASSES, PROMPTS, options());
    await assert.rejects(
      run(() => Promise.resolve(new Float32Array(3 * 8).fill(NaN))),
      /embeddings of pictures hold NaN; allowed: finite numbers/,
    );
    await assert.rejects(run(() => Promise.resolve(new Float32Array(5))), /allowed: \[3, 8\]/);
  });
});

Deno.test("published names are refused for another size, before anything is embedded and after", async () => {
  await withPictures(async (dir) => {
    const calls: Calls = { pictures: 0, texts: 0 };
    const encoder = fakeEncoder(calls);
    await assert.rejects(
      classifySource(
        encoder,
        sourceOf(dir, labelOf),
        CLASSES,
        PROMPTS,
        options({ bench: "imagenet-1k" }),
      ),
      /seen 24 pictures, 7 classes; the name stands for 50000/,
    );
    await assert.rejects(
      retrieveSource(encoder, sourceOf(dir, captionsFor), options({ bench: "mscoco" })),
      /seen 24 pictures; the name stands for 5000 pictures, at least 5 captions each/,
    );
    assert.deepEqual(calls, { pictures: 0, texts: 0 });
  });
});

Deno.test("rates carry the mean over classes and errors by clusters", async () => {
  await withPictures(async (dir) => {
    const source = sourceOf(dir, labelOf);
    const { rates, perClass = [] } = await classifySource(
      fakeEncoder(),
      source,
      CLASSES,
      PROMPTS,
      options(),
    );
    const [top1, top5, mean] = rates;
    const weighted = perClass.reduce((sum, { top1, n }) => sum + top1 * n, 0) / PICTURES;
    assert.ok(Math.abs(top1.value - weighted) < 1e-12);
    const plain = perClass.reduce((sum, { top1 }) => sum + top1, 0) / perClass.length;
    assert.ok(Math.abs(mean.value - plain) < 1e-12);
    assert.ok(top5.value > top1.value && top1.value > 0, `${top1.value}, ${top5.value}`);
    assert.equal(top1.se, Math.sqrt(top1.value * (1 - top1.value) / PICTURES));
    assert.ok(top1.seBootstrap > 0 && top1.seBootstrap < 0.5);
  });
});
