import assert from "node:assert/strict";
import { sha256 } from "../../src/checkpoint/safetensors.ts";
import { parseSweep } from "../../src/config/sweep.ts";
import { runExperiment } from "../../src/run/run_experiment.ts";
import { cellLabel, sweepCells } from "../../src/scaling/sweep/sweep_cell.ts";
import { makeSmallSet } from "../run/small_set.ts";
import type { SweepRow } from "../../src/scaling/sweep/sweep_row.ts";
import { ROOT } from "../structure/source_files.ts";
import { smallSweep, withSweep } from "./small_sweep.ts";

const cells = sweepCells(parseSweep(smallSweep(), "small.yaml"));

Deno.test("a sweep gives one whole row for each cell, and nothing more when it runs again", async () => {
  await withSweep(smallSweep(), async (run, { rows, printed, results }) => {
    const summary = await run();
    assert.deepEqual(summary, { cells: 4, done: 4, failed: 0, results });
    assert.deepEqual(rows().map(({ cell }) => cell), cells.map(({ id }) => id));
    for (const row of rows()) {
      assert.ok(row.status === "done");
      const top1 = row.metrics.find(({ metric }) => metric === "top1")!;
      assert.deepEqual([top1.bench, top1.n, top1.classes, top1.resolution], ["small", 64, 64, 16]);
      const { hits, sizes } = row.classHits.small;
      assert.equal(hits.reduce((a, b) => a + b), Math.round(64 * top1.value));
      assert.equal(sizes.reduce((a, b) => a + b), 64);
      assert.equal(row.library.length, 64);
      assert.deepEqual(row.stages.map(({ samples }) => samples), [128, 64]);
      assert.equal(row.recipe.seed, row.seed);
      assert.ok(row.macs > 0 && row.parameters.total > row.parameters.image);
    }
    assert.deepEqual(rows().map((row) => row.status === "done" && row.shared), [
      cells[0].prefix,
      cells[0].prefix,
      null,
      null,
    ]);
    assert.ok(
      printed.some((line) => line.includes("4 cells: 0 done, 4 to run")),
      printed.join("\n"),
    );
    assert.ok(printed.some((line) => /predicted: \d+:\d\d of training/.test(line)));
    const before = Deno.readTextFileSync(results);
    assert.equal((await run({ resume: true })).done, 4);
    assert.equal(Deno.readTextFileSync(results), before);
  });
});

Deno.test("shared pre-training gives the bits of a run that trains all stages itself", async () => {
  await withSweep(smallSweep(), async (run, { dir }) => {
    await run({ only: "resize" });
    const weights = (path: string) => sha256(Deno.readFileSync(`${path}/weights.safetensors`));
    for (const { id, recipe } of cells.slice(0, 2)) {
      await runExperiment(recipe, {
        out: `${dir}/alone-${id}`,
        resume: false,
        device: "cpu",
        dataSet: makeSmallSet(`${dir}/set`),
        setupSeconds: 0,
        signal: new AbortController().signal,
        onProgress: () => {},
      });
      assert.equal(weights(`${dir}/runs/sweeps/small/${id}`), weights(`${dir}/alone-${id}`));
    }
    assert.equal([...Deno.readDirSync(`${dir}/cache/pretrained`)].length, 1);
  });
});

Deno.test("a sweep goes on where it was stopped and loses nothing", async () => {
  await withSweep(smallSweep(), async (run, { rows, results }) => {
    const controller = new AbortController();
    const stop = (lines: readonly string[]) => {
      if (lines[0].startsWith("small  2/4")) controller.abort();
    };
    await assert.rejects(run({ signal: controller.signal, show: stop }), { name: "AbortError" });
    assert.equal(rows().length, 2);
    const kept = Deno.readTextFileSync(results);
    await run({ resume: true });
    assert.ok(Deno.readTextFileSync(results).startsWith(kept));
    assert.deepEqual(rows().map(({ cell }) => cell), cells.map(({ id }) => id));
  });
});

