import assert from "node:assert/strict";
import type { BenchSource } from "../../src/data/benches/bench_source.ts";
import { buildImagenetFacts } from "../../src/eval/imagenet/open_facts.ts";
import { promptsOf } from "../../src/eval/prompts/prompt_set.ts";
import type { DataTask } from "../../src/run/paper/data_task.ts";
import { openData } from "../../src/run/paper/open_data.ts";
import { grayPng, type SampleFiles, writeShard } from "../data/shard_fixture.ts";
import { nameOfLabel, WHEEL, wheelBytes, WNIDS } from "../eval/imagenet_wheel.ts";

const PNG = grayPng(2, 2, Uint8Array.of(0, 80, 160, 240));

/** A folder with the made-up lists of ImageNet in its cache. */
async function withFolder(body: (dir: string, write: Write) => void | Promise<void>, facts = true) {
  const dir = await Deno.makeTempDir();
  const write: Write = (name, content = PNG) => {
    const path = `${dir}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (typeof content === "string") Deno.writeTextFileSync(path, content);
    else Deno.writeFileSync(path, content);
    return path;
  };
  try {
    if (facts) {
      const wheel = write("wheel/w.whl", wheelBytes());
      await buildImagenetFacts({ cacheDir: `${dir}/cache`, wheel, wanted: WHEEL });
    }
    await body(dir, write);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

type Write = (name: string, content?: string | Uint8Array) => string;

function open(dir: string, data: string, rest: Partial<DataTask> = {}) {
  return openData({
    kind: "data",
    data: `${dir}/${data}`,
    split: "test",
    retrieval: false,
    fit: "squash",
    fresh: false,
    cacheDir: `${dir}/cache`,
    facts: WHEEL,
    ...rest,
  });
}

/** The same for a classification. */
function classes(dir: string, data: string, rest: Partial<DataTask> = {}) {
  const opened = open(dir, data, rest);
  assert.equal(opened.kind, "classification");
  return opened as typeof opened & { kind: "classification" };
}

async function keysOf<Part>({ parts }: BenchSource<Part>) {
  const keys: [string, Part][] = [];
  for (const part of parts) {
    for await (const { key, part: own } of part.pictures(() => assert.fail("broken"))) {
      keys.push([key, own]);
    }
  }
  return keys;
}

Deno.test("openData knows ImageNet's folders, and the 200 classes of its parts", async () => {
  await withFolder(async (dir, write) => {
    for (const label of [0, 1, 6, 7]) write(`val/${WNIDS[label]}/a.JPEG`);
    const whole = classes(dir, "val", { bench: "imagenet-1k" });
    assert.deepEqual(await keysOf(whole.source), [
      [`${WNIDS[0]}/a.JPEG`, 0],
      [`${WNIDS[1]}/a.JPEG`, 1],
      [`${WNIDS[6]}/a.JPEG`, 6],
      [`${WNIDS[7]}/a.JPEG`, 7],
    ]);
    assert.equal(whole.classes.length, 1000);
    assert.equal(whole.classes[7], nameOfLabel(7));
    assert.equal(whole.prompts.name, "openai-80");
    assert.equal(promptsOf(whole.prompts, "x").length, 80);
    // Labels of a part count its own classes: 1, 6, 11 …
    const a = classes(dir, "val", { bench: "imagenet-1k-mine", subset: "imagenet-a" });
    assert.deepEqual((await keysOf(a.source)).map(([, label]) => label), [0, 1]);
    assert.deepEqual(a.classes.slice(0, 2), ["thing 1", "thing 6"]);
    assert.equal(a.classes.length, 200);
    const named = classes(dir, "val", { bench: "ImageNet-R" });
    assert.deepEqual((await keysOf(named.source)).map(([, label]) => label), [1]);
    assert.equal(classes(dir, "val").bench, "val");
    assert.throws(() => open(dir, "val", { subset: "imagenet-z" }), /--subset: seen "imagenet-z"/);
    write("val/n99999999/a.png");
    assert.throws(
      () => open(dir, "val"),
      /n99999999: the folder is no class; allowed: WordNet ids/,
    );
  });
});

Deno.test("openData knows ImageNet-V2's numbered folders and folders of one's own", async () => {
  await withFolder(async (dir, write) => {
    for (const name of ["0", "10", "9"]) write(`v2/${name}/a.jpeg`);
    const v2 = classes(dir, "v2", { bench: "imagenet-v2" });
    assert.deepEqual(await keysOf(v2.source), [["0/a.jpeg", 0], ["10/a.jpeg", 10], [
      "9/a.jpeg",
      9,
    ]]);
    assert.throws(
      () => open(dir, "v2"),
      /bench "v2": its class names are not known; give them with/,
    );
    write("v2/1000/a.jpeg");
    assert.throws(() => open(dir, "v2", { bench: "imagenet-v2" }), /1000: .* allowed: 0 to 999/);
    write("pets/big_dog/1.png");
    write("pets/cat/1.png");
    const own = classes(dir, "pets", { templates: "name-only" });
    assert.deepEqual(own.classes, ["big dog", "cat"]);
    // A list of names sets the order, and folders stand for them by name.
    const list = write("list.json", '["cat", "fish", "big dog"]');
    const listed = classes(dir, "pets", { classes: list });
    assert.deepEqual(await keysOf(listed.source), [["big_dog/1.png", 2], ["cat/1.png", 0]]);
    const two = write("two.txt", "tench\ngoldfish\n");
    assert.deepEqual(
      await keysOf(classes(dir, "pets", { classes: two }).source),
      [["big_dog/1.png", 0], ["cat/1.png", 1]],
    );
    write("pets/emu/1.png");
    assert.throws(
      () => open(dir, "pets", { classes: two }),
      /3 folders, --classes has 2 names and none for big_dog/,
    );
  });
});

Deno.test("openData needs no lists of ImageNet where the files bring them, and says how to get them", async () => {
  await withFolder(async (dir, write) => {
    write("val/n01440764/a.png");
    write("val/n01443537/a.png");
    assert.throws(
      () => open(dir, "val"),
      /run "deno task data imagenet-names" once .*--classes FILE/,
    );
    const names = write("names.txt", "tench\ngoldfish\n");
    const given = { classes: names, templates: "openai-7" };
    assert.deepEqual((await keysOf(classes(dir, "val", given).source)).map(([, label]) => label), [
      0,
      1,
    ]);
    assert.throws(() => open(dir, "val", { classes: names }), /deno task data imagenet-names/);
    assert.throws(
      () => open(dir, "val", { classes: names, templates: "openai-8" }),
      /templates: seen "openai-8" \(openai-80\?\); allowed: /,
    );
  }, false);
});

Deno.test("openData reads ImageNet's own list of the validation split, in the order of the kit's meta.mat", async () => {
  await withFolder(async (dir, write) => {
    for (const number of [1, 2]) write(`val/ILSVRC2012_val_0000000${number}.JPEG`);
    const labels = write("kit/ILSVRC2012_validation_ground_truth.txt", "490\n2\n");
    const open = () => classes(dir, "val", { bench: "imagenet-1k", labels });
    assert.throws(open, /its ids count classes in the development kit's own order/);
    write(
      "kit/meta.mat",
      Deno.readFileSync(new URL("../data/goldens/meta_packed.mat", import.meta.url)),
    );
    // The golden's id k is class 7 k + 3.
    assert.deepEqual(await keysOf(open().source), [
      ["ILSVRC2012_val_00000001.JPEG", 433],
      ["ILSVRC2012_val_00000002.JPEG", 17],
    ]);
    const subset = { bench: "mine", labels, subset: "imagenet-r" };
    assert.deepEqual(await keysOf(classes(dir, "val", subset).source), [
      ["ILSVRC2012_val_00000002.JPEG", 3],
    ]);
  });
});

Deno.test("openData reads a flat folder with labels by index and by WordNet id", async () => {
  await withFolder(async (dir, write) => {
    write("val/a.JPEG");
    write("val/b.JPEG");
    const byIndex = write("val.txt", "a.JPEG 999\nb.JPEG 7\n");
    const opened = classes(dir, "val", { bench: "imagenet-1k", labels: byIndex });
    assert.deepEqual(await keysOf(opened.source), [["a.JPEG", 999], ["b.JPEG", 7]]);
    const byId = write("ids.csv", `a,${WNIDS[6]}\nb,${WNIDS[11]}\n`);
    const part = classes(dir, "val", { bench: "imagenet-a", labels: byId });
    assert.deepEqual(await keysOf(part.source), [["a.JPEG", 1], ["b.JPEG", 2]]);
    const subset = { bench: "mine", labels: byIndex, subset: "imagenet-r" };
    assert.deepEqual(await keysOf(classes(dir, "val", subset).source), [["b.JPEG", 1]]);
    const ids = { bench: "mine", labels: byId, subset: "imagenet-a" };
    assert.deepEqual(await keysOf(classes(dir, "val", ids).source), [["a.JPEG", 1], ["b.JPEG", 2]]);
    const stray = write("stray.csv", `a,${WNIDS[0]}\nb,${WNIDS[11]}\n`);
    assert.throws(
      () => open(dir, "val", { bench: "imagenet-a", labels: stray }),
      new RegExp(`line 1: "${WNIDS[0]}" is no class`),
    );
    assert.throws(
      () => open(dir, "val"),
      /seen 2 files and no folder; allowed: a folder for each class/,
    );
  });
});

Deno.test("openData reads CLIP_benchmark's folders, ImageNet's shards and captions", async () => {
  await withFolder(async (dir, write) => {
    const samples = (beside: SampleFiles): Record<string, SampleFiles> => ({
      s0000000: { png: PNG, ...beside },
    });
    Deno.mkdirSync(`${dir}/wds_pets/test`, { recursive: true });
    writeShard(`${dir}/wds_pets/test/0.tar`, samples({ cls: "1" }));
    write("wds_pets/test/nshards.txt", "1");
    write("wds_pets/classnames.txt", "cat\ndog\n");
    write("wds_pets/zeroshot_classification_templates.txt", "a {c}\n");
    const pets = classes(dir, "wds_pets");
    assert.deepEqual([pets.bench, pets.classes], ["wds_pets", ["cat", "dog"]]);
    assert.deepEqual(promptsOf(pets.prompts, "apple"), ["a apple"]);
    assert.equal(classes(dir, "wds_pets", { templates: "clipa-81" }).prompts.templates.length, 81);
    // CLIP's own prompts are known by their name, so that conditions can be compared.
    const eighty = Array.from({ length: 80 }, (_, i) => `Photo_number ${i} of a {c}, here.`);
    write("wds_pets/zeroshot_classification_templates.txt", eighty.join("\n"));
    assert.equal(classes(dir, "wds_pets").prompts.name, "openai-80");
    Deno.mkdirSync(`${dir}/tars`);
    writeShard(`${dir}/tars/val-0.tar`, samples({ cls: "999", txt: "one\ntwo" }));
    for (const data of ["tars", "tars/val-*.tar"]) {
      const shards = classes(dir, data, { bench: "imagenet-1k" });
      assert.deepEqual(await keysOf(shards.source), [["s0000000", 999]]);
    }
    const part = classes(dir, "tars", { bench: "imagenet-r" });
    await assert.rejects(keysOf(part.source), /class index "999"; allowed: 0 to 199/);
    // A subset counts the labels of all 1000 and leaves the others out.
    Deno.mkdirSync(`${dir}/whole`);
    const labels = [0, 1, 6, 999].map((cls) => [`k${cls}`, { png: PNG, cls: `${cls}` }]);
    writeShard(`${dir}/whole/0.tar`, Object.fromEntries(labels));
    const subset = classes(dir, "whole", { bench: "mine", subset: "imagenet-a" });
    assert.deepEqual(await keysOf(subset.source), [["k1", 0], ["k6", 1]]);
    assert.deepEqual(subset.classes.slice(0, 2), ["thing 1", "thing 6"]);
    assert.equal(await subset.source.parts[0].count(), 2);
    assert.throws(
      () => open(dir, "wds_pets", { subset: "imagenet-a" }),
      /--subset: seen with 2 class names; allowed: with files of all 1000/,
    );
    assert.throws(() => open(dir, "tars"), /bench "tars": its class names are not known/);
    for (const rest of [{ bench: "mscoco" }, { retrieval: true }]) {
      const pairs = open(dir, "tars", rest);
      assert.equal(pairs.kind, "retrieval");
      assert.deepEqual(await keysOf(pairs.source), [["s0000000", ["one", "two"]]]);
    }
    assert.throws(() => open(dir, "no/*.tar"), /--data: no file fits/);
    const json = write(
      "k.json",
      '{"images":[{"split":"test","filename":"a.jpg","sentences":[{"raw":"A."}]}]}',
    );
    assert.throws(
      () => open(dir, "pictures", { captions: json }),
      /--data: \S+pictures does not exist/,
    );
    assert.throws(
      () => open(dir, "k.json", { captions: json }),
      /k\.json is no folder; allowed with --captions/,
    );
    write("pictures/a.jpg");
    const { kind, source } = open(dir, "pictures", { captions: json });
    assert.equal(kind, "retrieval");
    assert.deepEqual(await keysOf(source as BenchSource<unknown>), [["a.jpg", ["A."]]]);
  });
});
