import assert from "node:assert/strict";
import type { BenchResult, Rate } from "../../../src/eval/paper/bench_result.ts";
import { comparePublished, publishedModel } from "../../../src/eval/paper/compare_published.ts";
import { PUBLISHED } from "../../../src/eval/paper/published.ts";

const rate = (metric: string, value: number, n: number): Rate => ({
  metric,
  value,
  se: 0.001,
  seBootstrap: 0.002,
  n,
  classes: 1000,
});

function result(bench: string, rates: Rate[], changes: Partial<BenchResult["conditions"]> = {}) {
  const conditions = {
    bench,
    dataSet: "d",
    split: "test",
    resolution: 224,
    textTokens: 32,
    truncatedPrompts: 0,
    skipped: 0,
    fit: "squash",
    filter: "bilinear",
    templates: "openai-80",
    ...changes,
  } as const;
  return { conditions, rates, skipped: [] };
}

Deno.test("the table of published numbers has the rows and columns of its source", () => {
  // Corners, and a row in the middle, as the source has them.
  assert.equal(PUBLISHED.length, 7);
  const value = (row: number, bench: string, metric: string) =>
    PUBLISHED[row].values[bench][metric];
  assert.equal(value(0, "imagenet1k", "top1"), 0.7957);
  assert.equal(value(0, "mscoco", "i2t.r1"), 0.6512);
  assert.equal(value(6, "imagenet1k", "top1"), 0.8309);
  assert.equal(value(6, "flickr30k", "t2i.r1"), 0.7828);
  assert.equal(value(4, "imageneto", "top1"), 0.3655);
  assert.equal(value(4, "objectnet", "top1"), 0.7022);
  for (const { values, name, resolution } of PUBLISHED) {
    assert.equal(
      Object.values(values).flatMap((metrics) => Object.values(metrics)).length,
      11,
      name,
    );
    assert.equal(resolution, name.includes("336") ? 336 : 224);
    // Text finds pictures less often than pictures find text, in every row.
    assert.ok(values.mscoco["t2i.r1"] < values.mscoco["i2t.r1"]);
  }
});

Deno.test("comparePublished puts our number beside the published one and warns of nothing when all is equal", () => {
  const model = publishedModel("vit-l-14-clipa:datacomp1b");
  const own = result("imagenet-1k", [rate("top1", 0.7949, 50_000), rate("top5", 0.9, 50_000)]);
  const { name, rows, warnings } = comparePublished(own, model);
  assert.equal(name, "ViT-L-14-CLIPA:datacomp1b");
  assert.equal(rows.length, 1);
  const { difference, ...rest } = rows[0];
  assert.ok(Math.abs(difference + 0.0008) < 1e-12);
  assert.deepEqual(rest, {
    bench: "imagenet-1k",
    metric: "top1",
    ours: 0.7949,
    se: 0.002,
    published: 0.7957,
  });
  assert.deepEqual(warnings, []);
});

Deno.test("comparePublished names every condition that differs", () => {
  const model = publishedModel("ViT-H-14-CLIPA-336:laion2b");
  const other = result("imagenet-1k-part", [rate("top1", 0.5, 100)], {
    templates: "clipa-81",
    fit: "resize-crop",
    filter: "bicubic",
    textTokens: 16,
  });
  assert.deepEqual(comparePublished(other, model).warnings, [
    "templates: ours clipa-81, published with openai-80",
    "fit: ours resize-crop, published with squash",
    "filter: ours bicubic, published with bilinear",
    "resolution: ours 224, published with 336",
    "textTokens: ours 16, published with 32",
    "pictures: ours 100, published with 50000",
  ]);
  const pairs = result("coco", [rate("i2t.r1", 0.6, 5000), rate("t2i.r1", 0.4, 25_010)], {
    templates: null,
    resolution: 336,
  });
  const compared = comparePublished(pairs, model);
  assert.deepEqual(compared.rows.map(({ metric, published }) => [metric, published]), [
    ["i2t.r1", 0.6752],
    ["t2i.r1", 0.5013],
  ]);
  assert.deepEqual(compared.warnings, []);
});

Deno.test("published numbers are refused for a model or a benchmark that has none", () => {
  assert.throws(
    () => publishedModel("ViT-L-14-CLIPA"),
    /--expected: seen "ViT-L-14-CLIPA"; allowed: ViT-L-14-CLIPA:datacomp1b, /,
  );
  assert.throws(() => publishedModel("ViT-L-14-CLIPA:datacomp"), /\(ViT-L-14-CLIPA:datacomp1b\?\)/);
  assert.throws(
    () => comparePublished(result("pets", []), PUBLISHED[0]),
    /no published number on "pets"; allowed: --bench with one of imagenet1k, /,
  );
});
