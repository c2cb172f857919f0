import assert from "node:assert/strict";
import { drawColours } from "../../src/data/augment/draw_colours.ts";
import { drawCrop } from "../../src/data/augment/draw_crop.ts";
import { type CaptionCoder, CaptionTokens } from "../../src/data/loader/caption_tokens.ts";
import { PairLoader, type PairLoaderOptions } from "../../src/data/loader/pair_loader.ts";
import { type LoaderCursor, SampleOrder } from "../../src/data/loader/sample_order.ts";
import { resizeImage } from "../../src/data/images/resize_image.ts";
import { createRecordWriter } from "../../src/data/records/record_writer.ts";
import { openRecords, type Records } from "../../src/data/records/records.ts";
import { NativeContext } from "../../src/native/context.ts";
import { NativeError } from "../../src/native/native_error.ts";
import { philox } from "../../src/tensor/random.ts";

const SIDE = 12, SIZE = 6, BATCH = 5, ROWS = 23, TOKENS = 4;

/** A tokenizer whose ids are character codes, framed by 1 and padded by 0. */
const CODER: CaptionCoder = {
  encodeIds: (text) => [...text].map((char) => char.charCodeAt(0)),
  room: (length) => length - 1,
  frame: (ids, length, out, at) =>
    out.set([1, ...ids, ...Array(length).fill(0)].slice(0, length), at),
};

/** Every third picture has colours; row i is called "r<i>" and shares its phrase with row i + 20. */
function writeRows(path: string): void {
  using writer = createRecordWriter(path, { side: SIDE, families: ["f"], sets: ["s"] });
  for (let row = 0; row < ROWS; row++) {
    const bytes = SIDE * SIDE * (row % 3 === 0 ? 3 : 1);
    const phrase = `p${row % 20}`;
    const captions = [{ level: 1, text: phrase }];
    if (row % 2 === 0) captions.push({ level: 4, text: `${phrase}, of a kind` });
    writer.add({
      key: `s:r${row}`,
      set: "s",
      family: "f",
      phrase,
      pixels: Uint8Array.from({ length: bytes }, (_, i) => philox(row, 0, i, 0, 0, 0)[0]),
      captions,
    });
  }
  writer.close();
}

async function withRecords(body: (records: Records) => Promise<void> | void): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    writeRows(`${dir}/rows.bin`);
    await body(openRecords(`${dir}/rows.bin`));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const AUGMENT: PairLoaderOptions["augment"] = {
  area: [0.4, 1],
  aspect: [0.75, 4 / 3],
  inkPaper: 0.5,
  invert: 0.2,
  jitter: { probability: 0.5, strength: 0.4 },
  gray: 0.2,
  flip: 0.5,
};
const PLAIN: PairLoaderOptions["augment"] = {
  area: [1, 1],
  aspect: [1, 1],
  inkPaper: 0,
  invert: 0,
  jitter: { probability: 0, strength: 0 },
  gray: 0,
  flip: 0,
};

function optionsFor(records: Records, more: Partial<PairLoaderOptions> = {}): PairLoaderOptions {
  return {
    records,
    captions: new CaptionTokens(records, CODER),
    order: new SampleOrder(records, { seed: 4, balance: "none", familyCap: null }),
    batch: BATCH,
    imageSize: SIZE,
    filter: "bilinear",
    textTokens: TOKENS,
    captionWeights: [1, 0, 0, 1, 0],
    shorten: (ids, room) => ids.slice(0, room),
    augment: AUGMENT,
    seed: 11,
    ...more,
  };
}

interface CopiedBatch {
  images: Uint8Array;
  tokens: Int32Array;
  rows: readonly number[];
  cursor: LoaderCursor;
}

/** Copies of the next batches; nothing stays in preparation behind them. */
async function load(count: number, options: PairLoaderOptions): Promise<CopiedBatch[]> {
  using context = new NativeContext({ threads: 1 });
  using loader = new PairLoader(context, options);
  const batches: CopiedBatch[] = [];
  for (let i = 0; i < count; i++) {
    const { images, tokens, rows, cursor } = await loader.next();
    batches.push({ images: images.slice(), tokens: tokens.slice(), rows, cursor });
  }
  return batches;
}

