import assert from "node:assert/strict";
import { SETUP_PLANS } from "../../src/cli/setup/setup_plan.ts";
import { shardHosts } from "../../src/config/shard_hosts.ts";
import { permissionFlags, TASK_PERMISSIONS, trainingFlags } from "../../src/config/permissions.ts";

Deno.test("every task but those that run tests has narrow permissions, and only fetch has the network", () => {
  const tests = ["test", "test:cuda-build", "test:sanitize", "test:fuzz", "trust", "ok"];
  const listed = [...Object.keys(TASK_PERMISSIONS), ...tests].sort();
  assert.deepEqual(listed, Object.keys(SETUP_PLANS).sort());
  for (const task of Object.keys(TASK_PERMISSIONS)) {
    const flags = permissionFlags(task, "/bin/deno");
    assert.ok(!flags.some((flag) => /^-A|--allow-all/.test(flag)), `${task}: ${flags}`);
    assert.equal(flags.includes("--allow-net"), task === "fetch");
    assert.ok(flags.includes("--no-prompt"));
  }
  for (const task of tests) assert.deepEqual(permissionFlags(task, "deno"), ["-A"]);
});

Deno.test("training may reach the hosts of its shards, as recipe and --set name them, and no other", () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(
      `${dir}/a.yaml`,
      `# shards: https://commented.example/1.tar
data: { shards: "https://one.example:8443/{000..127}.tar", stream: { hosts: [cdn.example, "b.example:99"] } }
`,
    );
    const hosts = ["one.example:8443", "cdn.example", "b.example:99"];
    assert.deepEqual(shardHosts(["a.yaml", "--json"], dir), hosts);
    assert.deepEqual(shardHosts([`${dir}/a.yaml`]), hosts);
    assert.deepEqual(
      shardHosts(["smoke", "--set", "data.shards=http://user:word@two.example/a.tar"]),
      [
        "two.example",
      ],
    );
    assert.deepEqual(shardHosts(["missing.yaml", "--set", "data.shards=shards/*.tar"]), []);
    // What is no host would widen the permission.
    assert.deepEqual(shardHosts(["--set", "data.shards=https://{a,b}.example/1.tar"]), []);
    assert.deepEqual(shardHosts(["--set", "data.stream.hosts=[*, a b, ok.example]"]), [
      "ok.example",
    ]);
    for (const flags of [permissionFlags("train", "deno", hosts), trainingFlags("deno", hosts)]) {
      const net = flags.filter((flag) => flag.startsWith("--allow-net"));
      assert.deepEqual(net, ["--allow-net=one.example:8443,cdn.example,b.example:99"]);
    }
    assert.ok(!permissionFlags("eval", "deno", hosts).join().includes("net"));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("README's table of permissions says what each task has", () => {
  const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
  const table = readme.split("| tasks | network | programs | native code |")[1].split("\n\n")[0];
  const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  const nets = new Map([["none", undefined], ["all", "all"], ["this machine", "self"]]);
  const said = table.trim().split("\n").slice(1).flatMap((line) => {
    const [tasks, net, run, ffi] = line.split("|").slice(1).map((cell) => cell.trim());
    return quoted(tasks).map((task): [string, object] => [task, {
      ffi: ffi === "yes",
      run: run === "all" ? "all" : quoted(run),
      net: nets.has(net) ? nets.get(net) : "shards",
    }]);
  });
  const listed = Object.fromEntries(said);
  delete listed.trust;
  const held = Object.entries(TASK_PERMISSIONS).map(([task, { ffi, run, net }]) => [task, {
    ffi,
    run,
    net,
  }]);
  assert.deepEqual(listed, Object.fromEntries(held));
});

Deno.test("permissionFlags names the running Deno where a task starts itself", () => {
  assert.ok(permissionFlags("sweep", "/opt/deno").includes("--allow-run=/opt/deno,git"));
});

Deno.test("a training process can neither reach the network nor start a program", async () => {
  const probe = `
    const problems = [];
    for (const attempt of [
      () => fetch("http://127.0.0.1:8999/"),
      () => Deno.connect({ port: 8999 }),
      () => new Deno.Command("ls").output(),
    ]) {
      try { await attempt(); problems.push("worked"); } catch (error) { problems.push(error.name); }
    }
    console.log(problems.join());`;
  const file = Deno.makeTempFileSync({ suffix: ".ts" });
  try {
    Deno.writeTextFileSync(file, probe);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", ...trainingFlags(Deno.execPath()), file],
    }).output();
    const seen = new TextDecoder().decode(stdout).trim();
    assert.equal(seen, "NotCapable,NotCapable,NotCapable");
  } finally {
    Deno.removeSync(file);
  }
});
