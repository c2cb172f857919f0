import assert from "node:assert/strict";
import sharp from "sharp";
import { captionOfName, folderItems } from "../../src/data/sources/folder_source.ts";
import { packShards } from "../../src/data/sources/pack_shards.ts";
import { tableItems } from "../../src/data/sources/table_source.ts";
import { readTar } from "../../src/data/shards/read_tar.ts";
import { grayPng } from "./shard_fixture.ts";

const PNG = grayPng(4, 4, new Uint8Array(16).fill(9));

async function withFolder(
  files: Record<string, string | Uint8Array>,
  body: (dir: string) => Promise<void> | void,
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = `${dir}/${name}`;
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      if (typeof content === "string") Deno.writeTextFileSync(path, content);
      else Deno.writeFileSync(path, content);
    }
    await body(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

async function samplesOf(path: string): Promise<Record<string, string>[]> {
  const samples = [];
  for await (const { key, files } of readTar(path)) {
    const text = (name: string) => new TextDecoder().decode(files.get(name));
    samples.push({ key, txt: text("txt"), source: JSON.parse(text("json")).source });
    assert.deepEqual(files.get("png"), PNG);
  }
  return samples;
}

Deno.test("captionOfName reads words and leaves a number at the end out", () => {
  const names = {
    "red_car.png": "red car",
    "a/b/tall-tree_012.jpg": "tall tree",
    "dog (3).webp": "dog",
    "42.png": "42",
    "Boeing 747 wing.png": "Boeing 747 wing",
  };
  for (const [name, caption] of Object.entries(names)) assert.equal(captionOfName(name), caption);
});

Deno.test("packShards finds the same broken pictures when it checks JPEGs at an eighth", async () => {
  const raw = { width: 64, height: 48, channels: 3 } as const;
  const noise = Uint8Array.from({ length: 64 * 48 * 3 }, (_, i) => i * 7919 % 251);
  const jpeg = new Uint8Array(await sharp(noise, { raw }).jpeg().toBuffer());
  const files = {
    "in/a.jpg": jpeg,
    "in/b.jpg": jpeg.slice(0, jpeg.length - 200),
    "in/c.jpg": jpeg.slice(0, 90),
    "in/d.png": PNG,
    "in/e.png": PNG.slice(0, PNG.length - 20),
  };
  await withFolder(files, async (dir) => {
    for (const decode of ["exact", "scaled"] as const) {
      const out = `${dir}/${decode}`;
      const { samples, skipped } = await packShards(folderItems(`${dir}/in`), { out, decode });
      assert.equal(samples, 2, decode);
      assert.deepEqual(skipped.map(({ reason, count }) => [reason, count]), [[
        "unreadable picture",
        3,
      ]]);
      const kept = [];
      for await (const { files } of readTar(`${out}/00000.tar`)) kept.push([...files.keys()][0]);
      assert.deepEqual(kept, ["jpg", "png"]);
    }
  });
});

Deno.test("packShards keeps pictures and captions of a folder, in order, over several shards", async () => {
  const files = {
    "in/b_car.png": PNG,
    "in/a.png": PNG,
    "in/a.txt": " a\n tree ",
    "in/c/d-2.png": PNG,
    "in/.hidden.png": PNG,
    "in/notes.md": "no picture",
  };
  await withFolder(files, async (dir) => {
    const out = `${dir}/out/`;
    const report = await packShards(folderItems(`${dir}/in`), { out, perShard: 2 });
    assert.deepEqual(report, { shards: ["00000.tar", "00001.tar"], samples: 3, skipped: [] });
    assert.deepEqual(await samplesOf(`${dir}/out/00000.tar`), [
      { key: "000000000", txt: "a tree", source: "a.png" },
      { key: "000000001", txt: "b car", source: "b_car.png" },
    ]);
    assert.deepEqual(await samplesOf(`${dir}/out/00001.tar`), [
      { key: "000000002", txt: "d", source: "c/d-2.png" },
    ]);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name).sort(), ["in", "out"]);
    await assert.rejects(
      packShards(folderItems(`${dir}/in`), { out }),
      /out holds \S+ already; allowed: a new or empty folder/,
    );
  });
});

Deno.test("folderItems takes img2dataset's files with their captions, never their numbers", async () => {
  const files = {
    "00000/000000000.jpg": PNG,
    "00000/000000000.txt": "a boat",
    "00000/000000000.json": '{"status":"success"}',
    "00000/000000001.jpg": PNG,
    "00000.parquet": "x",
    "00000_stats.json": "{}",
  };
  await withFolder(files, (dir) => {
    assert.deepEqual([...folderItems(dir, false)], [
      { at: "00000/000000000.jpg", path: `${dir}/00000/000000000.jpg`, caption: "a boat" },
      { at: "00000/000000001.jpg", problem: "no text: 000000001.txt is not there" },
    ]);
  });
});

Deno.test("packShards counts what it leaves out by reason and shifts no other", async () => {
  const files = {
    "in/a.png": PNG,
    "in/b.png": PNG.subarray(0, 40),
    "in/c.png": "not a picture",
    "in/d.png": PNG,
    "in/d.txt": "\u200b \n",
    "in/e.png": PNG,
    "in/e.txt": Uint8Array.of(0xff, 0xfe),
    "in/f.png": PNG,
  };
  await withFolder(files, async (dir) => {
    const report = await packShards(folderItems(`${dir}/in`), { out: `${dir}/out`, parallel: 2 });
    const counts = Object.fromEntries(report.skipped.map(({ reason, count }) => [reason, count]));
    assert.deepEqual(counts, { "unreadable picture": 2, "empty text": 1, "unreadable text": 1 });
    assert.match(report.skipped[0].first, /^b\.png: unreadable picture/);
    const samples = await samplesOf(`${dir}/out/00000.tar`);
    assert.deepEqual(samples.map(({ txt }) => txt), ["a", "f"]);
  });
});

