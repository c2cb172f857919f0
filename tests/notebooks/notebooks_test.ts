import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { checkNotebook } from "../../src/cli/notebooks/check_notebook.ts";
import { type Notebook, readNotebook, textOf } from "../../src/cli/notebooks/notebook_file.ts";
import { NotebookError, runNotebook } from "../../src/cli/notebooks/run_notebook.ts";
import { openScratchTree } from "../../src/cli/notebooks/scratch_tree.ts";
import { NOTEBOOK_NEEDS } from "../../src/cli/setup/system_packages.ts";
import { makeSmallSet } from "../run/small_set.ts";
import { ROOT } from "../structure/source_files.ts";
import { makeNotebook } from "./make_notebook.ts";
import { requirePrograms } from "./require_programs.ts";
import { inFolder } from "../in_folder.ts";

const COMMITTED = ["01", "02", "03", "04", "05", "06", "07"];
const FOLDER = `${ROOT}/notebooks`;
const CONFIG = basename(Deno.env.get("CLIPA_DENO_CONFIG") ?? "deno.offline.json");
const committed = [...Deno.readDirSync(FOLDER)]
  .filter(({ isFile, name }) => isFile && name.endsWith(".ipynb"))
  .map(({ name }) => name).sort();

/** Executes cells in a real kernel and gives the notebook back. */
async function runCells(
  cells: readonly string[],
  dir: string,
  signal?: AbortSignal,
): Promise<Notebook> {
  requirePrograms(NOTEBOOK_NEEDS);
  const path = join(dir, "cells.ipynb");
  makeNotebook(path, cells);
  using tree = openScratchTree(ROOT, CONFIG);
  return (await runNotebook(path, tree, ROOT, signal)).notebook;
}

const printed = (notebook: Notebook, cell: number) =>
  (notebook.cells[cell].outputs ?? []).map(({ text }) => textOf(text)).join("");

Deno.test("the notebooks of the story are there when the folder is listed", () => {
  assert.deepEqual(committed.map((name) => name.slice(0, 2)), COMMITTED);
});

for (const name of committed) {
  Deno.test(`${name} has whole outputs when it is read as committed`, () => {
    assert.deepEqual(checkNotebook(readNotebook(`${FOLDER}/${name}`), ["/root/", "/home/"]), []);
  });

  Deno.test(`${name} runs without an error when a real kernel executes it`, async () => {
    requirePrograms(NOTEBOOK_NEEDS);
    using tree = openScratchTree(ROOT, CONFIG);
    const before = Deno.readTextFileSync(`${FOLDER}/${name}`);
    const { notebook } = await runNotebook(`${FOLDER}/${name}`, tree, ROOT);
    // The same cells leave the same kinds of outputs: nothing was lost and nothing is new.
    const shape = ({ cells }: Notebook) =>
      cells.map(({ outputs }) =>
        (outputs ?? []).map((
          { output_type, data },
        ) => [output_type, ...Object.keys(data ?? {}).sort()])
      );
    const wanted: Notebook = JSON.parse(before);
    assert.deepEqual(shape(notebook).map(withoutBars), shape(wanted).map(withoutBars));
    assert.equal(Deno.readTextFileSync(`${FOLDER}/${name}`), before, "the committed file stays");
  });
}

/** A bar for building the data set is there at its first use only. */
function withoutBars(outputs: string[][]): string[][] {
  return outputs.filter((output) => output.join() !== "display_data,text/html,text/plain");
}

Deno.test("runNotebook names the error and its place when a cell fails", () =>
  inFolder(async (dir) => {
    const cells = [
      "const a = 1;",
      "function broken() {\n  throw new RangeError('seen 7');\n}\nbroken();",
    ];
    await assert.rejects(runCells(cells, dir), (error) => {
      assert.ok(error instanceof NotebookError);
      assert.match(error.message, /^cells\.ipynb: .*RangeError: seen 7/s);
      assert.match(error.message, /at broken/);
      return true;
    });
  }));

