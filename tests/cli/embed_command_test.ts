import assert from "node:assert/strict";
import { embedCommand, type EmbedRequest } from "../../src/cli/commands/embed.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { fakeEnvironment } from "./fake_environment.ts";

const SUMMARY = {
  path: "x.npy",
  keysPath: "x.keys.txt",
  count: 5,
  width: 48,
  seconds: 2,
  skipped: [{ reason: "unreadable picture", count: 1, examples: ["a.png: unreadable picture"] }],
};

async function run(args: string[]) {
  const seen: EmbedRequest[] = [];
  const command = embedCommand({
    embed: (request) => {
      seen.push(request);
      return Promise.resolve(SUMMARY);
    },
  });
  const { environment, printed, warned } = fakeEnvironment();
  const code = await runCli([command], ["embed", ...args], environment);
  return { code, printed, warned, request: seen[0] };
}

Deno.test("embed passes its options on and prints the keys of the interface", async () => {
  const { code, printed, request } = await run(
    ["--run", "r", "--images", "a/*.png", "--out", "x.npy", "--dtype", "f16", "--json"],
  );
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(printed[0]), SUMMARY);
  const { source, input, out, type } = request;
  assert.deepEqual(
    [source, input, out, type],
    [{ kind: "run", dir: "r" }, { images: "a/*.png" }, "x.npy", "f16"],
  );
  const plain = await run(["--model", "m", "--text", "t.txt", "--out", "x.safetensors"]);
  assert.deepEqual([plain.request.input, plain.request.type], [{ text: "t.txt" }, "f32"]);
  assert.match(
    plain.printed[0],
    /^x\.npy: 5 vectors of 48 values in 2\.0 s; keys in x\.keys\.txt$/,
  );
});

Deno.test("embed names what is wrong when it is called wrongly", async () => {
  const wrong: [number, string[], RegExp][] = [
    [2, ["--images", "a", "--out", "x.npy"], /neither --model nor --run given/],
    [2, ["--run", "r", "--out", "x.npy"], /none of --images, --shards and --text given/],
    [2, ["--run", "r", "--images", "a", "--text", "b", "--out", "x.npy"], /--images and --text/],
    [2, ["--run", "r", "--images", "a"], /--out is missing/],
    [2, ["--run", "r", "--images", "a", "--out", "x.csv"], /--out: seen "x\.csv"; allowed/],
    [2, ["--run", "r", "--images", "a", "--out", ".npy"], /--out: seen "\.npy"; allowed/],
    [2, ["--run", "r", "--text", "a", "--out", "x.npy", "--dtype", "i8"], /--dtype: seen "i8"/],
    [1, ["--run", "r", "--text", "a", "--out", "/no/such/x.npy"], /\/no\/such is no folder/],
  ];
  for (const [status, args, message] of wrong) {
    const { code, warned, request } = await run(args);
    assert.equal(code, status, args.join(" "));
    assert.match(warned[0], message);
    assert.equal(request, undefined);
  }
});
