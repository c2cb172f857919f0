import assert from "node:assert/strict";
import { loadRecipe } from "../../src/config/load_recipe.ts";
import { STREAM_DEFAULTS } from "../../src/config/recipe_defaults.ts";
import { PAPER_TABLES } from "../../src/scaling/paper/paper_tables.ts";
import { readHardware } from "../../src/scaling/plan/hardware.ts";
import { planRecipe } from "../../src/scaling/plan/plan_recipe.ts";

const EIGHT = readHardware("a100-80gb:8");
const FOLDER = new URL("../../src/config/recipes/paper/", import.meta.url);
const NAMES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name.replace(".yaml", "")).sort();

/** The one line of a header that begins so. */
function headerLine(text: string, key: string): string {
  const lines = text.split("\n").filter((line) => line.startsWith(`# ${key}: `));
  assert.equal(lines.length, 1, `${key}: ${lines.length} lines`);
  return lines[0].slice(key.length + 4);
}

/** A row of a table with what its recipe's stages must be. */
interface PaperRow {
  readonly hours?: number;
  readonly before?: number;
  readonly top1?: number | null;
  readonly stages: readonly { readonly samples: number; readonly imageSize: number }[];
}

function paperRows(): PaperRow[] {
  const { limitedResources, v2Results, readmeG14, atScale, scalingUp } = PAPER_TABLES;
  const scaled = scalingUp.rows.map((row) => ({
    top1: Number(row.in1k),
    stages: [
      { samples: Number(row.pretrainSamples), imageSize: 14 * Math.sqrt(Number(row.imagePatches)) },
      { samples: Number(row.finetuneSamples), imageSize: 224 },
    ],
  }));
  const runs = [limitedResources, v2Results, readmeG14, atScale].flatMap(({ rows }) =>
    rows.map(({ scores, stages, ...row }) => ({
      hours: "gpuHours" in row ? row.gpuHours ?? undefined : undefined,
      before: "in1kBeforeTuning" in row ? row.in1kBeforeTuning : undefined,
      top1: scores.in1k,
      stages,
    }))
  );
  return [...runs, ...scaled];
}

for (const name of NAMES) {
  Deno.test(`paper/${name}: header and stages state what the plan and the papers' tables say`, () => {
    const text = Deno.readTextFileSync(new URL(`${name}.yaml`, FOLDER));
    const recipe = loadRecipe(`paper/${name}`);
    const plan = planRecipe(recipe, EIGHT);
    assert.equal(recipe.name, name);
    assert.equal(headerLine(text, "Command"), `deno task train paper/${name}`);
    assert.equal(headerLine(text, "Cost"), `deno task plan paper/${name} --hardware a100-80gb:8`);
    const score = `deno task eval --run runs/${name} --data imagenet/val --bench imagenet-1k`;
    assert.equal(headerLine(text, "Score"), score);
    // Billions of pairs are not baked first, and shards have no benchmarks of their own.
    assert.deepEqual(recipe.data.stream, STREAM_DEFAULTS);
    assert.deepEqual(recipe.eval.benches, []);
    const pairs = recipe.stages.reduce((sum, { samples }) => sum + samples, 0);
    assert.equal(headerLine(text, "Pairs"), String(pairs));
    const [, published, planned] = headerLine(text, "A100 hours")
      .match(/^(\d+|none) published, (\d+) planned$/)!;
    assert.equal(planned, plan.gpuHours.toFixed(0));
    const gib = (plan.memoryBytesPerDevice / 2 ** 30).toFixed(1);
    assert.equal(
      headerLine(text, "Plan"),
      `${plan.hours.toFixed(0)} h and ${
        plan.dollars!.toFixed(0)
      } dollars on 8 A100, ${gib} GiB on each`,
    );
    const accumulate = plan.stages.flatMap(({ fits, accumulateToFit }, i) =>
      fits ? [] : [`--set stages.${i}.accumulate=${accumulateToFit}`]
    );
    if (accumulate.length === 0) assert.ok(!text.includes("# To fit"));
    else assert.equal(headerLine(text, "To fit 8 A100"), accumulate.join(" "));

    const [, top1, before] = headerLine(text, "ImageNet-1k top-1")
      .match(/^([\d.]+) % \((?:([\d.]+) %|no number) before tuning\)$/)!;
    if (name.startsWith("law-")) return checkLawRow(name, Number(top1), Number(before));
    const rows = paperRows().filter((row) =>
      row.top1 === Number(top1) && row.stages.length === recipe.stages.length &&
      (published === "none" || row.hours === undefined || row.hours === Number(published))
    );
    assert.ok(rows.length > 0, `no row with ${top1} % and ${published} hours`);
    if (published !== "none") assert.ok(rows.some(({ hours }) => hours === Number(published)));
    // G/14's number before tuning stands in the README's text only.
    if (before !== undefined && !name.includes("g14")) {
      assert.ok(rows.some((row) => row.before === Number(before)), before);
    }
    // The code of G/14 trains at another size than its table says; its header says so.
    if (name === "clipa-v2-g14") return;
    rows[0].stages.forEach(({ samples, imageSize }, i) => {
      assert.equal(recipe.stages[i].image.size, imageSize);
      // The tables round the tuning samples: 131.072M is printed as 128M, 524.288M as 512M.
      assert.ok(Math.abs(recipe.stages[i].samples / samples - 1) < 0.025);
    });
  });
}

function checkLawRow(name: string, top1: number, before: number) {
  const model = `${name[4].toUpperCase()}/16` as const;
  const row = PAPER_TABLES.imageTokens.rows.find(({ strategy, imageSize }) =>
    strategy === "resize" && imageSize === 112
  )!;
  assert.deepEqual(row.scores[model as keyof typeof row.scores], { pre: before, ft: top1 });
}

Deno.test("paper recipes name the tokenizer that their models were trained with", () => {
  assert.equal(NAMES.length, 20);
  for (const name of NAMES) {
    const { data, model } = loadRecipe(`paper/${name}`);
    assert.equal(data.tokenizer, model.flavour === "torch" ? "clip-bpe" : "bert-uncased", name);
    assert.equal(model.text.vocabulary, model.flavour === "torch" ? 49_408 : 32_000);
  }
});

Deno.test("the overrides in the headers of the law's recipes give the other rows of the tables", () => {
  for (const [size, tokens] of [[64, 16], [96, 36], [160, 100], [224, 196]]) {
    const { stages: [{ image }] } = loadRecipe("paper/law-s16-i50-t32", [
      `stages.0.image.size=${size}`,
    ]);
    assert.deepEqual(image, { strategy: "resize", size, tokens });
  }
  const { stages: [{ text }] } = loadRecipe("paper/law-l16-i50-t32", [
    "stages.0.text.tokens=8",
    "stages.0.text.strategy=syntax",
  ]);
  assert.deepEqual(text, { strategy: "syntax", tokens: 8 });
});
