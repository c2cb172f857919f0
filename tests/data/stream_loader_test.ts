import assert from "node:assert/strict";
import { drawCrop } from "../../src/data/augment/draw_crop.ts";
import { decodeImage } from "../../src/data/images/decode_image.ts";
import { resizeImage } from "../../src/data/images/resize_image.ts";
import { readTar } from "../../src/data/shards/read_tar.ts";
import type { StreamCursor } from "../../src/data/stream/sample_stream.ts";
import { drawRow } from "../../src/data/stream/sample_ref.ts";
import { StreamLoader, type StreamLoaderOptions } from "../../src/data/stream/stream_loader.ts";
import { NativeContext } from "../../src/native/context.ts";
import { loaderOptions, streamRecipe, writeStreamShards } from "./stream_fixture.ts";

interface Seen {
  images: Uint8Array;
  tokens: Int32Array;
  kept: Int32Array | undefined;
  rows: readonly string[];
  broken: readonly string[];
  cursor: StreamCursor;
}

/** Some batches, copied; the cursor goes through JSON. */
async function batches(options: StreamLoaderOptions, count: number): Promise<Seen[]> {
  using context = new NativeContext({ threads: 1 });
  await using loader = new StreamLoader(context, options);
  const seen: Seen[] = [];
  for (let i = 0; i < count; i++) {
    const { images, tokens, kept, rows, broken, cursor } = await loader.next();
    seen.push({
      images: images.slice(),
      tokens: tokens.slice(),
      kept: kept?.slice(),
      rows,
      // libvips keeps one message for all threads: only its kind is certain.
      broken: broken!.map((message) => message.replace(/(unreadable picture): .*/, "$1")),
      cursor: JSON.parse(JSON.stringify(cursor)),
    });
  }
  return seen;
}

