import assert from "node:assert/strict";
import sharp from "sharp";
import { type BakeOptions, bakeShards } from "../../src/data/bake/bake_shards.ts";
import { shardRecords } from "../../src/data/bake/shard_records.ts";
import { decodeImage } from "../../src/data/images/decode_image.ts";
import { resizeImage } from "../../src/data/images/resize_image.ts";
import { openRecords } from "../../src/data/records/records.ts";
import { grayPng, type SampleFiles, writeShard } from "./shard_fixture.ts";
import { inFolder } from "../in_folder.ts";

const SIDE = 8;
const FORM = { side: SIDE, filter: "bilinear", fit: "squash" } as const;

const pixelsOf = (bytes: number, seed: number) =>
  Uint8Array.from({ length: bytes }, (_, i) => Math.imul(i + 1, 2654435761 + 2 * seed) >>> 24);
const gray = (seed: number) => grayPng(SIDE, SIDE, pixelsOf(SIDE * SIDE, seed));

async function colour(format: "png" | "jpeg" | "webp", width: number, height: number) {
  const raw = { width, height, channels: 3 } as const;
  const image = sharp(pixelsOf(width * height * 3, width), { raw });
  return new Uint8Array(await image[format]().toBuffer());
}

/** `count` whole samples, and others where they are given. */
function samples(count: number, others: Record<number, SampleFiles> = {}) {
  return Object.fromEntries(
    Array.from(
      { length: count },
      (_, i) => [`k${String(i).padStart(4, "0")}`, others[i] ?? { png: gray(i), txt: `Word ${i}` }],
    ),
  );
}

function bake(dir: string, names: readonly string[], more: Partial<BakeOptions> = {}) {
  const shards = names.map((name) => `${dir}/${name}.tar`);
  return bakeShards({ ...FORM, shards, out: `${dir}/out.bin`, ...more });
}

const filesIn = (dir: string) => [...Deno.readDirSync(dir)].map(({ name }) => name).toSorted();

Deno.test("bakeShards keeps pictures, captions and their order when pictures have the size", async () => {
  await inFolder(async (dir) => {
    writeShard(`${dir}/a.tar`, samples(9));
    writeShard(`${dir}/b.tar`, {
      "x/y": { png: await colour("png", SIDE, SIDE), txt: " Wörd\n 3 " },
    });
    for (const parallel of [1, 6]) {
      const report = await bake(dir, ["a", "b"], { parallel });
      assert.deepEqual([report.count, report.skipped], [10, []]);
      const records = openRecords(report.path);
      assert.equal(records.size, SIDE);
      for (let row = 0; row < 9; row++) {
        assert.equal(records.key(row), `a:k000${row}`);
        assert.deepEqual(records.captions(row), [{ level: 1, text: `Word ${row}` }]);
        assert.equal(records.phraseOf(row), `word ${row}`);
        assert.deepEqual(records.readPixels(row), pixelsOf(SIDE * SIDE, row));
      }
      assert.equal(records.key(9), "b:x/y");
      assert.deepEqual(records.captions(9), [{ level: 1, text: "Wörd 3" }]);
      assert.deepEqual(records.readPixels(9), pixelsOf(SIDE * SIDE * 3, SIDE));
    }
  });
});

Deno.test("bakeShards resizes the whole picture or its middle square, of every format", async () => {
  await inFolder(async (dir) => {
    const files = { jpg: await colour("jpeg", 40, 20), webp: await colour("webp", 13, 30) };
    writeShard(`${dir}/a.tar`, {
      one: { jpg: files.jpg, txt: "one", json: "{}" },
      two: { webp: files.webp, txt: "two" },
    });
    const crops = {
      squash: [[0, 0, 40, 20], [0, 0, 13, 30]],
      crop: [[10, 0, 20, 20], [0, 8.5, 13, 13]],
    };
    for (const fit of ["squash", "crop"] as const) {
      const records = openRecords((await bake(dir, ["a"], { fit })).path);
      for (const [row, bytes] of [files.jpg, files.webp].entries()) {
        const [left, top, width, height] = crops[fit][row];
        const crop = { left, top, width, height };
        const wanted = resizeImage(await decodeImage(bytes), SIDE, SIDE, "bilinear", crop);
        assert.deepEqual(records.readPixels(row), wanted.pixels);
      }
    }
  });
});

