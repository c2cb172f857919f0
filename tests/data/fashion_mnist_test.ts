import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { buildFashionMnist, openFashionMnist } from "../../src/data/fashion/fashion_mnist.ts";
import { parseIdx } from "../../src/data/fashion/idx_file.ts";
import { openRecords } from "../../src/data/records/records.ts";
import { loadBench } from "../../src/eval/load_bench.ts";

const FILES = "usr/share/datasets/fashion-mnist";
const SIDE = 28;
const COUNTS = { train: 6, test: 3 };

function idx(shape: readonly number[], value: (i: number) => number): Uint8Array {
  const count = shape.reduce((product, size) => product * size, 1);
  const bytes = new Uint8Array(4 + 4 * shape.length + count);
  bytes.set([0, 0, 8, shape.length]);
  shape.forEach((size, i) => new DataView(bytes.buffer).setUint32(4 + 4 * i, size));
  for (let i = 0; i < count; i++) bytes[4 + 4 * shape.length + i] = value(i);
  return bytes;
}

const pixel = (i: number) => (i * 37) % 251;

/** The files of a package with a few pictures; some may be given otherwise. */
function packageFiles(others: Record<string, Uint8Array> = {}): Record<string, Uint8Array> {
  return {
    "train-images-idx3-ubyte.gz": gzipSync(idx([COUNTS.train, SIDE, SIDE], pixel)),
    "train-labels-idx1-ubyte.gz": gzipSync(idx([COUNTS.train], (i) => i)),
    "t10k-images-idx3-ubyte.gz": gzipSync(idx([COUNTS.test, SIDE, SIDE], pixel)),
    "t10k-labels-idx1-ubyte.gz": gzipSync(idx([COUNTS.test], (i) => 9 - i)),
    ...others,
  };
}

const DEB = new TextEncoder().encode("a package");
const WANTED = {
  name: "dataset-fashion-mnist",
  version: "1",
  sha256: createHash("sha256").update(DEB).digest("hex"),
};

/** Builds in a folder of its own, with programs that fetch and unpack these files. */
function build(
  files: Record<string, Uint8Array>,
  more: Partial<Parameters<typeof buildFashionMnist>[0]> = {},
) {
  const cacheDir = Deno.makeTempDirSync();
  const calls: string[] = [];
  const run = (program: string, args: readonly string[], cwd = "") => {
    calls.push(`${program} ${args[0]}`);
    if (program === "apt-get") {
      Deno.writeFileSync(`${cwd}/dataset-fashion-mnist_1_all.deb`, DEB);
    } else {
      Deno.mkdirSync(`${cwd}/${FILES}`, { recursive: true });
      for (const [name, bytes] of Object.entries(files)) {
        Deno.writeFileSync(`${cwd}/${FILES}/${name}`, bytes);
      }
    }
    return Promise.resolve({ code: 0, output: "" });
  };
  const once = () => buildFashionMnist({ cacheDir, run, wanted: WANTED, counts: COUNTS, ...more });
  return { cacheDir, calls, once };
}

Deno.test("buildFashionMnist gives pictures, names and labels as in the package, once", async () => {
  const { cacheDir, calls, once } = build(packageFiles());
  try {
    const set = await once();
    const test = openRecords(set.test), train = openRecords(set.train);
    assert.deepEqual([train.count, openRecords(set.val).count, test.count], [6, 0, 3]);
    assert.deepEqual([test.size, test.channels[0]], [SIDE, 1]);
    assert.deepEqual([0, 1, 2].map((row) => test.phraseOf(row)), ["ankle boot", "bag", "sneaker"]);
    assert.equal(train.phraseOf(0), "t-shirt");
    const one = SIDE * SIDE;
    assert.deepEqual(
      test.readPixels(1),
      Uint8Array.from({ length: one }, (_, i) => pixel(one + i)),
    );
    const bench = loadBench(set.benches["fashion-mnist"]);
    assert.ok(bench.kind === "classification");
    assert.deepEqual([bench.rows, bench.labels, bench.classes.length], [[0, 1, 2], [9, 8, 7], 10]);
    assert.ok(bench.templates?.includes("a photo of a {}"));
    await once();
    assert.deepEqual(calls, ["apt-get download", "dpkg-deb --extract"], "found when it is there");
    Deno.truncateSync(set.test, 100);
    await once();
    assert.equal(openRecords(set.test).count, 3, "a damaged file is built again");
  } finally {
    Deno.removeSync(cacheDir, { recursive: true });
  }
});

