import { dirname } from "node:path";
import { loadRecipe } from "../../../src/config/load_recipe.ts";
import { loadSweep } from "../../../src/config/load_sweep.ts";
import { captionFile } from "../../../src/data/benches/caption_file.ts";
import { labelledFiles } from "../../../src/data/benches/labelled_files.ts";
import { readMatStructs } from "../../../src/data/benches/mat_file.ts";
import { parseIdx } from "../../../src/data/fashion/idx_file.ts";
import { tableItems } from "../../../src/data/sources/table_source.ts";
import { wheelFacts } from "../../../src/eval/imagenet/wheel_facts.ts";
import { loadBench } from "../../../src/eval/load_bench.ts";
import { readClassNames, readTemplates } from "../../../src/eval/read_text_list.ts";
import { collectRuns } from "../../../src/report/page/collect_runs.ts";
import { readResults } from "../../../src/scaling/sweep/results_file.ts";
import { wheelBytes } from "../../eval/imagenet_wheel.ts";
import { encode, fileTarget, json } from "./file_target.ts";
import { forgeZip, zipMembers } from "./forge_zip.ts";
import type { FuzzTarget } from "./fuzz_target.ts";
import { modelTargets } from "./model_targets.ts";
import { pictureTargets } from "./picture_targets.ts";

const builtIn = (name: string) =>
  Deno.readFileSync(new URL(`../../../src/config/recipes/${name}.yaml`, import.meta.url));

function resultRows(): Uint8Array {
  const head = {
    sweep: "law",
    labels: { tower: "small", seed: "1" },
    commit: null,
    dirty: false,
    library: "0",
    host: { cpu: "a processor", cores: 2, threads: 1 },
    ended: "2026-01-01T00:00:00Z",
  };
  const metric = {
    bench: "icons-100",
    metric: "top1",
    value: 0.25,
    se: 0.01,
    n: 40,
    classes: 2,
    split: "test",
    resolution: 48,
    textTokens: 8,
    truncatedPrompts: 0,
  };
  const rows = [
    { ...head, cell: "a", status: "failed", reason: "no space left" },
    {
      ...head,
      cell: "b",
      status: "done",
      recipeHash: "0",
      recipe: { name: "law" },
      seed: 1,
      parameters: { image: 1, text: 2, total: 4 },
      macs: 1e9,
      stages: [{ name: "full", samples: 1000, seconds: 1.5, loss: 2.25 }],
      shared: null,
      seconds: 1.5,
      metrics: [metric],
      classHits: { "icons-100": { hits: [5, 5], sizes: [20, 20] } },
    },
  ];
  return encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

/** The result of a run, as the report reads it. */
function runResult(): FuzzTarget {
  const score = { top1: 0.25, se: 0.01, top5: 0.5, n: 40, classes: 2 };
  const seed = json({ samples: 1000, seconds: 1.5, eval: { "icons-100": score } });
  return fileTarget("run result", "result.json", [seed], (path) => {
    const { problems } = collectRuns([path], dirname(path));
    if (problems.length > 0) throw new Error(problems[0]);
  });
}

function bench(): FuzzTarget {
  const common = { name: "b", split: "test", rows: [3, 5] };
  const seeds = [
    {
      ...common,
      kind: "classification",
      classes: ["cat", "bee"],
      labels: [0, 1],
      templates: ["{}"],
    },
    { ...common, kind: "retrieval", captions: { phrase: ["a cat", "a bee"] } },
  ];
  return fileTarget("benchmark", "bench.json", seeds.map(json), (path) => {
    loadBench(path);
  });
}

/** Lists that come with benchmarks: captions, labels, and the wheel with ImageNet's names. */
async function benchmarkLists(): Promise<FuzzTarget[]> {
  const karpathy = {
    images: [
      { split: "test", filepath: "v", filename: "a.jpg", sentences: [{ raw: "A boat." }] },
      { split: "train", filename: "b.jpg", sentences: [{ raw: "B." }] },
    ],
  };
  const coco = {
    images: [{ id: 7, file_name: "a.jpg" }],
    annotations: [{ image_id: 7, caption: "A boat." }],
  };
  const captions = (path: string) => captionFile(dirname(path), path, "test");
  const labels = { classes: 10, indexOf: (id: string) => id === "n01440764" ? 0 : undefined };
  const jsons = [karpathy, coco].map(json);
  const table = encode("image,caption\na.jpg,A boat, red.\na.jpg,Two\nb.png,B\n");
  const labelLines = encode("a.JPEG 7\nb.JPEG n01440764 1 2 3 4\nc,9\n");
  const wheel = await wheelMembers();
  return [
    fileTarget("captions", "list.json", jsons, captions),
    fileTarget("caption-table", "list.txt", [table], captions),
    fileTarget("labels", "list.txt", [labelLines], (path) => {
      labelledFiles(dirname(path), path, labels);
    }),
    fileTarget("imagenet-wheel", "list.whl", [wheelBytes()], wheelFacts, {
      forge: (dice) => forgeZip(dice, wheel),
    }),
  ];
}

async function wheelMembers() {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, wheelBytes());
    return zipMembers(path);
  } finally {
    await Deno.remove(path);
  }
}

/** Every reader of files that may come from elsewhere. */
export async function fuzzTargets(): Promise<FuzzTarget[]> {
  const csv = encode('image,caption\na.png,"a boat, blue"\nb.png,two\n');
  const jsonl = encode('{"image":"a.png","caption":"x"}\n{"image":"b.png","caption":"y"}\n');
  const recipes = [builtIn("quick"), builtIn("long")];
  const idx = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);
  return [
    ...await modelTargets(),
    ...await pictureTargets(),
    fileTarget("recipe", "recipe.yaml", recipes, (path) => loadRecipe(path)),
    fileTarget("sweep", "sweep.yaml", [builtIn("sweeps/pilot")], (path) => loadSweep(path)),
    fileTarget("results", "rows.jsonl", [resultRows()], (path) => readResults(path)),
    runResult(),
    fileTarget("csv", "table.csv", [csv], (path) => Array.fromAsync(tableItems(path, "csv"))),
    fileTarget(
      "jsonl",
      "table.jsonl",
      [jsonl],
      (path) => Array.fromAsync(tableItems(path, "jsonl")),
    ),
    fileTarget("classes", "list.json", [encode('["boat","bee"]')], readClassNames),
    fileTarget("templates", "list.json", [encode('["a {}.","an icon of a {}"]')], readTemplates),
    bench(),
    {
      name: "mat",
      seeds: ["plain", "packed"].map((name) =>
        Deno.readFileSync(new URL(`../../data/goldens/meta_${name}.mat`, import.meta.url))
      ),
      read: (input) => readMatStructs(input, "synsets", ["ILSVRC2012_ID", "WNID"]),
    },
    { name: "idx", seeds: [idx], read: (input) => parseIdx(input, "file.idx") },
    ...await benchmarkLists(),
  ];
}