Deno.test("an interrupt stops training within a second and leaves a run that goes on when it comes", () =>
  inFolder(async (dir) => {
    const set = makeSmallSet(`${dir}/set`);
    const notebook = await runCells([
      `import { loadRecipe, print, trainInNotebook } from "../mod.ts";
      const dataSet = ${JSON.stringify(set)};
      const recipe = loadRecipe("smoke", [
        "data.limit=null", "stages[0].samples=19200", "stages[1].samples=640",
        "stages[1].image.size=16", "eval={ benches: [small], retrieval: [] }",
      ]);
      const out = ${JSON.stringify(`${dir}/run`)};
      let sent = 0;
      const timer = setInterval(() => {
        try {
          if (Deno.readTextFileSync(out + "/metrics.jsonl").split("\\n").length < 5) return;
        } catch { return; }
        clearInterval(timer);
        sent = Date.now();
        // What the interrupt button of a front end sends.
        Deno.kill(Deno.pid, "SIGINT");
      }, 20);
      let caught = null;
      try {
        await trainInNotebook(recipe, { out, dataSet });
      } catch (error) {
        caught = error;
      }
      // The last thing that training does is to save where it stands.
      const saved = Deno.statSync(out + "/checkpoints").mtime.getTime();
      await print(caught?.name ?? "nothing", (saved - sent) / 1000);`,
      `import { loadCheckpoint, readMetrics } from "../mod.ts";
      const { step } = loadCheckpoint(out + "/checkpoints").state;
      const result = await trainInNotebook(recipe, { out, dataSet });
      const steps = readMetrics(out + "/metrics.jsonl").filter((l) => l.stage === "short");
      await print(step, result.samples, steps.at(-1).step, result.eval.small.n);`,
    ], dir);
    const [name, seconds] = printed(notebook, 0).trim().split("\n").slice(-2);
    assert.equal(name, "AbortError");
    assert.ok(Number(seconds) > 0 && Number(seconds) < 1, `${seconds} s`);
    const [stopped, samples, last, n] = printed(notebook, 1).trim().split("\n").map(Number);
    assert.ok(stopped > 0 && stopped < 300, `stopped after ${stopped} steps`);
    assert.deepEqual([samples, last, n], [19_840, 300, 64]);
  }));

Deno.test("a stop ends the kernel with the notebook", () =>
  inFolder(async (dir) => {
    const cells = [
      `Deno.writeTextFileSync("${dir}/pid", String(Deno.pid));\n` +
      "await new Promise((resolve) => setTimeout(resolve, 300_000));",
    ];
    const stop = new AbortController();
    const running = assert.rejects(runCells(cells, dir, stop.signal), /by the test/);
    const pid = () => {
      try {
        return Deno.readTextFileSync(`${dir}/pid`);
      } catch {
        return "";
      }
    };
    while (pid() === "") await new Promise((resolve) => setTimeout(resolve, 50));
    stop.abort(new Error("stopped by the test"));
    await running;
    assert.throws(() => Deno.statSync(`/proc/${pid()}`), Deno.errors.NotFound);
  }));

Deno.test("checkNotebook lists what is wrong when outputs are missing or damaged", () => {
  const figure = {
    "application/vnd.plotly.v1+json": {},
    "text/html": "window.clipaPlotly ??= 1",
    "image/png": "",
    "text/plain": "",
  };
  const cell = (source: string, outputs: unknown[], execution_count: number | null = 1) => ({
    cell_type: "code",
    source: [source],
    outputs,
    execution_count,
    metadata: {},
  });
  const shown = (data: object) => ({ output_type: "display_data", data });
  const check = (...cells: unknown[]) =>
    checkNotebook({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 } as Notebook, [
      "/home/me",
    ]);
  assert.deepEqual(check(cell("await show(x);", [shown(figure)]), cell("1;", [])), []);
  const { "image/png": _png, ...bare } = figure;
  assert.deepEqual(check(cell("await show(x);", [shown(bare)])), [
    "code cell 1: a figure lacks image/png",
  ]);
  assert.match(check(cell("await show(x);", []))[0], /code cell 1 shows something, yet/);
  assert.match(check(cell("1;", [], null))[0], /not executed/);
  assert.match(check(cell("1;", [shown(figure)]), cell("2;", [shown(figure)]))[0], /in 2 outputs/);
  assert.match(check(cell("1;", [shown({ "text/plain": "/home/me/x" })]))[0], /names \/home\/me/);
  const error = { output_type: "error", ename: "TypeError", evalue: "no" };
  assert.match(check(cell("1;", [error]))[0], /code cell 1 failed: TypeError: no/);
  assert.deepEqual(check(), ["there is no code cell"]);
});

Deno.test("readNotebook says which file is none when it is damaged or of another format", () =>
  inFolder((dir) => {
    const path = `${dir}/a.ipynb`;
    Deno.writeTextFileSync(path, "{");
    assert.throws(() => readNotebook(path), /a\.ipynb is no notebook/);
    Deno.writeTextFileSync(path, JSON.stringify({ cells: [], nbformat: 3 }));
    assert.throws(() => readNotebook(path), /seen nbformat 3; allowed: 4/);
    return Promise.resolve();
  }));
