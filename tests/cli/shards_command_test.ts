import assert from "node:assert/strict";
import {
  shardsCommand,
  type ShardsParts,
  type StatsRequest,
} from "../../src/cli/commands/shards.ts";
import { runCli } from "../../src/cli/run_cli.ts";
import { fakeEnvironment } from "./fake_environment.ts";

/** Runs the command; what it asked of its parts. */
async function run(args: string[]) {
  const asked: StatsRequest[] = [];
  const parts: ShardsParts = {
    pack: () => Promise.resolve({ shards: ["00000.tar"], samples: 3, skipped: [] }),
    stats(request) {
      asked.push(request);
      return Promise.resolve({ json: { samples: 3 }, text: "samples 3" });
    },
  };
  const { environment, printed, warned } = fakeEnvironment();
  const code = await runCli([shardsCommand(parts)], ["shards", ...args], environment);
  return { code, asked, out: printed, err: warned };
}

Deno.test("shards --stats asks for the shards, the captions, the page and the sheet that were named", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const files = ["--page", `${dir}/a.html`, "--sheet", `${dir}/a.png`];
    const { code, asked, out } = await run(
      ["s/{00..09}.tar", "--stats", "--caption-column", "txt,json.alt", ...files, "--json"],
    );
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out.at(-1)!), { samples: 3 });
    const [{ pattern, captions, page, sheet }] = asked;
    assert.deepEqual({ pattern, captions, page, sheet }, {
      pattern: "s/{00..09}.tar",
      captions: ["txt", "json.alt"],
      page: `${dir}/a.html`,
      sheet: `${dir}/a.png`,
    });
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("shards says what is wrong with its options", async () => {
  for (
    const [code, args, message] of [
      [2, ["a", "--stats", "--out", "b"], /--out: seen with --stats, which packs nothing/],
      [2, ["a", "--page", "p.html", "--out", "b"], /--page: seen without --stats; add it/],
      [2, ["a", "--stats", "--page", "p.txt"], /--page: seen "p\.txt"; allowed: .* ends in \.html/],
      [2, ["a", "--stats", "--sheet", "p.jpg"], /--sheet: seen "p\.jpg"; .*\.svg or \.png/],
      [
        1,
        ["a", "--stats", "--page", "no/such/p.html"],
        /--page no\/such\/p\.html: .* is no folder/,
      ],
      [2, ["a", "--from", "tar"], /--from: seen "tar"/],
      [2, ["a"], /--out: missing/],
      [2, ["a", "--out", "b", "--decode", "fast"], /--decode: seen "fast"; allowed: exact, scaled/],
    ] as const
  ) {
    const found = await run([...args]);
    assert.equal(found.code, code, found.err.join());
    assert.match(found.err.join("\n"), message);
    assert.equal(found.asked.length, 0);
  }
});
