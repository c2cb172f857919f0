import assert from "node:assert/strict";
import { openShardOnDisk } from "../../src/data/shards/shard_file.ts";
import {
  SampleStream,
  type SampleStreamOptions,
  type StreamCursor,
} from "../../src/data/stream/sample_stream.ts";
import { drawRow } from "../../src/data/stream/sample_ref.ts";
import { ShardSet } from "../../src/data/stream/shard_set.ts";
import { PER_SHARD, streamRecipe, writeStreamShards } from "./stream_fixture.ts";

type Changes = Partial<SampleStreamOptions<{ phrase: string }>>;

/** A stream whose rows are captions; pictures are not looked at. */
function streamOf(shards: readonly string[], changes: Changes = {}, cursor?: StreamCursor) {
  return new SampleStream({
    shards: new ShardSet(shards, openShardOnDisk),
    demands: streamRecipe(),
    buffer: 25,
    epoch: null,
    maxBroken: 0,
    seed: 3,
    choose: ({ captions }) => ({ phrase: captions[0][0] }),
    ...changes,
  }, cursor);
}

async function withShards(
  count: number,
  body: (shards: string[]) => Promise<void>,
  caption = (number: number) => `number ${number}`,
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    const files = (number: number) => ({ png: Uint8Array.of(number), txt: caption(number) });
    await body(writeStreamShards(dir, count, (_files, number) => files(number)));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("SampleStream shows every sample once an epoch, each epoch in another order", async () => {
  await withShards(6, async (shards) => {
    const stream = streamOf(shards);
    const epochs: string[][] = [[], [], [], []];
    for (let i = 0; i < 60; i++) {
      const { rows } = await stream.batch(7);
      for (const { sample, row } of rows) epochs[sample.ref[0]]?.push(row.phrase);
    }
    const all = Array.from({ length: 6 * PER_SHARD }, (_, i) => `number ${i}`).sort();
    for (const epoch of epochs) assert.deepEqual([...epoch].sort(), all);
    assert.notDeepEqual(epochs[0], epochs[1]);
    // Samples move by about the length of the buffer, and some stand next to those of other shards.
    const places = epochs[0].map((phrase) => Number(phrase.slice(7)));
    const jumps = places.slice(1).filter((place, i) => Math.abs(place - places[i]) !== 1).length;
    assert.ok(jumps > 60, `${jumps} jumps in ${places}`);
    await stream.close();
  });
});

Deno.test("SampleStream begins an epoch after the samples that it was told", async () => {
  await withShards(6, async (shards) => {
    const stream = streamOf(shards, { epoch: 20, buffer: 10 });
    const epochs: string[][] = Array.from({ length: 8 }, () => []);
    for (let i = 0; i < 24; i++) {
      for (const { sample, row } of (await stream.batch(7)).rows) {
        epochs[sample.ref[0]]?.push(row.phrase);
      }
    }
    for (const epoch of epochs.slice(0, 6)) assert.equal(new Set(epoch).size, 20);
    assert.ok(new Set(epochs.flat()).size > 60, "epochs begin with other shards");
    await stream.close();
  });
});

Deno.test("SampleStream goes on exactly after JSON at any step, with spares", async () => {
  await withShards(6, async (shards) => {
    const look = async (stream: SampleStream<{ phrase: string }>, count: number) => {
      const seen = [];
      for (let i = 0; i < count; i++) {
        const { rows, cursor, spare } = await stream.batch(9);
        const other = await spare(i % 9, i % 3);
        seen.push({
          rows: rows.map(({ sample, row }) => [sample.key, ...sample.ref, row.phrase]),
          spare: other!.sample.key,
          cursor: JSON.parse(JSON.stringify(cursor)) as StreamCursor,
        });
      }
      await stream.close();
      return seen;
    };
    const options = { epoch: 50, keepBytes: 20 };
    const caption = ({ captions }: { captions: readonly (readonly string[])[] }) => ({
      phrase: captions[0][0],
    });
    const whole = await look(streamOf(shards, { ...options, choose: caption }), 40);
    assert.ok(whole.some(({ cursor }) => cursor.waiting.length > 0), "no sample had to wait");
    for (let step = 1; step < 40; step += 3) {
      const { cursor } = whole[step - 1];
      const count = Math.min(4, 40 - step);
      assert.deepEqual(
        (await look(streamOf(shards, options, cursor), count)).map(({ rows, cursor }) => ({
          rows,
          cursor,
        })),
        whole.slice(step, step + count).map(({ rows, cursor }) => ({ rows, cursor })),
        `from step ${step}`,
      );
    }
  }, (number) => `number ${number % 50}`);
});

Deno.test("SampleStream gives batches of different captions; those in the way wait, then are left out", async () => {
  await withShards(4, async (shards) => {
    const stream = streamOf(shards);
    const shown = new Map<string, number>();
    let last: StreamCursor | null = null;
    for (let i = 0; i < 60; i++) {
      const { rows, cursor } = await stream.batch(8);
      const phrases = rows.map(({ row }) => row.phrase);
      assert.equal(new Set(phrases).size, 8);
      for (const phrase of phrases) shown.set(phrase, (shown.get(phrase) ?? 0) + 1);
      assert.ok(cursor.waiting.length <= 8);
      last = cursor;
    }
    // A quarter of all samples say the same: one a batch, the others wait and then are left out.
    assert.equal(shown.get("the same"), 60);
    assert.ok(last!.counts.dropped["caption of another in the batch"] > 30);
    await stream.close();
  }, (number) => number % 4 === 0 ? "the same" : `number ${number}`);
});

Deno.test("SampleStream draws its first batch before the buffer is full", async () => {
  await withShards(60, async (shards) => {
    const stream = streamOf(shards, { buffer: 100_000 });
    const first = await stream.batch(10);
    assert.equal(first.cursor.taken, 256 + 2 * 9);
    let cursor = first.cursor;
    for (let i = 0; i < 20; i++) ({ cursor } = await stream.batch(10));
    assert.equal(cursor.buffer.length, 254 + cursor.drawn, "it grows by one a draw");
    await stream.close();
  });
});

Deno.test("drawRow tells samples of a shard and of neighbouring shards apart", () => {
  const rows = new Set<number>();
  for (let shard = 0; shard < 40; shard++) {
    for (let at = 0; at < 50; at++) rows.add(drawRow([0, shard, 512 * at, 1]));
  }
  rows.add(drawRow([0, 0, 2 ** 33, 1]));
  assert.equal(rows.size, 2001);
});
