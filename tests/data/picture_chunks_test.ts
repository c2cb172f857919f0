import assert from "node:assert/strict";
import { type PictureChunkOptions, pictureChunks } from "../../src/data/shards/picture_chunks.ts";
import { captionOf, labelOf } from "../../src/data/shards/sample_parts.ts";
import { grayPng, type SampleFiles, writeShard } from "./shard_fixture.ts";
import { inFolder } from "../in_folder.ts";

const SIDE = 4;
const gray = (level: number) => grayPng(SIDE, SIDE, new Uint8Array(SIDE * SIDE).fill(level));

const samples = (count: number, first = 0): Record<string, SampleFiles> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`k${i}`, { png: gray(first + i), txt: `t${i}` }]),
  );

async function collect<Part>(
  shards: string[],
  read: PictureChunkOptions<Part>["read"],
  more: Partial<PictureChunkOptions<Part>> = {},
) {
  const skipped: string[] = [], parts: Part[] = [], levels: number[] = [], sizes: number[] = [];
  const chunks = pictureChunks<Part>(shards, {
    side: SIDE,
    filter: "bilinear",
    fit: "squash",
    read,
    onSkip: (_shard, _at, key, message) => skipped.push(`${key}: ${message}`),
    chunk: 3,
    ...more,
  });
  for await (const { pixels, parts: some } of chunks) {
    assert.equal(pixels.length, some.length * SIDE * SIDE * 3);
    sizes.push(some.length);
    some.forEach((part, i) => {
      parts.push(part);
      levels.push(pixels[i * SIDE * SIDE * 3]);
    });
  }
  return { skipped, parts, levels, sizes };
}

Deno.test("pictureChunks keeps the order of shards and samples when chunks are small", async () => {
  await inFolder(async (dir) => {
    writeShard(`${dir}/a.tar`, samples(7));
    writeShard(`${dir}/b.tar`, samples(2, 7));
    const { parts, levels, sizes } = await collect([`${dir}/a.tar`, `${dir}/b.tar`], captionOf);
    assert.deepEqual(levels, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert.deepEqual(parts, ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t0", "t1"]);
    assert.deepEqual(sizes, [3, 3, 1, 2]);
  });
});

Deno.test("pictureChunks reports a sample and goes on when picture or text is bad", async () => {
  await inFolder(async (dir) => {
    writeShard(`${dir}/a.tar`, {
      k0: { png: gray(1), txt: "whole" },
      k1: { png: gray(2).subarray(0, 30), txt: "cut" },
      k2: { png: "GIF89a", txt: "no picture" },
      k3: { txt: "no picture file" },
      k4: { png: gray(5) },
      k5: { png: gray(6), txt: " \n" },
      k6: { png: gray(7), txt: "also whole" },
    });
    const { parts, levels, skipped } = await collect([`${dir}/a.tar`], captionOf);
    assert.deepEqual([parts, levels], [["whole", "also whole"], [1, 7]]);
    assert.deepEqual(skipped.map((line) => line.split(": ").slice(0, 2).join(": ")).toSorted(), [
      "k1: unreadable picture",
      "k2: unreadable picture",
      "k3: no picture",
      "k4: no text",
      "k5: empty text",
    ]);
  });
});

Deno.test("pictureChunks names shard and key when a label is no class", async () => {
  await inFolder(async (dir) => {
    for (const label of ["3", "-1", "1.0", "cat", ""]) {
      writeShard(`${dir}/a.tar`, {
        good: { png: gray(1), cls: "2\n" },
        bad: { png: gray(1), cls: label },
      });
      await assert.rejects(
        collect([`${dir}/a.tar`], (sample) => labelOf(sample, 3)),
        { name: "RangeError", message: /a\.tar, bad: class index ".*"; allowed: 0 to 2/ },
      );
    }
    writeShard(`${dir}/a.tar`, { good: { png: gray(1), cls: " 2\n" }, none: { png: gray(1) } });
    const { parts, skipped } = await collect([`${dir}/a.tar`], (sample) => labelOf(sample, 3));
    assert.deepEqual([parts, skipped], [[2], ["none: no label: a sample needs key.cls"]]);
  });
});

Deno.test("pictureChunks names file and byte when a shard is cut", async () => {
  await inFolder(async (dir) => {
    writeShard(`${dir}/a.tar`, samples(4));
    Deno.truncateSync(`${dir}/a.tar`, 3000);
    await assert.rejects(collect([`${dir}/a.tar`], captionOf), /a\.tar: ends at byte 3000/);
  });
});

Deno.test("pictureChunks leaves no file open when the caller stops early or aborts", async () => {
  await inFolder(async (dir) => {
    writeShard(`${dir}/a.tar`, samples(9));
    // The test sanitizer fails this test when the shard stays open.
    const options = { side: SIDE, filter: "bilinear", fit: "crop", chunk: 2 } as const;
    const more = { read: captionOf, onSkip: () => {} };
    for await (const _ of pictureChunks([`${dir}/a.tar`], { ...options, ...more })) break;
    const controller = new AbortController();
    const signal = controller.signal;
    const aborted = (async () => {
      for await (const _ of pictureChunks([`${dir}/a.tar`], { ...options, ...more, signal })) {
        controller.abort();
      }
    })();
    await assert.rejects(aborted, { name: "AbortError" });
  });
});
