import assert from "node:assert/strict";
import { ensureWheels } from "../../src/cli/setup/wheel_folder.ts";
import { makeWheel, wheelServer } from "./wheel_server.ts";

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

const CONTENTS = { "kit/lib/liba.so": "a".repeat(20_000), "kit/lib/libb.so": "b", "kit/x": "x" };

Deno.test("ensureWheels ends with a message when a download stalls, and goes on from there at the next call", async () => {
  const { bytes, wheel } = await makeWheel("kit", CONTENTS);
  const stallAfter = (count: number) => count === 1 ? 150 : count === 2 ? 0 : Infinity;
  await using server = wheelServer({ kit: bytes }, { stallAfter });
  const folder = `${server.cache}/kit`;
  const request = { folder, wheels: [wheel], what: "the kit", variable: "KIT_HOME" };
  await assert.rejects(
    ensureWheels(request, server.source),
    /files\/kit could not be fetched: no byte came for 2 s, 2 times in a row; what came is kept, run the same command again to go on; is the network there\? .* KIT_HOME to what is installed/,
  );
  assert.deepEqual(names(folder), ["kit-1.whl.part", "kit-1.whl.part.json"], "no file of the kit");
  const patient = { ...server.source, patience: {} };
  await ensureWheels(request, patient);
  assert.deepEqual(server.ranges, [null, "bytes=150-", "bytes=150-"]);
  assert.deepEqual(names(folder), ["complete", "kit"]);
  for (const [path, text] of Object.entries(CONTENTS)) {
    assert.equal(Deno.readTextFileSync(`${folder}/${path}`), text);
  }
  await ensureWheels(request, server.source);
  assert.equal(server.ranges.length, 3, "what is whole is not fetched again");
});

Deno.test("ensureWheels unpacks the members that a wheel names and no others, under names of their own", async () => {
  const { bytes, wheel } = await makeWheel("kit", CONTENTS, { "kit/lib/libb.so": "b.so" });
  await using server = wheelServer({ kit: bytes });
  const folder = `${server.cache}/kit`;
  let finished = 0;
  const request = {
    folder,
    wheels: [wheel],
    what: "the kit",
    variable: "KIT_HOME",
    finish: () => void finished++,
  };
  await ensureWheels(request, server.source);
  assert.deepEqual(names(folder), ["b.so", "complete"]);
  assert.equal(Deno.readTextFileSync(`${folder}/b.so`), "b");
  await ensureWheels({ ...request, key: "another toolkit" }, server.source);
  assert.equal(finished, 2, "what it depends on has changed");
  assert.equal(server.ranges.length, 2);
});

Deno.test("ensureWheels refuses an index that stalls, a wheel without a member, and another wheel", async () => {
  const { bytes, wheel } = await makeWheel("kit", CONTENTS, { "kit/lib/libc.so": "c.so" });
  await using slow = wheelServer({ kit: bytes }, { stallListing: true });
  const request = (cache: string, wanted = wheel) => ({
    folder: `${cache}/kit`,
    wheels: [wanted],
    what: "the kit",
    variable: "KIT_HOME",
  });
  await assert.rejects(
    ensureWheels(request(slow.cache), slow.source),
    /simple\/kit\/ cannot be reached \(no byte came for 2 s\); is the network there\?/,
  );
  await using server = wheelServer({ kit: bytes });
  await assert.rejects(
    ensureWheels(request(server.cache), server.source),
    /kit-1\.whl cannot be unpacked: .*kit\/lib\/libc\.so/,
  );
  assert.ok(!names(`${server.cache}/kit`).includes("complete"));
  const fetchOther = (url: string, init?: RequestInit) =>
    url.includes("/files/") ? Promise.resolve(new Response("another file")) : fetch(url, init);
  await using third = wheelServer({ kit: bytes });
  await assert.rejects(
    ensureWheels(request(third.cache), { ...third.source, fetch: fetchOther }),
    new RegExp(`kit 1: SHA-256 [0-9a-f]{64}; allowed: ${wheel.sha256}; run the task again`),
  );
  assert.deepEqual(names(`${third.cache}/kit`), [], "a wrong file is not gone on with");
});
