import { dirname } from "node:path";
import { openWeights } from "../../../src/checkpoint/foreign/open_weights.ts";
import { isFloatType } from "../../../src/checkpoint/foreign/number_types.ts";
import { readAll } from "../../../src/checkpoint/foreign/weight_file.ts";
import { openSafetensors, sha256, writeSafetensors } from "../../../src/checkpoint/safetensors.ts";
import { loadRecipe } from "../../../src/config/load_recipe.ts";
import { loadSweep } from "../../../src/config/load_sweep.ts";
import { captionFile } from "../../../src/data/benches/caption_file.ts";
import { labelledFiles } from "../../../src/data/benches/labelled_files.ts";
import { decodeImage } from "../../../src/data/images/decode_image.ts";
import { readIconSet } from "../../../src/data/icons/icon_sets.ts";
import { encodePng } from "../../../src/data/icons/png.ts";
import {
  decodeHeader,
  RECORD_LAYOUT,
  recordChecksum,
} from "../../../src/data/records/record_layout.ts";
import { createRecordWriter } from "../../../src/data/records/record_writer.ts";
import { openRecords } from "../../../src/data/records/records.ts";
import { readTar } from "../../../src/data/shards/read_tar.ts";
import { createShardWriter } from "../../../src/data/shards/write_tar.ts";
import { parquetItems } from "../../../src/data/sources/parquet_source.ts";
import { tableItems } from "../../../src/data/sources/table_source.ts";
import { wheelFacts } from "../../../src/eval/imagenet/wheel_facts.ts";
import { readClassNames, readTemplates } from "../../../src/eval/read_text_list.ts";
import { readResults } from "../../../src/scaling/sweep/results_file.ts";
import { loadTokenizer, saveTokenizer } from "../../../src/text/tokenizer_file.ts";
import { Tokenizer } from "../../../src/text/tokenizer.ts";
import { trainBpe } from "../../../src/text/train_bpe.ts";
import { wheelBytes } from "../../eval/imagenet_wheel.ts";
import goldens from "../../data/goldens/parquet.json" with { type: "json" };
import type { FuzzTarget } from "./fuzz_target.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** A target whose reader takes the path of a file. */
function fileTarget(
  name: string,
  file: string,
  seeds: readonly Uint8Array[],
  read: (path: string) => unknown,
  reseal?: FuzzTarget["reseal"],
): FuzzTarget {
  return {
    name,
    seeds,
    reseal,
    read(input, folder) {
      const path = `${folder}/${file}`;
      Deno.writeFileSync(path, input);
      return read(path);
    },
  };
}

