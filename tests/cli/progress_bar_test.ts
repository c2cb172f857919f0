import assert from "node:assert/strict";
import { createProgressBar, formatProgress } from "../../src/cli/progress_bar.ts";

Deno.test("formatProgress shows share, rate, time to go and note when work is under way", () => {
  assert.equal(
    formatProgress({ label: "short", done: 25, total: 100, note: "loss 4.05" }, 0.5),
    "short [#####---------------]  25 %  25/100  0.5/s  ETA 2:30  loss 4.05",
  );
  assert.match(formatProgress({ label: "x", done: 0, total: 36_000 }, 5), /ETA 2:00:00$/);
  assert.equal(
    formatProgress({ label: "x", done: 4, total: 4 }, 2),
    "x [####################] 100 %  4/4  2.0/s",
  );
});

function drawn(isTerminal: boolean, times: number[]): string[] {
  const written: string[] = [];
  let index = 0;
  const show = createProgressBar({
    isTerminal,
    write: (text) => void written.push(text),
    nowMs: () => times[index],
  });
  times.forEach((_, i) => {
    index = i;
    show({ label: "a", done: i, total: times.length - 1 });
  });
  return written;
}

Deno.test("createProgressBar redraws one line at most ten times a second when on a terminal", () => {
  const written = drawn(true, [0, 50, 120, 130, 140]);
  assert.deepEqual(written.map((text) => text.match(/(\d)\/4/)?.[1]), ["0", "2", "4"]);
  assert.ok(written.every((text) => text.startsWith("\r")));
  assert.ok(written.at(-1)?.endsWith("\n"));
});

Deno.test("createProgressBar writes a line every ten seconds when in a file", () => {
  const written = drawn(false, [0, 5000, 11_000, 12_000]);
  assert.equal(written.length, 3);
  assert.ok(written.every((text) => text.endsWith("\n") && !text.includes("\r")));
});
