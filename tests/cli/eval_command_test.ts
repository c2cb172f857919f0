import assert from "node:assert/strict";
import { evalCommand, type EvalOptions } from "../../src/cli/commands/eval.ts";
import { type EvalRow, evalRowsCsv, formatEvalRows } from "../../src/cli/format_eval_rows.ts";
import type { ModelSource } from "../../src/cli/model_options.ts";
import { FIT_NAMES } from "../../src/cli/eval_task.ts";
import { EVAL_FITS } from "../../src/data/images/square_picture.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { fakeEnvironment } from "./fake_environment.ts";

const ROW: EvalRow = {
  bench: "b",
  dataSet: "set",
  split: "test",
  metric: "top1",
  value: 0.5,
  se: 0.01,
  n: 10,
  classes: 3,
  resolution: 64,
  textTokens: 16,
  truncatedPrompts: 0,
};

/** The command, and what it asked for. */
function spyEval(
  rows: EvalRow[] = [ROW],
  skipped?: { reason: string; count: number; examples: string[] }[],
) {
  const seen: { source?: ModelSource; options?: EvalOptions } = {};
  const files: Record<string, string> = {};
  const command = evalCommand({
    evaluate(source, options) {
      Object.assign(seen, { source, options });
      const report = { engine: "native", provider: "cpu", notes: ["a note"], results: rows };
      return Promise.resolve(skipped ? { ...report, skipped } : report);
    },
    writeSheet(run, path, { bench }) {
      files[path] = `sheet of ${run} on ${bench}`;
      return Promise.resolve();
    },
    writeFile(path, text) {
      files[path] = text;
      return Promise.resolve();
    },
  });
  return { seen, files, command };
}

Deno.test("eval asks for benchmarks of the data set when no shards are given", async () => {
  const { seen, command } = spyEval();
  const { environment, printed } = fakeEnvironment();
  const args = ["eval", "--run", "r", "--bench", "x", "--bench", "shift-*", "--json"];
  assert.equal(await runCli([command], args, environment), 0);
  assert.deepEqual(seen.source, { kind: "run", dir: "r" });
  assert.deepEqual(seen.options?.task, { kind: "benches", names: ["x", "shift-*"] });
  assert.deepEqual(JSON.parse(printed[0]), { engine: "native", provider: "cpu", results: [ROW] });
});

Deno.test("eval asks for shards with prompts or retrieval when shards are given", async () => {
  const { seen, command } = spyEval();
  const { environment } = fakeEnvironment();
  const files = ["--classes", "c.json", "--templates", "t.json"];
  const base = ["eval", "--run", "r", "--shards", "a/*.tar"];
  assert.equal(await runCli([command], [...base, ...files], environment), 0);
  assert.deepEqual(seen.options?.task, {
    kind: "shards",
    shards: "a/*.tar",
    bench: undefined,
    fit: "squash",
    prompts: { classes: "c.json", templates: "t.json" },
  });
  const retrieval = [...base, "--retrieval", "--bench", "mine", "--fit", "crop"];
  assert.equal(await runCli([command], retrieval, environment), 0);
  assert.deepEqual(seen.options?.task, {
    kind: "shards",
    shards: "a/*.tar",
    bench: "mine",
    fit: "crop",
    prompts: null,
  });
});

Deno.test("eval asks for a linear probe when --probe is given", async () => {
  const probe = { c: 100, shots: 4, trained: 12 };
  const { seen, command } = spyEval([{ ...ROW, metric: "probe.top1", probe }]);
  const { environment, printed } = fakeEnvironment();
  const args = ["eval", "--run", "r", "--probe", "--shots", "4"];
  assert.equal(await runCli([command], args, environment), 0);
  assert.deepEqual(seen.options?.task, { kind: "probe", names: [], shots: 4 });
  assert.match(printed[0], /^b {2}probe\.top1 50.*64 px, 12 training pictures, C 100\)$/);
  assert.equal(await runCli([command], args.slice(0, 4), environment), 0);
  assert.deepEqual(seen.options?.task, { kind: "probe", names: [], shots: null });
});

Deno.test("eval passes engine, graphs and device on, and leaves open what is not given", async () => {
  const { seen, command } = spyEval();
  const { environment, warned } = fakeEnvironment({ CLIPA_DEVICE: "cuda:0" });
  const args = ["eval", "--model", "m", "--engine", "ort", "--graph", "portable"];
  assert.equal(await runCli([command], args, environment), 0);
  assert.deepEqual(seen.source, { kind: "model", dir: "m" });
  const chosen = ({ engine, graph, device }: EvalOptions) => [engine, graph, device];
  assert.deepEqual(chosen(seen.options!), ["ort", "portable", "cuda:0"]);
  const plain = fakeEnvironment();
  assert.equal(await runCli([command], ["eval", "--model", "m"], plain.environment), 0);
  assert.deepEqual(chosen(seen.options!), [undefined, undefined, undefined]);
  assert.deepEqual(warned, [], "notes go to stderr as they are");
});

