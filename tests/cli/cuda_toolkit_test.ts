import assert from "node:assert/strict";
import { ensureCudaToolkit, ensureNccl } from "../../src/cli/setup/cuda_toolkit.ts";
import { CUDA_WHEELS, NCCL_WHEEL } from "../../src/cli/setup/cuda_wheels.ts";
import type { WheelSource } from "../../src/cli/setup/fetch_wheel.ts";

function source(
  env: Record<string, string>,
  answer: (url: string) => Response | Promise<Response>,
): WheelSource {
  return {
    env: (name) => env[name],
    arch: "x86_64",
    fetch: (url) => Promise.resolve().then(() => answer(url)),
  };
}

async function inCache(body: (cache: string) => Promise<void>): Promise<void> {
  const cache = await Deno.makeTempDir();
  try {
    await body(cache);
    const folders = [...Deno.readDirSync(cache)].filter(({ isDirectory }) => isDirectory);
    const left = folders.flatMap(({ name }) => [...Deno.readDirSync(`${cache}/${name}`)]);
    assert.deepEqual(left, [], "nothing half-done is left");
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

const listing = (sha256: string) =>
  Response.json({ files: [{ url: "../../files/a.whl", hashes: { sha256 } }] });

Deno.test("ensureCudaToolkit says what is wrong when a package index does not answer well", async () => {
  const cases: [RegExp, (url: string) => Response][] = [
    [/cannot be reached \(no route\).*PIP_INDEX_URL.*CUDA_HOME/, () => {
      throw new TypeError("no route");
    }],
    [/answered 503/, () => new Response("", { status: 503 })],
    [/lists no nvidia-cuda-nvcc .* with SHA-256/, () => listing("00")],
    [
      /SHA-256 [0-9a-f]{64}; allowed: f5c4f7ea/,
      (url) => url.endsWith("/") ? listing(CUDA_WHEELS[0].sha256) : new Response("another file"),
    ],
  ];
  for (const [message, answer] of cases) {
    await inCache(async (cache) => {
      await assert.rejects(ensureCudaToolkit(source({ CLIPA_CACHE: cache }, answer)), message);
    });
  }
});

Deno.test("ensureCudaToolkit asks the index of PIP_INDEX_URL when it is set", async () => {
  await inCache(async (cache) => {
    const asked: string[] = [];
    const env = { CLIPA_CACHE: cache, PIP_INDEX_URL: "https://mirror.example/simple/" };
    const refuse = (url: string) => {
      asked.push(url);
      return new Response("", { status: 404 });
    };
    await assert.rejects(ensureCudaToolkit(source(env, refuse)), /answered 404/);
    assert.deepEqual(asked, ["https://mirror.example/simple/nvidia-cuda-nvcc/"]);
  });
});

Deno.test("ensureCudaToolkit refuses when offline, on another processor, or with a wrong CUDA_HOME", async () => {
  const never = () => assert.fail("nothing is fetched");
  const base = { CLIPA_CACHE: "/nowhere" };
  await assert.rejects(
    ensureCudaToolkit(source({ ...base, CLIPA_OFFLINE: "1" }, never)),
    /CLIPA_OFFLINE=1 forbids downloads/,
  );
  await assert.rejects(
    ensureCudaToolkit({ ...source(base, never), arch: "aarch64" }),
    /this machine is aarch64; install a CUDA toolkit .* set CUDA_HOME/,
  );
  await assert.rejects(
    ensureCudaToolkit(source({ ...base, CUDA_HOME: "/nowhere" }, never)),
    /CUDA_HOME is \/nowhere, where there is no bin\/nvcc/,
  );
});

Deno.test("ensureNccl takes the pinned wheel or NCCL_HOME, and says what is wrong with either", async () => {
  const never = () => assert.fail("nothing is fetched");
  const base = { CLIPA_CACHE: "/nowhere" };
  await assert.rejects(
    ensureNccl(source({ ...base, NCCL_HOME: "/nowhere" }, never)),
    /NCCL_HOME is \/nowhere, where there is no include\/nccl\.h/,
  );
  await assert.rejects(
    ensureNccl(source({ ...base, CLIPA_OFFLINE: "1" }, never)),
    /NCCL 2\S+ is missing and CLIPA_OFFLINE=1 forbids downloads; .* NCCL_HOME/,
  );
  await assert.rejects(
    ensureNccl({ ...source(base, never), arch: "aarch64" }),
    /this machine is aarch64; install NCCL 2\.27 .* set NCCL_HOME/,
  );
  await inCache(async (cache) => {
    const wrong = (url: string) =>
      url.endsWith("/") ? listing(NCCL_WHEEL.sha256) : new Response("another file");
    await assert.rejects(
      ensureNccl(source({ CLIPA_CACHE: cache }, wrong)),
      /nvidia-nccl-cu13 2\S+: SHA-256 [0-9a-f]{64}; allowed: 14597230/,
    );
  });
  const home = await Deno.makeTempDir();
  try {
    Deno.mkdirSync(`${home}/include`);
    Deno.writeTextFileSync(`${home}/include/nccl.h`, "");
    assert.equal(await ensureNccl(source({ NCCL_HOME: home }, never)), home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
