import assert from "node:assert/strict";
import { packShards } from "../../src/data/sources/pack_shards.ts";
import { parquetItems, ParquetReader } from "../../src/data/sources/parquet_source.ts";
import { readTar } from "../../src/data/shards/read_tar.ts";
import { grayPng } from "./shard_fixture.ts";
import goldens from "./goldens/parquet.json" with { type: "json" };

async function withFile(bytes: Uint8Array, body: (path: string, dir: string) => Promise<void>) {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeFileSync(`${dir}/table.parquet`, bytes);
    await body(`${dir}/table.parquet`, dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const golden = (name: keyof typeof goldens) => Uint8Array.fromBase64(goldens[name]);

const CAPTIONS = ["a red cat", "two boats", "", null, "ein Haus ü"];

for (const name of ["huggingFace", "zstd", "gzip"] as const) {
  Deno.test(`parquetItems gives pictures and captions of pyarrow's file (${name})`, async () => {
    await withFile(golden(name), async (path) => {
      const items = await Array.fromAsync(parquetItems(path));
      assert.equal(items.length, 5);
      items.forEach((item, i) => {
        assert.equal(item.at, `${path}, row ${i}`);
        if (CAPTIONS[i] === null) {
          return assert.ok("problem" in item && /no text/.test(item.problem));
        }
        assert.ok(!("problem" in item));
        assert.equal(item.caption, CAPTIONS[i]);
        if (i < 4) assert.deepEqual([...item.bytes!.subarray(1, 4)], [80, 78, 71]);
        else assert.equal(new TextDecoder().decode(item.bytes), "no picture");
      });
    });
  });
}

Deno.test("packShards takes a Parquet file, and counts what it leaves out", async () => {
  await withFile(golden("huggingFace"), async (path, dir) => {
    const report = await packShards(parquetItems(path), { out: `${dir}/out` });
    assert.equal(report.samples, 2);
    assert.deepEqual(
      report.skipped.map(({ reason, count }) => [reason, count]),
      [["empty text", 1], ["no text", 1], ["unreadable picture", 1]],
    );
    const samples = await Array.fromAsync(readTar(`${dir}/out/00000.tar`));
    assert.deepEqual(samples.map(({ files }) => [...files.keys()]), [
      ["png", "txt", "json"],
      ["png", "txt", "json"],
    ]);
  });
});

Deno.test("parquetItems reads file names relative to the file, and asks for downloads of addresses", async () => {
  await withFile(golden("paths"), async (path, dir) => {
    Deno.writeFileSync(`${dir}/a.png`, grayPng(4, 4, new Uint8Array(16)));
    const report = await packShards(parquetItems(path), { out: `${dir}/out` });
    assert.equal(report.samples, 1);
    assert.match(report.skipped[0].first, /row 1: no picture: .*missing\.png is missing/);
    assert.match(report.skipped[0].reason, /no picture/);
  });
  await withFile(golden("urls"), async (path) => {
    const [item] = await Array.fromAsync(parquetItems(path));
    assert.match((item as { problem: string }).problem, /no local file: https.*download/);
  });
});

Deno.test("parquetItems takes the columns that are named", async () => {
  await withFile(golden("other"), async (path) => {
    await assert.rejects(Array.fromAsync(parquetItems(path)), /no column image or .*; seen a, b/);
    const [item] = await Array.fromAsync(parquetItems(path, { image: "b", caption: "b" }));
    assert.equal((item as { caption: string }).caption, "x");
    await assert.rejects(
      Array.fromAsync(parquetItems(path, { image: "c" })),
      /no column c; seen a, b; name it with --image-column/,
    );
  });
});

Deno.test("parquetItems names the file when it is empty, cut or no Parquet file", async () => {
  const refused = (bytes: Uint8Array, message: RegExp) =>
    withFile(bytes, async (path) => {
      await assert.rejects(Array.fromAsync(parquetItems(path)), (error) =>
        error instanceof SyntaxError && message.test(error.message) &&
        error.message.includes(path));
    });
  await refused(golden("empty"), /no row/);
  await refused(new Uint8Array(), /cannot be read as Parquet/);
  await refused(new TextEncoder().encode("image,caption\na.png,x\n"), /cannot be read as Parquet/);
  const whole = golden("zstd");
  for (let cut = 1; cut < whole.length; cut += 97) {
    await refused(whole.slice(0, cut), /cannot be read as Parquet|no row/);
  }
});

Deno.test("parquetItems ends a reader that a damaged file keeps busy for ever", async () => {
  const endless = Uint8Array.fromBase64(ENDLESS.join(""));
  await withFile(endless, async (path) => {
    await assert.rejects(
      Array.fromAsync(parquetItems(path, {}, 1)),
      /table\.parquet cannot be read as Parquet \(seen: no answer within 1 s\)/,
    );
  });
});

Deno.test("ParquetReader ends a reader that takes more memory than it may", async () => {
  await withFile(Uint8Array.fromBase64(ENDLESS.join("")), async (path) => {
    using reader = new ParquetReader(60, 2 ** 20);
    await assert.rejects(
      Array.fromAsync(reader.items(path)),
      /table\.parquet cannot be read as Parquet \(seen: more than 1 MiB for a few hundred rows\)/,
    );
  });
});

/** A file that a fuzzer made: a page whose header says nothing that the reader could get past. */
const ENDLESS = [
  "UEFSMRUGFfIEFaoCXBUKFQAVChUAFQQVABEcNgAoR4lQTkcNChoKAAAADUlIRFIAAAAEAAAABAgAAAAAjJrBogAA",
  "AA5JREFUeJxj0AACBlQCABkUAoFkJk3kAAAAAElFTkSuQmCCGApubyBwaWN0dXJlAAAACgEfiwgAAAAAAAADc2Fg",
  "YOgM8HPn5ZLiAjJ5PT1cgoA0CwhzAAmGnlkHFwEpbk8Xx5CKOckJB4BSIgyMtf/k3oGgPV39XNY5JTS5E2kOH9Qc",
  "AUYmthAmBp4pjI4y39S/UGLUBQawUZIiTI0par5PKDFqA8RVqlOYD763n7MK2SiQ/rx8hYLM5JLSolQAujqMrDcB",
  "AAAVBhVkFYQBXBUKFQIVChUBAACAAAAAAAIoCnR3bwogYm9hdHMYAiAgAAAAAxcfiwgAAAAAAAAD42RgYEhUKEpN",
  "UUhOLOECckrK87kUkvITS4qZgDwFBW4gmZqZp+CRWFqscHgPABB6MWU5OTkAFQQZPDUAGAZzY2hlbWEVBAAVDCUC",
  "GANqcGcAFQwlAhgHY2FwdGlvbiUATBwAAAAWChkcGSwmABwVDBklBgAZGANqcGcVBBYKFtQGFowEJgg8NgAoR4lQ",
  "TkcNChoKAAAADUlIRFIAAAAEAAAABAgAAAAAjJrBogAAAA5JREFUeJxj0AACBlQCABkUAoFkJk3kAAAAAElFTkSu",
  "QmCCGApubyBwaWN0dXJlABkcFQAVABUCAAAAJgAcFQwZJQYAGRgHY2FwdGlvbhUEFgoWugEW2gEmlAQ8NgIoCnR3",
  "bwogYm9hdHMYAiAgABkcFQAVABUCAAAAFo4IFgomCBbmBRQAABkcGAxBUlJPVzpzY2hlbWEY2AEvLy8vLzVnQUFB",
  "QVFBQUFBQUFBS0FBd0FCZ0FGQUFnQUNnQUFBQUFCQkFBTUFBQUFDQUFJQUFBQ0JBQUlBQUFBQkFBQUFBSUFBQUJB",
  "QUFBQUJBQUFBTmovLy84QUFBRUZFQUFBQUJnQUFBQUVBQUFBQUFBQUFBY0FBQUJqWVhCMGFXOXVBTXovLy84UUFC",
  "UUFDQUFHQUFjQURBQUFBQkFBRUFBQUFBQUFBUVFRQUFBQUdBQUFBQVFBQUFBQUFBQUF/d0FBQUdwd1p3QUVBQVFB",
  "QkFBQUFBPT0AGCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDE4LjEuMBksHAAAHAAAABcCAABQQVIx",
];
