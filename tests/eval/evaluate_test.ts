import assert from "node:assert/strict";
import type { ClassificationBench, RetrievalBench } from "../../src/eval/bench.ts";
import { classEmbeddings } from "../../src/eval/class_embeddings.ts";
import type { EvalModel } from "../../src/eval/eval_model.ts";
import { evaluateModel } from "../../src/eval/evaluate.ts";
import { fillTemplate } from "../../src/eval/fill_template.ts";
import { ICON_TEMPLATES } from "../../src/eval/icon_templates.ts";
import { resultRows } from "../../src/eval/result_rows.ts";
import { retrieval } from "../../src/eval/retrieval.ts";
import { zeroShot } from "../../src/eval/zero_shot.ts";
import { randomRows } from "./random_rows.ts";

const WIDTH = 8;
const NAMES = Array.from({ length: 60 }, (_, i) => `thing ${i}`);
const ROWS = Array.from({ length: 700 }, (_, i) => 3 * i);
const BENCH: ClassificationBench = {
  kind: "classification",
  name: "things",
  split: "val",
  classes: NAMES,
  rows: ROWS,
  labels: ROWS.map((_, i) => i % 60),
};
const PAIRS: RetrievalBench = {
  kind: "retrieval",
  name: "retrieval-things",
  split: "test",
  rows: ROWS,
  captions: {
    name: ROWS.map((row) => `picture ${row}`),
    long: ROWS.map((row) => `a long caption of ${row}`),
  },
};

/** A text or row always has the same embedding, whichever call asks for it. */
function embed(key: string | number): Float32Array {
  const seed = typeof key === "number"
    ? key
    : [...key].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0) | 0, 7);
  return randomRows(1, WIDTH, seed);
}

function embedAll(keys: readonly (string | number)[]): Float32Array {
  return Float32Array.from(keys.flatMap((key) => [...embed(key)]));
}

/** Texts of more than 24 letters count as cut. */
const isCut = (text: string) => text.length > 24;

/** A model that writes down how many items each call had. */
function fakeModel(calls: number[] = []): EvalModel {
  return {
    width: WIDTH,
    resolution: 32,
    textTokens: 8,
    embedImages: (rows, resolution) => {
      assert.equal(resolution, 32);
      calls.push(rows.length);
      return Promise.resolve(embedAll(rows));
    },
    embedTexts: (texts) => {
      calls.push(texts.length);
      return { features: embedAll(texts), truncated: texts.filter(isCut).length / texts.length };
    },
  };
}

Deno.test("evaluateModel equals the parts put together when a bench has classes", async () => {
  const calls: number[] = [];
  const [result] = await evaluateModel(fakeModel(calls), BENCH, {
    groupOf: (row) => row % 2 ? "odd" : "even",
  });
  const prompts = NAMES.flatMap((name) => ICON_TEMPLATES.map((t) => fillTemplate(t, name)));
  const { ranks: _, ...scores } = zeroShot({
    images: embedAll(ROWS),
    classes: classEmbeddings(embedAll(prompts), ICON_TEMPLATES.length, WIDTH),
    width: WIDTH,
    labels: BENCH.labels,
    groups: ROWS.map((row) => row % 2 ? "odd" : "even"),
  });
  assert.deepEqual(result, {
    kind: "zero-shot",
    bench: "things",
    split: "val",
    resolution: 32,
    textTokens: 8,
    truncatedPrompts: prompts.filter(isCut).length / prompts.length,
    ...scores,
  });
  assert.ok(Math.max(...calls) <= 512 && calls.length > 2, "items come in chunks");
});

Deno.test("evaluateModel measures each list apart when a bench has captions", async () => {
  const results = await evaluateModel(fakeModel(), PAIRS);
  const expected = Object.entries(PAIRS.captions).map(([captions, list]) => ({
    kind: "retrieval",
    bench: "retrieval-things",
    split: "test",
    resolution: 32,
    textTokens: 8,
    truncatedPrompts: list.filter(isCut).length / list.length,
    captions,
    ...retrieval(embedAll(ROWS), embedAll(list), WIDTH),
  }));
  assert.deepEqual(results, expected);
});

