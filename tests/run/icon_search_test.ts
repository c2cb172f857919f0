import assert from "node:assert/strict";
import { openRecords } from "../../src/data/records/records.ts";
import { RecordPictures } from "../../src/data/records/record_pictures.ts";
import { resizeImage } from "../../src/data/images/resize_image.ts";
import { NativeContext } from "../../src/native/context.ts";
import { exportRun } from "../../src/run/export_run.ts";
import { searchGallery } from "../../src/report/search_gallery.ts";
import { IconSearch, type IconSearchOptions } from "../../src/run/search/icon_search.ts";
import { bruteForce } from "../eval/search_reference.ts";
import { makeSmallRun } from "./small_run.ts";
import { makeSmallSet } from "./small_set.ts";

const dir = await Deno.makeTempDir();
const dataSet = makeSmallSet(`${dir}/set`);
await makeSmallRun(`${dir}/run`, dataSet);

const open = (changes: Partial<IconSearchOptions> = {}) =>
  IconSearch.open({
    source: { kind: "run", dir: `${dir}/run` },
    engine: "native",
    dataSet,
    cacheDir: `${dir}/cache`,
    ...changes,
  });

Deno.test("RecordPictures shows the pictures of the records when it resizes them", async () => {
  const records = openRecords(dataSet.test);
  using context = new NativeContext({ threads: 1 });
  using pictures = new RecordPictures(context, records, { size: 11, filter: "bicubic", batch: 9 });
  const [first, second] = await Promise.all([pictures.read(3, 9), pictures.read(60, 4)]);
  for (const [start, pixels] of [[3, first], [60, second]] as const) {
    for (let i = 0; i < pixels.length / (11 * 11 * 3); i++) {
      const picture = {
        width: records.size,
        height: records.size,
        channels: 1 as const,
        pixels: new Uint8Array(records.readPixels(start + i)),
      };
      const expected = resizeImage(picture, 11, 11, "bicubic").pixels;
      const rgb = pixels.subarray(i * 363, (i + 1) * 363);
      assert.deepEqual(rgb.filter((_, at) => at % 3 === i % 3), expected, `row ${start + i}`);
    }
  }
  assert.throws(() => pictures.read(60, 5), /allowed: at most 9 of the 64 rows/);
});

Deno.test("IconSearch finds what a full scan over all splits finds", async () => {
  const labels: string[] = [];
  using search = await open({ onProgress: (label, done) => labels.push(`${label} ${done}`) });
  const { gallery, encoder } = search;
  assert.equal(gallery.count, 512);
  const rows = new Float32Array(gallery.count * encoder.width);
  for (let number = 0; number < gallery.count; number++) {
    const { records, row } = gallery.place(number);
    const gray = records.readPixels(row);
    const pixels = Uint8Array.from({ length: gray.length * 3 }, (_, i) => gray[Math.floor(i / 3)]);
    rows.set(await encoder.embedPixels(pixels), number * encoder.width);
  }
  const { features } = await encoder.embedTexts(["red box"]);
  const expected = bruteForce(rows, encoder.width, features, 20);
  const { hits, count, query } = await search.find({ text: "red box" }, { top: 20 });
  assert.deepEqual([count, query, labels.at(-1)], [512, "red box", "pictures 512"]);
  assert.deepEqual(hits.map(({ score }) => score), expected.map(({ score }) => score));
  for (const [i, { row }] of expected.entries()) {
    const { rank, name, family, file, key } = hits[i];
    const { score: _, rank: __, ...shown } = hits[i];
    assert.deepEqual(shown, gallery.describe(row));
    assert.equal(rank, i + 1);
    assert.match(
      `${name} ${family} ${file} ${key}`,
      /^\w+ \w+ [ab] baked\/\w+-16\.bin#\d+ \w+:\d-/,
    );
  }
});

