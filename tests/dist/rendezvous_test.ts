import assert from "node:assert/strict";
import { meetingHosts } from "../../src/dist/ranks.ts";
import type { RendezvousOptions } from "../../src/dist/rendezvous.ts";

const PROGRAM = decodeURIComponent(new URL("./rendezvous_program.ts", import.meta.url).pathname);

/** A port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "0.0.0.0" });
  return (listener.addr as Deno.NetAddr).port;
}

/** A real process of the rendezvous. */
async function come(
  options: Partial<RendezvousOptions> & { rank: number; port: number },
  net = "--allow-net",
) {
  const all = { size: 3, host: "127.0.0.1", token: "secret", timeoutSeconds: 20, ...options };
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-config", "--no-check", net, PROGRAM, JSON.stringify(all)],
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, said: text(code === 0 ? stdout : stderr) };
}

Deno.test("rendezvous gives every rank the text of rank 0 when all have come, in any order", async () => {
  const port = freePort();
  const found = await Promise.all([2, 1, 0].map((rank) => come({ rank, port })));
  assert.deepEqual(found, [2, 1, 0].map(() => ({ code: 0, said: "the id" })));
});

Deno.test("ranks that a launcher has started may meet with the permissions that the set-up gives them", async () => {
  const port = freePort(), host = "localhost";
  const found = await Promise.all([0, 1, 2].map((rank) => {
    const seen: Record<string, string> = {
      ...{ RANK: String(rank), WORLD_SIZE: "3", LOCAL_RANK: String(rank) },
      ...{ MASTER_ADDR: host, MASTER_PORT: String(port) },
    };
    const hosts = meetingHosts((name) => seen[name]);
    return come({ rank, port, host }, `--allow-net=${hosts.join()}`);
  }));
  assert.deepEqual(found, [0, 1, 2].map(() => ({ code: 0, said: "the id" })));
});

Deno.test("rendezvous names the missing rank on every rank when a machine never comes", async () => {
  const port = freePort();
  const found = await Promise.all([0, 2].map((rank) => come({ rank, port, timeoutSeconds: 4 })));
  for (const { code, said } of found) {
    assert.equal(code, 1);
    assert.match(said, /rank 1 did not come to 127\.0\.0\.1:\d+ within 4 s; start all 3 ranks/);
  }
});

Deno.test("rendezvous says that rank 0 did not come when it never comes", async () => {
  const { code, said } = await come({ rank: 1, port: freePort(), timeoutSeconds: 1 });
  assert.equal(code, 1);
  assert.match(said, /rank 1: rank 0 did not come to 127\.0\.0\.1:\d+ within 1 s; start it, or/);
});

Deno.test("rendezvous names the port and the way out when it is in use", async () => {
  using listener = Deno.listen({ port: 0, hostname: "0.0.0.0" });
  const { port } = listener.addr as Deno.NetAddr;
  const { code, said } = await come({ rank: 0, port });
  assert.equal(code, 1);
  assert.match(said, new RegExp(`rank 0 cannot listen on port ${port} .*set CLIPA_MASTER_PORT`));
});

Deno.test("rendezvous does not count a stranger, and tells a rank of another job so", async () => {
  const port = freePort();
  const ranks = [0, 1, 2].map((rank) => come({ rank, port }));
  const other = come({ rank: 1, port, token: "another", timeoutSeconds: 6 });
  assert.deepEqual(await Promise.all(ranks), [0, 1, 2].map(() => ({ code: 0, said: "the id" })));
  // It came in time and was refused, or found nobody any more.
  assert.match((await other).said, /token is not that of this job|ended before|did not come/);
});

Deno.test("rendezvous names both numbers when a rank counts other ranks", async () => {
  const port = freePort();
  const [zero, one] = await Promise.all([
    come({ rank: 0, port, size: 2 }),
    come({ rank: 1, port, size: 5 }),
  ]);
  for (const { code, said } of [zero, one]) {
    assert.equal(code, 1);
    assert.match(said, /rank 1 says that there are 5 ranks, rank 0 says 2/);
  }
});
