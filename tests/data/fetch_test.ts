import assert from "node:assert/strict";
import { expandUrls, fetchAll } from "../../src/data/fetch/fetch_all.ts";
import { fetchFile } from "../../src/data/fetch/fetch_file.ts";

const BYTES = Uint8Array.from({ length: 50_000 }, (_, i) => (i * 7919) >>> 3);
const QUICK = { pauseSeconds: 0.01, stallSeconds: 5 };

interface Asked {
  path: string;
  range: string | null;
}

/** A web server on this machine, and what it was asked for. */
async function withServer(
  answer: (request: Request, count: number) => Response | Promise<Response>,
  body: (url: string, asked: Asked[], dir: string) => Promise<void>,
): Promise<void> {
  const asked: Asked[] = [];
  const dir = Deno.makeTempDirSync();
  const server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen() {},
    onError: () => new Response("", { status: 500 }),
  }, (request) => {
    asked.push({ path: new URL(request.url).pathname, range: request.headers.get("range") });
    return answer(request, asked.length);
  });
  try {
    await body(`http://127.0.0.1:${server.addr.port}`, asked, dir);
  } finally {
    await server.shutdown();
    Deno.removeSync(dir, { recursive: true });
  }
}

/** Answers like a good server; `cut` ends the connection after so many bytes. */
function serve(request: Request, { bytes = BYTES, tag = '"one"', cut = Infinity } = {}): Response {
  const wanted = /^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "");
  const same = request.headers.get("if-range") === tag;
  const from = wanted && same ? Number(wanted[1]) : 0;
  const rest = bytes.subarray(from);
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(rest.slice(0, cut));
      if (rest.length > cut) setTimeout(() => controller.error(new Error("cut")), 50);
      else controller.close();
    },
  });
  const headers: Record<string, string> = { etag: tag, "content-length": String(rest.length) };
  if (from > 0) headers["content-range"] = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  return new Response(body, { status: from > 0 ? 206 : 200, headers });
}

const fileNames = (dir: string) => [...Deno.readDirSync(dir)].map(({ name }) => name).sort();

Deno.test("fetchFile goes on by ranges when connections are cut, and the bytes are the server's", async () => {
  await withServer((request) => serve(request, { cut: 12_000 }), async (url, asked, dir) => {
    const found = await fetchFile(`${url}/a.tar`, `${dir}/a.tar`, { ...QUICK, attempts: 2 });
    assert.deepEqual(found, { bytes: BYTES.length, known: false });
    assert.deepEqual(Deno.readFileSync(`${dir}/a.tar`), BYTES);
    assert.deepEqual(fileNames(dir), ["a.tar"]);
    assert.ok(asked.length >= 5);
    assert.match(asked[1].range!, /^bytes=[1-9]\d*-$/);
    assert.deepEqual(await fetchFile(`${url}/a.tar`, `${dir}/a.tar`), {
      bytes: BYTES.length,
      known: true,
    });
  });
});

Deno.test("fetchFile begins anew when the file has changed or ranges are not served", async () => {
  const other = BYTES.map((byte) => byte ^ 255);
  await withServer(
    (request, count) =>
      count === 1 ? serve(request, { cut: 9000 }) : serve(request, { bytes: other, tag: '"two"' }),
    async (url, _, dir) => {
      await fetchFile(`${url}/a.tar`, `${dir}/a.tar`, QUICK);
      assert.deepEqual(Deno.readFileSync(`${dir}/a.tar`), other);
    },
  );
  await withServer(
    (request, count) =>
      count === 1
        ? serve(request, { cut: 9000 })
        : new Response(BYTES, { headers: { etag: '"one"' } }),
    async (url, _, dir) => {
      await fetchFile(`${url}/a.tar`, `${dir}/a.tar`, QUICK);
      assert.deepEqual(Deno.readFileSync(`${dir}/a.tar`), BYTES);
    },
  );
});

Deno.test("fetchFile asks for no range when nothing says which version its part belongs to", async () => {
  await withServer(() => new Response(BYTES), async (url, asked, dir) => {
    Deno.writeFileSync(`${dir}/a.tar.part`, new Uint8Array(77));
    await fetchFile(`${url}/a.tar`, `${dir}/a.tar`, QUICK);
    assert.equal(asked[0].range, null);
    assert.deepEqual(Deno.readFileSync(`${dir}/a.tar`), BYTES);
  });
});