Deno.test("IconSearch finds a picture itself and its name when it is asked with a picture", async () => {
  using search = await open({ onProgress: (label) => assert.notEqual(label, "pictures") });
  const png = search.gallery.png(50);
  const self = await search.find({ image: png }, { top: 1 });
  assert.equal(self.hits[0].file, search.gallery.describe(50).file);
  assert.ok(self.hits[0].score > 0.99999, `${self.hits[0].score}`);
  Deno.writeFileSync(`${dir}/query.png`, png);
  const names = await search.find({ image: `${dir}/query.png` }, { top: 64, target: "text" });
  assert.deepEqual(names.hits.map(({ name }) => name).sort(), search.gallery.names());
  assert.deepEqual([names.query, names.hits[0].family], [`${dir}/query.png`, null]);
  assert.equal(search.png(names.hits[0]), null);
});

Deno.test("IconSearch refuses queries that cannot be answered before it builds anything", async () => {
  using search = await open({
    cacheDir: `${dir}/nothing`,
    onProgress: () => assert.fail("it built an index"),
  });
  await assert.rejects(search.find({ text: " \u200b\n" }, { top: 1 }), /no visible character/);
  for (const top of [0, 513, 1.5]) {
    await assert.rejects(search.find({ text: "a" }, { top }), /top is .*; allowed: 1 to 512/);
  }
  await assert.rejects(search.find({ text: "a" }, { top: 65, target: "text" }), /1 to 64/);
  const image = (image: string | Uint8Array) => search.find({ image }, { top: 1 });
  await assert.rejects(image(`${dir}/none.png`), /none\.png cannot be read .*give a PNG/);
  await assert.rejects(image(new Uint8Array(40)), /the picture: unreadable picture/);
  await assert.rejects(open({ source: { kind: "run", dir: `${dir}/no-run` } }), /no-run/);
});

Deno.test("searchGallery shows pictures to a notebook and a table to a terminal", async () => {
  using search = await open();
  const gallery = await searchGallery(search, { image: search.gallery.png(5) }, { top: 3 });
  const show = gallery as unknown as Record<symbol, () => Record<string, string>>;
  const shown = show[Symbol.for("Jupyter.display")]();
  assert.deepEqual(Object.keys(shown), ["text/html", "text/plain"]);
  assert.equal(shown["text/html"].split("<img").length, 1 + 4);
  assert.equal(shown["text/plain"].split("\n").length, 4);
  assert.ok(gallery.html().includes(shown["text/html"]));
  assert.match(shown["text/html"], /512 pictures, \d+\.\d ms, cosine of 48 features, native/);
});

Deno.test("IconSearch finds the same with every engine, for a run and for its export", async () => {
  const model = { kind: "model", dir: `${dir}/model` } as const;
  const version = { commit: null, dirty: null };
  await exportRun(`${dir}/run`, { out: model.dir, source: version });
  using run = await open();
  const expected = await run.find({ text: "blue star" }, { top: 10 });
  for (
    const [changes, engine] of [
      [{ source: model, engine: undefined }, "ort"],
      [{ source: model, engine: "native" }, "native"],
      [{ engine: "ort" }, "ort"],
      [{ engine: undefined }, "ort"],
    ] as const
  ) {
    using search = await open(changes);
    const { hits } = await search.find({ text: "blue star" }, { top: 10 });
    assert.equal(search.encoder.engine, engine);
    hits.forEach(({ score }, i) => assert.ok(Math.abs(score - expected.hits[i].score) < 1e-5));
  }
  Deno.removeSync(`${model.dir}/weights.safetensors`);
  await assert.rejects(
    open({ source: model, engine: "native" }),
    /weights\.safetensors is missing/,
  );
  await assert.rejects(open({ source: { kind: "model", dir: `${dir}/none` } }), /holds no model/);
});

Deno.test("IconSearch takes its files away when the test ends", async () => {
  await Deno.remove(dir, { recursive: true });
});
