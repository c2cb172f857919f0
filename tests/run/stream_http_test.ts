import assert from "node:assert/strict";
import { trainingFlags } from "../../src/config/permissions.ts";
import { parseRecipe } from "../../src/config/parse_recipe.ts";
import { shardHosts } from "../../src/config/shard_hosts.ts";
import { philox } from "../../src/tensor/random.ts";
import { type Fault, rangeServer } from "../data/range_server.ts";
import { ended } from "../trust/killed_run.ts";
import { runStream, valuesHash } from "./run_stream.ts";
import { streamTrainRecipe, writeTrainShards } from "./stream_shards.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const CONFIG = Deno.env.get("CLIPA_DENO_CONFIG") ?? `${ROOT}deno.json`;

/** Shards on disk and on a server with faults. */
async function withServer(
  fault: (path: string, count: number) => Fault,
  body: (dir: string, url: string) => Promise<void>,
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    writeTrainShards(dir);
    const files = [...Deno.readDirSync(`${dir}/shards`)].map(({ name }) =>
      [`/data/${name}`, Deno.readFileSync(`${dir}/shards/${name}`)] as const
    );
    await using server = rangeServer(Object.fromEntries(files), fault);
    await body(dir, server.url);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const recipe = (shards: string, changes = {}) =>
  parseRecipe(streamTrainRecipe(shards, changes), "stream");

Deno.test("a run on a server that cuts, is busy and is stopped ends with the weights of a run on the disk", async () => {
  const fault = (_path: string, count: number): Fault =>
    [{ status: 503 }, { cut: 700 }, {}, {}, {}][philox(9, 0, count, 0, 0, 0)[0] % 5];
  await withServer(fault, async (dir, url) => {
    await runStream(dir, "disk", recipe(`${dir}/shards/{000..003}.tar`));
    const wanted = valuesHash(`${dir}/disk`);
    const remote = recipe(`${url}/data/{000..003}.tar`);
    for (const stop of [["short", 96], ["full", 24]] as const) {
      assert.equal(await runStream(dir, "remote", remote, stop), null);
    }
    await runStream(dir, "remote", remote);
    assert.equal(valuesHash(`${dir}/remote`), wanted);
  });
});

Deno.test("train may reach the server of its shards alone, and says which host a server leads to", async () => {
  let elsewhere = "";
  const fault = (path: string): Fault =>
    path.includes("002") ? { status: 302, headers: { location: elsewhere } } : {};
  await withServer(fault, async (dir, url) => {
    await using other = rangeServer({ "/002.tar": Deno.readFileSync(`${dir}/shards/002.tar`) });
    elsewhere = `${other.url}/002.tar`;
    const host = new URL(other.url).host;
    const train = async (out: string, ...set: string[]) => {
      const text = JSON.stringify(streamTrainRecipe(`${url}/data/{000..003}.tar`));
      Deno.writeTextFileSync(`${dir}/recipe.yaml`, text);
      const args = ["recipe.yaml", "--out", out, ...set.flatMap((value) => ["--set", value])];
      return await ended(
        new Deno.Command(Deno.execPath(), {
          args: [
            ...["run", "--no-check", "--config", CONFIG],
            ...trainingFlags(Deno.execPath(), shardHosts(args, dir)),
            ...[`${ROOT}src/cli/main.ts`, "train", ...args],
          ],
          cwd: dir,
          env: { CLIPA_CACHE: `${dir}/cache`, CLIPA_THREADS: "1", NO_COLOR: "1" },
          stdin: "null",
          stdout: "null",
          stderr: "piped",
        }).spawn(),
      );
    };
    const refused = await train("a");
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      new RegExp(
        `error: .*002\\.tar could not be read: it leads to ${host}, .*data\\.stream\\.hosts`,
      ),
    );
    const { code, stderr } = await train("b", `data.stream.hosts=["${host}"]`);
    assert.equal(code, 0, stderr);
    await runStream(dir, "disk", recipe(`${dir}/shards/{000..003}.tar`));
    assert.equal(valuesHash(`${dir}/b`), valuesHash(`${dir}/disk`));
  });
});