Deno.test("packShards leaves no folder when nothing is left or its signal fires", async () => {
  await withFolder({ "in/a.png": "broken", "good/a.png": PNG }, async (dir) => {
    const names = () => [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
    await assert.rejects(
      packShards(folderItems(`${dir}/in`), { out: `${dir}/out` }),
      /no sample is left \(a\.png: unreadable picture/,
    );
    const signal = AbortSignal.abort(new Error("stop"));
    await assert.rejects(
      packShards(folderItems(`${dir}/good`), { out: `${dir}/out`, signal }),
      /stop/,
    );
    assert.deepEqual(names(), ["good", "in"]);
    // A process that died left its unfinished folder; it is not taken for whole.
    Deno.mkdirSync(`${dir}/.out.partial`);
    Deno.writeTextFileSync(`${dir}/.out.partial/00000.tar`, "half");
    await packShards(folderItems(`${dir}/good`), { out: `${dir}/out` });
    assert.deepEqual(names(), ["good", "in", "out"]);
    assert.equal((await samplesOf(`${dir}/out/00000.tar`)).length, 1);
  });
});

Deno.test("tableItems gives the first rows of a long table before the last are read", async () => {
  const row = (i: number) => `a${i}.png,${"word ".repeat(20)}${i}\n`;
  const table = `image,text\n${
    Array.from({ length: 20_000 }, (_, i) => row(i)).join("")
  }far,too,many\n`;
  await withFolder({ "t.csv": table }, async (dir) => {
    let count = 0;
    const read = async () => {
      for await (const item of tableItems(`${dir}/t.csv`, "csv")) {
        assert.ok("caption" in item && item.caption.endsWith(` ${count}`));
        count++;
      }
    };
    await assert.rejects(read, /t\.csv: .* line 20002; allowed/);
    assert.ok(count > 18_000, `${count} rows came before the error`);
  });
});

for (
  const [kind, table] of [
    ["csv", '\ufefffile_name,id,caption\na.png,1,"a car, ""red"""\nsub/b.png,2,"two\nlines"\n'],
    ["tsv", 'file_name\tid\tcaption\na.png\t1\ta car, "red"\nsub/b.png\t2\ttwo lines\n'],
    [
      "jsonl",
      '{"file_name":"a.png","caption":"a car, \\"red\\""}\n\n{"file_name":"sub/b.png","caption":"two\\nlines"}\n',
    ],
  ] as const
) {
  Deno.test(`packShards reads the pairs of a ${kind} table relative to its folder`, async () => {
    const files = { [`in/t.${kind}`]: table, "in/a.png": PNG, "in/sub/b.png": PNG };
    await withFolder(files, async (dir) => {
      await packShards(tableItems(`${dir}/in/t.${kind}`, kind), { out: `${dir}/out` });
      const samples = await samplesOf(`${dir}/out/00000.tar`);
      assert.deepEqual(samples.map(({ txt }) => txt), ['a car, "red"', "two lines"]);
    });
  });
}

Deno.test("tableItems names file, line and what is allowed when a table is wrong", async () => {
  const files = {
    "none.csv": "file_name,caption\n",
    "columns.csv": "picture,words\na.png,a\n",
    "ragged.csv": "file_name,caption\na.png\n",
    "list.jsonl": '{"image":"a.png","text":"a"}\n[1]\n',
    "latin.csv": Uint8Array.of(0x69, 0xe9, 0x0a),
    "endless.csv": `image,text\na.png,"${"no end ".repeat(700_000)}`,
    "endless.jsonl": `{"image":"a.png","text":"a"}\n{"image":"${"a".repeat(4_300_000)}`,
    "mixed.csv": "image,text\nhttps://example.org/a.png,far\n,none\nmissing.png,gone\n",
  };
  await withFolder(files, async (dir) => {
    const refuses = (name: string, message: RegExp, kind: "csv" | "jsonl" = "csv") =>
      assert.rejects(Array.fromAsync(tableItems(`${dir}/${name}`, kind)), {
        name: "SyntaxError",
        message,
      });
    await refuses("none.csv", /none\.csv: no row; allowed/);
    await refuses("columns.csv", /no column image or .*; seen picture, words; .*image-column/);
    await refuses("ragged.csv", /ragged\.csv: .*; allowed: csv with a line of column names/);
    await refuses("list.jsonl", /list\.jsonl, line 2: \[1\]; allowed: one JSON object/, "jsonl");
    await refuses("latin.csv", /latin\.csv: not UTF-8/);
    await refuses("endless.csv", /endless\.csv: Max Record Size.*at most 4194304 bytes/);
    await refuses("endless.jsonl", /endless\.jsonl, line 2: longer than 4194304/, "jsonl");
    await assert.rejects(
      Array.fromAsync(tableItems(`${dir}/not.csv`, "csv")),
      Deno.errors.NotFound,
    );
    const named = await Array.fromAsync(
      tableItems(`${dir}/columns.csv`, "csv", { image: "picture", caption: "words" }),
    );
    assert.equal(named.length, 1);
    await assert.rejects(
      packShards(tableItems(`${dir}/mixed.csv`, "csv"), { out: `${dir}/out` }),
      /mixed\.csv, line 2: no local file: https/,
    );
  });
});
