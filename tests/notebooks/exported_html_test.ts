import assert from "node:assert/strict";
import { join } from "node:path";
import { runCommand } from "../../src/cli/setup/run_command.ts";
import { NOTEBOOK_NEEDS } from "../../src/cli/setup/system_packages.ts";
import { inBrowser, LOOSE } from "../report/in_browser.ts";
import { ROOT } from "../structure/source_files.ts";
import { requirePrograms } from "./require_programs.ts";

Deno.test(
  "an exported notebook has live figures, and still ones where no script runs",
  LOOSE,
  () =>
    inBrowser(async (page, dir) => {
      requirePrograms(NOTEBOOK_NEEDS);
      const notebook = `${ROOT}/notebooks/04_inverse_scaling_law.ipynb`;
      const { code, output } = await runCommand("jupyter", [
        "nbconvert",
        "--to=html",
        `--output-dir=${dir}`,
        "--output=page",
        notebook,
      ], { env: { JUPYTER_CONFIG_DIR: dir, JUPYTER_DATA_DIR: dir } });
      assert.equal(code, 0, output);
      // The template of Jupyter names scripts of its own on the network; the figures need none of them.
      await page.route(/^https?:/, (route) => route.abort());
      await page.goto(`file://${join(dir, "page.html")}`);
      const figures = await page.locator("[data-clipa]").count();
      assert.ok(figures >= 7, `${figures} figures`);
      await page.waitForFunction(
        `document.querySelectorAll("[data-clipa] .main-svg .scatterlayer").length >= ${figures}`,
      );
      assert.equal(
        await page.locator("[data-clipa] > img").count(),
        0,
        "the still pictures are gone",
      );

      const context = await page.context().browser()!.newContext({ javaScriptEnabled: false });
      const still = await context.newPage();
      await still.goto(`file://${join(dir, "page.html")}`);
      assert.equal(await still.locator("[data-clipa] > img").count(), figures);
      assert.ok((await still.locator("[data-clipa] > img").first().boundingBox())!.height > 200);
      await context.close();
    }),
);