/** RGB of a row without augmentation, or with a crop. */
function pictureOf(records: Records, row: number, crop?: ReturnType<typeof drawCrop>): number[] {
  const channels = records.channels[row] === 3 ? 3 : 1;
  const pixels = new Uint8Array(records.readPixels(row));
  const picture = { width: SIDE, height: SIDE, channels, pixels } as const;
  const small = resizeImage(picture, SIZE, SIZE, "bilinear", crop).pixels;
  return channels === 3 ? [...small] : [...small].flatMap((value) => [value, value, value]);
}

Deno.test("PairLoader gives each row its own picture and caption when nothing is augmented", async () => {
  await withRecords(async (records) => {
    const options = optionsFor(records, { augment: PLAIN, captionWeights: [1, 0, 0, 0, 0] });
    const one = SIZE * SIZE * 3;
    for (const { images, tokens, rows } of await load(9, options)) {
      assert.equal(new Set(rows.map((row) => records.phrase[row])).size, BATCH);
      rows.forEach((row, i) => {
        assert.deepEqual([...images.subarray(i * one, (i + 1) * one)], pictureOf(records, row));
        const ids = CODER.encodeIds(records.phraseOf(row)).slice(0, TOKENS - 1);
        const wanted = new Int32Array(TOKENS);
        CODER.frame(ids, TOKENS, wanted, 0);
        assert.deepEqual(tokens.subarray(i * TOKENS, (i + 1) * TOKENS), wanted);
      });
    }
  });
});

Deno.test("PairLoader crops and paints as drawCrop and drawColours say", async () => {
  await withRecords(async (records) => {
    const augment = { ...PLAIN, area: [0.4, 0.9], aspect: [0.8, 1.25], inkPaper: 1 } as const;
    const [{ images, rows }] = await load(1, optionsFor(records, { augment }));
    let inked = 0;
    rows.forEach((row, i) => {
      const key = { seed: 11, epoch: 0, row };
      const gray = pictureOf(records, row, drawCrop(key, SIDE, augment.area, augment.aspect));
      const { colours } = drawColours(key, records.channels[row], augment);
      inked += colours ? 1 : 0;
      gray.forEach((value, at) => {
        const c = at % 3;
        const wanted = colours
          ? colours.ink[c] + (colours.paper[c] - colours.ink[c]) * value / 255
          : value;
        const seen = images[i * gray.length + at];
        assert.ok(Math.abs(seen - wanted) < 0.51, `row ${row}, byte ${at}: ${seen}, ${wanted}`);
      });
    });
    assert.ok(inked > 0);
  });
});

Deno.test("PairLoader gives the same batches however many are prepared ahead", async () => {
  await withRecords(async (records) => {
    const [none, ...others] = await Promise.all(
      [0, 1, 2, 5].map((prefetch) => load(12, optionsFor(records, { prefetch }))),
    );
    for (const batches of others) assert.deepEqual(batches, none);
    const other = await load(12, optionsFor(records, { seed: 12 }));
    assert.deepEqual(other.map(({ rows }) => rows), none.map(({ rows }) => rows));
    assert.notDeepEqual(other[0].images, none[0].images);
  });
});

Deno.test("PairLoader goes on exactly when it starts from a cursor", async () => {
  await withRecords(async (records) => {
    const whole = await load(15, optionsFor(records));
    for (const at of [0, 3, 9]) {
      const cursor = JSON.parse(JSON.stringify(whole[at].cursor)) as LoaderCursor;
      assert.deepEqual(await load(14 - at, optionsFor(records, { cursor })), whole.slice(at + 1));
    }
  });
});

