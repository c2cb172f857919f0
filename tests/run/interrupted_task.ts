/**
 * A process that does one long piece of work of the command line and sends itself a real SIGINT when the
 * work reports a given phase: `interrupted_task.ts <data|eval|files> <folder> [phase]`.
 *
 * @module
 */
import type { Command } from "../../src/cli/command.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { stopSignal } from "../../src/cli/stop_signal.ts";
import { buildIcons } from "../../src/data/icons/build_icons.ts";
import { evaluateSource } from "../../src/run/evaluate_source.ts";
import { writeIconFixture } from "../data/icon_fixture.ts";
import { makeSmallSet } from "./small_set.ts";

const [task, folder, phase] = Deno.args;

/** Presses Ctrl-C once, when the phase begins. */
function press(seen: string) {
  if (seen !== phase || pressed) return;
  pressed = true;
  console.error(`pressed in ${seen}`);
  Deno.kill(Deno.pid, "SIGINT");
}
let pressed = false;

const data: Command = {
  name: "data",
  summary: "Build the small icon set",
  options: {},
  async run({ signal }) {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(`${folder}/begun`, "");
    const { dir, build } = await buildIcons({
      cacheDir: `${folder}/cache`,
      packages: writeIconFixture(`${folder}/packages`),
      workers: 1,
      signal,
      onProgress: (progress) => press(progress.phase),
    });
    return { json: { dir, rows: build.rows } };
  },
};

const evaluate: Command = {
  name: "eval",
  summary: "Evaluate the small run",
  options: {},
  async run({ signal }) {
    const dataSet = makeSmallSet(`${folder}/set`);
    const { results } = await evaluateSource({ kind: "run", dir: `${folder}/run` }, {
      task: { kind: "benches", names: ["small"], dataSet: () => Promise.resolve(dataSet) },
      device: "cpu",
      engine: "native",
      signal,
      onProgress: ({ label }) => press(label),
    });
    // So little work may be done before a busy machine delivers the signal.
    for (let i = 0; pressed && i < 50 && !signal.aborted; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    signal.throwIfAborted();
    return { json: { results } };
  },
};

const files: Command = {
  name: "files",
  summary: "Evaluate the small run on files of a benchmark",
  options: {},
  async run({ signal }) {
    const { results } = await evaluateSource({ kind: "run", dir: `${folder}/run` }, {
      task: {
        kind: "data",
        data: `${folder}/pictures`,
        split: "test",
        retrieval: false,
        fit: "squash",
        fresh: false,
        cacheDir: `${folder}/cache`,
      },
      device: "cpu",
      engine: "native",
      signal,
      onProgress: ({ label, done, note }) => {
        console.error(`${label} ${done} ${note ?? ""}`);
        press(`${label} ${done}`);
      },
    });
    return { json: { results } };
  },
};

const code = await runCli([data, evaluate, files], [task, "--json"], {
  signal: stopSignal(),
  env: (name) => Deno.env.get(name),
  root: ".",
  print: (line) => console.log(line),
  warn: (line) => console.error(line),
});
Deno.exit(code);