Deno.test("buildFashionMnist says what is wrong and leaves nothing that looks whole", async () => {
  const wrong: [Record<string, Uint8Array>, RegExp][] = [
    [
      { "t10k-labels-idx1-ubyte.gz": gzipSync(idx([3], () => 10)) },
      /t10k-labels-idx1-ubyte\.gz: label 10 at place 0; allowed: 0 to 9/,
    ],
    [
      { "t10k-images-idx3-ubyte.gz": gzipSync(idx([3, 27, 28], pixel)) },
      /t10k-images.*seen \[3,27,28\]; allowed: \[3,28,28\]/,
    ],
    [
      {
        "train-images-idx3-ubyte.gz": packageFiles()["train-images-idx3-ubyte.gz"].subarray(0, 99),
      },
      /train-images.*allowed: a whole gzip file/,
    ],
  ];
  for (const [files, message] of wrong) {
    const { cacheDir, once } = build(packageFiles(files));
    await assert.rejects(once(), message);
    const left = [...Deno.readDirSync(cacheDir)].flatMap(({ name }) =>
      [...Deno.readDirSync(`${cacheDir}/${name}`)].map((entry) => entry.name)
    );
    assert.ok(!left.includes("build.json"));
    Deno.removeSync(cacheDir, { recursive: true });
  }
});

Deno.test("buildFashionMnist refuses another package and says how to fetch by hand", async () => {
  const other = build(packageFiles(), { wanted: { ...WANTED, sha256: "0".repeat(64) } });
  await assert.rejects(other.once(), /SHA-256 [0-9a-f]{64}; allowed: 0{64}.*--deb FILE/);
  const missing = (program: string, code: number) =>
    build(packageFiles(), {
      run: (called, _, cwd) => {
        if (called === "apt-get") Deno.writeFileSync(`${cwd}/dataset-fashion-mnist_1_all.deb`, DEB);
        return Promise.resolve({ code: called === program ? code : 0, output: "E: no network" });
      },
    });
  const noApt = await missing("apt-get", 127), apt = await missing("apt-get", 100);
  await assert.rejects(noApt.once(), /apt-get is missing; .*--deb FILE/);
  await assert.rejects(apt.once(), /exit code 100\): E: no network; run "apt-get update"/);
  const noDpkg = await missing("dpkg-deb", 127);
  await assert.rejects(noDpkg.once(), /dpkg-deb is missing/);
  assert.throws(() => openFashionMnist(noDpkg.cacheDir), /deno task data fashion-mnist/);
  const given = `${noDpkg.cacheDir}/mine.deb`;
  Deno.writeFileSync(given, DEB);
  const byHand = build(packageFiles(), { deb: given });
  await byHand.once();
  assert.deepEqual(byHand.calls, ["dpkg-deb --extract"]);
  for (const { cacheDir } of [other, noApt, apt, noDpkg, byHand]) {
    Deno.removeSync(cacheDir, { recursive: true });
  }
});

Deno.test("parseIdx refuses what is no whole idx file of bytes", () => {
  const good = idx([2, 3], (i) => i);
  assert.deepEqual(parseIdx(good, "f"), { shape: [2, 3], values: Uint8Array.of(0, 1, 2, 3, 4, 5) });
  const changed = (at: number, value: number) => {
    const bytes = good.slice();
    bytes[at] = value;
    return bytes;
  };
  const wrong: [Uint8Array, RegExp][] = [
    [new Uint8Array(), /^f: seen the bytes \(none\) first/],
    [good.subarray(0, 3), /seen the bytes 0, 0, 8 first/],
    [changed(0, 31), /seen the bytes 31, 0, 8, 2 first/],
    [changed(2, 13), /values of type 13; allowed: 8/],
    [changed(3, 0), /0 dimensions; allowed: 1 to 4/],
    [changed(3, 9), /9 dimensions/],
    [good.subarray(0, 9), /9 bytes; allowed: a head of 12 bytes/],
    [good.subarray(0, 17), /17 bytes; allowed: 18 for \[2,3\]/],
    [Uint8Array.of(...good, 0), /19 bytes; allowed: 18/],
    [changed(4, 255), /18 bytes; allowed: \d{10,} for/],
  ];
  for (const [bytes, message] of wrong) {
    assert.throws(() => parseIdx(bytes, "f"), { name: "SyntaxError", message });
  }
});
