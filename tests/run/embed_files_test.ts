import assert from "node:assert/strict";
import { openSafetensors } from "../../src/checkpoint/safetensors.ts";
import { encodePng } from "../../src/data/icons/png.ts";
import type { EvalEncoder } from "../../src/eval/eval_encoder.ts";
import { embedFiles, type EmbedOptions } from "../../src/run/embed/embed_files.ts";
import { VectorFile } from "../../src/run/embed/vector_file.ts";
import { writeShard } from "../data/shard_fixture.ts";

/** A model whose embedding of a picture is its first pixel, and of a text its length. */
function fakeEncoder(changes: Partial<EvalEncoder> = {}): EvalEncoder & { batches: number[] } {
  const batches: number[] = [];
  return {
    batches,
    engine: "native",
    provider: "cpu",
    width: 3,
    resolution: 4,
    textTokens: 8,
    filter: "bilinear",
    async embedPixels(pixels) {
      const rows = pixels.length / 48;
      batches.push(rows);
      // Later batches are quicker: the order must not depend on it.
      await new Promise((resolve) => setTimeout(resolve, 20 / batches.length));
      return Float32Array.from(
        { length: rows * 3 },
        (_, i) => pixels[Math.floor(i / 3) * 48 + i % 3] / 255,
      );
    },
    embedTexts: (texts) =>
      Promise.resolve({
        features: Float32Array.from(texts.flatMap((text) => [text.length, 1, 2])),
        truncated: texts.filter((text) => text.length > 5).length / texts.length,
      }),
    ...changes,
  };
}

const colour = (n: number) => [n % 256, (n * 7) % 256, (n * 13) % 256];
const png = (n: number) =>
  encodePng(Uint8Array.from({ length: 75 }, (_, i) => colour(n)[i % 3]), 5, 3);