Deno.test("bakeShards leaves broken samples out, counts them, and shifts no other", async () => {
  await inFolder(async (dir) => {
    const cut = gray(3).slice(0, 50);
    const others = {
      3: { png: cut, txt: "cut" },
      10: { png: gray(10) },
      11: { txt: "no picture", json: "{}" },
      20: { png: gray(20), txt: " \n\t\u200b " },
      21: { png: gray(21), txt: Uint8Array.of(0xff, 0xfe, 0x41) },
      39: { png: new Uint8Array(80), txt: "junk" },
    };
    writeShard(`${dir}/a.tar`, samples(40, others));
    const report = await bake(dir, ["a"], { maxBroken: 0.5, parallel: 4 });
    assert.deepEqual(report.skipped.map(({ reason, count }) => [reason, count]), [
      ["unreadable picture", 2],
      ["no text", 1],
      ["no picture", 1],
      ["empty text", 1],
      ["unreadable text", 1],
    ]);
    assert.match(report.skipped[0].examples[0], /a\.tar, byte \d+, k0003: unreadable picture/);
    const records = openRecords(report.path);
    const whole = [...Array(40).keys()].filter((i) => !(i in others));
    assert.deepEqual(whole.map((_, row) => records.phraseOf(row)), whole.map((i) => `word ${i}`));
    whole.forEach((i, row) => {
      assert.deepEqual(records.readPixels(row), pixelsOf(SIDE * SIDE, i));
    });
  });
});

Deno.test("bakeShards refuses shards of which too much is broken and names the worst", async () => {
  await inFolder(async (dir) => {
    writeShard(`${dir}/good.tar`, samples(30));
    writeShard(`${dir}/bad.tar`, samples(10, { 2: { txt: "a" }, 5: { txt: "b" } }));
    await assert.rejects(bake(dir, ["good", "bad"]), {
      name: "SyntaxError",
      message:
        /2 of 40 samples are broken; at most 1 % .* most in \S*bad\.tar \(2\); first: .*k0002/,
    });
    assert.deepEqual(filesIn(dir), ["bad.tar", "good.tar"]);
    const tolerant = await bake(dir, ["good", "bad"], { maxBroken: 0.05 });
    assert.equal(tolerant.count, 38);
  });
});

Deno.test("bakeShards names file and byte when a shard is cut, and leaves no file", async () => {
  await inFolder(async (dir) => {
    writeShard(`${dir}/a.tar`, samples(12));
    const whole = Deno.readFileSync(`${dir}/a.tar`);
    Deno.writeFileSync(`${dir}/cut.tar`, whole.subarray(0, whole.length - 2000));
    await assert.rejects(bake(dir, ["a", "cut"]), {
      name: "SyntaxError",
      message: /cut\.tar: ends at byte \d+/,
    });
    await assert.rejects(bake(dir, ["missing"]), Deno.errors.NotFound);
    writeShard(`${dir}/empty.tar`, {});
    await assert.rejects(bake(dir, ["empty"]), /hold no sample/);
    assert.deepEqual(filesIn(dir), ["a.tar", "cut.tar", "empty.tar"]);
  });
});

Deno.test("bakeShards ends and leaves no file when its signal fires", async () => {
  await inFolder(async (dir) => {
    writeShard(`${dir}/a.tar`, samples(300));
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("stopped by the test"));
    const ended = bake(dir, ["a"], { signal: stop.signal, onProgress });
    await assert.rejects(ended, /stopped by the test/);
    assert.deepEqual(filesIn(dir), ["a.tar"]);
  });
});

Deno.test("shardRecords bakes once, and again when a shard or the form changes", async () => {
  await inFolder(async (dir) => {
    writeShard(`${dir}/t-1.tar`, samples(5));
    writeShard(`${dir}/t-0.tar`, samples(3));
    const options = { ...FORM, shards: `${dir}/t-*.tar`, cacheDir: `${dir}/cache` };
    const first = await shardRecords(options);
    assert.deepEqual(first.shards.map((path) => path.slice(dir.length)), ["/t-0.tar", "/t-1.tar"]);
    assert.equal(openRecords(first.path).count, 8);
    const written = () => Deno.statSync(first.path).mtime?.getTime();
    const before = written();
    assert.deepEqual(await shardRecords(options), first);
    assert.equal(written(), before);
    const larger = await shardRecords({ ...options, side: 12 });
    assert.equal(openRecords(larger.path).size, 12);
    writeShard(`${dir}/t-1.tar`, samples(6));
    const again = await shardRecords(options);
    assert.equal(again.count, 9);
    assert.notEqual(again.dir, first.dir);
    Deno.writeFileSync(again.path, new Uint8Array(70));
    assert.equal((await shardRecords(options)).count, 9, "a damaged file is baked again");
    const none = { ...options, shards: `${dir}/u-*.tar` };
    await assert.rejects(shardRecords(none), { name: "RangeError", message: /no file fits/ });
  });
});