async function withShards(
  body: (shards: string[], dir: string) => Promise<void>,
  change?: Parameters<typeof writeStreamShards>[2],
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    await body(writeStreamShards(dir, 5, change), dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** Every seventh picture is cut, every eleventh sample has no caption. */
const damage: Parameters<typeof writeStreamShards>[2] = (files, number) => {
  const png = files.png as Uint8Array;
  if (number % 7 === 3) return { ...files, png: png.slice(0, png.length - 20) };
  return number % 11 === 5 ? { png } : files;
};

Deno.test("StreamLoader gives the same batches for any workers, prefetch, memory and ranks", async () => {
  await withShards(async (shards) => {
    const mask = {
      tokens: 2,
      keep: ({ row }: { row: number }, out: Int32Array, at: number) => out.set([row % 5, 7], at),
    };
    const options = loaderOptions(shards, { mask });
    const wanted = await batches(options, 24);
    assert.ok(wanted.some(({ broken }) => broken.length > 0), "no picture was unreadable");
    for (
      const changes of [
        { workers: 1 },
        { workers: 5, prefetch: 4 },
        { workers: 3, prefetch: 0, keepBytes: 0 },
        { keepBytes: 700 },
      ]
    ) {
      assert.deepEqual(
        await batches({ ...options, ...changes }, 24),
        wanted,
        JSON.stringify(changes),
      );
    }
    for (const size of [2, 3]) {
      const parts = await Promise.all(
        Array.from(
          { length: size },
          (_, rank) => batches({ ...options, share: { rank, size } }, 24),
        ),
      );
      wanted.forEach(({ images, tokens, kept, rows, cursor }, i) => {
        const joined = parts.flatMap((part) => [...part[i].images]);
        assert.deepEqual(Uint8Array.from(joined), images, `batch ${i} of ${size} ranks`);
        assert.deepEqual(parts.flatMap((part) => [...part[i].tokens]), [...tokens]);
        assert.deepEqual(parts.flatMap((part) => [...part[i].kept!]), [...kept!]);
        assert.deepEqual(parts.flatMap((part) => part[i].rows), rows);
        for (const part of parts) assert.deepEqual(part[i].cursor.buffer, cursor.buffer);
      });
    }
  }, damage);
});

Deno.test("StreamLoader goes on exactly from every cursor, across epochs, whatever the workers", async () => {
  await withShards(async (shards) => {
    const options = loaderOptions(shards);
    const whole = await batches(options, 30);
    assert.ok(whole.at(-4)!.cursor.epoch >= 2, "the batches pass epochs");
    for (const step of [1, 2, 3, 5, 8, 9, 10, 11, 12, 13, 17, 22, 26]) {
      const { cursor } = whole[step - 1];
      const rest = await batches({ ...options, cursor, workers: 1 + step % 3 }, 3);
      assert.deepEqual(rest, whole.slice(step, step + 3), `from step ${step}`);
    }
  }, damage);
});

Deno.test("StreamLoader shows the very crop of the decoded picture, resized, and the sample's caption", async () => {
  await withShards(async (shards) => {
    const still = {
      inkPaper: 0,
      invert: 0,
      jitter: { probability: 0, strength: 0 },
      gray: 0,
      flip: 0,
    };
    const { augment } = loaderOptions(shards);
    const options = loaderOptions(shards, { augment: { ...augment, ...still }, textTokens: 40 });
    const [{ images, tokens, rows }] = await batches(options, 1);
    const places = new Map<string, { shard: number; at: number; png: Uint8Array; txt: string }>();
    for (const [shard, path] of shards.entries()) {
      for await (const { key, at, files } of readTar(path)) {
        const txt = new TextDecoder().decode(files.get("txt"));
        places.set(`00${shard}:${key}`, { shard, at, png: files.get("png")!, txt });
      }
    }
    assert.equal(new Set(rows).size, 6);
    for (const [i, key] of rows.entries()) {
      const { shard, at, png, txt } = places.get(key)!;
      const picture = await decodeImage(png);
      const draw = { seed: 7, epoch: 0, row: drawRow([0, shard, at, 0]) };
      const crop = drawCrop(draw, picture, [0.4, 1], [3 / 4, 4 / 3]);
      const { pixels } = resizeImage(picture, 8, 8, "bilinear", crop);
      const shown = images.slice(i * 192, (i + 1) * 192);
      assert.deepEqual([...shown], [...pixels].flatMap((value) => [value, value, value]), key);
      const text = [...tokens.slice(i * 40, (i + 1) * 40)].filter((id) => id > 1);
      assert.equal(String.fromCharCode(...text), txt);
    }
  });
});

Deno.test("StreamLoader keeps no more picture bytes than it may, and begins before its buffer is full", async () => {
  await withShards(async (shards) => {
    using context = new NativeContext({ threads: 1 });
    const size = Deno.statSync(shards[0]).size;
    for (const keepBytes of [0, 600, size]) {
      await using loader = new StreamLoader(context, loaderOptions(shards, { keepBytes }));
      for (let i = 0; i < 20; i++) await loader.next();
      assert.ok(loader.mostHeld <= keepBytes, `${loader.mostHeld} bytes of ${keepBytes}`);
      if (keepBytes === 600) assert.ok(loader.mostHeld > 0);
    }
    // The pictures of all samples, each counted once, are what an unlimited loader holds at most.
    await using loader = new StreamLoader(
      context,
      loaderOptions(shards, { stream: streamRecipe({ buffer: 30 }) }),
    );
    for (let i = 0; i < 40; i++) await loader.next();
    const batchesAhead = 4 * 6;
    assert.ok(loader.mostHeld < (30 + batchesAhead) * 400, `${loader.mostHeld} bytes leak`);
  });
});

Deno.test("StreamLoader counts what is broken, names it, and stops when it is too much", async () => {
  await withShards(async (shards) => {
    const few = await batches(loaderOptions(shards, { batch: 8 }), 30);
    const { counts } = few.at(-1)!.cursor;
    assert.equal(counts.decoded, 240);
    assert.ok(counts.unreadable > 15 && counts.unreadable < 60, `${counts.unreadable} unreadable`);
    assert.ok(counts.dropped["no caption"] > 10);
    const notes = few.flatMap(({ broken }) => broken);
    assert.equal(notes.filter((note) => /unreadable picture/.test(note)).length, counts.unreadable);
    assert.match(notes[0], /^00\d:s\d-\d+: unreadable picture$/);
    const limit = loaderOptions(shards, { batch: 24, stream: streamRecipe({ maxBroken: 0.01 }) });
    await assert.rejects(
      batches(limit, 50),
      /of \d{4} pictures are broken; at most 1 % allowed; the last: .*data\.stream\.maxBroken/,
    );
  }, damage);
  await withShards(async (shards) => {
    await assert.rejects(
      batches(loaderOptions(shards, { stream: streamRecipe({ maxBroken: 0 }) }), 30),
      /1 of 71 samples are broken; at most 0 % allowed; the last: .*000\.tar, byte \d+, s0-4: no picture/,
    );
  }, (files, number) => number === 4 ? { txt: "no picture" } : files);
});

Deno.test("StreamLoader refuses shards that changed, another list, and too few captions", async () => {
  await withShards(async (shards, dir) => {
    const options = loaderOptions(shards);
    const [{ cursor }] = await batches(options, 1);
    const shorter = shards.slice(1);
    await assert.rejects(
      batches({ ...options, shards: shorter, cursor }, 1),
      /other shards than when the run was saved, now 4; put the same ones back/,
    );
    const used = Number(Object.keys(cursor.versions)[0]);
    const bytes = Deno.readFileSync(shards[used]);
    Deno.writeFileSync(shards[used], bytes.slice(0, bytes.length - 512));
    await assert.rejects(
      batches({ ...options, cursor }, 10),
      /the shard has changed: seen \d+ bytes, before \d+ bytes; put the old one back/,
    );
    await assert.rejects(batches(options, 20), /ends at byte|zero block/);
    Deno.writeFileSync(shards[used], new Uint8Array(bytes.length).fill(7));
    await assert.rejects(
      batches({ ...options, cursor }, 10),
      /not a whole tar|checksum|another sample/,
    );
    Deno.removeSync(`${dir}/00${used}.tar`);
    await assert.rejects(batches(options, 30), Deno.errors.NotFound);
  });
  await withShards(async (shards) => {
    await assert.rejects(
      batches(loaderOptions(shards), 1),
      /a batch of 6 needs as many different captions; \d+ samples have 4; use a smaller batch/,
    );
  }, (files, number) => ({ ...files, txt: `caption ${number % 4}` }));
  await withShards(async (shards) => {
    await assert.rejects(
      batches(loaderOptions(shards), 1),
      /5 shards hold no sample that goes on; 70 were left out, the first: .*no caption/,
    );
  }, ({ png }) => ({ png }));
});
