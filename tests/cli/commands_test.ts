import assert from "node:assert/strict";
import { benchCommand, selectBenches } from "../../src/cli/commands/bench.ts";
import { dataCommand } from "../../src/cli/commands/data.ts";
import { trainCommand, type TrainOptions } from "../../src/cli/commands/train.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { tinyRecipe } from "../config/tiny_recipe.ts";
import { fakeEnvironment } from "./fake_environment.ts";

const RESULT = {
  run: "runs/tiny",
  samples: 1000,
  seconds: 2.5,
  eval: { "icons-592": { top1: 0.25, top5: 0.5, n: 400, classes: 592, se: 0.0217 } },
};

/** A train command whose parts note how they were called. */
function spyTrain() {
  const seen: { recipe?: [string, readonly string[]]; options?: TrainOptions<string> } = {};
  const command = trainCommand({
    loadRecipe: (name, overrides) => {
      seen.recipe = [name, overrides];
      return Promise.resolve(parseRecipe(tinyRecipe(), name));
    },
    prepareData: () => Promise.resolve("the data set"),
    runExperiment: (_recipe, options) => {
      seen.options = options;
      return Promise.resolve(RESULT);
    },
  });
  return { seen, command };
}

Deno.test("train uses the default recipe, folder and device when none are given", async () => {
  const { seen, command } = spyTrain();
  const { environment, printed } = fakeEnvironment({ CLIPA_SETUP_SECONDS: "30" });
  assert.equal(await runCli([command], ["train"], environment), 0);
  assert.deepEqual(seen.recipe, ["quick", []]);
  const options = seen.options as TrainOptions<string>;
  assert.deepEqual(
    [options.out, options.resume, options.device, options.dataSet],
    ["runs/tiny", false, "cpu", "the data set"],
  );
  assert.ok(options.setupSeconds >= 30 && options.setupSeconds < 31, `${options.setupSeconds}`);
  assert.match(printed[0], /1000 pairs in 2\.5 s\n {2}icons-592 +top-1 25\.00 % \+- 2\.17 %/);
});

Deno.test("train refuses a folder that cannot be written before it prepares data", async () => {
  const file = await Deno.makeTempFile();
  try {
    const { seen, command } = spyTrain();
    const { environment, warned } = fakeEnvironment();
    const out = `${file}/run`;
    assert.equal(await runCli([command], ["train", "--out", out], environment), 1);
    assert.match(
      warned[0],
      /^error: --out \S+\/run: \S+ cannot be written .*; name another folder/,
    );
    assert.equal(seen.options, undefined);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("train passes its options on when they are given", async () => {
  const { seen, command } = spyTrain();
  const { environment, printed } = fakeEnvironment({ CLIPA_DEVICE: "cuda:0" });
  const args = ["train", "mine.yaml", "--set", "seed=1", "--out", "there", "--resume", "--json"];
  assert.equal(await runCli([command], args, environment), 0);
  assert.deepEqual(seen.recipe, ["mine.yaml", ["seed=1"]]);
  assert.deepEqual(
    [seen.options?.out, seen.options?.resume, seen.options?.device],
    ["there", true, "cuda:0"],
  );
  assert.deepEqual(JSON.parse(printed[0]), RESULT);
});

Deno.test("data refuses a limit when it is not a count", async () => {
  const { environment, warned } = fakeEnvironment();
  const command = dataCommand({
    buildIcons: () => assert.fail("it ran"),
    buildFashionMnist: () => assert.fail("it ran"),
    buildImagenetNames: () => assert.fail("it ran"),
    drawReductions: () => assert.fail("it ran"),
  });
  assert.equal(await runCli([command], ["data", "--limit", "0.5"], environment), 2);
  assert.match(warned[0], /--limit: seen "0\.5"; allowed/);
  const wrong: [string[], RegExp][] = [
    [["mnist"], /set: seen "mnist"; allowed: icons, fashion-mnist, imagenet-names/],
    [["--deb", "f.deb"], /--deb: seen with icons/],
    [["fashion-mnist", "--limit", "4"], /--limit: seen with fashion-mnist/],
    [["--wheel", "w.whl"], /--wheel: seen with icons; allowed: imagenet-names/],
  ];
  for (const [args, message] of wrong) {
    assert.equal(await runCli([command], ["data", ...args], environment), 2);
    assert.match(warned.at(-1)!, message);
  }
});

Deno.test("data builds Fashion-MNIST from apt or from a file when it is asked for", async () => {
  const { environment, printed } = fakeEnvironment();
  const seen: (string | undefined)[] = [];
  const command = dataCommand({
    buildIcons: () => assert.fail("it ran"),
    buildFashionMnist: ({ deb }) => {
      seen.push(deb);
      return Promise.resolve({ dir: "there" });
    },
    buildImagenetNames: ({ wheel }) => Promise.resolve({ path: `from ${wheel}` }),
    drawReductions: () => assert.fail("it ran"),
  });
  assert.equal(await runCli([command], ["data", "fashion-mnist"], environment), 0);
  const args = ["data", "fashion-mnist", "--deb", "f.deb", "--json"];
  assert.equal(await runCli([command], args, environment), 0);
  assert.deepEqual([seen, printed], [[undefined, "f.deb"], ["there", '{"dir":"there"}']]);
  const names = ["data", "imagenet-names", "--wheel", "w.whl"];
  assert.equal(await runCli([command], names, environment), 0);
  assert.equal(printed.at(-1), "from w.whl");
});

Deno.test("bench keeps what was measured and fails when one group fails", async () => {
  const result = { name: "a", value: 1, unit: "1", low: 1, high: 1, note: "" };
  const command = benchCommand(() =>
    Promise.resolve([
      { names: ["b"], run: () => Promise.reject(new Error("no PyTorch here")) },
      { names: ["a"], run: () => Promise.resolve([result]) },
    ])
  );
  const { environment, printed } = fakeEnvironment();
  assert.equal(await runCli([command], ["bench", "--json"], environment), 1);
  const { results, failed } = JSON.parse(printed[0]);
  assert.deepEqual(results, [result]);
  assert.deepEqual(failed, [{ names: ["b"], error: "no PyTorch here" }]);
});

Deno.test("selectBenches keeps groups in order when prefixes are given", () => {
  const bench = (name: string) => ({ names: [name], run: () => Promise.resolve([]) });
  const all = [bench("step."), bench("data.feed"), bench("data.build.seconds")];
  const names = (only: string[]) => selectBenches(all, only).flatMap((each) => each.names);
  assert.deepEqual(names([]), ["step.", "data.feed", "data.build.seconds"]);
  assert.deepEqual(names(["data"]), ["data.feed", "data.build.seconds"]);
  assert.deepEqual(names(["step.w192.i17"]), ["step."]);
  assert.throws(
    () => selectBenches(all, ["speed"]),
    /--only speed: .* allowed: prefixes of step\./,
  );
});
