import assert from "node:assert/strict";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { collectRuns } from "../../src/report/page/collect_runs.ts";
import { pageFigures } from "../../src/report/page/page_figures.ts";
import { writeReport } from "../../src/report/page/write_report.ts";
import { rowsOf } from "../scaling/made_rows.ts";
import { inBrowser, LOOSE } from "./in_browser.ts";

const HOSTILE = `<script>globalThis.taken = true<\u002fscript><img src=x onerror="taken=true">`;

/** Two runs, one of them with a hostile name, and one that is damaged. */
function makeRuns(root: string): void {
  const write = (name: string, result: unknown, lines: unknown[]) => {
    const dir = join(root, "runs", name);
    Deno.mkdirSync(dir, { recursive: true });
    Deno.writeTextFileSync(join(dir, "result.json"), JSON.stringify(result));
    const text = lines.map((line) => JSON.stringify(line) + "\n").join("");
    Deno.writeTextFileSync(join(dir, "metrics.jsonl"), text);
  };
  const lines = (from: number) =>
    Array.from({ length: 20 }, (_, i) => ({
      stage: i < 15 ? "short" : "full",
      step: i,
      samples: 64 * (i + 1),
      loss: from - i / 10,
    }));
  const result = (bench: string) => ({
    samples: 1280,
    seconds: 12.3,
    eval: { [bench]: { top1: 0.123, se: 0.01, top5: 0.4, n: 1000, classes: 592 } },
  });
  write("good", result("icons-592"), lines(4));
  // A folder cannot hold a slash, so the name is broken where HTML has one.
  write("<img src=x onerror=taken=true>", result(HOSTILE), lines(5));
  write("damaged", { samples: "many" }, []);
}

Deno.test(
  "the report works from disk, in both themes and on a phone, when a browser opens it",
  LOOSE,
  () =>
    inBrowser(async (page, dir) => {
      makeRuns(dir);
      const out = join(dir, "report/index.html");
      const written = writeReport({ results: ["runs/*/result.json"], root: dir, out });
      assert.deepEqual(written.figures.slice(0, 2), ["loss", "paper-4"]);
      assert.equal(written.runs, 2);
      assert.match(written.problems.join(), /damaged\/result\.json: samples, seconds or eval/);

      const requests: string[] = [];
      const errors: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      await page.goto(`file://${out}`);
      await page.waitForSelector("html[data-drawn=wide]");
      const foreign = requests.filter((url) => !/^(?:file|data|blob):/.test(url));
      assert.deepEqual([foreign, errors], [[], []]);

      // Whatever stands in the data is text and runs nothing.
      assert.equal(await page.evaluate("globalThis.taken ?? null"), null);
      assert.ok((await page.textContent("table"))!.includes(HOSTILE));
      assert.ok(
        (await page.textContent("#loss .legend"))!.includes("<img src=x onerror=taken=true>"),
      );

      // Hovering over a point says its value.
      await page.locator("#paper-4").scrollIntoViewIfNeeded();
      const point = page.locator("#paper-4 .scatterlayer .trace").first().locator(".point").first();
      await point.hover({ force: true });
      await page.waitForSelector("#paper-4 .hoverlayer .hovertext");
      assert.match((await page.textContent("#paper-4 .hoverlayer"))!, /17: −?-?6\.20/);

      // A click on a name hides its line in all four panels, also after the theme has changed.
      const shown = () => page.locator("#paper-4 .scatterlayer .trace").count();
      const before = await shown();
      await page.locator("#paper-4 .legendtoggle").first().click({ force: true });
      await page.waitForFunction(
        `document.querySelectorAll("#paper-4 .scatterlayer .trace").length === ${before - 4}`,
      );
      const colour = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      assert.equal(await colour(), "rgb(255, 255, 255)");
      await page.click("#theme");
      await page.waitForFunction(
        `getComputedStyle(document.querySelector("#paper-4 .xtick text")).fill === "rgb(230, 237, 243)"`,
      );
      assert.equal(await colour(), "rgb(13, 17, 23)");
      assert.equal(await shown(), before - 4);
      await shoot(page, "dark");

      // On a phone the panels stand below each other and nothing sticks out.
      await page.setViewportSize({ width: 390, height: 844 });
      // The browser tells the figures of the new width one after the other.
      await page.waitForFunction(
        `document.getElementById("paper-4").offsetHeight > 1000 &&
        document.documentElement.scrollWidth <= innerWidth`,
      );
      await shoot(page, "phone");
      assert.deepEqual(errors, []);
    }),
);

Deno.test(
  "the report follows the system when it prefers dark",
  LOOSE,
  () =>
    inBrowser(async (page, dir) => {
      await page.emulateMedia({ colorScheme: "dark" });
      const out = join(dir, "index.html");
      writeReport({ results: [], root: dir, out });
      await page.goto(`file://${out}`);
      await page.waitForSelector("html[data-drawn=wide][data-theme=dark]");
      assert.match((await page.textContent("main"))!, /No finished run was found/);
      await page.emulateMedia({ colorScheme: "light" });
      await page.waitForSelector("html[data-theme=light]");
      await shoot(page, "light");
    }),
);

/** A picture of the page, which must not be empty; kept where CLIPA_SCREENSHOTS says. */
async function shoot(page: Page, name: string): Promise<void> {
  const picture = await page.screenshot({ fullPage: true });
  assert.ok(picture.length > 30_000, `the picture of ${name} has ${picture.length} bytes`);
  const folder = Deno.env.get("CLIPA_SCREENSHOTS");
  if (folder) Deno.writeFileSync(join(folder, `${name}.png`), picture);
}

Deno.test("pageFigures draws our sweeps with bars, and leaves out one that is half done", () => {
  const sweep = (name: string, rows = rowsOf(name)) => ({ name, rows });
  const figuresOf = (...sweeps: ReturnType<typeof sweep>[]) =>
    pageFigures({ runs: [], sweeps, problems: [] }).filter(({ id }) => !id.startsWith("paper"));
  const ours = figuresOf(sweep("law"), sweep("tuning-masks"));
  assert.deepEqual(ours.map(({ id }) => id), [
    "what-holds",
    "law-tokens",
    "law-size",
    "law-compute",
    "tuning-masks-kept",
  ]);
  const [, tokens] = ours;
  const small = tokens.wide.data.find(({ name }) => name === "small")!;
  assert.ok(small.error_y!.array.every((bar, i) => bar === null ? small.y[i] === 0 : bar > 0));
  assert.match(String(tokens.wide.layout.title.text), /95 % by seeds/);
  // Without the runs at full length there is nothing to compare with.
  const half = rowsOf("law").filter(({ labels }) => labels.image !== "full-36");
  assert.deepEqual(figuresOf(sweep("law", half)).map(({ id }) => id), [
    "what-holds", // resizing against masks needs no run at full length
    "law-compute",
  ]);
});

Deno.test("a report is refused when a glob names a file of another kind, or none", () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(join(dir, "a.csv"), "");
    assert.throws(() => collectRuns(["*.csv"], dir), /a\.csv; allowed: result\.json of a run/);
    Deno.writeTextFileSync(join(dir, "law.jsonl"), "{}\n");
    const { problems } = collectRuns(["*.jsonl"], dir);
    assert.match(problems.join(), /law\.jsonl, line 1 is damaged/);
    const out = join(dir, "page.html");
    const nothing = { results: ["none/*.json"], root: dir, out, mustFind: true };
    assert.throws(
      () => writeReport(nothing),
      /none\/\*\.json: no file was found there; name result/,
    );
    assert.equal([...Deno.readDirSync(dir)].some(({ name }) => name === "page.html"), false);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
