import assert from "node:assert/strict";
import type { BenchPart, BenchSource } from "../../src/data/benches/bench_source.ts";
import { captionFile } from "../../src/data/benches/caption_file.ts";
import { captionsOf } from "../../src/data/benches/captions_of.ts";
import { classFolders } from "../../src/data/benches/class_folders.ts";
import {
  isClipBenchmarkFolder,
  readClipBenchmarkFolder,
} from "../../src/data/benches/clip_benchmark_folder.ts";
import { labelledFiles } from "../../src/data/benches/labelled_files.ts";
import { isObjectnetFolder, openObjectnetFolder } from "../../src/data/benches/objectnet_folder.ts";
import { tarSource } from "../../src/data/benches/tar_source.ts";
import { labelOf } from "../../src/data/shards/sample_parts.ts";
import { grayPng, writeShard } from "./shard_fixture.ts";

type Write = (name: string, content?: string | Uint8Array) => string;
const PNG = grayPng(2, 2, Uint8Array.of(0, 80, 160, 240));

function withFolder(body: (dir: string, write: Write) => void | Promise<void>) {
  return async () => {
    const dir = Deno.makeTempDirSync();
    const write: Write = (name, content = PNG) => {
      const path = `${dir}/${name}`;
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      if (typeof content === "string") Deno.writeTextFileSync(path, content);
      else Deno.writeFileSync(path, content);
      return path;
    };
    try {
      await body(dir, write);
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  };
}

async function listed<Part>({ parts }: BenchSource<Part>) {
  const rows: [string, Part][] = [];
  for (const part of parts) {
    for await (const { key, part: own } of part.pictures(() => assert.fail("broken"))) {
      rows.push([key, own]);
    }
  }
  return rows;
}

Deno.test(
  "classFolders lists pictures of each class by name, whatever the case of their endings",
  withFolder(async (dir, write) => {
    write("n01440764/b.JPEG");
    write("n01440764/a.jpg");
    write("n01440764/notes.txt", "no picture");
    write("n01443537/c.PNG");
    write("others/d.png");
    write(".hidden/e.png");
    Deno.symlinkSync(`${dir}/n01443537`, `${dir}/n01484850`);
    const numbers: Record<string, number | null> = {
      n01440764: 0,
      n01443537: 1,
      n01484850: 2,
      others: null,
    };
    const source = classFolders(dir, { indexOf: (name) => numbers[name], allowed: "ids" });
    assert.deepEqual(await listed(source), [
      ["n01440764/a.jpg", 0],
      ["n01440764/b.JPEG", 0],
      ["n01443537/c.PNG", 1],
      ["n01484850/c.PNG", 2],
    ]);
    assert.equal(source.parts.length, 1);
    assert.equal(await source.parts[0].count(), 4);
    const stamp = source.parts[0].stamp();
    assert.equal(stamp, source.parts[0].stamp());
    write("n01440764/a.jpg", "other");
    assert.notEqual(stamp, source.parts[0].stamp());
  }),
);

Deno.test(
  "classFolders names a folder that is no class, and a class without pictures",
  withFolder((dir, write) => {
    const classes = { indexOf: (name: string) => ["0", "1"].indexOf(name), allowed: "0 to 1" };
    const indexOf = (name: string) => classes.indexOf(name) < 0 ? undefined : Number(name);
    const open = () => classFolders(dir, { ...classes, indexOf });
    assert.throws(open, /no class folder; allowed: 0 to 1/);
    write("0/a.png");
    write("1/readme.txt", "");
    assert.throws(open, /\/1: a class without pictures; allowed: PNG, JPEG or WebP/);
    write("1/b.png");
    write("2/c.png");
    assert.throws(open, /\/2: the folder is no class; allowed: 0 to 1/);
  }),
);

const RULES = {
  classes: 10,
  indexOf: (wnid: string) => ({ n01440764: 0, n01443537: 1 } as Record<string, number>)[wnid],
};

Deno.test(
  "labelledFiles reads Caffe's and Kaggle's lists, and lists a picture that is missing",
  withFolder(async (dir, write) => {
    write("p/ILSVRC_1.JPEG");
    write("p/ILSVRC_2.JPEG");
    const caffe = write("val.txt", "ILSVRC_1.JPEG 9\nILSVRC_2.JPEG 0\ngone.JPEG 3\n\n");
    assert.deepEqual(await listed(labelledFiles(`${dir}/p`, caffe, RULES)), [
      ["ILSVRC_1.JPEG", 9],
      ["ILSVRC_2.JPEG", 0],
      ["gone.JPEG", 3],
    ]);
    const kaggle = write(
      "LOC_val_solution.csv",
      "ImageId,PredictionString\r\nILSVRC_2,n01443537 85 1 499 272 n01440764 1 2 3 4\r\nILSVRC_1,n01440764 1 1 2 2 \r\n",
    );
    assert.deepEqual(await listed(labelledFiles(`${dir}/p`, kaggle, RULES)), [
      ["ILSVRC_2.JPEG", 1],
      ["ILSVRC_1.JPEG", 0],
    ]);
  }),
);

Deno.test(
  "labelledFiles names the line when a label is wrong, and a picture that has none",
  withFolder((dir, write) => {
    write("p/a.png");
    write("p/b.png");
    const cases: [string, RegExp][] = [
      [
        "a.png 10\nb.png 0",
        /l\.txt, line 1: class 10, indices are 0 to 9; allowed: a picture's name/,
      ],
      ["a.png 1\nb.png n99999999", /line 2: "n99999999" is no class/],
      ["a.png 1\nb.png", /line 2: seen "b\.png", no class behind the name/],
      ["a.png 1\na 2\nb 1", /line 2: a\.png stands twice/],
      ["a.png 1", /p\/b\.png: no label in .*l\.txt/],
      ["a.png 1\nb.png -1", /line 2: "-1" is no class/],
    ];
    for (const [text, message] of cases) {
      const path = write("l.txt", text);
      assert.throws(() => labelledFiles(`${dir}/p`, path, RULES), message);
    }
    Deno.mkdirSync(`${dir}/none`);
    assert.throws(() => labelledFiles(`${dir}/none`, write("l.txt", "\n"), RULES), /no line/);
  }),
);

Deno.test(
  "readClipBenchmarkFolder finds lists and shards in number order",
  withFolder((dir, write) => {
    for (let i = 0; i < 11; i++) write(`test/${i}.tar`, "");
    write("test/nshards.txt", "11\n");
    assert.ok(isClipBenchmarkFolder(dir, "test"));
    assert.ok(!isClipBenchmarkFolder(`${dir}/test`, "test"));
    write("classnames.txt", "cat\ndog \ncat\n");
    write("zeroshot_classification_templates.txt", "a {c}\n");
    const folder = readClipBenchmarkFolder(dir, "test");
    assert.deepEqual(
      folder.shards.map((path) => path.slice(dir.length)),
      Array.from({ length: 11 }, (_, i) => `/test/${i}.tar`),
    );
    assert.deepEqual([folder.type, folder.classes, folder.templates], [
      "classification",
      ["cat", "dog", "cat"],
      ["a {c}"],
    ]);
    for (const name of ["000000.tar", "000001.tar"]) write(`train/${name}`, "");
    write("train/nshards.txt", "2");
    const padded = readClipBenchmarkFolder(dir, "train");
    assert.deepEqual(padded.shards.map((path) => path.slice(-10)), ["000000.tar", "000001.tar"]);
    write("dataset_type.txt", "retrieval\n");
    assert.equal(readClipBenchmarkFolder(dir, "test").type, "retrieval");
  }),
);

Deno.test(
  "readClipBenchmarkFolder names what is missing or wrong",
  withFolder((dir, write) => {
    const open = () => readClipBenchmarkFolder(dir, "test");
    write("train/nshards.txt", "1");
    assert.throws(
      open,
      /test\/nshards\.txt is missing.*splits here: train; choose one with --split/,
    );
    write("test/nshards.txt", "many");
    assert.throws(open, /nshards\.txt: seen "many"; allowed: a whole number from 1/);
    write("test/nshards.txt", "3");
    write("test/0.tar", "");
    write("test/2.tar", "");
    assert.throws(open, /\/test: 1\.tar is missing \(1 of the 3 shards/);
    write("test/1.tar", "");
    write("test/3.tar", "");
    assert.throws(open, /4 shards, nshards\.txt counts 3/);
    Deno.removeSync(`${dir}/test/3.tar`);
    write("classnames.txt", "cat\n\ndog\n");
    assert.throws(open, /classnames\.txt: line 2 is empty/);
    write("classnames.txt", Uint8Array.of(0xff, 0xfe));
    assert.throws(open, /classnames\.txt: not UTF-8/);
    write("classnames.txt", "cat");
    write("dataset_type.txt", "multilabel");
    assert.throws(open, /dataset_type\.txt: seen "multilabel"; allowed: classification, retrieval/);
  }),
);

Deno.test(
  "tarSource streams labels and captions, and says which sample it leaves out",
  withFolder(async (dir) => {
    writeShard(`${dir}/0.tar`, {
      a: { png: PNG, cls: "3", txt: "one\n\n two \r\nthree" },
      b: { png: PNG, cls: "0", txt: "" },
      c: { cls: "1", txt: "x" },
      d: { png: PNG },
    });
    const read = async <Part>(part: BenchPart<Part>) => {
      const broken: string[] = [], rows: [string, Part][] = [];
      const take = (key: string, message: string) => void broken.push(`${key}: ${message}`);
      for await (const { key, part: own } of part.pictures(take)) rows.push([key, own]);
      return { broken, rows };
    };
    const source = tarSource(dir, [`${dir}/0.tar`], (sample) => labelOf(sample, 4));
    assert.equal(await source.parts[0].count(), 4);
    const labels = await read(source.parts[0]);
    assert.deepEqual(labels.rows, [["a", 3], ["b", 0]]);
    assert.match(
      labels.broken.join("\n"),
      /^c: no picture: .*\nd: no label: a sample needs key\.cls$/,
    );
    const captions = await read(tarSource(dir, [`${dir}/0.tar`], captionsOf).parts[0]);
    assert.deepEqual(captions.rows, [["a", ["one", "two", "three"]]]);
    assert.match(captions.broken[0], /^b: empty text: key\.txt holds no caption/);
    // A label that is no class is no matter of one sample.
    const few = tarSource(dir, [`${dir}/0.tar`], (sample) => labelOf(sample, 3));
    await assert.rejects(read(few.parts[0]), /0\.tar, a: class index "3"; allowed: 0 to 2/);
    // It is found when the samples are counted, before anything is embedded.
    await assert.rejects(async () => await few.parts[0].count(), /0\.tar, a: class index "3"/);
    const some = tarSource(dir, [`${dir}/0.tar`], (sample) => labelOf(sample, 4) === 0 ? 0 : null);
    assert.equal(await some.parts[0].count(), 2, "one label, and one sample without");
    assert.deepEqual((await read(some.parts[0])).rows, [["b", 0]]);
  }),
);

Deno.test(
  "tarSource says that a file is no shard",
  withFolder(async (dir, write) => {
    const path = write("0.tar", "PK no tar at all ".repeat(100));
    const { parts } = tarSource(dir, [path], captionsOf);
    await assert.rejects(
      async () => await parts[0].count(),
      /0\.tar: byte 0: .*not a whole tar shard/,
    );
  }),
);

const KARPATHY = {
  images: [
    {
      split: "test",
      filepath: "val2014",
      filename: "1.jpg",
      sentences: [{ raw: " A dog. ", tokens: ["a", "dog"] }, { raw: "A cat." }],
    },
    { split: "train", filename: "2.jpg", sentences: [{ raw: "no" }] },
    { split: "test", filepath: "val2014", filename: "3.jpg", sentences: [{ raw: "Three." }] },
  ],
};

Deno.test(
  "captionFile takes the captions of one split and finds pictures in either place",
  withFolder(async (dir, write) => {
    write("val2014/1.jpg");
    write("3.jpg");
    const source = captionFile(dir, write("c.json", JSON.stringify(KARPATHY)), "test");
    assert.deepEqual(await listed(source), [["1.jpg", ["A dog.", "A cat."]], ["3.jpg", [
      "Three.",
    ]]]);
    for await (const { bytes } of source.parts[0].pictures(() => {})) {
      assert.deepEqual(await bytes(), PNG);
    }
  }),
);

Deno.test(
  "captionFile names the entry when a file has another form",
  withFolder((dir, write) => {
    const cases: [unknown, RegExp][] = [
      [{ images: {} }, /c\.json: no list of images; allowed: Karpathy/],
      [KARPATHY.images, /no list of images/],
      [{ images: [7] }, /images\[0\]: seen 7/],
      [
        { images: [{ split: "test", filename: "../x.jpg" }] },
        /images\[0\]\.filename: seen "\.\.\/x\.jpg"/,
      ],
      [{ images: [{ split: "test", filename: "x", filepath: ".." }] }, /filepath: seen "\.\."/],
      [{ images: [{ split: "test", filename: "x.jpg", sentences: [] }] }, /sentences: no caption/],
      [
        { images: [{ split: "test", filename: "x.jpg", sentences: [{ raw: " " }] }] },
        /images\[0\]\.sentences\[0\]\.raw: seen " "/,
      ],
      [
        { images: [{ split: "val", filename: "x.jpg" }, { split: "restval", filename: "y.jpg" }] },
        /no picture of split "test"; allowed: restval, val/,
      ],
    ];
    for (const [value, message] of cases) {
      const path = write("c.json", JSON.stringify(value));
      assert.throws(() => captionFile(dir, path, "test"), message);
    }
    assert.throws(() => captionFile(dir, write("c.json", "{"), "test"), /c\.json: no JSON/);
  }),
);

Deno.test(
  "captionFile reads COCO's annotations in the order of their ids, and CLIP_benchmark's tables",
  withFolder(async (dir, write) => {
    const coco = {
      images: [{ id: 9, file_name: "b.jpg" }, { id: 2, file_name: "a.jpg" }],
      annotations: [
        { image_id: 9, caption: "B one. " },
        { image_id: 2, caption: "A one." },
        { image_id: 9, caption: "B two." },
      ],
    };
    const wanted = [["a.jpg", ["A one."]], ["b.jpg", ["B one.", "B two."]]];
    const json = write("coco.json", JSON.stringify(coco));
    assert.deepEqual(await listed(captionFile(dir, json, "test")), wanted);
    const table = write(
      "t.txt",
      "image,caption\nx.jpg,One, with a comma.\r\ny.jpg,Two\nx.jpg,Three\n",
    );
    assert.deepEqual(await listed(captionFile(dir, table, "test")), [
      ["x.jpg", ["One, with a comma.", "Three"]],
      ["y.jpg", ["Two"]],
    ]);
    const wrong: [string, unknown, RegExp][] = [
      [
        "c.json",
        { ...coco, images: [{ id: "9", file_name: "b.jpg" }] },
        /images\[0\]\.id: seen "9"/,
      ],
      ["c.json", { ...coco, images: [...coco.images, coco.images[0]] }, /images\[2\]\.id: seen 9/],
      [
        "c.json",
        { ...coco, annotations: [{ image_id: 1, caption: "x" }] },
        /image_id: seen 1, an id of no/,
      ],
      [
        "c.json",
        { ...coco, annotations: [{ image_id: 9 }] },
        /annotations\[0\]\.caption: seen undefined/,
      ],
      [
        "c.json",
        { ...coco, annotations: coco.annotations.slice(1, 2) },
        /image 9 \(b\.jpg\) has no caption/,
      ],
      ["c.json", { images: [], annotations: [] }, /no image; allowed/],
      [
        "c.json",
        { images: [{ id: 1, file_name: "../x.jpg" }], annotations: [] },
        /file_name: seen "\.\./,
      ],
      ["c.txt", "image,caption\nno comma\n", /c\.txt, line 2: seen "no comma"/],
      ["c.txt", "image,caption\nx.jpg,\n", /line 2: seen "x\.jpg,"/],
      ["c.txt", "image,caption\n../x.jpg,out\n", /line 2: seen "\.\./],
      ["c.txt", "image,caption\n", /no picture; allowed/],
    ];
    for (const [name, content, message] of wrong) {
      const path = write(name, typeof content === "string" ? content : JSON.stringify(content));
      assert.throws(() => captionFile(dir, path, "test"), message);
    }
  }),
);

Deno.test(
  "openObjectnetFolder measures the classes that ImageNet has too, by its own mappings",
  withFolder(async (dir, write) => {
    assert.ok(!isObjectnetFolder(dir));
    const labels = { alarm_clock: "Alarm clock", air_freshener: "Air freshener", banana: "Banana" };
    write("mappings/folder_to_objectnet_label.json", JSON.stringify(labels));
    const shared = { "Banana": "banana", "Alarm clock": "analog clock; digital clock" };
    write("mappings/objectnet_to_imagenet_1k.json", JSON.stringify(shared));
    write("images/banana/b.png");
    write("images/alarm_clock/a.png");
    write("images/air_freshener/f.png");
    assert.ok(isObjectnetFolder(dir));
    const { classes, source } = openObjectnetFolder(dir);
    assert.deepEqual(classes, ["alarm clock", "banana"]);
    assert.deepEqual(await listed(source), [["alarm_clock/a.png", 0], ["banana/b.png", 1]]);
    write("images/strange/f.png");
    assert.throws(() => openObjectnetFolder(dir), /images\/strange: the folder is no class/);
    write("mappings/objectnet_to_imagenet_1k.json", '{"Boat": "boat"}');
    assert.throws(
      () => openObjectnetFolder(dir),
      /"Boat" of objectnet_to_imagenet_1k\.json has no folder/,
    );
    write("mappings/objectnet_to_imagenet_1k.json", "[1]");
    assert.throws(() => openObjectnetFolder(dir), /seen no object of texts; allowed: the unpacked/);
    Deno.removeSync(`${dir}/mappings/folder_to_objectnet_label.json`);
    assert.throws(() => openObjectnetFolder(dir), /folder_to_objectnet_label\.json cannot be read/);
  }),
);