async function withFolder(
  body: (
    dir: string,
    run: (options: Omit<EmbedOptions, "out"> & { out?: string }) => Promise<
      Awaited<ReturnType<typeof embedFiles>>
    >,
  ) => Promise<void>,
) {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir, (options) => embedFiles(fakeEncoder(), { out: `${dir}/out.npy`, ...options }));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** An npy file: its header, and its rows as numbers. */
function readNpy(path: string): { header: string; values: number[] } {
  const bytes = Deno.readFileSync(path);
  assert.deepEqual([...bytes.subarray(0, 8)], [0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  const length = new DataView(bytes.buffer).getUint16(8, true);
  assert.equal((10 + length) % 64, 0);
  const header = new TextDecoder().decode(bytes.subarray(10, 10 + length));
  assert.ok(header.endsWith("\n"));
  const data = bytes.slice(10 + length).buffer;
  return {
    header: header.trim(),
    values: [...(header.includes("<f2") ? new Float16Array(data) : new Float32Array(data))],
  };
}

Deno.test("embedFiles keeps pictures in order and names those it leaves out", async () => {
  await withFolder(async (dir, run) => {
    Deno.mkdirSync(`${dir}/in/deep`, { recursive: true });
    const name = (n: number) =>
      `${dir}/in/${n % 2 ? "deep/" : ""}${String(n).padStart(3, "0")}.png`;
    for (let n = 0; n < 150; n++) Deno.writeFileSync(name(n), png(n));
    Deno.writeTextFileSync(name(7), "no picture");
    Deno.writeFileSync(name(70), png(70).subarray(0, 60));
    Deno.writeTextFileSync(`${dir}/in/notes.txt`, "not looked at");
    const progress: number[][] = [];
    const { count, width, skipped, path, keysPath } = await run({
      source: { images: `${dir}/in` },
      onProgress: (...seen) => progress.push(seen),
    });
    const order = Array.from({ length: 150 }, (_, n) => n).filter((n) => n !== 7 && n !== 70)
      .sort((a, b) => name(a) < name(b) ? -1 : 1);
    assert.deepEqual([count, width, path], [148, 3, `${dir}/out.npy`]);
    const { header, values } = readNpy(path);
    assert.match(header, /'descr': '<f4', 'fortran_order': False, 'shape': \(148, 3\)/);
    assert.deepEqual(values, order.flatMap(colour).map((v) => Math.fround(v / 255)));
    assert.equal(keysPath, `${dir}/out.keys.txt`);
    assert.deepEqual(Deno.readTextFileSync(keysPath).trimEnd().split("\n"), order.map(name));
    assert.equal(skipped.length, 1);
    assert.deepEqual([skipped[0].reason, skipped[0].count], ["unreadable picture", 2]);
    assert.match(skipped[0].examples.join(), /070\.png: unreadable picture: .*007\.png: /);
    assert.deepEqual(progress.at(-1), [150, 150, 148]);
    // A glob finds the same files as the folder, less those that are deeper.
    assert.equal((await run({ source: { images: `${dir}/in/*.png` } })).count, 74);
  });
});

Deno.test("embedFiles reads shards as it reads files", async () => {
  await withFolder(async (dir, run) => {
    writeShard(`${dir}/a.tar`, {
      one: { png: png(1), txt: "one" },
      two: { txt: "no picture" },
      "sub/three": { png: png(3) },
    });
    writeShard(`${dir}/b.tar`, { one: { png: png(9) }, bad: { png: "broken" } });
    const report = await run({
      source: { shards: `${dir}/*.tar` },
      out: `${dir}/v.safetensors`,
      metadata: { model: "abc" },
    });
    const file = openSafetensors(report.path);
    const { shape, data } = file.tensor("embeddings");
    assert.deepEqual(shape, [3, 3]);
    assert.deepEqual([...data], [1, 3, 9].flatMap(colour).map((v) => Math.fround(v / 255)));
    assert.deepEqual(file.metadata, { model: "abc", keys: "v.keys.json" });
    const keys = JSON.parse(Deno.readTextFileSync(report.keysPath));
    assert.deepEqual(keys, ["a:one", "a:sub/three", "b:one"]);
    assert.deepEqual(
      report.skipped.map(({ reason, examples }) => [reason, examples[0].slice(0, 5)]),
      [
        ["no picture", "a:two"],
        ["unreadable picture", "b:bad"],
      ],
    );
    const whole = Deno.readFileSync(`${dir}/b.tar`);
    Deno.writeFileSync(`${dir}/b.tar`, whole.subarray(0, 1200));
    await assert.rejects(run({ source: { shards: `${dir}/*.tar` } }), /b\.tar: ends at byte/);
    assert.deepEqual([...Deno.readDirSync(dir)].filter(({ name }) => /out|part/.test(name)), []);
  });
});

Deno.test("embedFiles embeds a line of text each, in half precision when asked", async () => {
  await withFolder(async (dir, run) => {
    const lines = Array.from({ length: 600 }, (_, i) => "x".repeat(1 + i % 9));
    lines[3] = "";
    lines[500] = "\u200b \t";
    lines[7] = "back\\slash é漢";
    Deno.writeTextFileSync(`${dir}/in.txt`, "\ufeff" + lines.join("\r\n"));
    const report = await run({ source: { text: `${dir}/in.txt` }, type: "f16" });
    const kept = lines.filter((_, i) => i !== 3 && i !== 500);
    const { header, values } = readNpy(report.path);
    assert.match(header, /'<f2'.*\(598, 3\)/);
    assert.deepEqual(values, kept.flatMap((text) => [text.length, 1, 2]));
    const keys = Deno.readTextFileSync(report.keysPath).trimEnd().split("\n");
    assert.deepEqual(keys, kept.map((text) => text.replaceAll("\\", "\\\\")));
    assert.ok(Math.abs(report.truncated - kept.filter((t) => t.length > 5).length / 598) < 1e-9);
    assert.deepEqual([report.skipped[0].count, report.skipped[0].examples[0].slice(0, 7)], [
      2,
      "line 4:",
    ]);
    Deno.writeFileSync(`${dir}/latin.txt`, Uint8Array.of(0x61, 0xe9, 0x0a));
    await assert.rejects(run({ source: { text: `${dir}/latin.txt` } }), /not UTF-8 near byte/);
  });
});

Deno.test("embedFiles leaves an older file as it was when it fails", async () => {
  await withFolder(async (dir, run) => {
    Deno.writeFileSync(`${dir}/a.png`, png(1));
    Deno.writeTextFileSync(`${dir}/b.png`, "no picture");
    const { path } = await run({ source: { images: `${dir}/a.png` } });
    const before = Deno.readFileSync(path);
    await assert.rejects(run({ source: { images: `${dir}/none*` } }), /no picture fits .*none/);
    await assert.rejects(
      run({ source: { images: `${dir}/b.png` } }),
      /nothing could be embedded; 1 left out: .*b\.png: unreadable picture/,
    );
    const signal = AbortSignal.abort(new Error("stopped"));
    await assert.rejects(run({ source: { images: `${dir}/a.png` }, signal }), /stopped/);
    const broken = fakeEncoder({ embedPixels: () => Promise.resolve(Float32Array.of(1, NaN, 1)) });
    const source = { images: `${dir}/a.png` };
    await assert.rejects(embedFiles(broken, { source, out: path }), /gives NaN for .*a\.png/);
    assert.deepEqual(Deno.readFileSync(path), before);
    await assert.rejects(run({ source, out: `${dir}/x.bin` }), /allowed: \.safetensors, \.npy/);
    await assert.rejects(run({ source, out: `${dir}/no/x.npy` }), /cannot be written/);
    const left = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
    assert.deepEqual(left, ["a.png", "b.png", "out.keys.txt", "out.npy"]);
  });
});

Deno.test("VectorFile keeps keys apart when they hold line breaks or quotes", async () => {
  await withFolder((dir) => {
    const keys = ['a"b', "two\nlines", "back\\n"];
    for (const ending of ["npy", "safetensors"]) {
      using file = new VectorFile(`${dir}/k.${ending}`, { width: 1, type: "f32" });
      file.add(keys.slice(0, 2), Float32Array.of(1, 2));
      file.add(keys.slice(2), Float32Array.of(3));
      assert.equal(file.close().count, 3);
    }
    assert.equal(Deno.readTextFileSync(`${dir}/k.keys.txt`), 'a"b\ntwo\\nlines\nback\\\\n\n');
    assert.deepEqual(JSON.parse(Deno.readTextFileSync(`${dir}/k.keys.json`)), keys);
    return Promise.resolve();
  });
});
