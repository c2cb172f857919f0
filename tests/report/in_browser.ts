import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { BROWSER_NEEDS } from "../../src/cli/setup/system_packages.ts";
import { requirePrograms } from "../notebooks/require_programs.ts";

// The driver of the browser keeps handles that end with the process.
export const LOOSE = { sanitizeOps: false, sanitizeResources: false };

/** Opens a page in headless Chromium, with an empty folder beside it. */
export async function inBrowser(body: (page: Page, dir: string) => Promise<void>): Promise<void> {
  requirePrograms(BROWSER_NEEDS);
  const program = BROWSER_NEEDS[0].programs!
    .flatMap((name) => (Deno.env.get("PATH") ?? "").split(":").map((folder) => join(folder, name)))
    .find((path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    });
  const dir = Deno.makeTempDirSync();
  let browser: Browser | undefined;
  try {
    browser = await chromium.launch({
      executablePath: program,
      // A container runs as root and has a small /dev/shm.
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
      timeout: 120_000,
    });
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    page.setDefaultTimeout(120_000);
    await body(page, dir);
  } finally {
    await browser?.close();
    Deno.removeSync(dir, { recursive: true });
  }
}