Deno.test("fetchFile gives up on a server that stalls, keeps the part, and says how to go on", async () => {
  const stalled = () =>
    new Response(
      new ReadableStream({ start: (controller) => controller.enqueue(BYTES.slice(0, 10)) }),
      {
        headers: { etag: '"one"' },
      },
    );
  await withServer(stalled, async (url, _, dir) => {
    await assert.rejects(
      fetchFile(`${url}/a.tar`, `${dir}/a.tar`, {
        pauseSeconds: 0.01,
        stallSeconds: 0.2,
        attempts: 2,
      }),
      /a\.tar could not be fetched: no byte came for 0\.2 s, 2 times in a row; what came is kept/,
    );
    assert.deepEqual(fileNames(dir), ["a.tar.part", "a.tar.part.json"]);
  });
});

Deno.test("fetchFile asks a server that is busy again, and one that has no such file once", async () => {
  await withServer(
    (request, count) => count < 3 ? new Response("", { status: 503 }) : serve(request),
    async (url, asked, dir) => {
      await fetchFile(`${url}/a.tar`, `${dir}/a.tar`, QUICK);
      assert.equal(asked.length, 3);
    },
  );
  await withServer(() => new Response("", { status: 404 }), async (url, asked, dir) => {
    await assert.rejects(
      fetchFile(`${url}/a.tar`, `${dir}/a.tar`, QUICK),
      /could not be fetched: the server answered 404 .*check the address/,
    );
    assert.equal(asked.length, 1);
    assert.deepEqual(fileNames(dir), []);
  });
});

Deno.test("fetchFile takes no bytes from another place than it asked for", async () => {
  await withServer(
    (request, count) =>
      count === 1 ? serve(request, { cut: 9000 }) : new Response(BYTES.slice(5), {
        status: 206,
        headers: { etag: '"one"', "content-range": `bytes 5-49999/50000` },
      }),
    async (url, _, dir) => {
      await assert.rejects(
        fetchFile(`${url}/a.tar`, `${dir}/a.tar`, { ...QUICK, attempts: 2 }),
        /bytes from 5 on came, from 9000 on were asked for/,
      );
    },
  );
});

Deno.test("fetchAll fetches a range of files, goes on after one that fails, and keeps what is there", async () => {
  await withServer(
    (request) => request.url.includes("00002") ? new Response("", { status: 404 }) : serve(request),
    async (url, asked, dir) => {
      const pattern = `${url}/data/{00000..00003}.tar`;
      const report = await fetchAll(pattern, `${dir}/out`, { ...QUICK, parallel: 2 });
      assert.deepEqual(fileNames(`${dir}/out`), ["00000.tar", "00001.tar", "00003.tar"]);
      assert.equal(report.files.length, 3);
      assert.match(report.failed[0].reason, /00002\.tar could not be fetched/);
      const before = asked.length;
      await fetchAll(pattern, `${dir}/out`, QUICK);
      assert.equal(asked.length, before + 1, "only the missing one is asked for again");
    },
  );
});

Deno.test("fetchAll stops when asked, and a later call goes on with the part", async () => {
  let slow = true;
  const answer = (request: Request) =>
    slow
      ? new Response(
        new ReadableStream({ start: (controller) => controller.enqueue(BYTES.slice(0, 20_000)) }),
        { headers: { etag: '"one"', "content-length": String(BYTES.length) } },
      )
      : serve(request);
  await withServer(answer, async (url, asked, dir) => {
    const controller = new AbortController();
    const options = {
      ...QUICK,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("stop")),
    };
    await assert.rejects(fetchAll(`${url}/a.tar`, dir, options), /stop/);
    slow = false;
    await fetchAll(`${url}/a.tar`, dir, QUICK);
    assert.match(asked.at(-1)!.range!, /^bytes=[1-9]\d*-$/);
    assert.deepEqual(Deno.readFileSync(`${dir}/a.tar`), BYTES);
  });
});

Deno.test("expandUrls refuses what is no address, ends in no file name, or names a file twice", () => {
  assert.deepEqual(expandUrls("https://h/{08..10}.tar"), [
    "https://h/08.tar",
    "https://h/09.tar",
    "https://h/10.tar",
  ]);
  assert.throws(() => expandUrls("shards/00000.tar"), /no http or https address/);
  assert.throws(() => expandUrls("file:///etc/passwd"), /no http or https address/);
  assert.throws(() => expandUrls("https://h/"), /ends in no file name/);
  assert.throws(() => expandUrls("https://h/{a,b}/0.tar"), /two files are called 0\.tar/);
  assert.throws(() => expandUrls("https://h/{0..999999}.tar"), /more than 100000 files/);
});
