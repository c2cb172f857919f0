import assert from "node:assert/strict";
import {
  checkBenchName,
  checkCaptionBench,
  officialBench,
  officialKey,
} from "../../src/eval/bench_names.ts";
import { evaluateModel } from "../../src/eval/evaluate.ts";

Deno.test("checkBenchName takes a published name when the size is the published one", () => {
  checkBenchName("imagenet-1k", 50_000, 1000);
  checkBenchName("ImageNet val", 50_000, 1000);
  checkBenchName("ImageNet-A", 7_500, 200);
  checkBenchName("fashion_mnist", 10_000, 10);
});

Deno.test("checkBenchName refuses a published name when pictures or classes differ", () => {
  const wrong: [string, number, number | null][] = [
    ["imagenet-1k", 49_999, 1000],
    ["ImageNet", 50_000, 100],
    ["imagenet1k_validation", 40, 1000],
    ["IN-1k", 50_000, null],
    ["ILSVRC2012-val", 10, 10],
    ["cifar10", 10_000, 100],
    ["imagenet-v2", 30_000, 1000],
    // Five captions a picture there, one here.
    ["mscoco", 5_000, null],
    ["Flickr30k", 1_000, null],
  ];
  for (const [name, n, classes] of wrong) {
    assert.throws(() => checkBenchName(name, n, classes), {
      name: "RangeError",
      message: new RegExp(
        `bench "${name}": seen ${n} (?:pictures|pairs).*the name stands for \\d+`,
      ),
    });
  }
});

Deno.test("officialKey knows the names of published folders and archives", () => {
  const names: [string, string][] = [
    ["wds_imagenet1k_test", "imagenet1k"],
    ["wds_imagenet_sketch_test", "imagenetsketch"],
    ["wds_imagenet-a_test", "imageneta"],
    ["wds_mscoco_captions_test", "mscoco"],
    ["wds_flickr30k_test", "flickr30k"],
    ["imagenetv2-matched-frequency-format-val", "imagenetv2"],
    ["objectnet-1.0", "objectnet"],
  ];
  for (const [name, key] of names) assert.equal(officialKey(name), key, name);
  assert.equal(officialKey("wds_mine_test"), undefined);
});

Deno.test("checkCaptionBench takes a published name with all its pictures and captions only", () => {
  checkCaptionBench("mscoco_captions", 5_000, 25_010);
  checkCaptionBench("Flickr30k", 1_000, null);
  checkCaptionBench("mine", 3, 3);
  const wrong: [string, number, number | null, RegExp][] = [
    ["coco", 5_000, 5_000, /seen 5000 pictures, 5000 captions; .* at least 5 captions each/],
    ["flickr30k", 999, null, /seen 999 pictures; the name stands for 1000 pictures/],
    ["imagenet-1k", 50_000, null, /the name stands for 50000 pictures, 1000 classes/],
  ];
  for (const [name, images, captions, message] of wrong) {
    assert.throws(() => checkCaptionBench(name, images, captions), message);
  }
});

Deno.test("checkBenchName leaves names of one's own alone when they only resemble", () => {
  for (const name of ["imagenet-100", "imagenet-1k-part", "icons-592", "my cifar", "constructor"]) {
    assert.equal(officialBench(name), undefined, name);
    checkBenchName(name, 40, 3);
  }
});

Deno.test("evaluateModel refuses a bench with a published name before it embeds", async () => {
  const model = {
    width: 2,
    resolution: 32,
    textTokens: 8,
    embedImages: () => assert.fail("it ran"),
    embedTexts: () => assert.fail("it ran"),
  };
  const bench = { kind: "classification", split: "test", rows: [0], labels: [0] } as const;
  await assert.rejects(
    evaluateModel(model, { ...bench, name: "ImageNet", classes: ["cat"] }),
    /bench "ImageNet": seen 1 pictures, 1 classes; the name stands for 50000 pictures, 1000 classes/,
  );
});