Deno.test("evaluateModel takes the bench's prompts unless others are given", async () => {
  const own = { ...BENCH, templates: ["{}", "a photo of a {}"] };
  const asked = async (bench: ClassificationBench, templates?: string[]) => {
    const texts: string[] = [];
    const model = fakeModel();
    const embedTexts = (part: readonly string[]) => {
      texts.push(...part);
      return model.embedTexts(part);
    };
    await evaluateModel({ ...model, embedTexts }, bench, { templates });
    return texts.length;
  };
  assert.equal(await asked(own), 2 * NAMES.length);
  assert.equal(await asked(own, ["the {}"]), NAMES.length);
  assert.equal(await asked(BENCH), ICON_TEMPLATES.length * NAMES.length);
});

Deno.test("evaluateModel reports all work when it is done", async () => {
  for (const [bench, total] of [[BENCH, 60 * 12 + 700], [PAIRS, 2100]] as const) {
    const seen: number[] = [];
    await evaluateModel(fakeModel(), bench, {
      onProgress: (done, all) => {
        assert.equal(all, total);
        seen.push(done);
      },
    });
    assert.equal(seen.at(-1), total);
    assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
  }
});

Deno.test("evaluateModel stops between chunks when it is cancelled", async () => {
  const calls: number[] = [];
  const controller = new AbortController();
  const options = { signal: controller.signal, onProgress: () => controller.abort() };
  await assert.rejects(evaluateModel(fakeModel(calls), BENCH, options), { name: "AbortError" });
  assert.equal(calls.length, 1);
});

Deno.test("evaluateModel refuses when the model returns another shape or no template is given", async () => {
  const broken = { ...fakeModel(), embedImages: () => new Float32Array(3) };
  await assert.rejects(
    evaluateModel(broken, BENCH),
    /embedImages: seen 3 values; allowed: \[512, 8\]/,
  );
  await assert.rejects(
    evaluateModel(fakeModel(), BENCH, { templates: [] }),
    /templates: seen none/,
  );
});

Deno.test("evaluateModel gives 0 when every text has the same embedding", async () => {
  const collapsed: EvalModel = {
    ...fakeModel(),
    embedTexts: (texts) => ({ features: embedAll(texts.map(() => 1)), truncated: 0 }),
  };
  const [result] = await evaluateModel(collapsed, BENCH);
  assert.deepEqual(resultRows(result).map((row) => row.value), [0, 0]);
});

Deno.test("resultRows gives each number its conditions when results are of both kinds", async () => {
  const groupOf = (row: number) => row % 2 ? "odd" : "even";
  const [scores] = await evaluateModel(fakeModel(), BENCH, { groupOf });
  const rows = resultRows(scores);
  assert.deepEqual(rows.map(({ metric, group }) => [group, metric]), [
    [undefined, "top1"],
    [undefined, "top5"],
    ["even", "top1"],
    ["even", "top5"],
    ["odd", "top1"],
    ["odd", "top5"],
  ]);
  assert.equal(rows[1].se, Math.sqrt(rows[1].value * (1 - rows[1].value) / 700));
  assert.deepEqual(Object.keys(rows[0]), [
    "bench",
    "split",
    "metric",
    "value",
    "se",
    "n",
    "classes",
    "resolution",
    "textTokens",
    "truncatedPrompts",
  ]);
  const pairs = (await evaluateModel(fakeModel(), PAIRS)).flatMap(resultRows);
  assert.equal(pairs.length, 12);
  assert.deepEqual([pairs[0].metric, pairs[0].captions, pairs[0].classes], ["i2t.r1", "name", 700]);
});
