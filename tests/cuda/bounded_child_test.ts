import assert from "node:assert/strict";
import { boundedOutput } from "./bounded_child.ts";

Deno.test("boundedOutput gives what a child printed, and its exit status", async () => {
  const args = ["-c", "echo out; echo err >&2; exit 3"];
  assert.deepEqual(await boundedOutput("sh", { args }), { code: 3, text: "out\nerr\n" });
});

Deno.test("boundedOutput ends a child that waits for ever or works for ever, and says what it said", async () => {
  await assert.rejects(
    boundedOutput("sh", { args: ["-c", "echo here; exec sleep 1000"] }, { idleSeconds: 1 }),
    /sh -c .*: ended after no processor time for 1 s, .* s before; it had said: here/,
  );
  await assert.rejects(
    boundedOutput("sh", { args: ["-c", "while :; do :; done"] }, { processorSeconds: 0.2 }),
    /ended after 0\.\d+ s of processor time/,
  );
});

Deno.test("boundedOutput lets a child wait as long as it works now and then", async () => {
  const script =
    "for i in 1 2 3 4 5 6 7 8; do sleep 0.5; j=0; while [ $j -lt 20000 ]; do j=$((j+1)); done; done; echo done";
  const { text } = await boundedOutput("sh", { args: ["-c", script] }, { idleSeconds: 3 });
  assert.equal(text, "done\n");
});