Deno.test("PairLoader keeps a batch unchanged while the next ones are prepared", async () => {
  await withRecords(async (records) => {
    using context = new NativeContext({ threads: 1 });
    using loader = new PairLoader(context, optionsFor(records, { prefetch: 2 }));
    const batch = await loader.next();
    const images = batch.images.slice(), tokens = batch.tokens.slice();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(batch.images, images);
    assert.deepEqual(batch.tokens, tokens);
  });
});

Deno.test("PairLoader draws captions by the weights of their levels", async () => {
  await withRecords(async (records) => {
    const firsts = async (captionWeights: number[]) => {
      const batches = await load(40, optionsFor(records, { captionWeights, textTokens: 20 }));
      let long = 0, two = 0;
      for (const { rows, tokens } of batches) {
        rows.forEach((row, i) => {
          if (row % 2 !== 0) return;
          two++;
          const ids = tokens.subarray(i * 20, (i + 1) * 20);
          if (ids.includes(",".charCodeAt(0))) long++;
        });
      }
      return long / two;
    };
    assert.equal(await firsts([1, 0, 0, 0, 0]), 0);
    assert.equal(await firsts([0, 0, 0, 1, 0]), 1);
    const share = await firsts([1, 0, 0, 3, 0]);
    assert.ok(Math.abs(share - 0.75) < 5 * Math.sqrt(0.75 * 0.25 / 100), `${share}`);
    // Rows without a weighted level have their first caption.
    assert.equal(await firsts([0, 1, 0, 0, 0]), 0);
  });
});

Deno.test("CaptionTokens asks for shortening only when a caption is too long", async () => {
  await withRecords((records) => {
    const captions = new CaptionTokens(records, CODER);
    const asked: number[][] = [];
    const shorten = (ids: number[], room: number) => {
      asked.push([ids.length, room]);
      return ids.slice(-room);
    };
    const out = new Int32Array(6);
    const key = { seed: 1, epoch: 0, row: 2 };
    captions.write(key, [1, 0, 0, 0, 0], 6, shorten, out, 0);
    assert.deepEqual([asked, String.fromCharCode(...out.subarray(1, 3))], [[], "p2"]);
    captions.write(key, [0, 0, 0, 1, 0], 6, shorten, out, 0);
    assert.deepEqual(asked, [["p2, of a kind".length, 5]]);
    assert.equal(String.fromCharCode(...out.subarray(1)), " kind");
  });
});

Deno.test("CaptionTokens hands each id its mark when captions are marked", async () => {
  await withRecords((records) => {
    const marksOf = (text: string) => Uint8Array.from(text, (char) => char === " " ? 2 : 1);
    const captions = new CaptionTokens(records, CODER, { marksOf });
    let seen = "";
    const shorten = (ids: number[], room: number, _key: unknown, marks: Uint8Array) => {
      seen = String.fromCharCode(...ids.filter((_, i) => marks[i] === 1));
      return ids.slice(0, room);
    };
    const write = (row: number) =>
      captions.write({ seed: 1, epoch: 0, row }, [0, 0, 0, 1, 0], 6, shorten, new Int32Array(6), 0);
    write(2);
    assert.equal(seen, "p2,ofakind");
    write(16);
    assert.equal(seen, "p16,ofakind");
  });
});

