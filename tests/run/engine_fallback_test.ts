import assert from "node:assert/strict";
import { evaluateSource } from "../../src/run/evaluate_source.ts";
import { makeSmallRun } from "./small_run.ts";
import { makeSmallSet } from "./small_set.ts";

// A file of its own: once ONNX Runtime is loaded, a process keeps it.
Deno.test("evaluateSource says why and goes on natively when ONNX Runtime is not there", async () => {
  const dir = Deno.makeTempDirSync();
  const before = Deno.env.get("CLIPA_ORT_LIBRARY");
  Deno.env.set("CLIPA_ORT_LIBRARY", `${dir}/no-such-library.so`);
  try {
    const dataSet = makeSmallSet(`${dir}/set`);
    await makeSmallRun(`${dir}/run`, dataSet);
    const evaluate = (choice: { engine?: "ort" | "native"; graph?: "fast" }) =>
      evaluateSource({ kind: "run", dir: `${dir}/run` }, {
        ...choice,
        task: { kind: "benches", names: ["small"], dataSet: () => Promise.resolve(dataSet) },
        signal: new AbortController().signal,
        onProgress: () => {},
      });
    const report = await evaluate({});
    assert.deepEqual([report.engine, report.provider], ["native", "cpu"]);
    assert.match(report.notes.join(), /own forward pass runs: ONNX Runtime is not at .*no-such/);
    assert.deepEqual(report.results, (await evaluate({ engine: "native" })).results);
    // Whoever asks for it by name gets the error.
    await assert.rejects(evaluate({ engine: "ort" }), /ONNX Runtime is not at .*no-such-library/);
    await assert.rejects(evaluate({ graph: "fast" }), /ONNX Runtime is not at .*no-such-library/);
    await assert.rejects(
      evaluate({ engine: "native", graph: "fast" }),
      /graph fast: seen with engine native; allowed: with engine ort/,
    );
  } finally {
    if (before === undefined) Deno.env.delete("CLIPA_ORT_LIBRARY");
    else Deno.env.set("CLIPA_ORT_LIBRARY", before);
    Deno.removeSync(dir, { recursive: true });
  }
});