Deno.test("eval names a folder that is missing before it evaluates", async () => {
  const { seen, command } = spyEval();
  const { environment, warned } = fakeEnvironment();
  const args = ["eval", "--run", "r", "--csv", "no/such/folder/r.csv"];
  assert.equal(await runCli([command], args, environment), 1);
  assert.match(warned[0], /--csv no\/such\/folder\/r\.csv: .*is no folder/);
  assert.equal(seen.source, undefined);
});

Deno.test("eval names the option when options are missing or do not go together", async () => {
  const shards = ["--run", "r", "--shards", "a"];
  const wrong: [string[], RegExp][] = [
    [[], /neither --model nor --run given/],
    [["--run", "r", "--model", "m"], /both --model and --run given/],
    [["--run", "r", "--engine", "torch"], /--engine: seen "torch"; allowed: ort, native/],
    [["--run", "r", "--graph", "quick"], /--graph: seen "quick"; allowed: fast, portable/],
    [["--run", "r", "--graph", "fast", "--engine", "native"], /--graph: seen with --engine native/],
    [["--model", "m", "--sheet", "s.svg"], /--sheet: seen with --model/],
    [["--run", "r", "--retrieval"], /--retrieval: no shards; add --shards/],
    [["--run", "r", "--classes", "c"], /--classes: no shards/],
    [["--run", "r", "--templates", "t"], /--templates: no shards/],
    [shards, /what shall be measured\? .*--retrieval/],
    [[...shards, "--classes", "c"], /what shall be measured\?/],
    [[...shards, "--retrieval", "--classes", "c"], /allowed: one of both/],
    [[...shards, "--retrieval", "--bench", "a", "--bench", "b"], /--bench: seen 2 names/],
    [[...shards, "--retrieval", "--fit", "pad"], /--fit: seen "pad"; allowed: squash or crop/],
    [[...shards, "--retrieval", "--sheet", "s.svg"], /--sheet: seen with --shards/],
    [[...shards, "--retrieval", "--probe"], /--probe: seen with --shards/],
    [["--run", "r", "--shots", "4"], /--shots: seen "4"; allowed: .* with --probe/],
    [
      ["--run", "r", "--probe", "--shots", "0"],
      /--shots: seen "0"; allowed: a whole number from 1/,
    ],
  ];
  for (const [args, message] of wrong) {
    const { environment, warned } = fakeEnvironment();
    const { seen, command } = spyEval();
    assert.equal(await runCli([command], ["eval", ...args], environment), 2, args.join(" "));
    assert.match(warned[0], message);
    assert.equal(seen.source, undefined);
  }
});

