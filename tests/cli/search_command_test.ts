import assert from "node:assert/strict";
import { searchCommand, type SearchRequest } from "../../src/cli/commands/search.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { fakeEnvironment } from "./fake_environment.ts";

const HIT = { rank: 1, name: "boat", family: "ph", score: 0.5, file: "baked/test-64.bin#1" };
const ANSWER = { query: "a boat", milliseconds: 1.5, hits: [HIT] };

async function run(args: string[], variables: Record<string, string> = {}) {
  const seen: SearchRequest[] = [];
  const command = searchCommand({
    search: (request) => {
      seen.push(request);
      return Promise.resolve({ answer: ANSWER, html: () => "<page>", text: () => "a table" });
    },
  });
  const { environment, printed, warned } = fakeEnvironment(variables);
  const code = await runCli([command], ["search", ...args], environment);
  return { code, printed, warned, request: seen[0] };
}

Deno.test("search joins its words and fills in defaults when options are left out", async () => {
  const { code, printed, request } = await run(["a", "boat", "--run", "runs/quick"]);
  assert.deepEqual([code, printed], [0, ["a table"]]);
  const { signal: _, onProgress: __, ...rest } = request;
  assert.deepEqual(rest, {
    source: { kind: "run", dir: "runs/quick" },
    device: undefined,
    engine: undefined,
    query: { text: "a boat" },
    top: 10,
    target: "pictures",
  });
});

Deno.test("search passes options on and prints the keys of the interface with --json", async () => {
  const args = ["--model", "m", "--image", "x.png", "--top", "3", "--to", "text", "--json"];
  const { printed, request } = await run([...args, "--engine", "ort"], { CLIPA_DEVICE: "cuda:0" });
  assert.deepEqual(JSON.parse(printed[0]), ANSWER);
  const { source, query, top, target, device, engine } = request;
  assert.deepEqual(
    [source, query, top, target, device, engine],
    [{ kind: "model", dir: "m" }, { image: "x.png" }, 3, "text", "cuda:0", "ort"],
  );
});

Deno.test("search names what is wrong when it is called wrongly", async () => {
  const wrong: [string[], RegExp][] = [
    [["--run", "r"], /seen ""; give words with a visible character/],
    [["--run", "r", " \u200b "], /give words with a visible character/],
    [["boat"], /neither --model nor --run given/],
    [["boat", "--run", "r", "--model", "m"], /both --model and --run given/],
    [["boat", "--run", "r", "--image", "x.png"], /both --image and the words "boat" given/],
    [["boat", "--run", "r", "--top", "0"], /--top: seen "0"; allowed/],
    [["boat", "--run", "r", "--top", "many"], /--top: seen "many"; allowed/],
    [["boat", "--run", "r", "--to", "sound"], /--to: seen "sound"; allowed: pictures, text/],
    [["boat", "--run", "r", "--engine", "tpu"], /--engine: seen "tpu"; allowed: ort, native/],
  ];
  for (const [args, message] of wrong) {
    const { code, warned, request } = await run(args);
    assert.equal(code, 2, args.join(" "));
    assert.match(warned[0], message);
    assert.equal(request, undefined);
  }
});

Deno.test("search writes its page whole, and refuses a folder that is not there at once", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const missing = await run(["boat", "--run", "r", "--html", `${dir}/none/page.html`]);
    assert.deepEqual([missing.code, missing.request], [1, undefined]);
    assert.match(missing.warned[0], /--html .*none is no folder; make it or name another file/);
    await run(["boat", "--run", "r", "--html", `${dir}/page.html`]);
    assert.equal(Deno.readTextFileSync(`${dir}/page.html`), "<page>");
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["page.html"]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
