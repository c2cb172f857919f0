import assert from "node:assert/strict";
import sharp from "sharp";
import { buildIcons } from "../../src/data/icons/build_icons.ts";
import type { BuildProgress } from "../../src/data/icons/build_progress.ts";
import { createWordFilter, HELD_OUT } from "../../src/data/icons/held_out.ts";
import { type IconSet, openIconSet } from "../../src/data/icons/icon_set.ts";
import { openRecords, type Records } from "../../src/data/records/records.ts";
import { readTar } from "../../src/data/shards/read_tar.ts";
import { writeIconFixture } from "./icon_fixture.ts";

async function withFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    await body(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const keysOf = (records: Records) =>
  Array.from({ length: records.count }, (_, row) => records.key(row)).sort();

function openAll(icons: IconSet) {
  return {
    train: openRecords(icons.train),
    val: openRecords(icons.val),
    test: openRecords(icons.test),
  };
}

Deno.test("buildIcons splits by family and leaves out what the rules say", async () => {
  await withFolder(async (dir) => {
    const packages = writeIconFixture(dir);
    const icons = await buildIcons({ cacheDir: `${dir}/cache`, packages, workers: 1 });
    const { train, val, test } = openAll(icons);
    assert.deepEqual(keysOf(train), [
      "fluent-color:kite-24",
      "lucide:kite",
      "lucide:parasol",
      "lucide:umbrella",
      "lucide:umbrella-outline",
      "mdi-light:cup",
      "mdi-light:kite",
      "mdi-light:umbrella-bold-sharp",
      "noto:umbrella",
    ]);
    assert.deepEqual(keysOf(val), ["whh:umbrella"]);
    assert.deepEqual(keysOf(test), ["ph:backpack", "ph:cup", "ph:kite", "ph:umbrella"]);
    assert.deepEqual(icons.build.skippedSets, {
      "GPL licence": 1,
      "logo or brand set": 1,
      "flag set": 1,
    });
    assert.deepEqual(icons.build.skippedIcons, {
      "hidden icon": 1,
      flag: 1,
      "size variant": 1,
      "name says a held-out word": 2,
      "blank picture": 1,
      "could not be drawn": 1,
    });
    assert.equal(icons.build.failures[0].key, "noto:package");
    const rowOf = (key: string) =>
      [...Array(train.count).keys()].find((i) => train.key(i) === key)!;
    assert.equal(train.families[train.family[rowOf("lucide:kite")]], "feather");
    assert.equal(train.families[train.family[rowOf("mdi-light:cup")]], "material");
    assert.equal(train.channels[rowOf("noto:umbrella")], 3);
    assert.equal(train.channels[rowOf("lucide:kite")], 1);
  });
});

Deno.test("buildIcons writes the five caption levels and nothing that says a held-out word", async () => {
  await withFolder(async (dir) => {
    const packages = writeIconFixture(dir);
    const icons = await buildIcons({ cacheDir: `${dir}/cache`, packages, workers: 1 });
    const { train, val } = openAll(icons);
    const captions = (key: string) => {
      const row = [...Array(train.count).keys()].find((i) => train.key(i) === key)!;
      return train.captions(row).map(({ level, text }) => `${level} ${text}`);
    };
    assert.deepEqual(captions("lucide:umbrella-outline"), [
      "1 umbrella",
      "2 outline monochrome icon of umbrella, weather, from Lucide",
      "3 umbrella, weather, gamp",
      "4 umbrella, a handheld canopy",
      "5 outline monochrome icon of umbrella, weather, from Lucide: a handheld canopy; weather, gamp",
    ]);
    assert.deepEqual(captions("noto:umbrella")[1], "2 colour emoji of umbrella, from Noto Emoji");
    assert.deepEqual(captions("noto:umbrella")[2], "3 umbrella, weather, gamp", "a shared tag");
    assert.equal(captions("lucide:umbrella")[2], "3 umbrella, brolly, weather, gamp");
    // The meaning of kite says "backpack", which no training text may; cup's first is no thing.
    assert.deepEqual(captions("mdi-light:kite").map((text) => text[0]), ["1", "2"]);
    assert.deepEqual(captions("mdi-light:cup").map((text) => text[0]), ["1", "2"]);

    const says = createWordFilter(HELD_OUT.unseenWords);
    for (const records of [train, val]) {
      for (let id = 0; id < records.textCount; id++) assert.ok(!says(records.text(id)));
    }
  });
});

Deno.test("buildIcons writes shards that hold the same pictures as the records", async () => {
  await withFolder(async (dir) => {
    const packages = writeIconFixture(dir);
    const icons = await buildIcons({ cacheDir: `${dir}/cache`, packages, workers: 2 });
    const train = openRecords(icons.train);
    let row = 0;
    for await (const { files } of readTar(`${icons.dir}/shards/train-00000.tar`)) {
      const text = (extension: string) => new TextDecoder().decode(files.get(extension));
      const json = JSON.parse(text("json"));
      assert.equal(json.key, train.key(row));
      assert.equal(text("txt"), train.phraseOf(row));
      for (const { level, text } of train.captions(row)) {
        assert.equal(json.levels[`L${level}`], text);
      }
      assert.deepEqual(Object.keys(json.provenance), Object.keys(json.levels));
      const { data, info } = await sharp(files.get("png")).toColourspace(
        train.channels[row] === 1 ? "b-w" : "srgb",
      ).raw().toBuffer({ resolveWithObject: true });
      assert.deepEqual([info.width, info.height, info.channels], [64, 64, train.channels[row]]);
      assert.deepEqual(new Uint8Array(data), train.readPixels(row));
      row++;
    }
    assert.equal(row, train.count);
    const attribution = Deno.readTextFileSync(`${icons.dir}/ATTRIBUTION.md`);
    assert.match(attribution, /\| lucide \| Lucide \| unknown \| \[ISC\]\(https:.*\) \| 4 \|/);
  });
});

Deno.test("buildIcons drops a test picture from its benchmark when training has a copy", async () => {
  await withFolder(async (dir) => {
    const packages = writeIconFixture(dir);
    const icons = await buildIcons({ cacheDir: `${dir}/cache`, packages, workers: 1 });
    const { test } = openAll(icons);
    const bench = JSON.parse(Deno.readTextFileSync(icons.benches["icons-592"]));
    assert.deepEqual(bench.classes, ["kite", "umbrella"]);
    assert.equal(bench.nearCopiesDropped, 1, "ph:kite is lucide:kite with more padding");
    assert.deepEqual(bench.rows.map((row: number) => test.key(row)), ["ph:umbrella"]);
    assert.deepEqual(bench.labels, [1]);
    const unseen = JSON.parse(Deno.readTextFileSync(icons.benches["unseen-60"]));
    assert.equal(unseen.classes.length, 60);
    assert.deepEqual(unseen.rows.map((row: number) => test.key(row)), ["ph:backpack"]);
    assert.equal(unseen.classes[unseen.labels[0]], "backpack");
    const retrieval = JSON.parse(Deno.readTextFileSync(icons.benches["retrieval-ph"]));
    assert.equal(new Set(retrieval.captions.long).size, retrieval.rows.length);
  });
});

Deno.test("buildIcons gives the same bytes when it is run again elsewhere", async () => {
  await withFolder(async (dir) => {
    const packages = writeIconFixture(dir);
    const one = await buildIcons({ cacheDir: `${dir}/one`, packages, workers: 1 });
    const two = await buildIcons({ cacheDir: `${dir}/two`, packages, workers: 2 });
    assert.ok(one.build.files.length > 10);
    assert.deepEqual(one.build.files, two.build.files);
    assert.deepEqual([...Deno.readDirSync(`${one.dir}/work`)].map((entry) => entry.name), ["lock"]);
  });
});

Deno.test("buildIcons goes on with the missing shards when it was aborted", async () => {
  await withFolder(async (dir) => {
    const packages = writeIconFixture(dir);
    const abort = new AbortController();
    const stopAfterFirst = (progress: BuildProgress) => {
      if (progress.phase === "draw" && progress.done > 0) abort.abort(new Error("stop"));
    };
    const options = { cacheDir: `${dir}/cache`, packages, workers: 1 };
    await assert.rejects(
      buildIcons({ ...options, signal: abort.signal, onProgress: stopAfterFirst }),
      /stop/,
    );
    const [folder] = [...Deno.readDirSync(`${dir}/cache`)].map((entry) => entry.name);
    assert.throws(() => openIconSet(`${dir}/cache/${folder}`), /no finished icon set/);
    const shard = `${dir}/cache/${folder}/shards/train-00000.tar`;
    const before = Deno.statSync(shard);
    let drawnBefore = 0;
    const icons = await buildIcons({
      ...options,
      onProgress: (p) => drawnBefore ||= p.phase === "draw" ? p.done : 0,
    });
    assert.equal(drawnBefore, 11, "training rows are not drawn again");
    assert.equal(Deno.statSync(shard).ino, before.ino);
    const whole = await buildIcons({ ...options, cacheDir: `${dir}/whole` });
    assert.deepEqual(icons.build.files, whole.build.files);
  });
});

Deno.test("buildIcons builds again what is damaged when a file was cut", async () => {
  await withFolder(async (dir) => {
    const packages = writeIconFixture(dir);
    const options = { cacheDir: `${dir}/cache`, packages, workers: 1 };
    const first = await buildIcons(options);
    Deno.truncateSync(first.train, 1000);
    assert.throws(() => openIconSet(first.dir), /train-64\.bin: 1000 bytes; \d+ bytes expected/);
    const second = await buildIcons(options);
    assert.deepEqual(second.build.files, first.build.files);
  });
});

Deno.test("buildIcons builds once when it is asked twice at the same time", async () => {
  await withFolder(async (dir) => {
    const packages = writeIconFixture(dir);
    const draws = [0, 0];
    const build = (who: number) =>
      buildIcons({
        cacheDir: `${dir}/cache`,
        packages,
        workers: 1,
        onProgress: (progress) => draws[who] += progress.phase === "draw" ? 1 : 0,
      });
    const [one, two] = await Promise.all([build(0), build(1)]);
    assert.deepEqual(one.build, two.build);
    assert.ok((draws[0] === 0) !== (draws[1] === 0), "one of the two waits for the other");
  });
});

Deno.test("buildIcons keeps a slice of the training rows when a limit is given", async () => {
  await withFolder(async (dir) => {
    const packages = writeIconFixture(dir);
    const build = (limit?: number) =>
      buildIcons({ cacheDir: `${dir}/cache`, packages, workers: 1, limit });
    const [three, six, all] = [await build(3), await build(6), await build()];
    const keys = [three, six, all].map((icons) => keysOf(openRecords(icons.train)));
    assert.ok(keys[0].length <= 3 && keys[0].length < keys[1].length);
    assert.ok(keys[0].every((key) => keys[1].includes(key)));
    assert.ok(keys[1].every((key) => keys[2].includes(key)));
    assert.equal(new Set([three.dir, six.dir, all.dir]).size, 3);
    await assert.rejects(build(0), RangeError);
  });
});

Deno.test("buildIcons names file and next action when a package is damaged", async () => {
  await withFolder(async (dir) => {
    const packages = writeIconFixture(dir);
    const options = { cacheDir: `${dir}/cache`, packages, workers: 1 };
    const lucide = `${packages.iconify}/json/lucide.json`;
    const text = Deno.readTextFileSync(lucide);
    Deno.writeTextFileSync(lucide, text.slice(0, 100));
    await assert.rejects(buildIcons(options), {
      name: "SyntaxError",
      message: /lucide\.json: .*deno install/,
    });
    for (
      const [other, lacks] of [
        ["null", "icons"],
        ['{"icons": {"bee": null}}', "icons"],
        ['{"icons": {}, "aliases": {"wasp": null}}', "aliases"],
        ['{"icons": {}, "categories": {"Animals": 1}}', "categories"],
      ]
    ) {
      Deno.writeTextFileSync(lucide, other);
      const message = new RegExp(`lucide\\.json: no "${lacks}" .*deno install`);
      await assert.rejects(buildIcons(options), message);
    }
    Deno.removeSync(lucide);
    await assert.rejects(buildIcons(options), /lucide\.json is missing; .*deno install/);
    Deno.writeTextFileSync(lucide, text);
    Deno.removeSync(`${packages.wordnet}/dict/data.noun`);
    await assert.rejects(buildIcons(options), /data\.noun is missing; .*deno install/);
  });
});

Deno.test("buildIcons says why when the cache cannot be written", async () => {
  await withFolder(async (dir) => {
    const packages = writeIconFixture(dir);
    Deno.writeTextFileSync(`${dir}/cache`, "a file");
    await assert.rejects(buildIcons({ cacheDir: `${dir}/cache`, packages }), {
      message: /cannot write to .*: a file is in the way; .*CLIPA_CACHE/,
    });
  });
});