/** What `make` writes to a path. */
function written(make: (path: string) => unknown): Uint8Array {
  const folder = Deno.makeTempDirSync();
  try {
    make(`${folder}/file`);
    return Deno.readFileSync(`${folder}/file`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const builtIn = (name: string) =>
  Deno.readFileSync(new URL(`../../../src/config/recipes/${name}.yaml`, import.meta.url));

function safetensors(): FuzzTarget {
  const seed = written((path) => {
    writeSafetensors(path, [
      { name: "a.weight", shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      { name: "b", shape: [], data: Float32Array.of(7) },
    ], { kit: "0.1.0" });
  });
  return fileTarget("safetensors", "file.safetensors", [seed], (path) => {
    const file = openSafetensors(path);
    for (const name of file.names) file.tensor(name);
  });
}

/** Foreign weights of a form, every value of them. */
function weights(form: string, file: string, ...seeds: string[]): FuzzTarget {
  const folder = new URL("../../checkpoint/foreign/goldens/", import.meta.url);
  const read = (path: string) => {
    using opened = openWeights(path);
    for (const tensor of opened.tensors.values()) if (isFloatType(tensor.type)) readAll(tensor);
  };
  const bytes = seeds.map((name) => Deno.readFileSync(new URL(name, folder)));
  return { ...fileTarget(`weights ${form}`, file, bytes, read), slowness: 2 };
}

function tar(): FuzzTarget {
  const seed = written((path) => {
    using shard = createShardWriter(path);
    const picture = encodePng(new Uint8Array(16).fill(90), 4, 1);
    shard.add("one", [
      ["png", picture],
      ["txt", encode("a boat")],
      ["json", encode('{"family":"ph"}')],
    ]);
    shard.add("two", [["png", picture], ["txt", encode("an umbrella")]]);
    shard.close();
  });
  return fileTarget("tar", "file.tar", [seed], async (path) => {
    for await (const { key } of readTar(path, { maxFileBytes: 1 << 16 })) {
      if (key.length > 4096) throw new TypeError("cannot read property: a key of any length");
    }
  });
}

function records(): FuzzTarget {
  const seed = written((path) => {
    using writer = createRecordWriter(path, { side: 4, families: ["ph"], sets: ["ph"] });
    for (const [key, phrase] of [["a", "bee"], ["b", "sea"], ["c", "bee"]]) {
      writer.add({
        key,
        set: "ph",
        family: "ph",
        phrase,
        pixels: new Uint8Array(16),
        captions: [{ level: 1, text: phrase }, { level: 3, text: `an icon of a ${phrase}` }],
      });
    }
    writer.close();
  });
  const reseal = (input: Uint8Array): Uint8Array => {
    try {
      const { indexAt, indexBytes } = decodeHeader(input, "");
      if (indexAt + indexBytes > input.length) return input;
      const out = input.slice(0, indexAt + indexBytes);
      out.set(recordChecksum(out, out.subarray(indexAt)), RECORD_LAYOUT.headerBytes - 24);
      return out;
    } catch {
      return input;
    }
  };
  return fileTarget("records", "file.bin", [seed], (path) => {
    const file = openRecords(path);
    for (let row = 0; row < Math.min(8, file.count); row++) {
      file.key(row);
      file.captions(row);
    }
  }, reseal);
}

function tokenizer(): FuzzTarget {
  const words = ["red cat", "black cat", "a boat on water", "umbrella", "boats"];
  const seed = written((path) => saveTokenizer(path, new Tokenizer(trainBpe(words), "jax")));
  const reseal = (input: Uint8Array): Uint8Array => {
    try {
      const { sha256: _, ...content } = JSON.parse(new TextDecoder().decode(input));
      return encode(
        JSON.stringify({ ...content, sha256: sha256(encode(JSON.stringify(content))) }),
      );
    } catch {
      return input;
    }
  };
  return fileTarget("tokenizer", "tokenizer.json", [seed], (path) => {
    loadTokenizer(path).encodeIds("a red boat");
  }, reseal);
}

function icons(): FuzzTarget {
  const seed = encode(JSON.stringify({
    prefix: "x",
    icons: {
      bee: { body: "<path d='M0 0h4v4z'/>" },
      old: { body: "<g/>", hidden: true, width: 24 },
    },
    aliases: { wasp: { parent: "bee" }, turned: { parent: "bee", rotate: 1 } },
    categories: { Animals: ["bee"] },
    suffixes: { fill: "Fill" },
    width: 16,
  }));
  const info = {
    id: "x",
    title: "X",
    author: "A",
    license: "MIT",
    licenseUrl: "",
    kind: "",
    palette: false,
  };
  return {
    name: "iconify",
    seeds: [seed],
    read(input, folder) {
      Deno.mkdirSync(`${folder}/json`, { recursive: true });
      Deno.writeFileSync(`${folder}/json/x.json`, input);
      readIconSet(folder, info);
    },
  };
}

function resultRows(): Uint8Array {
  const head = {
    sweep: "law",
    labels: { tower: "small", seed: "1" },
    commit: null,
    dirty: false,
    library: "0",
    host: { cpu: "a processor", cores: 2, threads: 1 },
    ended: "2026-01-01T00:00:00Z",
  };
  const metric = {
    bench: "icons-100",
    metric: "top1",
    value: 0.25,
    se: 0.01,
    n: 40,
    classes: 2,
    split: "test",
    resolution: 48,
    textTokens: 8,
    truncatedPrompts: 0,
  };
  const rows = [
    { ...head, cell: "a", status: "failed", reason: "no space left" },
    {
      ...head,
      cell: "b",
      status: "done",
      recipeHash: "0",
      recipe: { name: "law" },
      seed: 1,
      parameters: { image: 1, text: 2, total: 4 },
      macs: 1e9,
      stages: [{ name: "full", samples: 1000, seconds: 1.5, loss: 2.25 }],
      shared: null,
      seconds: 1.5,
      metrics: [metric],
      classHits: { "icons-100": { hits: [5, 5], sizes: [20, 20] } },
    },
  ];
  return encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

function pictures(): FuzzTarget {
  const pixels = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => i * 37);
  return {
    name: "pictures",
    slowness: 40,
    seeds: [encodePng(pixels, 8, 3), encodePng(pixels.subarray(0, 64), 8, 1)],
    read: (input) => decodeImage(input, { maxPixels: 1 << 20 }),
  };
}

function parquets(): Uint8Array[] {
  const { huggingFace, zstd, gzip, paths } = goldens;
  return [huggingFace, zstd, gzip, paths].map((text) => Uint8Array.fromBase64(text));
}

/** Lists that come with benchmarks: captions, labels, and the wheel with ImageNet's names. */
function benchmarkLists(): FuzzTarget[] {
  const karpathy = {
    images: [
      { split: "test", filepath: "v", filename: "a.jpg", sentences: [{ raw: "A boat." }] },
      { split: "train", filename: "b.jpg", sentences: [{ raw: "B." }] },
    ],
  };
  const coco = {
    images: [{ id: 7, file_name: "a.jpg" }],
    annotations: [{ image_id: 7, caption: "A boat." }],
  };
  const captions = (path: string) => captionFile(dirname(path), path, "test");
  const labels = { classes: 10, indexOf: (id: string) => id === "n01440764" ? 0 : undefined };
  const jsons = [karpathy, coco].map((value) => encode(JSON.stringify(value)));
  const table = encode("image,caption\na.jpg,A boat, red.\na.jpg,Two\nb.png,B\n");
  const labelLines = encode("a.JPEG 7\nb.JPEG n01440764 1 2 3 4\nc,9\n");
  return [
    fileTarget("captions", "list.json", jsons, captions),
    fileTarget("caption-table", "list.txt", [table], captions),
    fileTarget("labels", "list.txt", [labelLines], (path) => {
      labelledFiles(dirname(path), path, labels);
    }),
    fileTarget("imagenet-wheel", "list.whl", [wheelBytes()], wheelFacts),
  ];
}

/** Every reader of files that may come from elsewhere. */
export function fuzzTargets(): FuzzTarget[] {
  const csv = encode('image,caption\na.png,"a boat, blue"\nb.png,two\n');
  const jsonl = encode('{"image":"a.png","caption":"x"}\n{"image":"b.png","caption":"y"}\n');
  return [
    tar(),
    safetensors(),
    weights("torch", "weights.bin", "training_dict.bin", "state_dict.bin"),
    weights("npz", "weights.npz", "stored.npz", "packed.npz"),
    records(),
    tokenizer(),
    fileTarget(
      "recipe",
      "recipe.yaml",
      [builtIn("quick"), builtIn("long")],
      (path) => loadRecipe(path),
    ),
    fileTarget("sweep", "sweep.yaml", [builtIn("sweeps/pilot")], (path) => loadSweep(path)),
    fileTarget("results", "rows.jsonl", [resultRows()], (path) => readResults(path)),
    fileTarget("csv", "table.csv", [csv], (path) => [...tableItems(path, "csv")]),
    fileTarget("jsonl", "table.jsonl", [jsonl], (path) => [...tableItems(path, "jsonl")]),
    {
      ...fileTarget("parquet", "table.parquet", parquets(), async (path) => {
        for await (const { at } of parquetItems(path, {}, 30)) {
          if (at === "") throw new TypeError("no place");
        }
      }),
      slowness: 100,
    },
    fileTarget("classes", "list.json", [encode('["boat","bee"]')], readClassNames),
    fileTarget("templates", "list.json", [encode('["a {}.","an icon of a {}"]')], readTemplates),
    ...benchmarkLists(),
    icons(),
    pictures(),
  ];
}
