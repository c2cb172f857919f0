import sharp from "sharp";
import { readIconSet } from "../../../src/data/icons/icon_sets.ts";
import { encodePng } from "../../../src/data/icons/png.ts";
import { loadWordNet } from "../../../src/data/icons/wordnet.ts";
import { decodeImage } from "../../../src/data/images/decode_image.ts";
import { pictureSize } from "../../../src/data/images/picture_size.ts";
import { decodeScaled } from "../../../src/data/images/scaled_jpeg.ts";
import {
  decodeHeader,
  RECORD_LAYOUT,
  recordChecksum,
} from "../../../src/data/records/record_layout.ts";
import { createRecordWriter } from "../../../src/data/records/record_writer.ts";
import { openRecords } from "../../../src/data/records/records.ts";
import { type BrokenSample, readTar } from "../../../src/data/shards/read_tar.ts";
import { createShardWriter } from "../../../src/data/shards/write_tar.ts";
import { ParquetReader } from "../../../src/data/sources/parquet_source.ts";
import { examineSample } from "../../../src/data/stream/sample_filter.ts";
import goldens from "../../data/goldens/parquet.json" with { type: "json" };
import { encode, fileTarget, json, written } from "./file_target.ts";
import { forgeParquet } from "./forge_framed.ts";
import { forgePng, resealPng } from "./forge_png.ts";
import { forgeTar, resealTar } from "./forge_tar.ts";
import { type FuzzTarget, MEMORY_LIMIT } from "./fuzz_target.ts";

async function tar(): Promise<FuzzTarget> {
  const seed = await written((path) => {
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
    const broken: string[] = [];
    const options = {
      maxFileBytes: 1 << 16,
      onBroken: ({ key, reason }: BrokenSample) => broken.push(`${key.slice(0, 80)}: ${reason}`),
    };
    for await (const { key } of readTar(path, options)) {
      if (key.length > 4096) throw new TypeError("cannot read property: a key of any length");
    }
    if (broken.length > 0) throw new SyntaxError(`broken samples: ${broken[0]}`);
  }, { reseal: resealTar, forge: forgeTar });
}

async function records(): Promise<FuzzTarget> {
  const seed = await written((path) => {
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
  }, { reseal });
}

/** A damaged file can ask for any time, on two cores at once; the seeds may wait for a busy machine. */
function parquet(): FuzzTarget {
  const { huggingFace, zstd, gzip, paths } = goldens;
  const seeds = [huggingFace, zstd, gzip, paths].map((text) => Uint8Array.fromBase64(text));
  const patient = new ParquetReader(), hasty = new ParquetReader(1.5, MEMORY_LIMIT);
  let reads = 0;
  return fileTarget("parquet", "table.parquet", seeds, async (path) => {
    const reader = reads++ < seeds.length ? patient : hasty;
    for await (const { at } of reader.items(path)) {
      if (at === "") throw new TypeError("no place");
    }
  }, {
    slowness: 3,
    forge: forgeParquet,
    close() {
      for (const reader of [patient, hasty]) reader[Symbol.dispose]();
    },
  });
}

/** Headers and pixels; pictures of the three formats. */
async function pictures(): Promise<FuzzTarget> {
  const pixels = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => i * 37);
  const raw = sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } });
  const pngs = [encodePng(pixels, 8, 3), encodePng(pixels.subarray(0, 64), 8, 1)];
  const others = [
    await raw.clone().jpeg().toBuffer(),
    await raw.clone().jpeg({ progressive: true }).toBuffer(),
    await raw.clone().webp().toBuffer(),
    await raw.clone().webp({ lossless: true }).toBuffer(),
  ];
  return {
    name: "pictures",
    slowness: 3,
    seeds: [...pngs, ...others.map((bytes) => Uint8Array.from(bytes))],
    async read(input) {
      await pictureSize(input);
      const limits = { maxPixels: 1 << 20 };
      // Damage that one way of decoding finds must not hide what the other does with it.
      const [scaled] = await Promise.allSettled([decodeScaled(input, () => 4, limits)]);
      await decodeImage(input, limits);
      if (scaled.status === "rejected") throw scaled.reason;
    },
    reseal: (input) => input[0] === 0x89 ? resealPng(input) : input,
    forge: (dice) => forgePng(dice, dice.pick(pngs)),
  };
}

function icons(): FuzzTarget {
  const seed = json({
    prefix: "x",
    icons: {
      bee: { body: "<path d='M0 0h4v4z'/>" },
      old: { body: "<g/>", hidden: true, width: 24 },
    },
    aliases: { wasp: { parent: "bee" }, turned: { parent: "bee", rotate: 1 } },
    categories: { Animals: ["bee"] },
    suffixes: { fill: "Fill" },
    width: 16,
  });
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

/** WordNet's two files for nouns in one input, a form feed between them. */
function wordnet(): FuzzTarget {
  const head = "  1 notice\n";
  const line = (at: number, words: string[], gloss: string) =>
    `${String(at).padStart(8, "0")} 06 n ${words.length.toString(16).padStart(2, "0")} ${
      words.map((word) => `${word} 0`).join(" ")
    } 000 | ${gloss}  \n`;
  const bee = line(head.length, ["bee", "honey_bee"], 'a flying animal; "a bee hums"');
  const sea = line(head.length + bee.length, ["sea"], "a large body of water");
  const data = head + bee + sea;
  const index = [["bee", head.length], ["sea", head.length + bee.length]]
    .map(([word, at]) => `${word} n 1 0 1 1 ${String(at).padStart(8, "0")}  \n`).join("");
  return {
    name: "wordnet",
    seeds: [encode(`${index}\f${data}`)],
    read(input, folder) {
      const cut = input.indexOf(12);
      Deno.mkdirSync(`${folder}/dict`, { recursive: true });
      Deno.writeFileSync(`${folder}/dict/index.noun`, input.subarray(0, Math.max(0, cut)));
      Deno.writeFileSync(`${folder}/dict/data.noun`, input.subarray(cut + 1));
      const { senses } = loadWordNet(folder);
      for (const word of ["bee", "seas", "honey bee"]) senses(word);
    },
  };
}

/** The JSON beside a picture, which filters and captions ask. */
function sampleJson(): FuzzTarget {
  const seed = json({ caption: ["a boat", "two"], score: { clip: 0.5 }, url: "https://host/a" });
  const filter = {
    score: { field: "score.clip", min: 0.1 },
    minWords: 1,
    minSide: null,
    maxAspect: null,
  };
  const png = encodePng(new Uint8Array(16), 4, 1);
  return {
    name: "sample json",
    seeds: [seed],
    async read(input) {
      const files = new Map([["png", png], ["json", input]]);
      const sample = { key: "a", files, at: 0, end: 0 };
      const found = await examineSample(sample, { captions: ["json.caption", "txt"], filter });
      if ("broken" in found) throw new SyntaxError(found.broken);
      if ("dropped" in found) throw new SyntaxError(`left out: ${found.dropped}`);
    },
  };
}

/** What holds pictures or says what they show. */
export async function pictureTargets(): Promise<FuzzTarget[]> {
  return [
    await tar(),
    await records(),
    parquet(),
    await pictures(),
    icons(),
    wordnet(),
    sampleJson(),
  ];
}
