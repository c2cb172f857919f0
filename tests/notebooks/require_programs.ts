import { fileExists } from "../../src/cli/setup/file_exists.ts";
import { missingNeeds, type SystemNeed } from "../../src/cli/setup/system_packages.ts";

/**
 * Fails a test that needs programs which are not installed, with the command that installs them. The
 * test command installs them itself where it may.
 */
export function requirePrograms(needs: readonly SystemNeed[]): void {
  const missing = missingNeeds(needs, Deno.env.get("PATH") ?? "", fileExists);
  if (missing.length === 0) return;
  const names = missing.map((need) => need.package).join(" ");
  throw new Error(
    `missing: ${missing.map((need) => need.what).join(", ")}; run as root: apt-get update && ` +
      `apt-get install -y --no-install-recommends ${names}`,
  );
}
