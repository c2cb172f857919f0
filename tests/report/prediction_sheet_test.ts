import assert from "node:assert/strict";
import { predictionSheet } from "../../src/report/prediction_sheet.ts";

Deno.test("predictionSheet escapes names and marks right and wrong guesses", () => {
  const png = Uint8Array.of(0, 255, 7);
  const svg = predictionSheet(
    [
      { png, truth: "cat", guess: "cat" },
      { png, truth: '<script>"&', guess: "dog" },
    ],
    "a < b",
    2,
  );
  assert.ok(svg.includes("a &lt; b"));
  assert.ok(svg.includes("(&lt;script&gt;&quot;&amp;)"));
  assert.ok(!svg.includes("<script>"));
  assert.equal(svg.split("#1a7f37").length - 1, 1);
  assert.equal(svg.split("#cf222e").length - 1, 1);
  assert.ok(svg.includes("base64,AP8H"));
});