Deno.test("eval writes the files that are asked for when it succeeds", async () => {
  const skipped = [{ reason: "unreadable picture", count: 2, examples: ["a.tar, byte 0, k: …"] }];
  const { files, command } = spyEval([ROW], skipped);
  const { environment, printed } = fakeEnvironment();
  const args = ["eval", "--run", "r", "--csv", "r.csv", "--out", "r.json", "--sheet", "s.svg"];
  assert.equal(await runCli([command], args, environment), 0);
  assert.equal(files["s.svg"], "sheet of r on undefined");
  assert.equal(files["r.csv"], evalRowsCsv([ROW]));
  const report = { engine: "native", provider: "cpu", results: [ROW], skipped };
  assert.deepEqual(JSON.parse(files["r.json"]), report);
  assert.match(printed[0], /^b {2}top1 50\.00 % \+- 1\.00 % {2}\(set, test, n 10, 3 classes/);
});

Deno.test("formatEvalRows gives each number its conditions and a table of the families", () => {
  const cut = { ...ROW, truncatedPrompts: 0.011, skipped: 2 };
  assert.equal(
    formatEvalRows([cut]),
    "b  top1 50.00 % +- 1.00 %  (set, test, n 10, 2 left out, 3 classes, 64 px, 16 text tokens, " +
      "1.10 % of prompts cut)",
  );
  const top5 = { ...ROW, metric: "top5", value: 0.75 };
  const families = ["ph", "game-icons"].flatMap((group, i) => [
    { ...ROW, group, n: 4 + i },
    { ...top5, group, n: 4 + i },
  ]);
  assert.deepEqual(formatEvalRows([ROW, top5, ...families]).split("\n"), [
    "b  top1 50.00 % +- 1.00 %  (set, test, n 10, 3 classes, 64 px, 16 text tokens)",
    "b  top5 75.00 % +- 1.00 %  (set, test, n 10, 3 classes, 64 px, 16 text tokens)",
    "  family           n            top1            top5",
    "  ph               4   50.00 +- 1.00   75.00 +- 1.00",
    "  game-icons       5   50.00 +- 1.00   75.00 +- 1.00",
  ]);
  const pair = { ...ROW, metric: "i2t.r1", captions: "long" };
  assert.equal(
    formatEvalRows([pair]),
    "b  long i2t.r1 50.00 % +- 1.00 %  (set, test, n 10, 64 px, 16 text tokens)",
  );
});

Deno.test("evalRowsCsv quotes what has a comma or quote and leaves absent fields empty", () => {
  const [head, first] = evalRowsCsv([{ ...ROW, bench: 'a,"b"' }]).split("\r\n");
  assert.equal(head.split(",").length, 22);
  assert.equal(first, '"a,""b""",set,test,,,top1,0.5,0.01,10,3,64,16,0,,,,,,,,,');
});

Deno.test("eval asks for a benchmark's files with all that is given about them", async () => {
  const { seen, command } = spyEval();
  const { environment } = fakeEnvironment();
  const run = (...args: string[]) =>
    runCli([command], ["eval", "--model", "m", "--data", "d", ...args], environment);
  assert.equal(await run(), 0);
  const bare = JSON.parse(JSON.stringify(seen.options?.task));
  assert.deepEqual(bare, {
    kind: "data",
    data: "d",
    split: "test",
    retrieval: false,
    fit: "squash",
    fresh: false,
  });
  const files = ["--labels", "l.txt", "--classes", "c.txt", "--templates", "clipa-81"];
  const rest = ["--fit", "resize-crop-0.875", "--filter", "bicubic", "--expected", "X", "--fresh"];
  const names = ["--bench", "imagenet-1k", "--subset", "imagenet-a", "--split", "val"];
  assert.equal(await run(...files, ...rest, ...names), 0);
  assert.deepEqual(JSON.parse(JSON.stringify(seen.options?.task)), {
    ...bare,
    labels: "l.txt",
    classes: "c.txt",
    templates: "clipa-81",
    fit: "resize-crop-0.875",
    filter: "bicubic",
    expected: "X",
    fresh: true,
    bench: "imagenet-1k",
    subset: "imagenet-a",
    split: "val",
  });
  assert.deepEqual(FIT_NAMES, EVAL_FITS);
});

Deno.test("eval names the option when --data and others do not go together", async () => {
  const { seen, command } = spyEval();
  const { environment, warned } = fakeEnvironment();
  const wrong: [string[], RegExp][] = [
    [["--data", "d", "--shards", "s"], /--data: seen with --shards; allowed: one of both/],
    [["--data", "d", "--probe"], /--probe: seen with --data/],
    [
      ["--data", "d", "--filter", "nearest"],
      /--filter: seen "nearest"; allowed: bilinear, bicubic/,
    ],
    [
      ["--data", "d", "--fit", "stretch"],
      /--fit: seen "stretch"; allowed: squash or crop or resize/,
    ],
    [["--data", "d", "--labels", "l", "--captions", "c"], /--labels: seen with --captions/],
    [["--data", "d", "--bench", "a", "--bench", "b"], /seen 2 names; allowed with --data: one/],
    [["--labels", "l"], /--labels: seen without --data/],
    [["--fresh"], /--fresh: seen without --data/],
    [["--per-class"], /--per-class: seen without --data/],
    [
      ["--shards", "s", "--retrieval", "--fit", "resize-crop"],
      /--fit: seen "resize-crop"; allowed: squash or crop$/,
    ],
  ];
  for (const [args, message] of wrong) {
    assert.equal(await runCli([command], ["eval", "--model", "m", ...args], environment), 2);
    assert.match(warned.at(-1)!, message);
  }
  assert.equal(seen.options, undefined);
});

Deno.test("eval prints classes and published numbers as tables", async () => {
  const command = evalCommand({
    evaluate: () =>
      Promise.resolve({
        engine: "ort",
        provider: "cpu",
        notes: [],
        results: [{
          ...ROW,
          templates: "openai-80",
          fit: "squash",
          filter: "bilinear",
          seBootstrap: 0.02,
        }],
        perClass: [{ index: 7, name: "cat", n: 4, top1: 0.25, top5: 1 }],
        expected: {
          name: "M",
          rows: [{
            bench: "b",
            metric: "top1",
            ours: 0.5,
            se: 0.02,
            published: 0.5125,
            difference: -0.0125,
          }],
          warnings: ["fit: ours crop, published with squash"],
        },
      }),
    writeSheet: () => assert.fail("it ran"),
    writeFile: () => assert.fail("it ran"),
  });
  const { environment, printed } = fakeEnvironment();
  const args = ["eval", "--model", "m", "--data", "d", "--per-class"];
  assert.equal(await runCli([command], args, environment), 0);
  assert.deepEqual(printed[0].split("\n"), [
    "b  top1 50.00 % +- 1.00 %  (set, test, n 10, 3 classes, 64 px, 16 text tokens, openai-80, " +
    "squash bilinear, +- 2.00 by clusters)",
    "  index  class       n     top1     top5",
    "      7  cat         4    25.00   100.00",
    "published for M, percent",
    "  benchmark  metric             ours       published      difference",
    "  b          top1      50.00 +- 2.00           51.25           -1.25",
    "  not comparable: fit: ours crop, published with squash",
  ]);
});
