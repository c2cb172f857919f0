import assert from "node:assert/strict";
import sharp from "sharp";
import { roughLanguage } from "../../src/data/stats/rough_language.ts";
import { shardStats } from "../../src/data/stats/shard_stats.ts";
import { Tally } from "../../src/data/stats/tally.ts";
import { rangeServer } from "./range_server.ts";
import { writeShard } from "./shard_fixture.ts";
import { noisePng, writeStreamShards } from "./stream_fixture.ts";

Deno.test("Tally gives median, mean and bins of what was counted", () => {
  const tally = new Tally();
  for (const value of [7, 1, 1, 3, 12, 12, 12, 0]) tally.add(value);
  assert.deepEqual(tally.spread([1, 4, 12]), {
    count: 8,
    min: 0,
    median: 3,
    mean: 6,
    max: 12,
    bins: [{ from: 1, to: 4, count: 4 }, { from: 4, to: 12, count: 1 }, {
      from: 12,
      to: null,
      count: 3,
    }],
  });
  assert.equal(new Tally().spread([0]).mean, 0);
});

Deno.test("roughLanguage tells scripts, and languages by small words", () => {
  const wanted: [string, string][] = [
    ["a view of the harbour with boats", "English"],
    ["ein Haus mit dem roten Dach und der Tür", "German"],
    ["le chat sur la table avec les enfants", "French"],
    ["una casa en el campo con los niños", "Spanish"],
    ["uma casa no campo com os meninos não", "Portuguese"],
    ["il gatto nel giardino con gli amici", "Italian"],
    ["het huis van de buren is voor ons", "Dutch"],
    ["umbrella", "Latin script, unclear"],
    ["красный дом", "Cyrillic script"],
    ["東京タワー", "Japanese"],
    ["红色的房子", "Chinese"],
    ["빨간 집", "Korean"],
    ["بيت أحمر", "Arabic script"],
    ["1234 -- !", "no letters"],
    ["ᎣᏏᏲ", "other scripts"],
  ];
  for (const [text, language] of wanted) assert.equal(roughLanguage(text), language, text);
});

Deno.test("shardStats counts formats, sides, words, duplicates and what is broken", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const raw = { width: 40, height: 10, channels: 3 } as const;
    const picture = sharp(new Uint8Array(1200).fill(90), { raw });
    const jpg = new Uint8Array(await picture.clone().jpeg().toBuffer());
    const webp = new Uint8Array(
      await picture.clone().resize(30, 60, { fit: "fill" }).webp().toBuffer(),
    );
    const png = noisePng(3, 20, 20);
    const json = JSON.stringify({ alt: ["one", "the two of them"] });
    writeShard(`${dir}/0.tar`, {
      a: { jpg, txt: "a red box", json },
      b: { webp, txt: "the house of the  king" },
      // The name says PNG, the content decides.
      c: { png: jpg, txt: "A Red Box" },
    });
    writeShard(`${dir}/1.tar`, {
      d: { png, txt: "box" },
      e: { png: png.slice(0, 100), txt: "cut" },
      f: { png },
      g: { txt: "no picture" },
      h: { png, txt: Uint8Array.of(255) },
    });
    const stats = await shardStats([`${dir}/0.tar`, `${dir}/1.tar`], { parallel: 3 });
    assert.equal(stats.samples, 8);
    assert.deepEqual(stats.files, { txt: 7, png: 5, jpg: 1, json: 1, webp: 1 });
    assert.deepEqual(stats.formats, { jpeg: 2, webp: 1, png: 1 });
    const { min, median, max, count } = stats.shortSide;
    assert.deepEqual([min, median, max, count], [10, 10, 30, 4]);
    assert.equal(stats.longSide.max, 60);
    assert.deepEqual([stats.aspect.min, stats.aspect.max], [100, 400]);
    assert.deepEqual([stats.words.min, stats.words.max, stats.words.mean], [1, 5, 3]);
    assert.deepEqual(stats.duplicates, { pictures: 1, captions: 1 });
    assert.deepEqual(stats.languages, { "Latin script, unclear": 3, English: 1 });
    const reasons = stats.broken.map(({ reason, count }) => [reason, count]);
    assert.deepEqual(Object.fromEntries(reasons), {
      "unreadable picture": 1,
      "no caption": 1,
      "no picture": 1,
      "unreadable text": 1,
    });
    assert.match(stats.broken[0].examples[0], /1\.tar, byte \d+, [efgh]: /);
    assert.deepEqual(stats.examples.map(({ key }) => key), ["0:a", "0:b", "0:c", "1:d"]);
    const { width, height } = await sharp(stats.examples[1].thumbnail).metadata();
    assert.deepEqual([width, height], [30, 60]);
    // Headers and paddings of the members are part of the size.
    const files = [`${dir}/0.tar`, `${dir}/1.tar`].map((path) => Deno.statSync(path).size - 1024);
    assert.equal(stats.bytes, files[0] + files[1]);
    const both = await shardStats([`${dir}/0.tar`], { captions: ["txt", "json.alt"] });
    assert.deepEqual(both.captions.bins.filter(({ count }) => count > 0), [
      { from: 1, to: 2, count: 2 },
      { from: 3, to: 5, count: 1 },
    ]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("shardStats chooses the same examples for any number of decoders, and reads servers", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const shards = writeStreamShards(dir, 4);
    const { seconds: _, ...one } = await shardStats(shards, { parallel: 1, examples: 9 });
    assert.equal(one.examples.length, 9);
    assert.ok(new Set(one.examples.map(({ key }) => key.slice(0, 3))).size > 1, "all of one shard");
    const files = shards.map((path, i) => [`/00${i}.tar`, Deno.readFileSync(path)] as const);
    await using server = rangeServer(Object.fromEntries(files));
    const names = shards.map((_, i) => `${server.url}/00${i}.tar`);
    for (const list of [shards, names]) {
      const { seconds: _, ...many } = await shardStats(list, { parallel: 5, examples: 9 });
      assert.deepEqual(many, one);
    }
    Deno.truncateSync(shards[2], 3000);
    await assert.rejects(shardStats(shards), /002\.tar.*ends at byte|002\.tar: byte/);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