Deno.test("a failed cell is a row with its reason, the others run, and it is retried on demand", async () => {
  await withSweep(smallSweep(), async (run, { dir, rows, printed }) => {
    const broken = cells[2].id;
    Deno.mkdirSync(`${dir}/runs/sweeps/small`, { recursive: true });
    // The folder of the run is a file: it cannot be written.
    Deno.writeTextFileSync(`${dir}/runs/sweeps/small/${broken}`, "");
    const first = await run();
    assert.deepEqual([first.done, first.failed], [3, 1]);
    const row = rows().find(({ cell }) => cell === broken)!;
    assert.ok(row.status === "failed" && row.reason.length > 10, JSON.stringify(row));
    assert.deepEqual([(await run()).failed, rows().length], [1, 4], "it ran again unasked");
    assert.ok(printed.some((line) => line.includes("1 failed before (--retry-failed")));
    Deno.removeSync(`${dir}/runs/sweeps/small/${broken}`);
    const last = await run({ retryFailed: true });
    assert.deepEqual([last.done, last.failed, rows().length], [4, 0, 5]);
    assert.equal(rows().at(-1)!.status, "done");
  });
});

Deno.test("a sweep runs one cell or one group when asked, and only plans in a dry run", async () => {
  await withSweep(smallSweep(), async (run, { rows, results }) => {
    assert.deepEqual([(await run({ dryRun: true })).done], [0]);
    assert.throws(() => Deno.statSync(results), Deno.errors.NotFound);
    await assert.rejects(run({ resume: true }), /has no rows to go on from/);
    await run({ only: cells[3].id });
    assert.deepEqual(rows().map(({ cell }) => cell), [cells[3].id]);
    await run({ only: cellLabel(cells[2]) });
    assert.equal(rows().length, 2);
    await assert.rejects(
      run({ only: "resise" }),
      /--only resise: no such cell; there are 4: resize/,
    );
  });
});

/** Cell → metrics. */
const metricsOf = (rows: readonly SweepRow[]) =>
  new Map(rows.map((row) => [row.cell, row.status === "done" ? row.metrics : row.reason]));

Deno.test("processes and lanes side by side give the numbers of cells one after the other", async () => {
  const config = Deno.env.get("CLIPA_DENO_CONFIG") ?? `${ROOT}/deno.json`;
  await withSweep(smallSweep(), async (run, { rows, dir }) => {
    await run();
    const expected = metricsOf(rows());
    const again = async (options: Parameters<typeof run>[0]) => {
      for (const name of ["results", "runs", "cache"]) {
        Deno.removeSync(`${dir}/${name}`, { recursive: true });
        Deno.mkdirSync(`${dir}/${name}`);
      }
      await run(options);
      return metricsOf(rows());
    };
    const lanes = await again({ parallel: 3 });
    assert.equal(lanes.size, 4);
    for (const [cell, metrics] of lanes) assert.deepEqual(metrics, expected.get(cell));
    const processes = await again({ parallel: 2, config, only: "random" });
    assert.deepEqual([...processes.keys()].sort(), [cells[2].id, cells[3].id].sort());
    for (const [cell, metrics] of processes) assert.deepEqual(metrics, expected.get(cell));
    assert.ok(rows().every(({ host }) => host.threads === 1));
  });
});

Deno.test("a process that fails tells why in its row", async () => {
  const config = Deno.env.get("CLIPA_DENO_CONFIG") ?? `${ROOT}/deno.json`;
  await withSweep(smallSweep(), async (run, { dir, rows }) => {
    const dataSet = { ...makeSmallSet(`${dir}/gone`) };
    Deno.removeSync(dataSet.train);
    await run({ config, only: "random/plain/1", dataSetOf: () => Promise.resolve(dataSet) });
    const [row] = rows();
    assert.ok(
      row.status === "failed" && /train-16.bin|No such file/.test(row.reason),
      JSON.stringify(row),
    );
  });
});