Deno.test("CaptionTokens puts the parts of lists in every order, marks with them, when asked", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const path = `${dir}/lists.bin`;
    {
      using writer = createRecordWriter(path, { side: 2, families: ["f"], sets: ["s"] });
      const captions = [{ level: 1, text: "x,y" }, { level: 3, text: "ab,c,de" }];
      for (let row = 0; row < 2; row++) {
        writer.add({
          key: `s:${row}`,
          set: "s",
          family: "f",
          phrase: "x",
          pixels: new Uint8Array(4),
          captions,
        });
      }
      writer.close();
    }
    const records = openRecords(path);
    const marksOf = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0) % 100);
    const captions = new CaptionTokens(records, CODER, { marksOf, shuffleLists: true });
    const draw = (epoch: number, weights: number[]) => {
      let text = "";
      captions.write(
        { seed: 1, epoch, row: 0 },
        weights,
        4,
        (ids, room, _key, marks) => {
          assert.deepEqual([...marks], ids.map((id) => id % 100));
          text = String.fromCharCode(...ids);
          return ids.slice(0, room);
        },
        new Int32Array(4),
        0,
      );
      return text;
    };
    const seen = new Map<string, number>();
    for (let epoch = 0; epoch < 1200; epoch++) {
      const text = draw(epoch, [0, 0, 1, 0, 0]);
      seen.set(text, (seen.get(text) ?? 0) + 1);
    }
    const orders = ["ab,c,de", "ab,de,c", "c,ab,de", "c,de,ab", "de,ab,c", "de,c,ab"];
    assert.deepEqual([...seen.keys()].sort(), orders);
    for (const count of seen.values()) assert.ok(Math.abs(count - 200) < 5 * 13, `${count}`);
    assert.equal(draw(7, [0, 0, 1, 0, 0]), draw(7, [0, 0, 1, 0, 0]));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("PairLoader gives each pair the mask of its epoch and row when there is one", async () => {
  await withRecords(async (records) => {
    const keep = (
      { seed, epoch, row }: { seed: number; epoch: number; row: number },
      out: Int32Array,
      at: number,
    ) => out.set([seed, epoch, row], at);
    const options = optionsFor(records, { mask: { tokens: 3, keep } });
    using context = new NativeContext({ threads: 1 });
    using loader = new PairLoader(context, options);
    const { kept, rows } = await loader.next();
    assert.deepEqual([...kept!], rows.flatMap((row) => [11, 0, row]));
    using plain = new PairLoader(context, optionsFor(records));
    assert.equal((await plain.next()).kept, undefined);
  });
});

Deno.test("CaptionTokens names file and row when a caption has no token or an id is too large", async () => {
  await withRecords((records) => {
    const failing = (encodeIds: (text: string) => number[]) => () =>
      new CaptionTokens(records, { ...CODER, encodeIds });
    const empty = failing((text) => text === "p7" ? [] : [5]);
    assert.throws(empty, { name: "RangeError", message: /rows\.bin: row 7 \(s:r7\): no token/ });
    const large = failing((text) => text.includes("p4,") ? [3, 65_536] : [5]);
    assert.throws(large, { message: /rows\.bin: row 4 \(s:r4\): id 65536; allowed below 65536/ });
    const odd = failing(() => {
      throw new RangeError('caption "" has no token');
    });
    assert.throws(odd, { name: "RangeError", message: /row 0 \(s:r0\): caption "" has no token/ });
  });
});

Deno.test("PairLoader names file and rows when a picture lies outside the file", async () => {
  await withRecords(async (records) => {
    const offset = records.offset.map(() => 1e9);
    const options = optionsFor({ ...records, offset });
    await assert.rejects(load(1, options), (error) => {
      assert.ok(error instanceof NativeError);
      assert.match(error.message, /rows\.bin \(rows s:r\d+.*picture 0: the picture lies outside/);
      return true;
    });
  });
});

Deno.test("PairLoader refuses batches after it was disposed and when the file is gone", async () => {
  await withRecords(async (records) => {
    using context = new NativeContext({ threads: 1 });
    const loader = new PairLoader(context, optionsFor(records));
    await loader.next();
    loader[Symbol.dispose]();
    loader[Symbol.dispose]();
    await assert.rejects(loader.next(), /was disposed/);
    Deno.removeSync(records.path);
    assert.throws(() => new PairLoader(context, optionsFor(records)), /cannot open .*rows\.bin/);
  });
});

Deno.test("PairLoader says so when a batch needs more phrases than there are", async () => {
  await withRecords(async (records) => {
    await assert.rejects(load(1, optionsFor(records, { batch: 21 })), {
      name: "RangeError",
      message: /batch of 21 .* 20 in an epoch/,
    });
  });
});
